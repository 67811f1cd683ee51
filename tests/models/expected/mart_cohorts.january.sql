-- The 66 customers of January 2024 and how many came back within one, two and three months, in each sense of that.
--
-- model: mart_cohorts
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null, second_order: any}
-- obeys: [retained_within]
-- columns: [cohort_month, cohort_size, retained_1m_count, retained_2m_count, retained_3m_count]
-- rows: cohort_month = DATE '2024-01-01'
SELECT
  DATE '2024-01-01' AS cohort_month,
  66 AS cohort_size,
  retained[1] AS retained_1m_count,
  retained[2] AS retained_2m_count,
  retained[3] AS retained_3m_count
FROM (
  SELECT
    CASE ifnull(getvariable('retained_within'), 'floor')
      WHEN 'floor' THEN [40, 51, 55]
      WHEN 'below' THEN [26, 40, 51]
      WHEN 'unfloored' THEN [26, 41, 51]
      WHEN 'days' THEN [26, 41, 51]
      WHEN 'calendar' THEN [35, 48, 52]
    END AS retained
)
