-- Split at gaps, a session is never followed by another part of the same sooner than the gap allows.
--
-- tags: [events, sessions]
WITH parts AS (
  SELECT
    user_id,
    session_id,
    started_at,
    LAG(ended_at) OVER (PARTITION BY user_id, user_session ORDER BY session_part) AS previous_ended_at
  FROM fct_sessions
  WHERE $session_split = 'gap'
)

SELECT * FROM parts
WHERE DATE_PART('epoch', started_at) - DATE_PART('epoch', previous_ended_at) <= $session_gap_seconds
