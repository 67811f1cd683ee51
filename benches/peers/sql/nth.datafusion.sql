WITH customers AS (
  SELECT nth_value(event_time, 3 ORDER BY event_time) AS third FROM events GROUP BY user_id)
SELECT CAST(third AS DATE) AS day, count(*) AS customers FROM customers
WHERE third IS NOT NULL GROUP BY 1 ORDER BY 1
