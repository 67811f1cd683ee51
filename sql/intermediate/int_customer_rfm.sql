-- Recency, frequency and monetary value of each customer at the moment of reference, and their scores from 1 to 5, of
-- which 5 is the best. Only completed orders count as spending, so that a customer without one is not here. Whether
-- equal values have equal scores says the variable rfm_ties. Money is in the shop's currency.
--
-- grain: one row a customer with a completed order
-- key: [customer_id]
-- materialized: view
-- tags: [orders, customers]
-- columns:
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: first_ordered_at
--     description: when the first completed order was made
--     tests: [not_null]
--   - name: last_ordered_at
--     description: when the last completed order was made
--     tests: [not_null]
--   - name: recency_days
--     description: calendar days from the last completed order to the moment of reference
--     tests: [not_null, non_negative]
--   - name: frequency
--     description: completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: monetary
--     description: money for them
--     tests: [not_null]
--   - name: recency_score
--     description: from 1 to 5, the most recent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: frequency_score
--     description: from 1 to 5, the most frequent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: monetary_score
--     description: from 1 to 5, the most money
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: rfm_score
--     description: the three as one number of three digits, 555 the best
--     tests: [not_null, {range: {min: 111, max: 555}}]
-- tests:
--   - anomaly: {severity: warn}
WITH orders AS (
  SELECT * FROM int_orders
  WHERE is_completed AND customer_id IS NOT NULL AND ordered_at <= $orders_as_of
),

customers AS (
  SELECT
    customer_id,
    MIN(ordered_at) AS first_ordered_at,
    MAX(ordered_at) AS last_ordered_at,
    period_diff('day', MAX(ordered_at), $orders_as_of) AS recency_days,
    COUNT(*) AS frequency,
    CAST(exact_sum(amount) AS DECIMAL(28, 2)) AS monetary
  FROM orders
  GROUP BY customer_id
),

scored AS (
  SELECT
    *,
    CASE $rfm_ties
      WHEN 'split' THEN rfm_score(recency_days, frequency, monetary, 5, 'split') OVER (ORDER BY customer_id)
      ELSE rfm_score(recency_days, frequency, monetary, 5, 'together') OVER (ORDER BY customer_id)
    END AS scores
  FROM customers
),

final AS (
  SELECT
    customer_id,
    first_ordered_at,
    last_ordered_at,
    recency_days,
    frequency,
    monetary,
    scores['r'] AS recency_score,
    scores['f'] AS frequency_score,
    scores['m'] AS monetary_score,
    scores['score'] AS rfm_score
  FROM scored
)

SELECT * FROM final
