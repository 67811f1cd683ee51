-- The orders that were completed, and what each came to.
--
-- reads: [picked_orders, sold_lines]
-- obeys: [duplicate_lines, order_rows]
SELECT
  picked_orders.order_id,
  customer_id,
  ordered_at,
  coalesce(
    amount,
    (SELECT sum(worth) FROM sold_lines WHERE sold_lines.order_id = picked_orders.order_id),
    (SELECT sum(payments.amount) FROM payments WHERE payments.order_id = picked_orders.order_id),
    0
  ) AS amount
FROM picked_orders
WHERE status IS NULL OR trim(status) = '' OR lower(trim(status)) IN ('delivered', 'completed')
