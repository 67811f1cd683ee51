-- What to offer with products and to customers.
--
-- model: mart_cross_sell
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
),
ways AS (
  SELECT product_a AS product_id, product_b AS offered, confidence_ab AS confidence, lift FROM pairs
  UNION ALL
  SELECT product_b, product_a, confidence_ba, lift FROM pairs
),
chances AS (
  SELECT DISTINCT ON (customer_id, offered) customer_id, ways.product_id, offered, confidence, lift
  FROM ways
  JOIN held ON held.product_id = ways.product_id
  WHERE customer_id IS NOT NULL
    AND NOT EXISTS (
      SELECT 1 FROM held AS had WHERE had.customer_id = held.customer_id AND had.product_id = ways.offered
    )
  ORDER BY customer_id, offered, confidence DESC, lift DESC, ways.product_id
)
SELECT
  'customer' AS offered_to,
  customer_id,
  product_id,
  offered AS offered_product_id,
  row_number() OVER (PARTITION BY customer_id ORDER BY confidence DESC, lift DESC, offered) AS place,
  confidence,
  lift
FROM chances
QUALIFY place <= 3
UNION ALL
SELECT
  'product',
  NULL,
  product_id,
  offered,
  row_number() OVER (PARTITION BY product_id ORDER BY confidence DESC, lift DESC, offered) AS place,
  confidence,
  lift
FROM ways
QUALIFY place <= 3
