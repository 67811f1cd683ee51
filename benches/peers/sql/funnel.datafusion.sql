WITH bought AS (
  SELECT user_id, event_time, event_type,
    min(event_time) FILTER (WHERE event_type = 'purchase') OVER ahead AS purchase
  FROM events
  WINDOW ahead AS (PARTITION BY user_id ORDER BY event_time
                   RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
), carted AS (
  SELECT user_id, event_time, event_type,
    min(event_time) FILTER (WHERE event_type = 'cart') OVER ahead AS cart,
    min(purchase) FILTER (WHERE event_type = 'cart') OVER ahead AS purchase
  FROM bought
  WINDOW ahead AS (PARTITION BY user_id ORDER BY event_time
                   RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
), customers AS (
  SELECT user_id, max(CASE WHEN event_type <> 'view' THEN 0
                           WHEN purchase <= event_time + INTERVAL '1 day' THEN 3
                           WHEN cart <= event_time + INTERVAL '1 day' THEN 2 ELSE 1 END) AS level
  FROM carted GROUP BY user_id
)
SELECT level, count(*) AS customers FROM customers GROUP BY level ORDER BY level
