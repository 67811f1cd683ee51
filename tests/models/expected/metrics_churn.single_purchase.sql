-- Buyers of a single order.
--
-- model: metrics_churn
-- reads: [stg_events, visits]
-- variables: {session_split: raw, churn_definition: single_purchase}
WITH now AS (
  SELECT max(event_time) AS as_of FROM stg_events
),
buyers AS (
  SELECT
    user_id,
    min(ordered_at) AS first_at,
    list_sort(list(ordered_at))[2] AS second_at,
    count(*) AS orders
  FROM visits
  WHERE bought
  GROUP BY user_id
),
judged AS (
  SELECT
    first_at,
    first_at + INTERVAL 90 DAY <= as_of AS eligible,
    orders = 1 AS gone
  FROM buyers, now
),
grouped AS (
  SELECT 'overall' AS period, NULL::DATE AS cohort, * FROM judged
  UNION ALL
  SELECT 'month', CAST(date_trunc('month', first_at) AS DATE), * FROM judged
  UNION ALL
  SELECT 'week', CAST(date_trunc('week', first_at) AS DATE), * FROM judged
)
SELECT
  period,
  cohort,
  count(*) AS customers,
  count(*) FILTER (WHERE eligible) AS eligible,
  count(*) FILTER (WHERE eligible AND gone) AS churned,
  count(*) FILTER (WHERE eligible AND gone) / nullif(count(*) FILTER (WHERE eligible), 0) AS churn_rate,
  bool_and(eligible) AS complete
FROM grouped
GROUP BY period, cohort
