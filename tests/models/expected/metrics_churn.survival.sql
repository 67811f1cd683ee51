-- The share of buyers who make no second order within 90 days, by the product-limit estimate.
--
-- model: metrics_churn
-- reads: [stg_events, visits]
-- variables: {session_split: raw, churn_definition: survival}
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
    coalesce(second_at <= first_at + INTERVAL 90 DAY, false) AS came_back,
    CASE
      WHEN coalesce(second_at <= first_at + INTERVAL 90 DAY, false)
        THEN ceil(date_diff('microsecond', first_at, second_at) / 86400e6)
      ELSE least(90, floor(date_diff('microsecond', first_at, as_of) / 86400e6))
    END AS days
  FROM buyers, now
),
grouped AS (
  SELECT 'overall' AS period, NULL::DATE AS cohort, * FROM judged
  UNION ALL
  SELECT 'month', CAST(date_trunc('month', first_at) AS DATE), * FROM judged
  UNION ALL
  SELECT 'week', CAST(date_trunc('week', first_at) AS DATE), * FROM judged
),
moments AS (
  SELECT period, cohort, days, count(*) FILTER (WHERE came_back) AS returned, count(*) AS leaving
  FROM grouped
  GROUP BY period, cohort, days
),
risks AS (
  SELECT
    *,
    sum(leaving) OVER (PARTITION BY period, cohort ORDER BY days DESC) AS at_risk
  FROM moments
),
curves AS (
  SELECT period, cohort, product(1 - returned / at_risk) AS waiting
  FROM risks
  GROUP BY period, cohort
)
SELECT
  grouped.period,
  grouped.cohort,
  count(*) AS customers,
  count(*) FILTER (WHERE eligible) AS eligible,
  NULL::BIGINT AS churned,
  CASE WHEN bool_or(eligible) THEN any_value(waiting) END AS churn_rate,
  bool_and(eligible) AS complete
FROM grouped
JOIN curves ON curves.period = grouped.period AND curves.cohort IS NOT DISTINCT FROM grouped.cohort
GROUP BY grouped.period, grouped.cohort
