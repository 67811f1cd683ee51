-- Users, by their sessions.
--
-- reads: [visits]
SELECT
  user_id,
  min(started_at) AS first_event_at,
  max(ended_at) AS last_event_at,
  min(ordered_at) AS first_purchase_at,
  max(last_purchase_at) AS last_purchase_at,
  count(*) AS sessions,
  sum(events) AS events,
  sum(purchases) AS purchases,
  count(*) FILTER (WHERE bought) AS orders,
  sum(revenue) AS revenue
FROM visits
GROUP BY user_id
