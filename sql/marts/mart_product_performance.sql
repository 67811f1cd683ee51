-- How every product sells, in completed orders.
--
-- grain: one row a product that was sold
-- key: [product_id]
-- materialized: table
-- optional: [stg_products]
-- tags: [orders, products]
-- columns:
--   - name: product_id
--     description: the product
--     tests: [not_null, unique]
--   - name: name
--     description: what people call it; NULL when unknown
--   - name: category
--     description: what kind of thing it is; uncategorized when unknown
--     tests: [not_null]
--   - name: brand
--     description: who makes it; NULL when unknown
--   - name: orders
--     description: orders with it
--     tests: [not_null, {range: {min: 1}}]
--   - name: customers
--     description: different customers who ordered it; those whom nobody knows do not count
--     tests: [not_null, non_negative]
--   - name: units
--     description: pieces, or whatever else it is sold by; those that were sent back taken off
--     tests: [not_null]
--   - name: discount
--     description: money off
--     tests: [not_null]
--   - name: revenue
--     description: worth of the lines, money
--     tests: [not_null]
--   - name: revenue_share
--     description: fraction of the revenue of all products; NULL when that is 0
--   - name: place
--     description: place by revenue, from 1, the greatest; of equal ones the lesser identifier is first
--     tests: [not_null, unique, {range: {min: 1}}]
--   - name: mean_price
--     description: revenue of a piece, money; NULL when as many were sent back as sold
--   - name: margin
--     description: revenue less what the pieces cost, money; NULL when the cost is unknown
--   - name: margin_rate
--     description: margin as a fraction of revenue; NULL when the cost is unknown or the revenue 0
--   - name: first_ordered_at
--     description: when it was ordered first
--     tests: [not_null]
--   - name: last_ordered_at
--     description: when it was ordered last
--     tests: [not_null]
WITH lines AS (
  SELECT * FROM int_sold_lines
  WHERE ordered_at <= $orders_as_of
),

products AS (
  SELECT product_id, name, category, brand, cost FROM stg_products
),

sales AS (
  SELECT
    product_id,
    COUNT(*) AS orders,
    COUNT(DISTINCT customer_id) AS customers,
    SUM(units) AS units,
    SUM(discount) AS discount,
    SUM(revenue) AS revenue,
    MIN(ordered_at) AS first_ordered_at,
    MAX(ordered_at) AS last_ordered_at
  FROM lines
  GROUP BY product_id
),

named AS (
  SELECT
    sales.*,
    products.name,
    COALESCE(products.category, 'uncategorized') AS category,
    products.brand,
    CAST(sales.revenue - sales.units * products.cost AS DECIMAL(28, 2)) AS margin
  FROM sales
  LEFT JOIN products ON products.product_id = sales.product_id
),

final AS (
  SELECT
    product_id,
    name,
    category,
    brand,
    orders,
    customers,
    units,
    discount,
    revenue,
    CAST(revenue AS DOUBLE) / NULLIF(CAST(SUM(revenue) OVER () AS DOUBLE), 0) AS revenue_share,
    CAST(ROW_NUMBER() OVER (ORDER BY revenue DESC, product_id) AS BIGINT) AS place,
    CAST(revenue / NULLIF(units, 0) AS DECIMAL(18, 2)) AS mean_price,
    margin,
    CAST(margin AS DOUBLE) / NULLIF(CAST(revenue AS DOUBLE), 0) AS margin_rate,
    first_ordered_at,
    last_ordered_at
  FROM named
)

SELECT * FROM final
