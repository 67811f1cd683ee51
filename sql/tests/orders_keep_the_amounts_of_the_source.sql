-- Staging loses no order that has an identifier and a time, and, where amounts add up by order, no money.
--
-- tags: [staging, orders]
WITH source_orders AS (
  SELECT COUNT(DISTINCT order_id) AS orders, COALESCE(exact_sum(CAST(amount AS DECIMAL(18, 2))), 0) AS amount
  FROM source.orders
  WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
),

staged AS (
  SELECT COUNT(*) AS orders, COALESCE(exact_sum(amount), 0) AS amount FROM stg_orders
)

SELECT staged.*, source_orders.orders AS orders_of_source, source_orders.amount AS amount_of_source
FROM staged
CROSS JOIN source_orders
WHERE
  staged.orders <> source_orders.orders
  OR ($order_rows = 'lines' AND staged.amount <> source_orders.amount)
