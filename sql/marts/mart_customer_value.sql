-- What every customer is worth so far, and whether they still order. Only completed orders count.
--
-- grain: one row a customer with a completed order
-- key: [customer_id]
-- materialized: view
-- tags: [orders, customers]
-- columns:
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: orders
--     description: completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: revenue
--     description: worth of these, money
--     tests: [not_null]
--   - name: revenue_share
--     description: fraction of the worth of all customers' orders; NULL when that is 0
--   - name: aov
--     description: mean worth of an order, money
--     tests: [not_null]
--   - name: first_ordered_at
--     description: when the first order was made
--     tests: [not_null]
--   - name: last_ordered_at
--     description: when the last order was made
--     tests: [not_null]
--   - name: lifespan_days
--     description: calendar days from the first order to the last
--     tests: [not_null, non_negative]
--   - name: days_since_last_order
--     description: calendar days from the last order to the moment of reference
--     tests: [not_null, non_negative]
--   - name: orders_per_month
--     description: >-
--       orders per 30 days between the first and the last, the last not counted, since it ends the time; NULL with
--       orders on one day only
--     tests: [non_negative]
--   - name: activity_status
--     description: Active up to active_days days since the last order, At Risk up to churn_days, else Inactive
--     tests: [not_null, {accepted_values: {values: [Active, At Risk, Inactive]}}]
-- tests:
--   - row_count: {of: int_customer_rfm, at: equal}
WITH orders AS (
  SELECT * FROM int_orders
  WHERE is_completed AND customer_id IS NOT NULL AND ordered_at <= $orders_as_of
),

customers AS (
  SELECT
    customer_id,
    COUNT(*) AS orders,
    CAST(exact_sum(amount) AS DECIMAL(28, 2)) AS revenue,
    MIN(ordered_at) AS first_ordered_at,
    MAX(ordered_at) AS last_ordered_at,
    CAST(MAX(ordered_at) AS DATE) - CAST(MIN(ordered_at) AS DATE) AS lifespan_days,
    CAST($orders_as_of AS DATE) - CAST(MAX(ordered_at) AS DATE) AS days_since_last_order
  FROM orders
  GROUP BY customer_id
),

total AS (
  SELECT SUM(revenue) AS revenue FROM customers
),

final AS (
  SELECT
    customers.customer_id,
    customers.orders,
    customers.revenue,
    CAST(customers.revenue AS DOUBLE) / NULLIF(CAST(total.revenue AS DOUBLE), 0) AS revenue_share,
    CAST(customers.revenue / customers.orders AS DECIMAL(18, 2)) AS aov,
    customers.first_ordered_at,
    customers.last_ordered_at,
    customers.lifespan_days,
    customers.days_since_last_order,
    CAST(customers.orders - 1 AS DOUBLE) * 30 / NULLIF(customers.lifespan_days, 0) AS orders_per_month,
    CASE
      WHEN customers.days_since_last_order <= $active_days THEN 'Active'
      WHEN customers.days_since_last_order <= $churn_days THEN 'At Risk'
      ELSE 'Inactive'
    END AS activity_status
  FROM customers
  CROSS JOIN total
)

SELECT * FROM final
