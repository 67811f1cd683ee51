-- The published retention within one, two and three months, fractions counted, its rates in percent to one digit.
--
-- model: mart_cohorts
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null, retained_within: unfloored, second_order: later_day}
-- columns: [cohort_month, cohort_size, retention_rate_1m, retention_rate_2m, retention_rate_3m]
-- tolerance: 0.0005
SELECT
  cohort_month,
  total_customers AS cohort_size,
  retention_rate_1_month / 100 AS retention_rate_1m,
  retention_rate_2_months / 100 AS retention_rate_2m,
  retention_rate_3_months / 100 AS retention_rate_3m
FROM 'DATA/ecom_orders/expected/published_retention_months_between.csv'
