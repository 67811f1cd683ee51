-- Payments, one row each, and whether they brought money. Payments without an identifier or an order are left out; of
-- several rows of one payment the latest counts. A payment belongs to one
-- order: one that is listed under two is two.
--
-- grain: one row a payment
-- key: [order_id, payment_id]
-- materialized: view
-- tags: [staging, payments]
-- columns:
--   - name: payment_id
--     description: identifies the payment
--     tests: [not_null, {unique: {severity: warn}}]
--   - name: order_id
--     description: the order that was paid
--     tests: [not_null]
--   - name: method
--     description: how, lower case; NULL when unknown
--   - name: amount
--     description: money paid
--   - name: status
--     description: whether it succeeded, lower case, in the shop's own words; NULL when it has none
--   - name: paid_at
--     description: when it was paid; NULL when unknown
--   - name: is_paid
--     description: >-
--       whether the money came and stayed: false for payments that failed, were declined, cancelled, voided or
--       refunded, or are still pending, true for all others
--     tests: [not_null]
-- tests:
--   - unique: {columns: [order_id, payment_id]}
--   - row_count: {of: source.payments, at: at_most}
WITH payments AS (
  SELECT * FROM source.payments
),

cleaned AS (
  SELECT
    payment_id,
    order_id,
    NULLIF(LOWER(TRIM(CAST(method AS VARCHAR))), '') AS method,
    CAST(amount AS DECIMAL(18, 2)) AS amount,
    NULLIF(LOWER(TRIM(CAST(status AS VARCHAR))), '') AS status,
    CAST(paid_at AS TIMESTAMP) AS paid_at
  FROM payments
  WHERE payment_id IS NOT NULL AND order_id IS NOT NULL
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY order_id, payment_id
      ORDER BY paid_at DESC NULLS LAST, amount DESC NULLS LAST, status DESC NULLS LAST, method DESC NULLS LAST
    ) AS place
  FROM cleaned
),

final AS (
  SELECT
    payment_id,
    order_id,
    method,
    amount,
    status,
    paid_at,
    COALESCE(
      status NOT IN (
        'failed', 'failure', 'error', 'declined', 'rejected', 'cancelled', 'canceled', 'void', 'voided', 'refunded',
        'pending'
      ),
      true
    ) AS is_paid
  FROM placed
  WHERE place = 1
)

SELECT * FROM final
