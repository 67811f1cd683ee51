-- The nine segments, summed up.
--
-- model: metrics_rfm_segments
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
names AS (
  SELECT unnest([
    'Champions', 'At Risk', 'Loyal Customers', 'Potential Loyalists', 'Recent Customers', 'Promising', 'About To Sleep',
    'Lost', 'Needs Attention'
  ]) AS segment
)
SELECT
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
    END AS action,
  count(user_id) AS customers,
  count(user_id) / nullif((SELECT count(*) FROM segmented), 0) AS customer_share,
  coalesce(sum(monetary), 0) AS revenue,
  coalesce(sum(monetary), 0)::DOUBLE / nullif((SELECT sum(monetary)::DOUBLE FROM segmented), 0) AS revenue_share,
  CASE WHEN count(user_id) > 0 THEN CAST(
    CAST(
      (2 * CAST(sum(monetary) * 100 AS HUGEINT) + count(user_id))
        // (2 * count(user_id)) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) END AS mean_monetary,
  CAST(quantile_cont(monetary::DOUBLE, 0.5) AS DECIMAL(18, 4)) AS median_monetary,
  CAST(quantile_cont(monetary::DOUBLE, 0.25) AS DECIMAL(18, 4)) AS p25_monetary,
  CAST(quantile_cont(monetary::DOUBLE, 0.75) AS DECIMAL(18, 4)) AS p75_monetary,
  CAST(stddev_samp(monetary::DOUBLE) AS DECIMAL(18, 2)) AS stddev_monetary,
  sum(recency_days) / count(user_id) AS mean_recency_days,
  sum(frequency) / count(user_id) AS mean_frequency,
  count(user_id) FILTER (WHERE recency_days > 60) AS churned,
  count(user_id) FILTER (WHERE recency_days > 60) / nullif(count(user_id), 0) AS churn_rate
FROM names
LEFT JOIN segmented USING (segment)
GROUP BY segment
