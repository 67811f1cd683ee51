-- Sessions that end where nothing happens for more than an hour.
--
-- model: fct_sessions
-- reads: [stg_events]
-- variables: {session_split: gap, session_gap_seconds: 3600}
WITH steps AS (
  SELECT
    *,
    CASE
      WHEN date_diff('microsecond', lag(event_time) OVER moments, event_time) > 3600e6 THEN 1 ELSE 0
    END AS breaks
  FROM stg_events
  WINDOW moments AS (PARTITION BY user_id, user_session ORDER BY event_time)
),
parts AS (
  SELECT
    *,
    1 + sum(breaks) OVER (
      PARTITION BY user_id, user_session ORDER BY event_time RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS part
  FROM steps
)
SELECT
  user_id,
  user_session,
  CAST(user_session AS VARCHAR) || '#' || CAST(CAST(part AS BIGINT) AS VARCHAR) AS session_id,
  CAST(part AS BIGINT) AS session_part,
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
FROM parts
GROUP BY user_id, user_session, part
