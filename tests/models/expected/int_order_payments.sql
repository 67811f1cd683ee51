-- What was paid for each order, and how.
--
-- model: int_order_payments
-- reads: [stg_payments]
WITH methods AS (
  SELECT order_id, method, sum(amount) AS paid
  FROM stg_payments
  WHERE is_paid AND method IS NOT NULL
  GROUP BY order_id, method
)

SELECT
  order_id,
  count(*) FILTER (WHERE is_paid) AS payments,
  count(*) FILTER (WHERE NOT is_paid) AS failed_payments,
  sum(amount) FILTER (WHERE is_paid) AS paid,
  (
    SELECT first(method ORDER BY paid DESC NULLS LAST, method)
    FROM methods
    WHERE methods.order_id = stg_payments.order_id
  ) AS main_method
FROM stg_payments
GROUP BY order_id
