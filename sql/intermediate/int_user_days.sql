-- Who came on which day, by the day on which the sessions started: what visitors are counted from, since a visitor of
-- two days is one of their week.
--
-- grain: one row a day and user
-- key: [session_date, user_id]
-- materialized: incremental
-- strategy: partitions
-- partition_by: session_date
-- tags: [events, users]
-- columns:
--   - name: session_date
--     description: the day
--     tests: [not_null]
--   - name: user_id
--     description: who came
--     tests: [not_null]
--   - name: sessions
--     description: sessions that started on the day
--     tests: [not_null, {range: {min: 1}}]
--   - name: orders
--     description: those of them with purchases
--     tests: [not_null, non_negative]
-- tests:
--   - unique: {columns: [session_date, user_id]}
WITH sessions AS (
  SELECT * FROM fct_sessions
),

final AS (
  SELECT
    session_date,
    user_id,
    COUNT(*) AS sessions,
    COUNT(ordered_at) AS orders
  FROM sessions
  GROUP BY session_date, user_id
)

SELECT * FROM final
