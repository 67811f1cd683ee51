-- What was sold in each line of an order; lines that are alike count once where that is asked for.
--
-- obeys: [duplicate_lines]
WITH said AS (
  SELECT
    order_id,
    product_id,
    coalesce(quantity, 1) AS units,
    unit_price,
    coalesce(discount, 0) AS off
  FROM order_items
  WHERE order_id IS NOT NULL AND product_id IS NOT NULL
),
lines AS (
  SELECT * FROM said WHERE coalesce(getvariable('duplicate_lines'), 'keep') = 'keep'
  UNION ALL
  SELECT DISTINCT * FROM said WHERE getvariable('duplicate_lines') = 'drop'
)
SELECT order_id, product_id, units, off, round(units * unit_price - off, 2) AS worth
FROM lines
