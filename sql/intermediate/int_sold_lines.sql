-- What was sold: the lines of completed orders, those of one order and product as one. Sales of products and categories
-- are summed from it.
--
-- grain: one row an order and product
-- key: [order_id]
-- materialized: incremental
-- strategy: merge
-- tags: [orders, products]
-- columns:
--   - name: order_id
--     description: the order
--     tests: [not_null]
--   - name: customer_id
--     description: who ordered; NULL when nobody knows
--   - name: ordered_at
--     description: when it was ordered
--     tests: [not_null]
--   - name: product_id
--     description: the product
--     tests: [not_null]
--   - name: units
--     description: pieces, or whatever else it is sold by; those that were sent back taken off
--     tests: [not_null]
--   - name: discount
--     description: money off
--     tests: [not_null]
--   - name: revenue
--     description: worth of the lines, money; 0 where no price is known
--     tests: [not_null]
-- tests:
--   - unique: {columns: [order_id, product_id]}
WITH items AS (
  SELECT * FROM stg_order_items
),

orders AS (
  SELECT * FROM int_orders
  WHERE is_completed
),

final AS (
  SELECT
    orders.order_id,
    orders.customer_id,
    orders.ordered_at,
    items.product_id,
    SUM(items.quantity) AS units,
    CAST(SUM(items.discount) AS DECIMAL(28, 2)) AS discount,
    CAST(COALESCE(SUM(items.amount), 0) AS DECIMAL(28, 2)) AS revenue
  FROM items
  INNER JOIN orders ON orders.order_id = items.order_id
  GROUP BY orders.order_id, orders.customer_id, orders.ordered_at, items.product_id
)

SELECT * FROM final
