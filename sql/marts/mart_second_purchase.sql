-- Each customer's way from the first purchase to the second: when, and after how many days. A customer without a
-- second one may only be too young: complete tells whether there was time enough to say.
--
-- grain: one row a customer with a purchase
-- key: [customer_id]
-- materialized: view
-- tags: [orders, cohorts]
-- columns:
--   - name: customer_id
--     description: who ordered
--     tests: [not_null, unique]
--   - name: cohort_month
--     description: the first day of the month of the first purchase
--     tests: [not_null]
--   - name: first_order_id
--     description: the first purchase
--     tests: [not_null]
--   - name: first_ordered_at
--     description: when that was
--     tests: [not_null]
--   - name: second_order_id
--     description: the second purchase; NULL when there was none
--   - name: second_ordered_at
--     description: when that was
--   - name: days_between
--     description: calendar days from the first to the second
--     tests: [non_negative]
--   - name: has_second
--     description: whether there was a second one
--     tests: [not_null]
--   - name: complete
--     description: >-
--       whether there was a second one, or the first one lies at least second_order_days days before the moment of
--       reference
--     tests: [not_null]
-- tests:
--   - row_count: {of: int_second_orders, at: equal}
WITH second_orders AS (
  SELECT * FROM int_second_orders
),

final AS (
  SELECT
    customer_id,
    cohort_month,
    first_order_id,
    first_ordered_at,
    second_order_id,
    second_ordered_at,
    days_between,
    second_ordered_at IS NOT NULL AS has_second,
    second_ordered_at IS NOT NULL
    OR period_diff('day', first_ordered_at, $orders_as_of) >= $second_order_days AS complete
  FROM second_orders
)

SELECT * FROM final
