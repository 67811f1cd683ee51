-- Conversion rates of the open funnel.
--
-- model: metrics_conversion_rates
-- variables: {session_split: raw, funnel: open}
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
marked AS (
  SELECT
    *,
    viewed AS step_1,
    carted AS step_2,
    bought AS step_3
  FROM visits
),
counted AS (
  SELECT
    session_date,
    grouping(session_date) AS is_overall,
    count(*) AS sessions,
    count(*) FILTER (WHERE step_1) AS a,
    count(*) FILTER (WHERE step_2) AS b,
    count(*) FILTER (WHERE step_3) AS c,
    count(*) FILTER (WHERE bought) AS orders,
    coalesce(sum(revenue), 0) AS revenue
  FROM marked
  GROUP BY GROUPING SETS ((session_date), ())
)
SELECT
  CASE is_overall WHEN 1 THEN 'overall' ELSE 'daily' END AS period,
  session_date,
  sessions,
  a AS sessions_with_view,
  b AS sessions_with_cart,
  c AS sessions_with_purchase,
  b / nullif(a, 0) AS view_to_cart_rate,
  c / nullif(b, 0) AS cart_to_purchase_rate,
  c / nullif(a, 0) AS view_to_purchase_rate,
  orders,
  revenue,
  CASE WHEN orders > 0 THEN
    CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov
FROM counted
