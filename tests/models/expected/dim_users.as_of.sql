-- Users at a moment before the last event: later ones are as if they had not been.
--
-- model: dim_users
-- variables: {session_split: raw, as_of: '2024-03-15 12:00:00'}
WITH before AS (
  SELECT * FROM events WHERE event_time <= TIMESTAMP '2024-03-15 12:00:00'
),
shop AS (
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
  FROM before
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
people AS (
  SELECT
    user_id,
    min(started_at) AS first_event_at,
    max(ended_at) AS last_event_at,
    min(ordered_at) AS first_purchase_at,
    max(last_purchase_at) AS last_purchase_at,
    count(*) AS sessions,
    sum(events) AS events,
    sum(purchases) AS purchases,
    count(*) FILTER (WHERE bought) AS orders,
    sum(revenue) AS revenue
  FROM visits
  GROUP BY user_id
)
SELECT
  user_id,
  first_event_at,
  last_event_at,
  first_purchase_at,
  last_purchase_at,
  sessions,
  events,
  purchases,
  orders,
  revenue,
  CASE WHEN orders > 0 THEN
    CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov,
  date_diff('day', CAST(first_event_at AS DATE), CAST(last_event_at AS DATE)) AS lifespan_days,
  date_diff('day', CAST(last_event_at AS DATE), DATE '2024-03-15') AS days_since_last_event,
  date_diff('day', CAST(last_purchase_at AS DATE), DATE '2024-03-15') AS days_since_last_purchase,
  CASE
    WHEN orders = 0 THEN 'prospect'
    WHEN days_since_last_purchase <= 30 THEN 'active'
    WHEN days_since_last_purchase <= 45 THEN 'declining'
    WHEN days_since_last_purchase <= 60 THEN 'at_risk'
    ELSE 'churned'
  END AS activity_status,
  CASE WHEN orders > 0 THEN days_since_last_purchase > 60 END AS is_churned,
  CASE
    WHEN orders >= 6 THEN 'Loyal'
    WHEN orders >= 2 THEN 'Repeat'
    WHEN orders = 1 THEN 'First-Time Buyer'
    ELSE 'Prospect'
  END AS lifecycle,
  CASE WHEN events / sessions > 200 THEN 'suspicious' ELSE 'ok' END AS quality_flag
FROM people
