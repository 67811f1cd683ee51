-- How many customers of a cohort bought two, three and four times, as it was computed elsewhere.
--
-- model: mart_cohorts
-- projects: [cdnow_sample]
-- variables: {as_of: "1998-07-01", repeat_counts: customers}
-- columns: [cohort_month, cohort_size, repeat_count_2plus, repeat_count_3plus, repeat_count_4plus, repeat_rate_2plus,
--   repeat_rate_3plus, repeat_rate_4plus]
SELECT
  CAST(cohort_month || '-01' AS DATE) AS cohort_month,
  customers AS cohort_size,
  ge2 AS repeat_count_2plus,
  ge3 AS repeat_count_3plus,
  ge4 AS repeat_count_4plus,
  rate_ge2 AS repeat_rate_2plus,
  rate_ge3 AS repeat_rate_3plus,
  rate_ge4 AS repeat_rate_4plus
FROM 'DATA/cdnow/expected/repeat_counts.csv'
