-- Orders with their day, month, status and worth.
--
-- model: int_orders
-- reads: [stg_orders, int_order_item_totals, int_order_payments]
SELECT
  order_id,
  o.customer_id,
  o.ordered_at,
  o.ordered_at::DATE AS order_date,
  make_date(year(o.ordered_at), month(o.ordered_at), 1) AS order_month,
  o.status,
  CASE
    WHEN o.status IS NULL OR o.status ILIKE 'delivered' OR o.status ILIKE 'completed' THEN 'Completed'
    WHEN regexp_full_match(lower(o.status), 'cancel|cancelled|canceled|closed') THEN 'Cancelled'
    WHEN regexp_full_match(lower(o.status), 'pending|(in ?)?transit') THEN 'In Transit'
    ELSE 'Other'
  END AS order_status,
  order_status = 'Completed' AS is_completed,
  coalesce(o.amount, i.amount, p.paid, 0) AS amount
FROM stg_orders AS o
LEFT JOIN int_order_item_totals AS i USING (order_id)
LEFT JOIN int_order_payments AS p USING (order_id)
