-- The orders in the events: what was bought in one session is one order. Numbered in the order of their times, those
-- at the same time by session.
--
-- grain: one row an order
-- key: [user_id]
-- materialized: incremental
-- strategy: merge
-- cluster_by: [user_id]
-- tags: [events, orders]
-- columns:
--   - name: user_id
--     description: who bought
--     tests: [not_null]
--   - name: session_id
--     description: the session in which it was bought, which identifies the order among those of its user
--     tests: [not_null]
--   - name: ordered_at
--     description: when its first purchase happened
--     tests: [not_null]
--   - name: order_number
--     description: which order of the user it is, from 1
--     tests: [not_null, {range: {min: 1}}]
--   - name: purchases
--     description: purchases, one a product and time
--     tests: [not_null, {range: {min: 1}}]
--   - name: revenue
--     description: what it was worth, money
--     tests: [not_null]
-- tests:
--   - unique: {columns: [user_id, session_id]}
--   - unique: {columns: [user_id, order_number]}
WITH sessions AS (
  SELECT * FROM fct_sessions
),

final AS (
  SELECT
    user_id,
    session_id,
    ordered_at,
    CAST(ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ordered_at, session_id) AS BIGINT) AS order_number,
    purchases,
    revenue
  FROM sessions
  WHERE reached_purchase
)

SELECT * FROM final
