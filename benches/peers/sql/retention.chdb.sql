WITH active AS (
  SELECT user_id, arraySort(groupUniqArray(toStartOfMonth(event_time))) AS months
  FROM events GROUP BY user_id
), cells AS (
  SELECT months[1] AS cohort, arrayJoin(months) AS month, count() AS customers
  FROM active GROUP BY cohort, month
)
SELECT cohort, max(customers) OVER (PARTITION BY cohort) AS cohort_size,
       dateDiff('month', cohort, month) AS period, customers
FROM cells
ORDER BY cohort, period
