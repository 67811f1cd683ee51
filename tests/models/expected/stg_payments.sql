-- Payments, one row each, and whether they brought money.
--
-- model: stg_payments
WITH rows AS (
  SELECT
    payment_id, order_id, nullif(lower(trim(method)), '') AS method, amount, nullif(lower(trim(status)), '') AS status,
    paid_at
  FROM payments
  WHERE payment_id IS NOT NULL AND order_id IS NOT NULL
)

SELECT DISTINCT ON (order_id, payment_id)
  *,
  status IS NULL OR NOT regexp_full_match(
    status, 'failed|failure|error|declined|rejected|cancelled|canceled|void|voided|refunded|pending'
  ) AS is_paid
FROM rows
ORDER BY
  order_id, payment_id, paid_at DESC NULLS LAST, amount DESC NULLS LAST, status DESC NULLS LAST,
  method DESC NULLS LAST
