-- Products and categories sell the same in all, and that is what the lines of completed orders come to.
--
-- tags: [orders, products]
WITH sums AS (
  SELECT 'products' AS what, COALESCE(SUM(revenue), 0) AS revenue, COALESCE(SUM(units), 0) AS units
  FROM mart_product_performance
  UNION ALL
  SELECT 'categories' AS what, COALESCE(SUM(revenue), 0) AS revenue, COALESCE(SUM(units), 0) AS units
  FROM mart_category_performance
),

lines AS (
  SELECT COALESCE(SUM(items.amount), 0) AS revenue, COALESCE(SUM(items.quantity), 0) AS units
  FROM stg_order_items AS items
  INNER JOIN int_orders AS orders ON orders.order_id = items.order_id
  WHERE orders.is_completed AND orders.ordered_at <= $orders_as_of
)

SELECT sums.what, sums.revenue, sums.units, lines.revenue AS expected_revenue, lines.units AS expected_units
FROM sums
CROSS JOIN lines
WHERE sums.revenue <> lines.revenue OR sums.units <> lines.units
