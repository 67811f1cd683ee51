-- Each customer's purchases in their order, for cohorts. What a purchase is says the variable cohort_orders; orders
-- of nobody known are none. Equal times stand in the order of their identifiers. Money is in the shop's currency.
--
-- grain: one row a purchase
-- key: [customer_id]
-- materialized: incremental
-- strategy: merge
-- tags: [orders, cohorts]
-- columns:
--   - name: customer_id
--     description: who ordered
--     tests: [not_null]
--   - name: order_id
--     description: identifies the order
--     tests: [not_null, unique, {relationships: {to: int_orders, column: order_id}}]
--   - name: ordered_at
--     description: when it was ordered
--     tests: [not_null]
--   - name: order_date
--     description: the day of that
--     tests: [not_null]
--   - name: amount
--     description: what it is worth, money
--     tests: [not_null]
--   - name: order_number
--     description: place among the customer's purchases, from 1
--     tests: [not_null, {range: {min: 1}}]
--   - name: first_order_date
--     description: the day of the customer's first purchase
--     tests: [not_null]
--   - name: cohort_month
--     description: the first day of the month of that
--     tests: [not_null]
-- tests:
--   - unique: {columns: [customer_id, order_number]}
WITH orders AS (
  SELECT * FROM int_orders
),

purchases AS (
  SELECT customer_id, order_id, ordered_at, order_date, amount
  FROM orders
  WHERE
    customer_id IS NOT NULL
    AND CASE $cohort_orders
      WHEN 'completed' THEN is_completed
      WHEN 'not_cancelled' THEN order_status <> 'Cancelled'
      ELSE true
    END
),

final AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS order_number,
    MIN(order_date) OVER (PARTITION BY customer_id) AS first_order_date,
    cohort_month(order_date) OVER (PARTITION BY customer_id) AS cohort_month
  FROM purchases
)

SELECT * FROM final
