-- Sales by day, every day between the first event and the last.
--
-- model: metrics_daily_sales
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
spine AS (
  SELECT CAST(unnest(range(min(event_date), max(event_date) + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS sales_date
  FROM shop
),
facts AS (
  SELECT
    sales_date,
    sales_date NOT IN (SELECT event_date FROM shop) AS is_gap,
    (SELECT count(DISTINCT user_id) FROM visits WHERE session_date = sales_date) AS visitors,
    (SELECT count(*) FROM visits WHERE CAST(ordered_at AS DATE) = sales_date) AS orders,
    (SELECT coalesce(sum(revenue), 0) FROM visits WHERE CAST(ordered_at AS DATE) = sales_date) AS revenue
  FROM spine
),
target AS (
  SELECT CASE WHEN sum(orders) > 0 THEN CAST(
    CAST(
      (2 * CAST(sum(revenue) * 100 AS HUGEINT) + CAST(sum(orders) AS BIGINT))
        // (2 * CAST(sum(orders) AS BIGINT)) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) END AS aov_target
  FROM facts
)
SELECT
  today.sales_date,
  today.is_gap,
  today.visitors,
  today.orders,
  today.revenue,
  CASE WHEN today.orders > 0 THEN
    CAST(
    CAST(
      (2 * CAST(today.revenue * 100 AS HUGEINT) + today.orders)
        // (2 * today.orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov,
  aov_target,
  aov::DOUBLE / nullif(aov_target::DOUBLE, 0) AS aov_to_target,
  CASE WHEN NOT before.is_gap THEN before.revenue END AS revenue_week_before,
  CASE WHEN NOT today.is_gap AND NOT before.is_gap AND before.revenue <> 0
    THEN (today.revenue - before.revenue)::DOUBLE / before.revenue::DOUBLE END AS revenue_change
FROM facts AS today
CROSS JOIN target
LEFT JOIN facts AS before ON before.sales_date = today.sales_date - 7
