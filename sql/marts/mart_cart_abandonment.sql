-- Carts that were left: sessions of a day in which something was put into the cart, and those of them without a
-- purchase.
--
-- grain: one row a day with sessions
-- key: [session_date]
-- materialized: view
-- tags: [events, sessions]
-- columns:
--   - name: session_date
--     description: the day on which the sessions started
--     tests: [not_null, unique]
--   - name: cart_sessions
--     description: sessions in which something was put into the cart
--     tests: [not_null, non_negative]
--   - name: converted_sessions
--     description: those of them with a purchase
--     tests: [not_null, non_negative]
--   - name: abandoned_sessions
--     description: those of them without one
--     tests: [not_null, non_negative]
--   - name: abandonment_rate
--     description: abandoned as a fraction of all with a cart; NULL without any
--     tests: [{range: {min: 0, max: 1}}]
--   - name: cart_value
--     description: price of all that was put into carts, money
--     tests: [not_null]
--   - name: abandoned_value
--     description: price of what was put into carts in the abandoned sessions, money
--     tests: [not_null]
--   - name: abandoned_value_share
--     description: abandoned_value as a fraction of cart_value; NULL when that is 0
-- tests:
--   - expression: {sql: converted_sessions + abandoned_sessions = cart_sessions}
WITH days AS (
  SELECT * FROM int_session_days
),

final AS (
  SELECT
    session_date,
    sessions_with_cart AS cart_sessions,
    sessions_with_cart - abandoned_sessions AS converted_sessions,
    abandoned_sessions,
    CAST(abandoned_sessions AS DOUBLE) / NULLIF(sessions_with_cart, 0) AS abandonment_rate,
    cart_value,
    abandoned_value,
    CAST(abandoned_value AS DOUBLE) / NULLIF(CAST(cart_value AS DOUBLE), 0) AS abandoned_value_share
  FROM days
)

SELECT * FROM final
