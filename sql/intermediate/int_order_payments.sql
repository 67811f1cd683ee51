-- What was paid for each order, money, and how. Payments that failed, were cancelled or given back, or are still
-- pending are counted and bring nothing.
--
-- grain: one row an order with payments
-- key: [order_id]
-- materialized: view
-- tags: [orders, payments]
-- columns:
--   - name: order_id
--     description: the order
--     tests: [not_null, unique]
--   - name: payments
--     description: payments that brought money
--     tests: [not_null, non_negative]
--   - name: failed_payments
--     description: payments that did not
--     tests: [not_null, non_negative]
--   - name: paid
--     description: money that they brought; NULL when there was no such payment
--   - name: main_method
--     description: the method that brought the most; of several the first by name; NULL when unknown
WITH payments AS (
  SELECT * FROM stg_payments
),

by_method AS (
  SELECT
    order_id,
    method,
    COUNT(*) FILTER (WHERE is_paid) AS payments,
    COUNT(*) FILTER (WHERE NOT is_paid) AS failed_payments,
    exact_sum(amount) FILTER (WHERE is_paid) AS paid
  FROM payments
  GROUP BY order_id, method
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY order_id
      ORDER BY (method IS NOT NULL AND payments > 0) DESC, paid DESC NULLS LAST, method
    ) AS place
  FROM by_method
),

final AS (
  SELECT
    order_id,
    CAST(SUM(payments) AS BIGINT) AS payments,
    CAST(SUM(failed_payments) AS BIGINT) AS failed_payments,
    CAST(exact_sum(paid) AS DECIMAL(18, 2)) AS paid,
    MAX(method) FILTER (WHERE place = 1 AND payments > 0) AS main_method
  FROM placed
  GROUP BY order_id
)

SELECT * FROM final
