-- The lines of orders: named, typed and with what a line is worth. Lines without an order or a product are left out.
-- A source has no identifier for a line, so that two alike are two lines, unless the variable duplicate_lines says
-- drop. A line without a quantity is one piece, one without a discount has none.
--
-- grain: one row a line of an order
-- materialized: view
-- tags: [staging, orders, products]
-- columns:
--   - name: order_id
--     description: the order that it is a line of
--     tests: [not_null]
--   - name: product_id
--     description: what was ordered
--     tests: [not_null]
--   - name: quantity
--     description: pieces, or whatever else the product is sold by; negative when they were sent back
--     tests: [not_null]
--   - name: unit_price
--     description: money for one; NULL when the source does not say
--   - name: discount
--     description: money off the whole line
--     tests: [not_null]
--   - name: amount
--     description: what the line is worth, money, quantity times unit_price less discount; NULL without a price
-- tests:
--   - row_count: {of: source.order_items, at: at_most}
WITH order_items AS (
  SELECT * FROM source.order_items
),

cleaned AS (
  SELECT
    order_id,
    product_id,
    COALESCE(CAST(quantity AS DECIMAL(18, 3)), CAST(1 AS DECIMAL(18, 3))) AS quantity,
    CAST(unit_price AS DECIMAL(18, 4)) AS unit_price,
    COALESCE(CAST(discount AS DECIMAL(18, 4)), CAST(0 AS DECIMAL(18, 4))) AS discount
  FROM order_items
  WHERE order_id IS NOT NULL AND product_id IS NOT NULL
),

numbered AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY order_id, product_id, quantity, unit_price, discount
      ORDER BY order_id
    ) AS copy
  FROM cleaned
),

final AS (
  SELECT
    order_id,
    product_id,
    quantity,
    unit_price,
    discount,
    CAST(quantity * unit_price - discount AS DECIMAL(18, 2)) AS amount
  FROM numbered
  WHERE copy = 1 OR $duplicate_lines = 'keep'
)

SELECT * FROM final
