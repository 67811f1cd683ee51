-- How recently, how often and for how much every customer has ordered, with scores and a segment of the map warehouse7.
-- Only completed orders count.
--
-- grain: one row a customer with a completed order
-- key: [customer_id]
-- materialized: view
-- tags: [orders, customers, rfm]
-- columns:
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: recency_days
--     description: calendar days from the last completed order to the moment of reference
--     tests: [not_null, non_negative]
--   - name: frequency
--     description: completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: monetary
--     description: worth of these, money
--     tests: [not_null]
--   - name: recency_score
--     description: score of recency, 1 to 5, 5 the most recent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: frequency_score
--     description: score of frequency, 1 to 5, 5 the most orders
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: monetary_score
--     description: score of money, 1 to 5, 5 the most
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: rfm_score
--     description: the three scores as digits, recency first
--     tests: [not_null, {range: {min: 111, max: 555}}]
--   - name: segment
--     description: the segment that the scores belong to
--     tests: [not_null]
--   - name: action
--     description: what to do about the segment
-- tests:
--   - row_count: {of: int_customer_rfm, at: equal}
WITH customers AS (
  SELECT * FROM int_customer_rfm
),

segments AS (
  SELECT * FROM int_rfm_segments
  WHERE map = 'warehouse7'
),

final AS (
  SELECT
    customers.customer_id,
    customers.recency_days,
    customers.frequency,
    customers.monetary,
    customers.recency_score,
    customers.frequency_score,
    customers.monetary_score,
    customers.rfm_score,
    segments.segment,
    segments.action
  FROM customers
  LEFT JOIN segments
    ON segments.recency_score = customers.recency_score
    AND segments.frequency_score = customers.frequency_score
    AND segments.monetary_score = customers.monetary_score
)

SELECT * FROM final
