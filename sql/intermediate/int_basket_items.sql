-- What was in which basket, each product once: lines of more than nothing, of orders that were not cancelled. Where a
-- project has no orders but only their lines, all of them count, and nobody knows whose they are.
--
-- grain: one row an order and product
-- key: [order_id]
-- materialized: incremental
-- strategy: merge
-- optional: [int_orders]
-- tags: [orders, products]
-- columns:
--   - name: order_id
--     description: the order
--     tests: [not_null]
--   - name: customer_id
--     description: who ordered; NULL when nobody knows
--   - name: ordered_at
--     description: when it was ordered; NULL when nobody knows
--   - name: product_id
--     description: the product
--     tests: [not_null]
-- tests:
--   - unique: {columns: [order_id, product_id]}
WITH lines AS (
  SELECT * FROM stg_order_items
  WHERE quantity > 0
),

orders AS (
  SELECT order_id, customer_id, ordered_at, order_status FROM int_orders
),

final AS (
  SELECT lines.order_id, orders.customer_id, orders.ordered_at, lines.product_id
  FROM lines
  LEFT JOIN orders ON orders.order_id = lines.order_id
  WHERE orders.order_status IS NULL OR orders.order_status <> 'Cancelled'
  GROUP BY lines.order_id, orders.customer_id, orders.ordered_at, lines.product_id
)

SELECT * FROM final
