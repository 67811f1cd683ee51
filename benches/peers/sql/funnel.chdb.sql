WITH customers AS (
  SELECT user_id, windowFunnel(86400)(toDateTime(event_time), event_type = 'view',
    event_type = 'cart', event_type = 'purchase') AS level
  FROM events GROUP BY user_id
)
SELECT level, count() AS customers FROM customers GROUP BY level ORDER BY level
