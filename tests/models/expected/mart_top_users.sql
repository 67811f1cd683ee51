-- The fifteen users of the highest lifetime value.
--
-- model: mart_top_users
-- variables: {session_split: raw, rfm_scoring: tiles, rfm_ties: together}
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
now AS (
  SELECT max(event_time) AS as_of FROM shop
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
measured AS (
  SELECT
    user_id,
    date_diff('day', CAST(last_purchase_at AS DATE), CAST(as_of AS DATE)) AS recency_days,
    orders AS frequency,
    revenue AS monetary
  FROM people, now
  WHERE orders > 0
),
tiles AS (
  SELECT
    *,
    (rank() OVER (ORDER BY recency_days DESC) - 1) * 5 // count(*) OVER () + 1 AS r,
    (rank() OVER (ORDER BY frequency) - 1) * 5 // count(*) OVER () + 1 AS f,
    (rank() OVER (ORDER BY monetary) - 1) * 5 // count(*) OVER () + 1 AS m
  FROM measured
),
segmented AS (
  SELECT
    *,
    CASE
      WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'Champions'
      WHEN r <= 2 AND f >= 4 AND m >= 4 THEN 'At Risk'
      WHEN r >= 4 AND f >= 3 THEN 'Loyal Customers'
      WHEN r >= 3 AND f >= 3 THEN 'Potential Loyalists'
      WHEN r >= 4 AND f < 3 THEN 'Recent Customers'
      WHEN r = 3 AND f < 3 THEN 'Promising'
      WHEN r <= 2 AND f >= 3 THEN 'About To Sleep'
      WHEN r <= 2 AND f <= 2 AND m <= 2 THEN 'Lost'
      ELSE 'Needs Attention'
    END AS segment
  FROM tiles
),
placed AS (
  SELECT *, row_number() OVER (ORDER BY revenue DESC, user_id) AS place FROM people WHERE orders > 0
)
SELECT
  place,
  placed.user_id,
  revenue AS ltv,
  revenue::DOUBLE / nullif((SELECT sum(revenue)::DOUBLE FROM people), 0) AS ltv_share,
  orders,
  CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) AS aov,
  last_purchase_at,
  segment,
  CASE
    WHEN recency_days > 60 THEN 'churned'
    WHEN recency_days > 45 THEN 'at_risk'
    WHEN recency_days > 30 THEN 'declining'
    ELSE 'active'
  END AS activity_status
FROM placed
JOIN segmented ON segmented.user_id = placed.user_id
WHERE place <= 15
