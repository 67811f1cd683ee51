-- Buyers' scores, dealt out evenly.
--
-- model: dim_user_rfm
-- variables: {session_split: raw, rfm_scoring: tiles, rfm_ties: split}
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
    ntile(5) OVER (ORDER BY recency_days DESC, user_id) AS r,
    ntile(5) OVER (ORDER BY frequency, user_id) AS f,
    ntile(5) OVER (ORDER BY monetary, user_id) AS m
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
)
SELECT
  user_id,
  recency_days,
  frequency,
  monetary,
  CAST(r AS INT) AS recency_score,
  CAST(f AS INT) AS frequency_score,
  CAST(m AS INT) AS monetary_score,
  CAST(100 * r + 10 * f + m AS INT) AS rfm_score,
  segment,
  CASE segment
      WHEN 'Champions' THEN 'Best Customers'
      WHEN 'At Risk' THEN 'Recover'
      WHEN 'Loyal Customers' THEN 'Retention Focus'
      WHEN 'Potential Loyalists' THEN 'Growth Opportunity'
      WHEN 'Recent Customers' THEN 'Onboarding'
      WHEN 'Promising' THEN 'Develop'
      WHEN 'About To Sleep' THEN 'Win Back'
      WHEN 'Lost' THEN 'Inactive'
      ELSE 'Re-Engage'
    END AS action
FROM segmented
