-- How many came back, and after how long.
--
-- model: metrics_second_purchase
-- reads: [mart_second_purchase]
SELECT
  if(grouping(cohort_month) = 1, 'overall', 'cohort') AS scope,
  cohort_month,
  count(*) AS customers,
  count(second_ordered_at) AS returned,
  count_if(NOT complete) AS open_customers,
  count(second_ordered_at) / count(*) AS return_rate,
  avg(days_between) AS mean_days,
  min(days_between) AS min_days,
  quantile_cont(days_between, 0.25) AS p25_days,
  median(days_between) AS median_days,
  quantile_cont(days_between, 0.75) AS p75_days,
  max(days_between) AS max_days
FROM mart_second_purchase
GROUP BY GROUPING SETS ((), (cohort_month))
HAVING count(*) > 0
