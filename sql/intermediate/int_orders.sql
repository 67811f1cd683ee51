-- Orders with what they mean: their day and month, how far they have come in one vocabulary, and what they are worth,
-- money. An order whose source names no amount is worth what its lines come to, else what was paid for it. Statuses
-- are told apart in any letter case; an order without one is completed.
--
-- grain: one row an order
-- key: [order_id]
-- materialized: incremental
-- strategy: merge
-- optional: [int_order_item_totals, int_order_payments]
-- tags: [orders]
-- columns:
--   - name: order_id
--     description: identifies the order
--     tests: [not_null, unique]
--   - name: customer_id
--     description: who ordered; NULL when nobody knows
--   - name: ordered_at
--     description: when it was ordered
--     tests: [not_null]
--   - name: order_date
--     description: the day of that
--     tests: [not_null]
--   - name: order_month
--     description: the first day of the month of that
--     tests: [not_null]
--   - name: status
--     description: how far it has come, in the shop's own words; NULL when it has none
--   - name: order_status
--     description: >-
--       the same in one vocabulary: delivered and completed are Completed; cancelled, canceled, cancel and closed are
--       Cancelled; pending, in transit, intransit and transit are In Transit; all others are Other
--     tests: [not_null, {accepted_values: {values: [Completed, Cancelled, In Transit, Other]}}]
--   - name: is_completed
--     description: whether it is Completed, which alone counts as spending
--     tests: [not_null]
--   - name: amount
--     description: what it is worth, money; 0 when nothing says
--     tests: [not_null]
-- tests:
--   - row_count: {of: stg_orders, at: equal}
--   - anomaly: {by: order_date, same_weekday: true, severity: warn}
--   - anomaly: {of: SUM(amount), by: order_date, where: is_completed, same_weekday: true, severity: warn}
WITH orders AS (
  SELECT * FROM stg_orders
),

item_totals AS (
  SELECT order_id, amount FROM int_order_item_totals
),

payments AS (
  SELECT order_id, paid FROM int_order_payments
),

named AS (
  SELECT
    *,
    CASE
      WHEN status IS NULL THEN 'Completed'
      WHEN LOWER(status) IN ('delivered', 'completed') THEN 'Completed'
      WHEN LOWER(status) IN ('cancelled', 'canceled', 'cancel', 'closed') THEN 'Cancelled'
      WHEN LOWER(status) IN ('pending', 'in transit', 'intransit', 'transit') THEN 'In Transit'
      ELSE 'Other'
    END AS order_status
  FROM orders
),

final AS (
  SELECT
    named.order_id,
    named.customer_id,
    named.ordered_at,
    CAST(named.ordered_at AS DATE) AS order_date,
    CAST(DATE_TRUNC('month', named.ordered_at) AS DATE) AS order_month,
    named.status,
    named.order_status,
    named.order_status = 'Completed' AS is_completed,
    COALESCE(named.amount, item_totals.amount, payments.paid, CAST(0 AS DECIMAL(18, 2))) AS amount
  FROM named
  LEFT JOIN item_totals ON named.order_id = item_totals.order_id
  LEFT JOIN payments ON named.order_id = payments.order_id
)

SELECT * FROM final
