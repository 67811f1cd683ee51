-- What every user had done by the moment of reference. It is what int_users has, but for users who came after that
-- moment: theirs is counted again, from the events before it. Without as_of nobody came after it.
--
-- grain: one row a user who had come by then
-- key: [user_id]
-- materialized: view
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
--     description: sessions that had begun
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
--     description: worth of the purchases, money
--     tests: [not_null]
-- tests:
--   - row_count: {of: int_users, at: at_most}
WITH users AS (
  SELECT * FROM int_users
),

events AS (
  SELECT * FROM fct_events
  WHERE event_time <= $events_as_of
),

sessions AS (
  SELECT * FROM fct_sessions
  WHERE started_at <= $events_as_of
),

later_users AS (
  SELECT user_id FROM users
  WHERE last_event_at > $events_as_of AND first_event_at <= $events_as_of
),

event_counts AS (
  SELECT
    events.user_id,
    MIN(events.event_time) AS first_event_at,
    MAX(events.event_time) AS last_event_at,
    MIN(events.event_time) FILTER (WHERE events.is_purchase) AS first_purchase_at,
    MAX(events.event_time) FILTER (WHERE events.is_purchase) AS last_purchase_at,
    COUNT(*) AS events,
    COUNT(*) FILTER (WHERE events.is_purchase) AS purchases,
    CAST(SUM(events.revenue) AS DECIMAL(28, 2)) AS revenue
  FROM later_users
  INNER JOIN events ON events.user_id = later_users.user_id
  GROUP BY events.user_id
),

session_counts AS (
  SELECT
    sessions.user_id,
    COUNT(*) AS sessions,
    COUNT(*) FILTER (WHERE sessions.ordered_at <= $events_as_of) AS orders
  FROM later_users
  INNER JOIN sessions ON sessions.user_id = later_users.user_id
  GROUP BY sessions.user_id
),

final AS (
  SELECT
    user_id,
    first_event_at,
    last_event_at,
    first_purchase_at,
    last_purchase_at,
    sessions,
    events,
    purchases,
    orders,
    revenue
  FROM users
  WHERE last_event_at <= $events_as_of
  UNION ALL
  SELECT
    event_counts.user_id,
    event_counts.first_event_at,
    event_counts.last_event_at,
    event_counts.first_purchase_at,
    event_counts.last_purchase_at,
    session_counts.sessions,
    event_counts.events,
    event_counts.purchases,
    session_counts.orders,
    event_counts.revenue
  FROM event_counts
  INNER JOIN session_counts ON session_counts.user_id = event_counts.user_id
)

SELECT * FROM final
