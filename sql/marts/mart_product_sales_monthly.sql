-- What each product brought in each month, from the lines of completed orders. Months in which a product did not sell
-- have no row. Money is in the shop's currency, shares and changes are fractions.
--
-- grain: one row a product and month in which it sold
-- key: [product_id, order_month]
-- materialized: table
-- optional: [stg_products]
-- tags: [orders, products]
-- columns:
--   - name: order_month
--     description: the first day of the month
--     tests: [not_null]
--   - name: product_id
--     description: the product
--     tests: [not_null]
--   - name: product_name
--     description: what people call it; NULL when unknown
--   - name: category
--     description: what kind of thing it is; NULL when unknown
--   - name: brand
--     description: who makes it; NULL when unknown
--   - name: orders
--     description: completed orders with it
--     tests: [not_null, {range: {min: 1}}]
--   - name: customers
--     description: different customers who ordered it, those nobody knows left out
--     tests: [not_null, non_negative]
--   - name: quantity
--     description: pieces, or whatever else it is sold by
--     tests: [not_null]
--   - name: revenue
--     description: money for it, lines without a price left out
--     tests: [not_null]
--   - name: average_unit_price
--     description: revenue by quantity, money; NULL when quantity is 0
--   - name: revenue_share
--     description: revenue as a fraction of that of all products in the month; NULL when that is 0
--   - name: revenue_rank
--     description: place by revenue in the month, from 1; of equal ones the smaller identifier comes first
--     tests: [not_null, {range: {min: 1}}]
--   - name: previous_revenue
--     description: revenue in the calendar month before, 0 when it did not sell then; NULL in the first month of all
--   - name: revenue_change
--     description: change of revenue on the month before as a fraction of it; NULL when it was 0 or is not known
-- tests:
--   - unique: {columns: [product_id, order_month]}
WITH orders AS (
  SELECT * FROM int_orders
  WHERE is_completed AND ordered_at <= $orders_as_of
),

items AS (
  SELECT * FROM stg_order_items
),

products AS (
  SELECT * FROM stg_products
),

sold AS (
  SELECT
    orders.order_month,
    items.product_id,
    COUNT(DISTINCT orders.order_id) AS orders,
    COUNT(DISTINCT orders.customer_id) AS customers,
    exact_sum(items.quantity) AS quantity,
    CAST(COALESCE(exact_sum(items.amount), 0) AS DECIMAL(28, 2)) AS revenue
  FROM items
  INNER JOIN orders ON items.order_id = orders.order_id
  GROUP BY orders.order_month, items.product_id
),

compared AS (
  SELECT
    *,
    CAST(SUM(revenue) OVER (PARTITION BY order_month) AS DOUBLE) AS month_revenue,
    MIN(order_month) OVER () AS first_month,
    ROW_NUMBER() OVER (PARTITION BY order_month ORDER BY revenue DESC, product_id) AS revenue_rank,
    LAG(order_month) OVER (PARTITION BY product_id ORDER BY order_month) AS previous_month,
    LAG(revenue) OVER (PARTITION BY product_id ORDER BY order_month) AS revenue_before
  FROM sold
),

remembered AS (
  SELECT
    *,
    CASE
      WHEN order_month = first_month THEN NULL
      WHEN period_diff('month', previous_month, order_month) = 1 THEN revenue_before
      ELSE CAST(0 AS DECIMAL(28, 2))
    END AS previous_revenue
  FROM compared
),

final AS (
  SELECT
    remembered.order_month,
    remembered.product_id,
    products.name AS product_name,
    products.category,
    products.brand,
    remembered.orders,
    remembered.customers,
    remembered.quantity,
    remembered.revenue,
    CAST(remembered.revenue AS DOUBLE) / NULLIF(CAST(remembered.quantity AS DOUBLE), 0) AS average_unit_price,
    CAST(remembered.revenue AS DOUBLE) / NULLIF(remembered.month_revenue, 0) AS revenue_share,
    remembered.revenue_rank,
    remembered.previous_revenue,
    CAST(remembered.revenue - remembered.previous_revenue AS DOUBLE)
    / NULLIF(CAST(remembered.previous_revenue AS DOUBLE), 0) AS revenue_change
  FROM remembered
  LEFT JOIN products ON remembered.product_id = products.product_id
)

SELECT * FROM final
