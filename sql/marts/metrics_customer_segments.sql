-- How many customers each combination of churn and behaviour has, and what they spent. Combinations without a
-- customer have no row. Money is in the shop's currency, shares are fractions.
--
-- grain: one row a combined segment
-- key: [combined_segment]
-- materialized: view
-- tags: [orders, customers]
-- columns:
--   - name: combined_segment
--     description: churn_status and behavioral_segment with a dash between
--     tests: [not_null, unique]
--   - name: churn_status
--     description: Active, At Risk or Churned
--     tests: [not_null]
--   - name: behavioral_segment
--     description: Loyal High Spender, Loyal Customer, High Spender or Occasional
--     tests: [not_null]
--   - name: customers
--     description: customers
--     tests: [not_null, {range: {min: 1}}]
--   - name: customers_share
--     description: customers as a fraction of all with a completed order
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: orders
--     description: their completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: revenue
--     description: money for these
--     tests: [not_null]
--   - name: revenue_share
--     description: revenue as a fraction of that of all segments; NULL when that is 0
--   - name: average_order_value
--     description: revenue by orders, money
--     tests: [not_null]
--   - name: mean_recency_days
--     description: mean calendar days since the last completed order
--     tests: [not_null, non_negative]
WITH customers AS (
  SELECT * FROM mart_customer_segmentation
),

segments AS (
  SELECT
    combined_segment,
    churn_status,
    behavioral_segment,
    COUNT(*) AS customers,
    CAST(SUM(frequency) AS BIGINT) AS orders,
    CAST(exact_sum(monetary) AS DECIMAL(28, 2)) AS revenue,
    AVG(CAST(recency_days AS DOUBLE)) AS mean_recency_days
  FROM customers
  GROUP BY combined_segment, churn_status, behavioral_segment
),

final AS (
  SELECT
    combined_segment,
    churn_status,
    behavioral_segment,
    customers,
    CAST(customers AS DOUBLE) / SUM(customers) OVER () AS customers_share,
    orders,
    revenue,
    CAST(revenue AS DOUBLE) / NULLIF(CAST(SUM(revenue) OVER () AS DOUBLE), 0) AS revenue_share,
    CAST(revenue AS DOUBLE) / orders AS average_order_value,
    mean_recency_days
  FROM segments
)

SELECT * FROM final
