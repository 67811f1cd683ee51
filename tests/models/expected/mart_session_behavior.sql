-- Sessions of new and returning users.
--
-- model: mart_session_behavior
-- variables: {session_split: raw}
WITH shop AS (
  SELECT
    event_time,
    CAST(event_time AS DATE) AS event_date,
    lower(trim(event_type)) AS event_type,
    product_id,
    min(category_id) AS category_id,
    min(CASE WHEN trim(category_code) <> '' THEN lower(trim(category_code)) END) AS category_code,
    min(CASE WHEN trim(brand) <> '' THEN lower(trim(brand)) END) AS brand,
    CAST(min(price) AS DECIMAL(18, 2)) AS price,
    user_id,
    user_session
  FROM events
  WHERE event_time IS NOT NULL AND trim(event_type) <> '' AND user_id IS NOT NULL
    AND user_session IS NOT NULL AND CAST(user_session AS VARCHAR) <> ''
    AND NOT (product_id IS NULL AND lower(trim(event_type)) IN ('view', 'cart', 'remove_from_cart', 'purchase'))
  GROUP BY event_time, lower(trim(event_type)), product_id, user_id, user_session
),
visits AS (
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
  FROM shop
  GROUP BY user_id, user_session
),
typed AS (
  SELECT
    *,
    date_diff('microsecond', started_at, ended_at) / 1e6 AS seconds,
    CASE WHEN session_date = min(session_date) OVER (PARTITION BY user_id) THEN 'new' ELSE 'returning' END
      AS visitor_type
  FROM visits
)
SELECT
  session_date,
  visitor_type,
  count(*) AS sessions,
  count(*) FILTER (WHERE events = 1) AS bounces,
  count(*) FILTER (WHERE events = 1) / count(*) AS bounce_rate,
  sum(round(seconds, 3)) / count(*) AS mean_seconds,
  quantile_cont(round(seconds, 3), 0.5) AS median_seconds,
  sum(events) / count(*) AS events_per_session,
  sum(page_views) / count(*) AS page_views_per_session,
  sum(products) / count(*) AS products_per_session,
  count(*) FILTER (WHERE bought) AS orders,
  count(*) FILTER (WHERE bought) / count(*) AS conversion_rate
FROM typed
GROUP BY session_date, visitor_type
