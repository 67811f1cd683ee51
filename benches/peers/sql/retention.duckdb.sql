WITH active AS MATERIALIZED (
  SELECT DISTINCT user_id, date_trunc('month', event_time) AS month FROM events
), firsts AS MATERIALIZED (
  SELECT user_id, min(month) AS cohort FROM active GROUP BY user_id
), sizes AS (
  SELECT cohort, count(*) AS cohort_size FROM firsts GROUP BY cohort
), cells AS (
  SELECT cohort, month, count(*) AS customers
  FROM active JOIN firsts USING (user_id) GROUP BY cohort, month
)
SELECT CAST(cohort AS DATE) AS cohort, cohort_size, date_diff('month', cohort, month) AS period, customers
FROM cells JOIN sizes USING (cohort)
ORDER BY 1, 3
