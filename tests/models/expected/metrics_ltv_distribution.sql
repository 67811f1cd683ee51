-- Buyers by lifetime value, in the shipped bins.
--
-- model: metrics_ltv_distribution
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
),
bins AS (
  SELECT * FROM (VALUES (1, 0, 50), (2, 50, 100), (3, 100, 250), (4, 250, 500), (5, 500, 1000), (6, 1000, 2500),
    (7, 2500, 5000), (8, 5000, 10000), (9, 10000, NULL)) AS bins(bin, low, high)
)
SELECT
  bin,
  CAST(low AS DECIMAL(18, 2)) AS from_value,
  CAST(high AS DECIMAL(18, 2)) AS below_value,
  count(user_id) AS customers,
  count(user_id) / nullif((SELECT count(*) FROM people WHERE orders > 0), 0) AS customer_share,
  coalesce(sum(revenue), 0) AS revenue,
  coalesce(sum(revenue), 0)::DOUBLE / nullif((SELECT sum(revenue)::DOUBLE FROM people), 0) AS revenue_share
FROM bins
LEFT JOIN people ON orders > 0 AND revenue >= low AND (high IS NULL OR revenue < high)
GROUP BY bin, low, high
