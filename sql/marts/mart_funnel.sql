-- How far the sessions of a day come: visit, product view, add to cart, checkout, purchase. A session that came to a
-- stage has passed all before it, whether or not its events say so: shops do not record every step, and a purchase
-- without a checkout is one all the same. So the numbers never rise from stage to stage.
--
-- grain: one row a day and stage
-- key: [session_date, stage_number]
-- materialized: view
-- tags: [events, sessions]
-- columns:
--   - name: session_date
--     description: the day on which the sessions started
--     tests: [not_null]
--   - name: stage_number
--     description: number of the stage, from 1
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: stage
--     description: name of the stage
--     tests: [not_null, {accepted_values: {values: [Visit, Product View, Add to Cart, Checkout, Purchase]}}]
--   - name: sessions
--     description: sessions that came to the stage or further
--     tests: [not_null, non_negative]
--   - name: share_of_visits
--     description: fraction of the sessions of the day
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: share_of_previous
--     description: fraction of the sessions at the stage before; 1 at the first stage, NULL when there were none before
--     tests: [{range: {min: 0, max: 1}}]
--   - name: drop_off
--     description: sessions that came to the stage before and no further; 0 at the first stage
--     tests: [not_null, non_negative]
--   - name: drop_off_rate
--     description: these as a fraction of the sessions at the stage before; 0 at the first stage, NULL without any
--     tests: [{range: {min: 0, max: 1}}]
-- tests:
--   - unique: {columns: [session_date, stage_number]}
WITH days AS (
  SELECT * FROM int_session_days
),

stages AS (
  SELECT *
  FROM (VALUES (1, 'Visit'), (2, 'Product View'), (3, 'Add to Cart'), (4, 'Checkout'), (5, 'Purchase'))
    AS stages(stage_number, stage)
),

counted AS (
  SELECT
    days.session_date,
    stages.stage_number,
    stages.stage,
    days.sessions AS visits,
    CASE stages.stage_number
      WHEN 1 THEN days.sessions
      WHEN 2 THEN days.sessions_to_view
      WHEN 3 THEN days.sessions_to_cart
      WHEN 4 THEN days.sessions_to_checkout
      ELSE days.sessions_with_purchase
    END AS sessions
  FROM days
  CROSS JOIN stages
),

compared AS (
  SELECT
    *,
    LAG(sessions) OVER (PARTITION BY session_date ORDER BY stage_number) AS previous_sessions
  FROM counted
),

final AS (
  SELECT
    session_date,
    stage_number,
    stage,
    sessions,
    CAST(sessions AS DOUBLE) / visits AS share_of_visits,
    CASE WHEN stage_number = 1 THEN 1 ELSE CAST(sessions AS DOUBLE) / NULLIF(previous_sessions, 0) END
      AS share_of_previous,
    COALESCE(previous_sessions - sessions, 0) AS drop_off,
    CASE
      WHEN stage_number = 1 THEN 0
      ELSE CAST(previous_sessions - sessions AS DOUBLE) / NULLIF(previous_sessions, 0)
    END AS drop_off_rate
  FROM compared
)

SELECT * FROM final
