-- How categories sell.
--
-- model: mart_category_performance
-- reads: [sold_lines, done_orders]
-- obeys: [duplicate_lines, order_rows]
WITH known AS (
  SELECT
    product_id,
    CASE WHEN trim(name) <> '' THEN trim(name) END AS name,
    CASE WHEN trim(category) <> '' THEN lower(trim(category)) END AS category,
    CASE WHEN trim(brand) <> '' THEN lower(trim(brand)) END AS brand,
    price,
    cost,
    count(*) AS times
  FROM products
  WHERE product_id IS NOT NULL
  GROUP BY ALL
),
named AS (
  SELECT DISTINCT ON (product_id) *
  FROM known
  ORDER BY product_id, name IS NULL, times DESC, name, category NULLS LAST, brand NULLS LAST, price NULLS LAST,
    cost NULLS LAST
),
sales AS (
  SELECT
    coalesce(category, 'uncategorized') AS category,
    count(DISTINCT sold_lines.product_id) AS products,
    count(DISTINCT done_orders.order_id) AS orders,
    count(DISTINCT customer_id) AS customers,
    sum(units) AS units,
    coalesce(sum(worth), 0) AS revenue,
    CASE WHEN bool_and(cost IS NOT NULL) THEN sum(worth) - sum(units * cost) END AS margin
  FROM sold_lines
  JOIN done_orders ON done_orders.order_id = sold_lines.order_id
  LEFT JOIN named ON named.product_id = sold_lines.product_id
  GROUP BY ALL
)
SELECT
  category,
  products,
  orders,
  customers,
  units,
  revenue,
  revenue::DOUBLE / nullif(sum(revenue) OVER ()::DOUBLE, 0) AS revenue_share,
  row_number() OVER (ORDER BY revenue DESC, category) AS place,
  CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) AS revenue_per_order,
  round(margin, 2) AS margin,
  round(margin, 2)::DOUBLE / nullif(revenue::DOUBLE, 0) AS margin_rate
FROM sales
