-- Sessions of new and returning users.
--
-- model: mart_session_behavior
-- reads: [visits]
-- variables: {session_split: raw}
WITH typed AS (
  SELECT
    *,
    date_diff('microsecond', started_at, ended_at) / 1e6 AS seconds,
    CASE WHEN session_date = min(session_date) OVER (PARTITION BY user_id) THEN 'new' ELSE 'returning' END
      AS visitor_type
  FROM visits
)
SELECT
  session_date,
  visitor_type,
  count(*) AS sessions,
  count(*) FILTER (WHERE events = 1) AS bounces,
  count(*) FILTER (WHERE events = 1) / count(*) AS bounce_rate,
  sum(round(seconds, 3)) / count(*) AS mean_seconds,
  quantile_cont(round(seconds, 3), 0.5) AS median_seconds,
  sum(events) / count(*) AS events_per_session,
  sum(page_views) / count(*) AS page_views_per_session,
  sum(products) / count(*) AS products_per_session,
  count(*) FILTER (WHERE bought) AS orders,
  count(*) FILTER (WHERE bought) / count(*) AS conversion_rate
FROM typed
GROUP BY session_date, visitor_type
