-- The published retention within 30, 60 and 90 days, its rates in percent to one digit.
--
-- model: mart_cohorts
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null, retained_within: days, second_order: any}
-- columns: [cohort_month, cohort_size, retained_1m_count, retained_2m_count, retained_3m_count, retention_rate_1m,
--   retention_rate_2m, retention_rate_3m]
-- tolerance: 0.0005
SELECT
  cohort_month,
  total_customers AS cohort_size,
  second_within_1_month AS retained_1m_count,
  second_within_2_months AS retained_2m_count,
  second_within_3_months AS retained_3m_count,
  retention_rate_1_month / 100 AS retention_rate_1m,
  retention_rate_2_months / 100 AS retention_rate_2m,
  retention_rate_3_months / 100 AS retention_rate_3m
FROM 'DATA/ecom_orders/expected/published_retention_days_30_60_90.csv'
