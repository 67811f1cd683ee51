WITH customers AS (
  SELECT user_id, CAST(max(event_time) AS DATE) AS last_day, count(*) AS frequency, sum(price) AS monetary
  FROM events WHERE event_type = 'purchase' GROUP BY user_id
), scored AS (
  SELECT monetary,
         (rank() OVER (ORDER BY last_day) - 1) * 5 // count(*) OVER () + 1 AS r,
         (rank() OVER (ORDER BY frequency) - 1) * 5 // count(*) OVER () + 1 AS f,
         (rank() OVER (ORDER BY monetary) - 1) * 5 // count(*) OVER () + 1 AS m
  FROM customers
)
SELECT 100 * r + 10 * f + m AS score, count(*) AS customers, sum(monetary) AS monetary
FROM scored GROUP BY 1 ORDER BY 1
