-- Retention by calendar months as it was computed elsewhere.
--
-- model: mart_retention
-- projects: [ecom_orders]
-- variables: {as_of: null, cohort_orders: not_cancelled, retention_periods: 12, retention_unit: month}
-- columns: [cohort, cohort_size, period, customers, rate]
-- rows: clock = 'calendar' AND mode = 'on'
SELECT
  CAST(cohort_month || '-01' AS DATE) AS cohort,
  cohort_size,
  month_number AS period,
  active_customers AS customers,
  retention AS rate
FROM 'DATA/ecom_orders/expected/retention_long.csv'
