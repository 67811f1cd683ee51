WITH gaps AS (
  SELECT user_id, event_time,
    event_time - lag(event_time) OVER (PARTITION BY user_id ORDER BY event_time)
      > INTERVAL '30 minutes' AS later
  FROM events
), numbered AS (
  SELECT 1 + sum(CASE WHEN later THEN 1 ELSE 0 END) OVER (PARTITION BY user_id ORDER BY event_time
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session
  FROM gaps
)
SELECT session, count(*) AS events FROM numbered GROUP BY session ORDER BY session
