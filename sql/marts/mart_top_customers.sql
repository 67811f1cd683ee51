-- The customers who contribute most to what all customers spent, as many as the variable top_customers says. Of equal
-- contributions the smaller identifier comes first. Only completed orders count. Money is in the shop's currency.
--
-- grain: one row a customer among the top
-- key: [customer_id]
-- materialized: view
-- tags: [orders, customers]
-- columns:
--   - name: customer_rank
--     description: the place, from 1
--     tests: [not_null, unique, {range: {min: 1}}]
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: orders
--     description: completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: revenue
--     description: money for them
--     tests: [not_null]
--   - name: average_order_value
--     description: revenue by orders, money
--     tests: [not_null]
--   - name: contribution
--     description: revenue as a fraction of that of all customers; NULL when that is 0
--   - name: cumulative_contribution
--     description: contributions from the first place to this one
--   - name: last_ordered_at
--     description: when the last completed order was made
--     tests: [not_null]
--   - name: days_since_last_order
--     description: calendar days from that to the moment of reference
--     tests: [not_null, non_negative]
--   - name: activity_status
--     description: >-
--       Highly Active up to highly_active_days days after the last order, Active up to active_days, else Inactive
--     tests: [not_null, {accepted_values: {values: [Highly Active, Active, Inactive]}}]
--   - name: value_tier
--     description: High from high_spend money on, Medium from medium_spend on, else Low
--     tests: [not_null, {accepted_values: {values: [High, Medium, Low]}}]
WITH customers AS (
  SELECT * FROM int_customer_rfm
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY monetary DESC, customer_id) AS customer_rank,
    NULLIF(CAST(SUM(monetary) OVER () AS DOUBLE), 0) AS total_revenue,
    CAST(
      SUM(monetary) OVER (
        ORDER BY monetary DESC, customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS DOUBLE
    ) AS revenue_so_far
  FROM customers
),

final AS (
  SELECT
    customer_rank,
    customer_id,
    frequency AS orders,
    monetary AS revenue,
    CAST(monetary AS DOUBLE) / frequency AS average_order_value,
    CAST(monetary AS DOUBLE) / total_revenue AS contribution,
    revenue_so_far / total_revenue AS cumulative_contribution,
    last_ordered_at,
    recency_days AS days_since_last_order,
    CASE
      WHEN recency_days <= $highly_active_days THEN 'Highly Active'
      WHEN recency_days <= $active_days THEN 'Active'
      ELSE 'Inactive'
    END AS activity_status,
    CASE
      WHEN monetary >= $high_spend THEN 'High'
      WHEN monetary >= $medium_spend THEN 'Medium'
      ELSE 'Low'
    END AS value_tier
  FROM placed
  WHERE customer_rank <= $top_customers
)

SELECT * FROM final
