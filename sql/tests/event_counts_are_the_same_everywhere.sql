-- Events add up to the same number in sessions, users, product days and session days, and sessions in users, days and
-- periods.
--
-- tags: [events, sessions]
WITH counts AS (
  SELECT 'events' AS what, 'fct_sessions' AS model, COALESCE(SUM(events), 0) AS number FROM fct_sessions
  UNION ALL
  SELECT 'events' AS what, 'int_users' AS model, COALESCE(SUM(events), 0) AS number FROM int_users
  UNION ALL
  SELECT 'events' AS what, 'int_product_days' AS model, COALESCE(SUM(events), 0) AS number FROM int_product_days
  UNION ALL
  SELECT 'events' AS what, 'int_session_days' AS model, COALESCE(SUM(events), 0) AS number FROM int_session_days
  UNION ALL
  SELECT 'sessions' AS what, 'int_users' AS model, COALESCE(SUM(sessions), 0) AS number FROM int_users
  UNION ALL
  SELECT 'sessions' AS what, 'int_user_days' AS model, COALESCE(SUM(sessions), 0) AS number FROM int_user_days
  UNION ALL
  SELECT 'sessions' AS what, 'metrics_daily' AS model, COALESCE(SUM(sessions), 0) AS number FROM metrics_daily
  UNION ALL
  SELECT 'sessions' AS what, 'metrics_weekly' AS model, COALESCE(SUM(sessions), 0) AS number FROM metrics_weekly
  UNION ALL
  SELECT 'sessions' AS what, 'metrics_monthly' AS model, COALESCE(SUM(sessions), 0) AS number FROM metrics_monthly
  UNION ALL
  SELECT 'sessions' AS what, 'mart_session_behavior' AS model, COALESCE(SUM(sessions), 0) AS number
  FROM mart_session_behavior
),

totals AS (
  SELECT 'events' AS what, COUNT(*) AS number FROM fct_events
  UNION ALL
  SELECT 'sessions' AS what, COUNT(*) AS number FROM fct_sessions
)

SELECT counts.what, counts.model, counts.number, totals.number AS expected
FROM counts
INNER JOIN totals ON totals.what = counts.what
WHERE counts.number <> totals.number
