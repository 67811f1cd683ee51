-- What customers are worth.
--
-- model: mart_customer_value
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
spent AS (
  SELECT
    customer_id,
    count(*) AS orders,
    sum(amount) AS revenue,
    min(ordered_at) AS first_ordered_at,
    max(ordered_at) AS last_ordered_at,
    (SELECT CAST(max(ordered_at) AS DATE) FROM picked) AS today
  FROM done
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
)
SELECT
  customer_id,
  orders,
  revenue,
  revenue::DOUBLE / nullif(sum(revenue) OVER ()::DOUBLE, 0) AS revenue_share,
  CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) AS aov,
  first_ordered_at,
  last_ordered_at,
  date_diff('day', CAST(first_ordered_at AS DATE), CAST(last_ordered_at AS DATE)) AS lifespan_days,
  date_diff('day', CAST(last_ordered_at AS DATE), today) AS days_since_last_order,
  30 * (orders - 1) / nullif(date_diff('day', CAST(first_ordered_at AS DATE), CAST(last_ordered_at AS DATE)), 0)
    AS orders_per_month,
  CASE
    WHEN date_diff('day', CAST(last_ordered_at AS DATE), today) > 90 THEN 'Inactive'
    WHEN date_diff('day', CAST(last_ordered_at AS DATE), today) > 30 THEN 'At Risk'
    ELSE 'Active'
  END AS activity_status
FROM spent
