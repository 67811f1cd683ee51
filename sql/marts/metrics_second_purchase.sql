-- How many customers made a second purchase, and after how many days, of all customers and of each cohort month. The
-- days are of those who came back; the open ones are customers who had no time to, so that the rate may still grow.
--
-- grain: one row for all customers, one a cohort month
-- key: [scope, cohort_month]
-- materialized: view
-- tags: [orders, cohorts]
-- columns:
--   - name: scope
--     description: overall for all customers, cohort for those of one month
--     tests: [not_null, {accepted_values: {values: [overall, cohort]}}]
--   - name: cohort_month
--     description: the first day of the month of the first purchase; NULL for all customers
--   - name: customers
--     description: customers with a purchase
--     tests: [not_null, {range: {min: 1}}]
--   - name: returned
--     description: customers with a second one
--     tests: [not_null, non_negative]
--   - name: open_customers
--     description: customers without one who were watched for less than second_order_days days
--     tests: [not_null, non_negative]
--   - name: return_rate
--     description: returned as a fraction of customers
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: mean_days
--     description: mean days from the first to the second; NULL when nobody came back, as are those below
--     tests: [non_negative]
--   - name: min_days
--     description: the fewest days
--     tests: [non_negative]
--   - name: p25_days
--     description: days after which a quarter of them had come back, interpolated
--     tests: [non_negative]
--   - name: median_days
--     description: days after which half of them had come back, interpolated
--     tests: [non_negative]
--   - name: p75_days
--     description: days after which three quarters of them had come back, interpolated
--     tests: [non_negative]
--   - name: max_days
--     description: the most days
--     tests: [non_negative]
-- tests:
--   - unique: {columns: [scope, cohort_month]}
WITH second_purchases AS (
  SELECT * FROM mart_second_purchase
),

scopes AS (
  SELECT 'overall' AS scope, CAST(NULL AS DATE) AS scope_month, * FROM second_purchases
  UNION ALL
  SELECT 'cohort' AS scope, cohort_month AS scope_month, * FROM second_purchases
),

final AS (
  SELECT
    scope,
    scope_month AS cohort_month,
    COUNT(*) AS customers,
    COUNT(*) FILTER (WHERE has_second) AS returned,
    COUNT(*) FILTER (WHERE NOT complete) AS open_customers,
    CAST(COUNT(*) FILTER (WHERE has_second) AS DOUBLE) / COUNT(*) AS return_rate,
    AVG(CAST(days_between AS DOUBLE)) AS mean_days,
    MIN(days_between) AS min_days,
    PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY CAST(days_between AS DOUBLE)) AS p25_days,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST(days_between AS DOUBLE)) AS median_days,
    PERCENTILE_CONT(0.75) WITHIN GROUP (ORDER BY CAST(days_between AS DOUBLE)) AS p75_days,
    MAX(days_between) AS max_days
  FROM scopes
  GROUP BY scope, scope_month
)

SELECT * FROM final
