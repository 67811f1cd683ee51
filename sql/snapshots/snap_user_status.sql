-- How the standing of every user in the events changed over time: whether they still buy, and what they have bought.
--
-- grain: one row a user and period in which all of it stayed the same
-- materialized: snapshot
-- key: [user_id]
-- as_of: events_as_of
-- tags: [events, users]
-- columns:
--   - name: user_id
--     description: the user
--     tests: [not_null]
--   - name: activity_status
--     description: churned, at_risk, declining or active by the days since the last purchase; prospect without one
--     tests: [not_null, {accepted_values: {values: [churned, at_risk, declining, active, prospect]}}]
--   - name: is_churned
--     description: whether a buyer's status is churned; NULL for those who have not bought
--   - name: lifetime_value
--     description: worth of all orders so far, money
--     tests: [not_null]
--   - name: purchases
--     description: purchases so far, one a product and time
--     tests: [not_null, non_negative]
WITH users AS (
  SELECT * FROM dim_users
),

final AS (
  SELECT user_id, activity_status, is_churned, revenue AS lifetime_value, purchases
  FROM users
)

SELECT * FROM final
