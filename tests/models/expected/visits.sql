-- Sessions as the shop tells them apart, and what happened in each.
--
-- reads: [stg_events]
SELECT
  user_id,
  CAST(user_session AS VARCHAR) AS session_id,
  min(event_time) AS started_at,
  max(event_time) AS ended_at,
  CAST(min(event_time) AS DATE) AS session_date,
  count(*) AS events,
  sum(CASE WHEN event_type IN ('cart', 'remove_from_cart', 'checkout', 'purchase') THEN 0 ELSE 1 END) AS page_views,
  count(DISTINCT product_id) AS products,
  bool_or(event_type = 'view') AS viewed,
  bool_or(event_type = 'cart') AS carted,
  bool_or(event_type = 'checkout') AS checked_out,
  bool_or(event_type = 'purchase') AS bought,
  sum(CASE event_type WHEN 'purchase' THEN 1 ELSE 0 END) AS purchases,
  sum(CASE WHEN event_type = 'cart' AND price IS NOT NULL THEN price ELSE 0 END) AS cart_value,
  sum(CASE WHEN event_type = 'purchase' AND price IS NOT NULL THEN price ELSE 0 END) AS revenue,
  min(CASE event_type WHEN 'purchase' THEN event_time END) AS ordered_at,
  max(CASE event_type WHEN 'purchase' THEN event_time END) AS last_purchase_at
FROM stg_events
GROUP BY user_id, user_session
