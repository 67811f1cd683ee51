-- Orders, one row each: named, typed and without those that cannot be placed. Money is in the shop's currency, times
-- are those of the source. Rows without an identifier or a time are left out. Of several rows of one order the latest
-- counts; with the variable order_rows set to lines they are its parts: the amounts add up, and the first time is the
-- order's.
--
-- grain: one row an order
-- key: [order_id]
-- materialized: view
-- tags: [staging, orders]
-- columns:
--   - name: order_id
--     description: identifies the order
--     tests: [not_null, unique]
--   - name: customer_id
--     description: who ordered; NULL when nobody knows
--   - name: ordered_at
--     description: when it was ordered
--     tests: [not_null]
--   - name: status
--     description: how far it has come, in the shop's own words; NULL when it has none
--   - name: amount
--     description: what it was worth in all, money; NULL when the source does not say
-- tests:
--   - row_count: {of: source.orders, at: at_most}
WITH orders AS (
  SELECT * FROM source.orders
),

cleaned AS (
  SELECT
    order_id,
    customer_id,
    CAST(ordered_at AS TIMESTAMP) AS ordered_at,
    NULLIF(TRIM(CAST(status AS VARCHAR)), '') AS status,
    CAST(amount AS DECIMAL(18, 2)) AS amount
  FROM orders
  WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY order_id
      ORDER BY ordered_at DESC, status DESC NULLS LAST, amount DESC NULLS LAST, customer_id DESC NULLS LAST
    ) AS place,
    MIN(ordered_at) OVER (PARTITION BY order_id) AS first_ordered_at,
    exact_sum(amount) OVER (PARTITION BY order_id) AS total_amount
  FROM cleaned
),

final AS (
  SELECT
    order_id,
    customer_id,
    CASE $order_rows WHEN 'lines' THEN first_ordered_at ELSE ordered_at END AS ordered_at,
    status,
    CASE $order_rows WHEN 'lines' THEN CAST(total_amount AS DECIMAL(18, 2)) ELSE amount END AS amount
  FROM placed
  WHERE place = 1
)

SELECT * FROM final
