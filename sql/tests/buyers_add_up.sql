-- Buyers are the same in number in the segments, the bins of lifetime value, the churn of each kind of period and the
-- scores.
--
-- tags: [events, users, metrics]
WITH counts AS (
  SELECT 'dim_user_rfm' AS model, COUNT(*) AS buyers FROM dim_user_rfm
  UNION ALL
  SELECT 'metrics_rfm_segments' AS model, COALESCE(SUM(customers), 0) AS buyers FROM metrics_rfm_segments
  UNION ALL
  SELECT 'metrics_ltv_distribution' AS model, COALESCE(SUM(customers), 0) AS buyers FROM metrics_ltv_distribution
  UNION ALL
  SELECT 'metrics_churn ' || period AS model, SUM(customers) AS buyers
  FROM metrics_churn
  GROUP BY period
),

expected AS (
  SELECT COUNT(*) AS buyers FROM dim_users WHERE orders > 0
)

SELECT counts.model, counts.buyers, expected.buyers AS expected
FROM counts
CROSS JOIN expected
WHERE counts.buyers <> expected.buyers
