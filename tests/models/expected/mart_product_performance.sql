-- How products sell.
--
-- model: mart_product_performance
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
    sold_lines.product_id,
    count(DISTINCT done_orders.order_id) AS orders,
    count(DISTINCT customer_id) AS customers,
    sum(units) AS units,
    sum(off) AS discount,
    coalesce(sum(worth), 0) AS revenue,
    min(ordered_at) AS first_ordered_at,
    max(ordered_at) AS last_ordered_at
  FROM sold_lines
  JOIN done_orders ON done_orders.order_id = sold_lines.order_id
  GROUP BY sold_lines.product_id
)
SELECT
  sales.product_id,
  name,
  coalesce(category, 'uncategorized') AS category,
  brand,
  orders,
  customers,
  units,
  CAST(discount AS DECIMAL(28, 2)) AS discount,
  revenue,
  revenue::DOUBLE / nullif(sum(revenue) OVER ()::DOUBLE, 0) AS revenue_share,
  row_number() OVER (ORDER BY revenue DESC, sales.product_id) AS place,
  -- Exactly, and away from zero: prices and units in thousandths, as whole numbers.
  CASE WHEN units <> 0 THEN
    CAST(
      sign(revenue) * sign(units) * (
        (2 * CAST(abs(revenue) * 100 AS HUGEINT) * 1000 + CAST(abs(units) * 1000 AS HUGEINT))
          // (2 * CAST(abs(units) * 1000 AS HUGEINT))
      ) AS DECIMAL(18, 0)
    ) * 0.01
  END AS mean_price,
  round(revenue - units * cost, 2) AS margin,
  round(revenue - units * cost, 2)::DOUBLE / nullif(revenue::DOUBLE, 0) AS margin_rate,
  first_ordered_at,
  last_ordered_at
FROM sales
LEFT JOIN named ON named.product_id = sales.product_id
