-- Customers' scores and segments.
--
-- model: mart_rfm
-- reads: [picked_orders, done_orders]
-- obeys: [duplicate_lines, order_rows]
-- variables: {rfm_ties: together}
WITH spent AS (
  SELECT
    customer_id,
    date_diff(
      'day', CAST(max(ordered_at) AS DATE), (SELECT CAST(max(ordered_at) AS DATE) FROM picked_orders)
    ) AS recency_days,
    count(*) AS frequency,
    sum(amount) AS monetary
  FROM done_orders
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
