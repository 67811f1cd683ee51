-- What the lines of each order come to.
--
-- model: int_order_item_totals
-- obeys: [duplicate_lines]
WITH lines AS (
  SELECT order_id, product_id, ifnull(quantity, 1) AS quantity, unit_price, ifnull(discount, 0) AS discount
  FROM order_items
  WHERE order_id IS NOT NULL AND product_id IS NOT NULL
),

chosen AS (
  SELECT * FROM lines WHERE getvariable('duplicate_lines') IS DISTINCT FROM 'drop'
  UNION ALL
  SELECT DISTINCT * FROM lines WHERE getvariable('duplicate_lines') = 'drop'
)

SELECT
  order_id,
  count(*) AS lines,
  count(DISTINCT product_id) AS products,
  sum(quantity) AS quantity,
  sum(round(quantity * unit_price - discount, 2)) AS amount
FROM chosen
GROUP BY order_id
