-- What the lines of each order come to, money. It stands in for the amount of orders whose source has none.
--
-- grain: one row an order with lines
-- key: [order_id]
-- materialized: view
-- tags: [orders]
-- columns:
--   - name: order_id
--     description: the order
--     tests: [not_null, unique]
--   - name: lines
--     description: lines
--     tests: [not_null, {range: {min: 1}}]
--   - name: products
--     description: different products
--     tests: [not_null, {range: {min: 1}}]
--   - name: quantity
--     description: pieces, or whatever else the products are sold by, in all
--     tests: [not_null]
--   - name: amount
--     description: money for all lines; NULL when none has a price
WITH order_items AS (
  SELECT * FROM stg_order_items
),

final AS (
  SELECT
    order_id,
    COUNT(*) AS lines,
    COUNT(DISTINCT product_id) AS products,
    exact_sum(quantity) AS quantity,
    CAST(exact_sum(amount) AS DECIMAL(18, 2)) AS amount
  FROM order_items
  GROUP BY order_id
)

SELECT * FROM final
