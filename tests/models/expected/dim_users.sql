-- Users and how they stand when the last event happens.
--
-- model: dim_users
-- reads: [stg_events, people]
-- variables: {session_split: raw}
WITH now AS (
  SELECT max(event_time) AS as_of FROM stg_events
),
aged AS (
  SELECT
    *,
    date_diff('day', CAST(last_event_at AS DATE), CAST(as_of AS DATE)) AS away,
    date_diff('day', CAST(last_purchase_at AS DATE), CAST(as_of AS DATE)) AS waiting
  FROM people, now
)
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
  revenue,
  CASE WHEN orders > 0 THEN
    CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov,
  date_diff('day', CAST(first_event_at AS DATE), CAST(last_event_at AS DATE)) AS lifespan_days,
  away AS days_since_last_event,
  waiting AS days_since_last_purchase,
  CASE
    WHEN orders = 0 THEN 'prospect'
    WHEN waiting <= 30 THEN 'active'
    WHEN waiting <= 45 THEN 'declining'
    WHEN waiting <= 60 THEN 'at_risk'
    ELSE 'churned'
  END AS activity_status,
  CASE WHEN orders > 0 THEN waiting > 60 END AS is_churned,
  CASE
    WHEN orders >= 6 THEN 'Loyal'
    WHEN orders >= 2 THEN 'Repeat'
    WHEN orders = 1 THEN 'First-Time Buyer'
    ELSE 'Prospect'
  END AS lifecycle,
  CASE WHEN events / sessions > 200 THEN 'suspicious' ELSE 'ok' END AS quality_flag
FROM aged
