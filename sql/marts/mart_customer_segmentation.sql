-- Customers with a completed order by whether they are still there and how they buy. Money is in the shop's currency.
--
-- grain: one row a customer with a completed order
-- key: [customer_id]
-- materialized: view
-- tags: [orders, customers]
-- columns:
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: last_ordered_at
--     description: when the last completed order was made
--     tests: [not_null]
--   - name: recency_days
--     description: calendar days from that to the moment of reference
--     tests: [not_null, non_negative]
--   - name: frequency
--     description: completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: monetary
--     description: money for them
--     tests: [not_null]
--   - name: rfm_score
--     description: scores of the three from 1 to 5 as one number of three digits, 555 the best
--     tests: [not_null, {range: {min: 111, max: 555}}]
--   - name: churn_status
--     description: Active up to active_days days after the last order, At Risk up to churn_days, then Churned
--     tests: [not_null, {accepted_values: {values: [Active, At Risk, Churned]}}]
--   - name: behavioral_segment
--     description: >-
--       Loyal High Spender from loyal_orders orders and high_spend money on, Loyal Customer from so many orders on,
--       High Spender from so much money on, else Occasional
--     tests:
--       - not_null
--       - accepted_values: {values: [Loyal High Spender, Loyal Customer, High Spender, Occasional]}
--   - name: combined_segment
--     description: the two with a dash between, such as Active - Loyal Customer
--     tests: [not_null]
-- tests:
--   - row_count: {of: int_customer_rfm, at: equal}
WITH customers AS (
  SELECT * FROM int_customer_rfm
),

segmented AS (
  SELECT
    *,
    churn_status(last_ordered_at, $orders_as_of, $active_days, $churn_days) AS churn_status,
    CASE
      WHEN frequency >= $loyal_orders AND monetary >= $high_spend THEN 'Loyal High Spender'
      WHEN frequency >= $loyal_orders THEN 'Loyal Customer'
      WHEN monetary >= $high_spend THEN 'High Spender'
      ELSE 'Occasional'
    END AS behavioral_segment
  FROM customers
),

final AS (
  SELECT
    customer_id,
    last_ordered_at,
    recency_days,
    frequency,
    monetary,
    rfm_score,
    churn_status,
    behavioral_segment,
    churn_status || ' - ' || behavioral_segment AS combined_segment
  FROM segmented
)

SELECT * FROM final
