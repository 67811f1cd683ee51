-- How categories sell.
--
-- model: mart_category_performance
-- variables: {order_rows: orders, duplicate_lines: keep}
WITH picked AS (
  SELECT DISTINCT ON (order_id) order_id, customer_id, ordered_at, status, amount
  FROM orders
  WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
  ORDER BY order_id, ordered_at DESC, status DESC NULLS LAST, amount DESC NULLS LAST, customer_id DESC NULLS LAST
),
lines AS (
  SELECT
    order_id,
    product_id,
    coalesce(quantity, 1) AS units,
    unit_price,
    coalesce(discount, 0) AS off
  FROM order_items
  WHERE order_id IS NOT NULL AND product_id IS NOT NULL
),
sold AS (
  SELECT order_id, product_id, units, off, round(units * unit_price - off, 2) AS worth
  FROM lines
),
done AS (
  SELECT
    picked.order_id,
    customer_id,
    ordered_at,
    coalesce(
      amount,
      (SELECT sum(worth) FROM sold WHERE sold.order_id = picked.order_id),
      (SELECT sum(payments.amount) FROM payments WHERE payments.order_id = picked.order_id),
      0
    ) AS amount
  FROM picked
  WHERE status IS NULL OR trim(status) = '' OR lower(trim(status)) IN ('delivered', 'completed')
),
known AS (
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
    count(DISTINCT sold.product_id) AS products,
    count(DISTINCT done.order_id) AS orders,
    count(DISTINCT customer_id) AS customers,
    sum(units) AS units,
    coalesce(sum(worth), 0) AS revenue,
    CASE WHEN bool_and(cost IS NOT NULL) THEN sum(worth) - sum(units * cost) END AS margin
  FROM sold
  JOIN done ON done.order_id = sold.order_id
  LEFT JOIN named ON named.product_id = sold.product_id
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
