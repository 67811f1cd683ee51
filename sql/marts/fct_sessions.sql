-- Visits to the shop: how long they were, what happened during them and how far they came. A session is what the shop
-- says it is, for each user; with session_split set to gap, it also ends where nothing happens for more than
-- session_gap_seconds. The purchases of a session are one order.
--
-- A session may cross midnight, and its late events may come on any day: it is found anew from all events with its
-- user and identifier.
--
-- grain: one row a session
-- key: [user_id, user_session]
-- materialized: incremental
-- strategy: merge
-- cluster_by: [user_id]
-- tags: [events, sessions]
-- columns:
--   - name: user_id
--     description: whose session it is
--     tests: [not_null]
--   - name: user_session
--     description: the identifier that the shop gave it
--     tests: [not_null]
--   - name: session_id
--     description: >-
--       the session's own identifier among those of its user: user_session as text, with # and the number of the part
--       behind it when sessions are split
--     tests: [not_null]
--   - name: session_part
--     description: which part of the shop's session it is, from 1; always 1 when sessions are not split
--     tests: [not_null, {range: {min: 1}}]
--   - name: session_date
--     description: the day on which it started
--     tests: [not_null]
--   - name: started_at
--     description: when its first event happened
--     tests: [not_null]
--   - name: ended_at
--     description: when its last event happened
--     tests: [not_null]
--   - name: duration_seconds
--     description: seconds from its first event to its last, to the millisecond
--     tests: [not_null, non_negative]
--   - name: events
--     description: events
--     tests: [not_null, {range: {min: 1}}]
--   - name: page_views
--     description: pages seen, of products and others
--     tests: [not_null, non_negative]
--   - name: views
--     description: views of products
--     tests: [not_null, non_negative]
--   - name: carts
--     description: how often something was put into the cart
--     tests: [not_null, non_negative]
--   - name: checkouts
--     description: steps of the checkout
--     tests: [not_null, non_negative]
--   - name: purchases
--     description: purchases, one a product and time
--     tests: [not_null, non_negative]
--   - name: distinct_products
--     description: different products that anything happened to
--     tests: [not_null, non_negative]
--   - name: cart_value
--     description: price of all that was put into the cart, money
--     tests: [not_null]
--   - name: revenue
--     description: price of all that was bought, money
--     tests: [not_null]
--   - name: ordered_at
--     description: when its first purchase happened; NULL without one
--   - name: last_purchase_at
--     description: when its last purchase happened; NULL without one
--   - name: reached_view
--     description: whether a product was viewed
--     tests: [not_null]
--   - name: reached_cart
--     description: whether something was put into the cart
--     tests: [not_null]
--   - name: reached_checkout
--     description: whether the checkout was begun
--     tests: [not_null]
--   - name: reached_purchase
--     description: whether something was bought
--     tests: [not_null]
--   - name: funnel_stage
--     description: the furthest of purchase, cart and view that happened, else none
--     tests: [not_null, {accepted_values: {values: [purchase, cart, view, none]}}]
-- tests:
--   - unique: {columns: [user_id, session_id]}
WITH events AS (
  SELECT * FROM fct_events
),

numbered AS (
  SELECT
    *,
    CASE $session_split
      WHEN 'gap' THEN
        sessionize(event_time, $session_gap_seconds) OVER (PARTITION BY user_id, user_session ORDER BY event_time)
      ELSE 1
    END AS session_part
  FROM events
),

-- By product first: so the different ones are counted without a set of them for each session.
by_product AS (
  SELECT
    user_id,
    user_session,
    session_part,
    product_id,
    MIN(event_time) AS started_at,
    MAX(event_time) AS ended_at,
    COUNT(*) AS events,
    COUNT(*) FILTER (WHERE is_page_view) AS page_views,
    COUNT(*) FILTER (WHERE is_view) AS views,
    COUNT(*) FILTER (WHERE is_cart) AS carts,
    COUNT(*) FILTER (WHERE is_checkout) AS checkouts,
    COUNT(*) FILTER (WHERE is_purchase) AS purchases,
    SUM(price) FILTER (WHERE is_cart) AS cart_value,
    SUM(revenue) AS revenue,
    MIN(event_time) FILTER (WHERE is_purchase) AS ordered_at,
    MAX(event_time) FILTER (WHERE is_purchase) AS last_purchase_at
  FROM numbered
  GROUP BY user_id, user_session, session_part, product_id
),

sessions AS (
  SELECT
    user_id,
    user_session,
    session_part,
    MIN(started_at) AS started_at,
    MAX(ended_at) AS ended_at,
    SUM(events) AS events,
    SUM(page_views) AS page_views,
    SUM(views) AS views,
    SUM(carts) AS carts,
    SUM(checkouts) AS checkouts,
    SUM(purchases) AS purchases,
    COUNT(product_id) AS distinct_products,
    SUM(cart_value) AS cart_value,
    SUM(revenue) AS revenue,
    MIN(ordered_at) AS ordered_at,
    MAX(last_purchase_at) AS last_purchase_at
  FROM by_product
  GROUP BY user_id, user_session, session_part
),

final AS (
  SELECT
    user_id,
    user_session,
    CASE $session_split
      WHEN 'gap' THEN CAST(user_session AS VARCHAR) || '#' || CAST(session_part AS VARCHAR)
      ELSE CAST(user_session AS VARCHAR)
    END AS session_id,
    session_part,
    CAST(started_at AS DATE) AS session_date,
    started_at,
    ended_at,
    ROUND(DATE_PART('epoch', ended_at) - DATE_PART('epoch', started_at), 3) AS duration_seconds,
    events,
    page_views,
    views,
    carts,
    checkouts,
    purchases,
    distinct_products,
    CAST(COALESCE(cart_value, 0) AS DECIMAL(28, 2)) AS cart_value,
    CAST(revenue AS DECIMAL(28, 2)) AS revenue,
    ordered_at,
    last_purchase_at,
    views > 0 AS reached_view,
    carts > 0 AS reached_cart,
    checkouts > 0 AS reached_checkout,
    purchases > 0 AS reached_purchase,
    CASE WHEN purchases > 0 THEN 'purchase' WHEN carts > 0 THEN 'cart' WHEN views > 0 THEN 'view' ELSE 'none' END
      AS funnel_stage
  FROM sessions
)

SELECT * FROM final
