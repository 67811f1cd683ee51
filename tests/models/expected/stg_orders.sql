-- Orders, one row each.
--
-- model: stg_orders
-- obeys: [order_rows]
SELECT
  order_id,
  last(customer_id ORDER BY ordered_at, status NULLS FIRST, amount NULLS FIRST, customer_id NULLS FIRST) AS customer_id,
  CASE WHEN getvariable('order_rows') = 'lines' THEN min(ordered_at) ELSE max(ordered_at) END AS ordered_at,
  last(
    nullif(trim(status), '') ORDER BY ordered_at, status NULLS FIRST, amount NULLS FIRST, customer_id NULLS FIRST
  ) AS status,
  CASE
    WHEN getvariable('order_rows') = 'lines' THEN sum(amount)
    ELSE last(amount ORDER BY ordered_at, status NULLS FIRST, amount NULLS FIRST, customer_id NULLS FIRST)
  END AS amount
FROM orders
WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
GROUP BY order_id
