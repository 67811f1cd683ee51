WITH customers AS (SELECT nth_time(event_time, 3) AS third FROM events GROUP BY user_id)
SELECT CAST(third AS DATE) AS day, count(*) AS customers FROM customers
WHERE third IS NOT NULL GROUP BY 1 ORDER BY 1
