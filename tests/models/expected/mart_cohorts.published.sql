-- The published table of these orders, its rates to two digits.
--
-- model: mart_cohorts
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null, repeat_counts: orders, retained_within: floor, second_order: any}
-- columns: [cohort_month, cohort_size, retained_1m_count, retained_2m_count, retained_3m_count, retention_rate_1m,
--   retention_rate_2m, retention_rate_3m, cohort_orders, cohort_sales, repeat_count_2plus, repeat_count_3plus,
--   repeat_count_4plus, repeat_rate_2plus, repeat_rate_3plus, repeat_rate_4plus]
-- tolerance: 0.005
FROM (
  VALUES
    (DATE '2024-01-01', 66, 40, 51, 55, .61, .77, .83, 371, 58131.83, 305, 239, 174, .82, .64, .47),
    (DATE '2024-02-01', 48, 31, 38, 41, .65, .79, .85, 243, 39143.33, 195, 148, 102, .80, .61, .42),
    (DATE '2024-03-01', 33, 24, 29, 33, .73, .88, 1, 154, 23688.49, 121, 88, 57, .79, .57, .37),
    (DATE '2024-04-01', 27, 24, 25, 25, .89, .93, .93, 122, 17175.13, 95, 69, 46, .78, .57, .38),
    (DATE '2024-05-01', 16, 15, 16, 16, .94, 1, 1, 73, 11228.53, 57, 41, 26, .78, .56, .36),
    (DATE '2024-06-01', 10, 10, 10, 10, 1, 1, 1, 37, 7427.45, 27, 17, 10, .73, .46, .27)
) AS published (
  cohort_month, cohort_size, retained_1m_count, retained_2m_count, retained_3m_count, retention_rate_1m,
  retention_rate_2m, retention_rate_3m, cohort_orders, cohort_sales, repeat_count_2plus, repeat_count_3plus,
  repeat_count_4plus, repeat_rate_2plus, repeat_rate_3plus, repeat_rate_4plus
)
