-- The lines of orders, those alike counted as often as they occur, or once.
--
-- model: stg_order_items
-- obeys: [duplicate_lines]
WITH lines AS (
  SELECT
    order_id, product_id, ifnull(quantity, 1) AS quantity, unit_price, ifnull(discount, 0) AS discount,
    count(*) AS copies
  FROM order_items
  WHERE order_id IS NOT NULL AND product_id IS NOT NULL
  GROUP BY ALL
)

SELECT
  order_id, product_id, quantity, unit_price, discount, round(quantity * unit_price - discount, 2) AS amount
FROM lines, range(CASE WHEN getvariable('duplicate_lines') = 'drop' THEN 1 ELSE copies END)
