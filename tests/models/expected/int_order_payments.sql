-- model: int_order_payments
WITH latest AS (
  SELECT DISTINCT ON (payment_id)
    order_id, nullif(lower(trim(method)), '') AS method, amount,
    ifnull(lower(trim(status)), '') NOT IN (
      'failed', 'failure', 'error', 'declined', 'rejected', 'cancelled', 'canceled', 'void', 'voided', 'refunded',
      'pending'
    ) AS good
  FROM payments
  WHERE payment_id IS NOT NULL AND order_id IS NOT NULL
  ORDER BY payment_id, paid_at DESC NULLS LAST, amount DESC NULLS LAST, status DESC NULLS LAST
),

methods AS (
  SELECT order_id, method, sum(amount) AS paid
  FROM latest
  WHERE good AND method IS NOT NULL
  GROUP BY order_id, method
)

SELECT
  order_id,
  count(*) FILTER (WHERE good) AS payments,
  count(*) FILTER (WHERE NOT good) AS failed_payments,
  sum(amount) FILTER (WHERE good) AS paid,
  (
    SELECT first(method ORDER BY paid DESC NULLS LAST, method) FROM methods WHERE methods.order_id = latest.order_id
  ) AS main_method
FROM latest
GROUP BY order_id
