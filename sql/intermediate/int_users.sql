-- What every user did, from the first event to the last, without regard to the moment of reference: what changes only
-- when the user comes again.
--
-- grain: one row a user
-- key: [user_id]
-- materialized: incremental
-- strategy: merge
-- cluster_by: [user_id]
-- tags: [events, users]
-- columns:
--   - name: user_id
--     description: the user
--     tests: [not_null, unique]
--   - name: first_event_at
--     description: when the first event happened
--     tests: [not_null]
--   - name: last_event_at
--     description: when the last event happened
--     tests: [not_null]
--   - name: first_purchase_at
--     description: when the first purchase happened; NULL without one
--   - name: last_purchase_at
--     description: when the last purchase happened; NULL without one
--   - name: sessions
--     description: sessions
--     tests: [not_null, {range: {min: 1}}]
--   - name: events
--     description: events
--     tests: [not_null, {range: {min: 1}}]
--   - name: purchases
--     description: purchases, one a product and time
--     tests: [not_null, non_negative]
--   - name: orders
--     description: orders, one a session with purchases
--     tests: [not_null, non_negative]
--   - name: revenue
--     description: worth of the orders, money
--     tests: [not_null]
WITH sessions AS (
  SELECT * FROM fct_sessions
),

final AS (
  SELECT
    user_id,
    MIN(started_at) AS first_event_at,
    MAX(ended_at) AS last_event_at,
    MIN(ordered_at) AS first_purchase_at,
    MAX(last_purchase_at) AS last_purchase_at,
    COUNT(*) AS sessions,
    SUM(events) AS events,
    SUM(purchases) AS purchases,
    COUNT(ordered_at) AS orders,
    CAST(SUM(revenue) AS DECIMAL(28, 2)) AS revenue
  FROM sessions
  GROUP BY user_id
)

SELECT * FROM final
