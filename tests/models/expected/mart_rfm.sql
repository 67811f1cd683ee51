-- Customers' scores and segments.
--
-- model: mart_rfm
-- variables: {order_rows: orders, duplicate_lines: keep, rfm_ties: together}
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
spent AS (
  SELECT
    customer_id,
    date_diff('day', CAST(max(ordered_at) AS DATE), (SELECT CAST(max(ordered_at) AS DATE) FROM picked)) AS recency_days,
    count(*) AS frequency,
    sum(amount) AS monetary
  FROM done
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
),
tiles AS (
  SELECT
    *,
    (rank() OVER (ORDER BY recency_days DESC) - 1) * 5 // count(*) OVER () + 1 AS r,
    (rank() OVER (ORDER BY frequency) - 1) * 5 // count(*) OVER () + 1 AS f,
    (rank() OVER (ORDER BY monetary) - 1) * 5 // count(*) OVER () + 1 AS m
  FROM spent
),
segmented AS (
  SELECT
    *,
    CASE
      WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'Champions'
      WHEN r >= 3 AND f >= 3 AND m >= 3 THEN 'Loyal Customers'
      WHEN r >= 4 AND f <= 2 THEN 'New Customers'
      WHEN r <= 2 AND f >= 3 THEN 'At Risk'
      WHEN r <= 2 AND f <= 2 THEN 'Lost Customers'
      WHEN r >= 3 AND f <= 2 THEN 'Potential Loyalists'
      ELSE 'Regular Customers'
    END AS segment
  FROM tiles
)
SELECT
  customer_id,
  recency_days,
  frequency,
  monetary,
  CAST(r AS INT) AS recency_score,
  CAST(f AS INT) AS frequency_score,
  CAST(m AS INT) AS monetary_score,
  CAST(100 * r + 10 * f + m AS INT) AS rfm_score,
  segment,
  CASE segment
    WHEN 'Champions' THEN 'Best Customers'
    WHEN 'Loyal Customers' THEN 'Retention Focus'
    WHEN 'New Customers' THEN 'Onboarding'
    WHEN 'At Risk' THEN 'Recover'
    WHEN 'Lost Customers' THEN 'Inactive'
    WHEN 'Potential Loyalists' THEN 'Growth Opportunity'
    ELSE 'Develop'
  END AS action
FROM segmented
