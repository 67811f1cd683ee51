-- The users of the events with the highest lifetime value so far; of equal values the one with the least identifier is
-- first.
--
-- grain: one row a user
-- key: [user_id]
-- materialized: view
-- tags: [events, users]
-- columns:
--   - name: place
--     description: place by lifetime value, from 1, the highest
--     tests: [not_null, unique, {range: {min: 1}}]
--   - name: user_id
--     description: the user
--     tests: [not_null, unique]
--   - name: ltv
--     description: lifetime value so far, the worth of all orders, money
--     tests: [not_null]
--   - name: ltv_share
--     description: fraction of the worth of all orders of all users; NULL when that is 0
--   - name: orders
--     description: orders, one a session with purchases
--     tests: [not_null, {range: {min: 1}}]
--   - name: aov
--     description: mean worth of an order, money
--     tests: [not_null]
--   - name: last_purchase_at
--     description: when the last purchase happened
--     tests: [not_null]
--   - name: segment
--     description: the segment of the map events9
--   - name: activity_status
--     description: churned, at_risk, declining or active, as in dim_users
--     tests: [not_null]
-- tests:
--   - row_count: {of: dim_users, at: at_most}
WITH users AS (
  SELECT * FROM dim_users
),

rfm AS (
  SELECT * FROM dim_user_rfm
),

total AS (
  SELECT SUM(revenue) AS revenue FROM users
),

-- The first ones by a sort that keeps no more than these, rather than by the place of everyone.
first_users AS (
  SELECT *
  FROM users
  WHERE orders > 0
  ORDER BY revenue DESC, user_id
  LIMIT $ltv_top
),

final AS (
  SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY first_users.revenue DESC, first_users.user_id) AS BIGINT) AS place,
    first_users.user_id,
    first_users.revenue AS ltv,
    CAST(first_users.revenue AS DOUBLE) / NULLIF(CAST(total.revenue AS DOUBLE), 0) AS ltv_share,
    first_users.orders,
    first_users.aov,
    first_users.last_purchase_at,
    rfm.segment,
    first_users.activity_status
  FROM first_users
  LEFT JOIN rfm ON rfm.user_id = first_users.user_id
  CROSS JOIN total
)

SELECT * FROM final
