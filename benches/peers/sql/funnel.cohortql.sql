WITH customers AS (
  SELECT user_id, window_funnel(INTERVAL '1 day', event_time, event_type = 'view',
    event_type = 'cart', event_type = 'purchase') AS level
  FROM events GROUP BY user_id
)
SELECT level, count(*) AS customers FROM customers GROUP BY level ORDER BY level
