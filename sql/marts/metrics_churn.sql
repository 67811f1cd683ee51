-- How many buyers do not come back, over all and by the month and week of their first order. Only those can be said to
-- be gone who have been watched long enough: a buyer is eligible when the first order is repeat_within_days days old.
-- The variable churn_definition says who is gone: eligible buyers without a second order within that time (no_repeat)
-- or without any (single_purchase). With survival the rate is estimated from all buyers, those who have not been
-- watched for so long too, by the method of Kaplan and Meier; nobody is counted then.
--
-- Times are compared as they are: a second order 90 days and a second after the first is not within 90 days.
--
-- grain: one row for all, one a month and one a week with first orders
-- key: [period, cohort]
-- materialized: view
-- tags: [events, users, metrics]
-- columns:
--   - name: period
--     description: overall, month or week
--     tests: [not_null, {accepted_values: {values: [overall, month, week]}}]
--   - name: cohort
--     description: first day of the month or, a Monday, of the week of the first order; NULL overall
--   - name: customers
--     description: buyers
--     tests: [not_null, non_negative]
--   - name: eligible
--     description: those of them who have been watched for repeat_within_days days
--     tests: [not_null, non_negative]
--   - name: churned
--     description: those of the eligible who are gone; NULL where the rate is estimated
--     tests: [non_negative]
--   - name: churn_rate
--     description: fraction of the eligible who are gone, or its estimate; NULL when nobody is eligible
--     tests: [{range: {min: 0, max: 1}}]
--   - name: complete
--     description: whether all buyers of the cohort are eligible, so that the row changes no more
--     tests: [not_null]
-- tests:
--   - unique: {columns: [period, cohort]}
WITH orders AS (
  SELECT * FROM int_event_orders
  WHERE ordered_at <= $events_as_of
),

buyers AS (
  SELECT
    user_id,
    MIN(ordered_at) AS first_order_at,
    MIN(ordered_at) FILTER (WHERE order_number = 2) AS second_order_at
  FROM orders
  GROUP BY user_id
),

elapsed AS (
  SELECT
    CAST(DATE_TRUNC('month', first_order_at) AS DATE) AS first_month,
    CAST(DATE_TRUNC('week', first_order_at) AS DATE) AS first_week,
    second_order_at,
    (DATE_PART('epoch', $events_as_of) - DATE_PART('epoch', first_order_at)) / 86400 AS watched_days,
    (DATE_PART('epoch', second_order_at) - DATE_PART('epoch', first_order_at)) / 86400 AS repeat_days
  FROM buyers
),

judged AS (
  SELECT
    first_month,
    first_week,
    watched_days >= $repeat_within_days AS is_eligible,
    CASE $churn_definition
      WHEN 'single_purchase' THEN second_order_at IS NULL
      ELSE repeat_days IS NULL OR repeat_days > $repeat_within_days
    END AS is_gone,
    COALESCE(repeat_days <= $repeat_within_days, FALSE) AS came_back,
    -- Whole days, up for a return and down for the time of those still watched: so nobody is at risk for longer than
    -- they were seen.
    CASE
      WHEN repeat_days <= $repeat_within_days THEN CAST(CEIL(repeat_days) AS BIGINT)
      ELSE CAST(FLOOR(LEAST(GREATEST(watched_days, 0), $repeat_within_days)) AS BIGINT)
    END AS waited_days
  FROM elapsed
),

cohorts AS (
  SELECT 'overall' AS period, CAST(NULL AS DATE) AS cohort, judged.* FROM judged
  UNION ALL
  SELECT 'month' AS period, first_month AS cohort, judged.* FROM judged
  UNION ALL
  SELECT 'week' AS period, first_week AS cohort, judged.* FROM judged
),

counted AS (
  SELECT
    period,
    cohort,
    COUNT(*) AS customers,
    COUNT(*) FILTER (WHERE is_eligible) AS eligible,
    COUNT(*) FILTER (WHERE is_eligible AND is_gone) AS churned
  FROM cohorts
  GROUP BY period, cohort
),

steps AS (
  SELECT period, cohort, UNNEST(survival(waited_days, came_back)) AS step
  FROM cohorts
  WHERE $churn_definition = 'survival'
  GROUP BY period, cohort
),

-- The estimate never rises, so its least value is the one at the end of the time.
estimated AS (
  SELECT period, cohort, MIN(step['survival']) AS waiting
  FROM steps
  GROUP BY period, cohort
),

final AS (
  SELECT
    counted.period,
    counted.cohort,
    counted.customers,
    counted.eligible,
    CASE $churn_definition WHEN 'survival' THEN CAST(NULL AS BIGINT) ELSE counted.churned END AS churned,
    CASE
      WHEN counted.eligible = 0 THEN NULL
      WHEN $churn_definition = 'survival' THEN estimated.waiting
      ELSE CAST(counted.churned AS DOUBLE) / counted.eligible
    END AS churn_rate,
    counted.eligible = counted.customers AS complete
  FROM counted
  LEFT JOIN estimated
    ON estimated.period = counted.period AND estimated.cohort IS NOT DISTINCT FROM counted.cohort
)

SELECT * FROM final
