-- Pairs of products in the same baskets, counted one by one.
--
-- model: mart_product_affinity
-- variables: {order_rows: orders}
WITH held AS (
  SELECT DISTINCT order_items.order_id, customer_id, product_id
  FROM order_items
  LEFT JOIN (
    SELECT DISTINCT ON (order_id) order_id, customer_id, status
    FROM orders
    WHERE order_id IS NOT NULL AND ordered_at IS NOT NULL
    ORDER BY order_id, ordered_at DESC, status DESC NULLS LAST, amount DESC NULLS LAST, customer_id DESC NULLS LAST
  ) AS picked ON picked.order_id = order_items.order_id
  WHERE order_items.order_id IS NOT NULL AND product_id IS NOT NULL AND coalesce(quantity, 1) > 0
    AND coalesce(lower(trim(status)), '') NOT IN ('cancelled', 'canceled', 'cancel', 'closed')
),
items AS (
  SELECT product_id, count(*) AS baskets FROM held GROUP BY product_id
),
together AS (
  SELECT a.product_id AS product_a, b.product_id AS product_b, count(*) AS n
  FROM held AS a
  JOIN held AS b ON b.order_id = a.order_id AND b.product_id > a.product_id
  GROUP BY a.product_id, b.product_id
),
pairs AS (
  SELECT
    product_a,
    product_b,
    a.baskets AS baskets_a,
    b.baskets AS baskets_b,
    n AS baskets_both,
    total.baskets,
    n / total.baskets AS support,
    n / a.baskets AS confidence_ab,
    n / b.baskets AS confidence_ba,
    n::DOUBLE * total.baskets / a.baskets / b.baskets AS lift
  FROM together
  JOIN items AS a ON a.product_id = product_a
  JOIN items AS b ON b.product_id = product_b
  CROSS JOIN (SELECT count(DISTINCT order_id) AS baskets FROM held) AS total
  WHERE n >= 0.01 * total.baskets
    AND greatest(n / a.baskets, n / b.baskets) >= 0.3
    AND n::DOUBLE * total.baskets / a.baskets / b.baskets >= 1.2
)
SELECT * FROM pairs
