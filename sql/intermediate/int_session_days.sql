-- Sessions by the day on which they started, counted in every way that the funnels, the rates and the metrics of a day
-- need: each of them is a sum of these rows.
--
-- grain: one row a day with sessions
-- key: [session_date]
-- materialized: incremental
-- strategy: partitions
-- partition_by: session_date
-- tags: [events, sessions]
-- columns:
--   - name: session_date
--     description: the day
--     tests: [not_null, unique]
--   - name: sessions
--     description: sessions
--     tests: [not_null, {range: {min: 1}}]
--   - name: sessions_with_view
--     description: sessions with a view of a product
--     tests: [not_null, non_negative]
--   - name: sessions_with_cart
--     description: sessions in which something was put into the cart
--     tests: [not_null, non_negative]
--   - name: sessions_with_purchase
--     description: sessions with a purchase
--     tests: [not_null, non_negative]
--   - name: sessions_with_view_cart
--     description: sessions with a view and a cart
--     tests: [not_null, non_negative]
--   - name: sessions_with_view_cart_purchase
--     description: sessions with a view, a cart and a purchase
--     tests: [not_null, non_negative]
--   - name: sessions_to_view
--     description: sessions that came to the view of a product or further
--     tests: [not_null, non_negative]
--   - name: sessions_to_cart
--     description: sessions that came to the cart or further
--     tests: [not_null, non_negative]
--   - name: sessions_to_checkout
--     description: sessions that came to the checkout or further
--     tests: [not_null, non_negative]
--   - name: abandoned_sessions
--     description: sessions with a cart and no purchase
--     tests: [not_null, non_negative]
--   - name: cart_value
--     description: price of what was put into carts, money
--     tests: [not_null]
--   - name: abandoned_value
--     description: price of what was put into carts in the abandoned sessions, money
--     tests: [not_null]
--   - name: events
--     description: events
--     tests: [not_null, {range: {min: 1}}]
--   - name: page_views
--     description: pages seen, of products and others
--     tests: [not_null, non_negative]
--   - name: revenue
--     description: worth of the orders, money
--     tests: [not_null]
WITH sessions AS (
  SELECT * FROM fct_sessions
),

final AS (
  SELECT
    session_date,
    COUNT(*) AS sessions,
    COUNT(*) FILTER (WHERE reached_view) AS sessions_with_view,
    COUNT(*) FILTER (WHERE reached_cart) AS sessions_with_cart,
    COUNT(*) FILTER (WHERE reached_purchase) AS sessions_with_purchase,
    COUNT(*) FILTER (WHERE reached_view AND reached_cart) AS sessions_with_view_cart,
    COUNT(*) FILTER (WHERE reached_view AND reached_cart AND reached_purchase) AS sessions_with_view_cart_purchase,
    COUNT(*) FILTER (WHERE reached_view OR reached_cart OR reached_checkout OR reached_purchase) AS sessions_to_view,
    COUNT(*) FILTER (WHERE reached_cart OR reached_checkout OR reached_purchase) AS sessions_to_cart,
    COUNT(*) FILTER (WHERE reached_checkout OR reached_purchase) AS sessions_to_checkout,
    COUNT(*) FILTER (WHERE reached_cart AND NOT reached_purchase) AS abandoned_sessions,
    CAST(SUM(cart_value) AS DECIMAL(28, 2)) AS cart_value,
    CAST(COALESCE(SUM(cart_value) FILTER (WHERE NOT reached_purchase), 0) AS DECIMAL(28, 2)) AS abandoned_value,
    SUM(events) AS events,
    SUM(page_views) AS page_views,
    CAST(SUM(revenue) AS DECIMAL(28, 2)) AS revenue
  FROM sessions
  GROUP BY session_date
)

SELECT * FROM final
