-- Everybody buys for the first time once: the new customers of all days, weeks and months are the buyers.
--
-- tags: [events, metrics]
WITH counts AS (
  SELECT 'metrics_daily' AS model, COALESCE(SUM(new_customers), 0) AS customers FROM metrics_daily
  UNION ALL
  SELECT 'metrics_weekly' AS model, COALESCE(SUM(new_customers), 0) AS customers FROM metrics_weekly
  UNION ALL
  SELECT 'metrics_monthly' AS model, COALESCE(SUM(new_customers), 0) AS customers FROM metrics_monthly
),

expected AS (
  SELECT COUNT(*) AS customers FROM int_users WHERE orders > 0
)

SELECT counts.model, counts.customers, expected.customers AS expected
FROM counts
CROSS JOIN expected
WHERE counts.customers <> expected.customers
