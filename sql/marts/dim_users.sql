-- Who came to the shop, what they did and how they stand at the moment of reference. A user who has bought is a buyer.
--
-- grain: one row a user
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
--     description: sessions
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
--     description: worth of all orders, the user's lifetime value so far, money
--     tests: [not_null]
--   - name: aov
--     description: mean worth of an order, money; NULL without one
--   - name: lifespan_days
--     description: calendar days from the first event to the last
--     tests: [not_null, non_negative]
--   - name: days_since_last_event
--     description: calendar days from the last event to the moment of reference
--     tests: [not_null, non_negative]
--   - name: days_since_last_purchase
--     description: calendar days from the last purchase to the moment of reference; NULL without one
--     tests: [non_negative]
--   - name: activity_status
--     description: >-
--       of buyers by the days since the last purchase: churned over user_churned_days, at_risk over user_at_risk_days,
--       declining over user_declining_days, else active; prospect for those who have not bought
--     tests: [not_null, {accepted_values: {values: [churned, at_risk, declining, active, prospect]}}]
--   - name: is_churned
--     description: whether a buyer's status is churned; NULL for those who have not bought
--   - name: lifecycle
--     description: by orders, Prospect without one, First-Time Buyer with 1, Repeat with 2 to 5, Loyal with more
--     tests: [not_null, {accepted_values: {values: [Prospect, First-Time Buyer, Repeat, Loyal]}}]
--   - name: quality_flag
--     description: suspicious when there are more than max_session_events events a session on average, else ok
--     tests: [not_null, {accepted_values: {values: [ok, suspicious]}}]
-- tests:
--   - row_count: {of: int_users_as_of, at: equal}
--   - anomaly: {severity: warn}
WITH users AS (
  SELECT * FROM int_users_as_of
),

dated AS (
  SELECT
    *,
    CAST($events_as_of AS DATE) - CAST(last_event_at AS DATE) AS days_since_last_event,
    CAST($events_as_of AS DATE) - CAST(last_purchase_at AS DATE) AS days_since_last_purchase
  FROM users
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
    revenue,
    CAST(revenue / NULLIF(orders, 0) AS DECIMAL(18, 2)) AS aov,
    CAST(last_event_at AS DATE) - CAST(first_event_at AS DATE) AS lifespan_days,
    days_since_last_event,
    days_since_last_purchase,
    CASE
      WHEN days_since_last_purchase IS NULL THEN 'prospect'
      WHEN days_since_last_purchase > $user_churned_days THEN 'churned'
      WHEN days_since_last_purchase > $user_at_risk_days THEN 'at_risk'
      WHEN days_since_last_purchase > $user_declining_days THEN 'declining'
      ELSE 'active'
    END AS activity_status,
    days_since_last_purchase > $user_churned_days AS is_churned,
    CASE
      WHEN orders = 0 THEN 'Prospect'
      WHEN orders = 1 THEN 'First-Time Buyer'
      WHEN orders <= 5 THEN 'Repeat'
      ELSE 'Loyal'
    END AS lifecycle,
    CASE WHEN events > $max_session_events * sessions THEN 'suspicious' ELSE 'ok' END AS quality_flag
  FROM dated
)

SELECT * FROM final
