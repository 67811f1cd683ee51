-- From stage to stage of a day's funnel sessions get fewer, or stay as many, and all start with the visit.
--
-- tags: [events, sessions]
WITH stages AS (
  SELECT
    *,
    LAG(sessions) OVER (PARTITION BY session_date ORDER BY stage_number) AS previous_sessions
  FROM mart_funnel
)

SELECT * FROM stages
WHERE sessions > previous_sessions
  OR (stage_number = 1) <> (previous_sessions IS NULL)
  OR sessions + drop_off <> COALESCE(previous_sessions, sessions)
