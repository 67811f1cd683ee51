-- One row an order: the latest said of it, or its rows added up.
--
-- obeys: [order_rows]
WITH latest AS (
  SELECT DISTINCT ON (order_id) order_id, customer_id, ordered_at, status, amount
  FROM orders
  WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
  ORDER BY order_id, ordered_at DESC, status DESC NULLS LAST, amount DESC NULLS LAST, customer_id DESC NULLS LAST
),
added_up AS (
  SELECT
    order_id,
    first(customer_id ORDER BY ordered_at DESC) AS customer_id,
    min(ordered_at) AS ordered_at,
    first(status ORDER BY ordered_at DESC) AS status,
    sum(amount) AS amount
  FROM orders
  WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
  GROUP BY order_id
)
SELECT * FROM latest WHERE coalesce(getvariable('order_rows'), 'orders') = 'orders'
UNION ALL
SELECT * FROM added_up WHERE getvariable('order_rows') = 'lines'
