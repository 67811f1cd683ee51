-- The months of all products together have all lines of completed orders: as many pieces, and the same money.
--
-- tags: [orders, products]
WITH months AS (
  SELECT COALESCE(SUM(quantity), 0) AS quantity, COALESCE(SUM(revenue), 0) AS revenue
  FROM mart_product_sales_monthly
),

lines AS (
  SELECT
    COALESCE(SUM(stg_order_items.quantity), 0) AS quantity,
    COALESCE(SUM(stg_order_items.amount), 0) AS revenue
  FROM stg_order_items
  INNER JOIN int_orders ON stg_order_items.order_id = int_orders.order_id
  WHERE int_orders.is_completed AND int_orders.ordered_at <= $orders_as_of
)

SELECT months.*, lines.quantity AS quantity_of_all, lines.revenue AS revenue_of_all
FROM months
CROSS JOIN lines
WHERE months.quantity <> lines.quantity OR months.revenue <> lines.revenue
