-- A month's purchases of new customers are the first ones of its cohort, and all months together have all purchases.
--
-- tags: [orders, cohorts]
WITH months AS (
  SELECT * FROM mart_orders_new_vs_existing
),

cohorts AS (
  SELECT * FROM mart_cohorts
),

by_month AS (
  SELECT
    months.order_month,
    months.orders_from_new_customers AS found,
    COALESCE(cohorts.cohort_size, 0) AS expected
  FROM months
  LEFT JOIN cohorts ON months.order_month = cohorts.cohort_month
),

in_all AS (
  SELECT
    CAST(NULL AS DATE) AS order_month,
    (SELECT COALESCE(SUM(total_orders), 0) FROM months) AS found,
    (SELECT COALESCE(SUM(cohort_orders), 0) FROM cohorts) AS expected
)

SELECT * FROM by_month WHERE found <> expected
UNION ALL
SELECT * FROM in_all WHERE found <> expected
