-- Buyers without a second order within 90 days.
--
-- model: metrics_churn
-- variables: {session_split: raw, churn_definition: no_repeat}
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
buyers AS (
  SELECT
    user_id,
    min(ordered_at) AS first_at,
    list_sort(list(ordered_at))[2] AS second_at,
    count(*) AS orders
  FROM visits
  WHERE bought
  GROUP BY user_id
),
judged AS (
  SELECT
    first_at,
    first_at + INTERVAL 90 DAY <= as_of AS eligible,
    second_at IS NULL OR second_at > first_at + INTERVAL 90 DAY AS gone
  FROM buyers, now
),
grouped AS (
  SELECT 'overall' AS period, NULL::DATE AS cohort, * FROM judged
  UNION ALL
  SELECT 'month', CAST(date_trunc('month', first_at) AS DATE), * FROM judged
  UNION ALL
  SELECT 'week', CAST(date_trunc('week', first_at) AS DATE), * FROM judged
)
SELECT
  period,
  cohort,
  count(*) AS customers,
  count(*) FILTER (WHERE eligible) AS eligible,
  count(*) FILTER (WHERE eligible AND gone) AS churned,
  count(*) FILTER (WHERE eligible AND gone) / nullif(count(*) FILTER (WHERE eligible), 0) AS churn_rate,
  bool_and(eligible) AS complete
FROM grouped
GROUP BY period, cohort
