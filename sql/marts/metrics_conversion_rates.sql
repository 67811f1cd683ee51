-- How many sessions lead to a view, a cart and a purchase, over all and by the day on which they started. The funnel is
-- closed by default: a session counts at a step if it made the steps before it too, in whatever order. With the
-- variable funnel set to open, all count that made the step, so that a rate may exceed 1.
--
-- grain: one row for all, and one a day with sessions
-- key: [period, session_date]
-- materialized: table
-- tags: [events, sessions, metrics]
-- columns:
--   - name: period
--     description: overall or daily
--     tests: [not_null, {accepted_values: {values: [overall, daily]}}]
--   - name: session_date
--     description: the day; NULL overall
--   - name: sessions
--     description: sessions
--     tests: [not_null, non_negative]
--   - name: sessions_with_view
--     description: sessions at the first step, the view of a product
--     tests: [not_null, non_negative]
--   - name: sessions_with_cart
--     description: sessions at the second step, something in the cart
--     tests: [not_null, non_negative]
--   - name: sessions_with_purchase
--     description: sessions at the third step, a purchase
--     tests: [not_null, non_negative]
--   - name: view_to_cart_rate
--     description: sessions at the second step as a fraction of those at the first; NULL without any
--     tests: [non_negative]
--   - name: cart_to_purchase_rate
--     description: sessions at the third step as a fraction of those at the second; NULL without any
--     tests: [non_negative]
--   - name: view_to_purchase_rate
--     description: sessions at the third step as a fraction of those at the first; NULL without any
--     tests: [non_negative]
--   - name: orders
--     description: orders, one a session with purchases, whichever steps it made before
--     tests: [not_null, non_negative]
--   - name: revenue
--     description: worth of the orders, money
--     tests: [not_null]
--   - name: aov
--     description: mean worth of an order, money; NULL without one
-- tests:
--   - unique: {columns: [period, session_date]}
WITH days AS (
  SELECT * FROM int_session_days
),

daily AS (
  SELECT
    'daily' AS period,
    session_date,
    sessions,
    sessions_with_view,
    CASE $funnel WHEN 'open' THEN sessions_with_cart ELSE sessions_with_view_cart END AS sessions_with_cart,
    CASE $funnel WHEN 'open' THEN sessions_with_purchase ELSE sessions_with_view_cart_purchase END
      AS sessions_with_purchase,
    sessions_with_purchase AS orders,
    revenue
  FROM days
),

overall AS (
  SELECT
    'overall' AS period,
    CAST(NULL AS DATE) AS session_date,
    COALESCE(SUM(sessions), 0) AS sessions,
    COALESCE(SUM(sessions_with_view), 0) AS sessions_with_view,
    COALESCE(SUM(sessions_with_cart), 0) AS sessions_with_cart,
    COALESCE(SUM(sessions_with_purchase), 0) AS sessions_with_purchase,
    COALESCE(SUM(orders), 0) AS orders,
    COALESCE(SUM(revenue), 0) AS revenue
  FROM daily
),

periods AS (
  SELECT * FROM overall
  UNION ALL
  SELECT * FROM daily
),

final AS (
  SELECT
    period,
    session_date,
    sessions,
    sessions_with_view,
    sessions_with_cart,
    sessions_with_purchase,
    CAST(sessions_with_cart AS DOUBLE) / NULLIF(sessions_with_view, 0) AS view_to_cart_rate,
    CAST(sessions_with_purchase AS DOUBLE) / NULLIF(sessions_with_cart, 0) AS cart_to_purchase_rate,
    CAST(sessions_with_purchase AS DOUBLE) / NULLIF(sessions_with_view, 0) AS view_to_purchase_rate,
    orders,
    CAST(revenue AS DECIMAL(38, 2)) AS revenue,
    CAST(revenue / NULLIF(orders, 0) AS DECIMAL(18, 2)) AS aov
  FROM periods
)

SELECT * FROM final
