-- What customers are worth.
--
-- model: mart_customer_value
-- reads: [picked_orders, done_orders]
-- obeys: [duplicate_lines, order_rows]
WITH spent AS (
  SELECT
    customer_id,
    count(*) AS orders,
    sum(amount) AS revenue,
    min(ordered_at) AS first_ordered_at,
    max(ordered_at) AS last_ordered_at,
    (SELECT CAST(max(ordered_at) AS DATE) FROM picked_orders) AS today
  FROM done_orders
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
)
SELECT
  customer_id,
  orders,
  revenue,
  revenue::DOUBLE / nullif(sum(revenue) OVER ()::DOUBLE, 0) AS revenue_share,
  -- Halves go away from 0, on either side of it.
  CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + CAST(sign(revenue) AS BIGINT) * orders)
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
