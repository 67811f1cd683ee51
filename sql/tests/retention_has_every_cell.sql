-- A period in which nobody bought is a row: each cohort has its periods from 0 on without a gap, as many in every mode
-- of a clock, and the cohorts' sizes sum to the customers.
--
-- tags: [orders, cohorts]
WITH retention AS (
  SELECT * FROM mart_retention
),

cohorts AS (
  SELECT
    clock,
    cohort,
    mode,
    COUNT(*) AS periods,
    MAX(period) AS last_period,
    MAX(COUNT(*)) OVER (PARTITION BY clock, cohort) AS most_periods,
    COUNT(*) OVER (PARTITION BY clock, cohort) AS modes
  FROM retention
  GROUP BY clock, cohort, mode
),

gaps AS (
  SELECT clock, cohort, mode, periods AS found
  FROM cohorts
  WHERE periods <> last_period + 1 OR periods <> most_periods OR modes <> 3
),

sizes AS (
  SELECT clock, CAST(NULL AS DATE) AS cohort, mode, SUM(cohort_size) AS found
  FROM retention
  WHERE period = 0
  GROUP BY clock, mode
),

customers AS (
  SELECT COUNT(DISTINCT customer_id) AS customers
  FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
)

SELECT * FROM gaps
UNION ALL
SELECT sizes.clock, sizes.cohort, sizes.mode, sizes.found
FROM sizes
CROSS JOIN customers
WHERE sizes.found <> customers.customers
UNION ALL
SELECT '' AS clock, CAST(NULL AS DATE) AS cohort, 'all' AS mode, customers.customers AS found
FROM customers
WHERE customers.customers > 0 AND (SELECT COUNT(*) FROM retention) = 0
