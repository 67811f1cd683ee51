-- How every category sells, in completed orders.
--
-- grain: one row a category with a product that was sold
-- key: [category]
-- materialized: table
-- optional: [stg_products]
-- tags: [orders, products]
-- columns:
--   - name: category
--     description: what kind of thing; uncategorized for products of which nobody knows
--     tests: [not_null, unique]
--   - name: products
--     description: different products that were sold
--     tests: [not_null, {range: {min: 1}}]
--   - name: orders
--     description: orders with any of them
--     tests: [not_null, {range: {min: 1}}]
--   - name: customers
--     description: different customers who ordered any; those whom nobody knows do not count
--     tests: [not_null, non_negative]
--   - name: units
--     description: pieces, or whatever else they are sold by; those that were sent back taken off
--     tests: [not_null]
--   - name: revenue
--     description: worth of the lines, money
--     tests: [not_null]
--   - name: revenue_share
--     description: fraction of the revenue of all categories; NULL when that is 0
--   - name: place
--     description: place by revenue, from 1, the greatest; of equal ones the first in the alphabet
--     tests: [not_null, unique, {range: {min: 1}}]
--   - name: revenue_per_order
--     description: revenue of the category in an order with any of it, mean, money
--     tests: [not_null]
--   - name: margin
--     description: revenue less what the pieces cost, money; NULL when the cost of any product is unknown
--   - name: margin_rate
--     description: margin as a fraction of revenue; NULL when a cost is unknown or the revenue 0
WITH lines AS (
  SELECT * FROM int_sold_lines
  WHERE ordered_at <= $orders_as_of
),

products AS (
  SELECT product_id, category, cost FROM stg_products
),

named AS (
  SELECT
    lines.*,
    COALESCE(products.category, 'uncategorized') AS category,
    lines.units * products.cost AS cost
  FROM lines
  LEFT JOIN products ON products.product_id = lines.product_id
),

sales AS (
  SELECT
    category,
    COUNT(DISTINCT product_id) AS products,
    COUNT(DISTINCT order_id) AS orders,
    COUNT(DISTINCT customer_id) AS customers,
    SUM(units) AS units,
    SUM(revenue) AS revenue,
    CASE WHEN COUNT(cost) = COUNT(*) THEN CAST(SUM(revenue) - SUM(cost) AS DECIMAL(28, 2)) END AS margin
  FROM named
  GROUP BY category
),

final AS (
  SELECT
    category,
    products,
    orders,
    customers,
    units,
    revenue,
    CAST(revenue AS DOUBLE) / NULLIF(CAST(SUM(revenue) OVER () AS DOUBLE), 0) AS revenue_share,
    CAST(ROW_NUMBER() OVER (ORDER BY revenue DESC, category) AS BIGINT) AS place,
    CAST(revenue / orders AS DECIMAL(18, 2)) AS revenue_per_order,
    margin,
    CAST(margin AS DOUBLE) / NULLIF(CAST(revenue AS DOUBLE), 0) AS margin_rate
  FROM sales
)

SELECT * FROM final
