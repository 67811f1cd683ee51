-- Sessions as the shop names them.
--
-- model: fct_sessions
-- reads: [stg_events]
-- variables: {session_split: raw}
SELECT
  user_id,
  user_session,
  CAST(user_session AS VARCHAR) AS session_id,
  1 AS session_part,
  CAST(min(event_time) AS DATE) AS session_date,
  min(event_time) AS started_at,
  max(event_time) AS ended_at,
  round(date_diff('microsecond', min(event_time), max(event_time)) / 1e6, 3) AS duration_seconds,
  count(*) AS events,
  count(*) - count(*) FILTER (WHERE event_type IN ('cart', 'remove_from_cart', 'checkout', 'purchase')) AS page_views,
  count(*) FILTER (WHERE event_type = 'view') AS views,
  count(*) FILTER (WHERE event_type = 'cart') AS carts,
  count(*) FILTER (WHERE event_type = 'checkout') AS checkouts,
  count(*) FILTER (WHERE event_type = 'purchase') AS purchases,
  count(DISTINCT product_id) AS distinct_products,
  coalesce(sum(price) FILTER (WHERE event_type = 'cart'), 0) AS cart_value,
  coalesce(sum(price) FILTER (WHERE event_type = 'purchase'), 0) AS revenue,
  min(event_time) FILTER (WHERE event_type = 'purchase') AS ordered_at,
  max(event_time) FILTER (WHERE event_type = 'purchase') AS last_purchase_at,
  bool_or(event_type = 'view') AS reached_view,
  bool_or(event_type = 'cart') AS reached_cart,
  bool_or(event_type = 'checkout') AS reached_checkout,
  bool_or(event_type = 'purchase') AS reached_purchase,
  CASE
    WHEN bool_or(event_type = 'purchase') THEN 'purchase'
    WHEN bool_or(event_type = 'cart') THEN 'cart'
    WHEN bool_or(event_type = 'view') THEN 'view'
    ELSE 'none'
  END AS funnel_stage
FROM stg_events
GROUP BY user_id, user_session
