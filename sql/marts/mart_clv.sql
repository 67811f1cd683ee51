-- What each customer has brought and is still expected to bring: the BG/NBD model of purchases and the Gamma-Gamma
-- model of their worth, fitted to the completed orders of all customers. A purchase is a day with one. Money is in
-- the shop's currency; what is still to come is discounted by clv_discount a year, over clv_horizon_days days. Where
-- a model cannot be fitted, as with too few customers or when nobody came back, its columns are NULL.
--
-- grain: one row a customer with a completed order
-- key: [customer_id]
-- materialized: table
-- tags: [orders, customers]
-- columns:
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: orders
--     description: completed orders
--     tests: [not_null, {range: {min: 1}}]
--   - name: historical_value
--     description: money for them
--     tests: [not_null]
--   - name: average_order_value
--     description: historical_value by orders, money
--     tests: [not_null]
--   - name: repeat_days
--     description: days with a purchase after the first
--     tests: [not_null, non_negative]
--   - name: recency_days
--     description: days from the first purchase to the last
--     tests: [not_null, non_negative]
--   - name: age_days
--     description: days from the first purchase to the moment of reference
--     tests: [not_null, non_negative]
--   - name: mean_repeat_value
--     description: mean money of the repeat days; 0 without one
--     tests: [not_null]
--   - name: p_alive
--     description: probability that the customer still buys at all
--     tests: [{range: {min: 0, max: 1}}]
--   - name: expected_orders
--     description: days with a purchase expected within the horizon
--     tests: [non_negative]
--   - name: expected_order_value
--     description: money that each of them is expected to bring
--   - name: predicted_value
--     description: money that they are expected to bring together, discounted to the moment of reference
--   - name: lifetime_value
--     description: historical_value and predicted_value together, money
--   - name: value_decile
--     description: >-
--       tenth of the customers by predicted_value, 1 the highest; equal ones by identifier; NULL without it
--     tests: [{range: {min: 1, max: 10}}]
-- tests:
--   - row_count: {of: int_customer_rfm, at: equal}
WITH orders AS (
  SELECT * FROM int_orders
  WHERE is_completed AND customer_id IS NOT NULL AND ordered_at <= $orders_as_of
),

customers AS (
  SELECT * FROM int_customer_rfm
),

predicted AS (
  SELECT *
  FROM clv(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    horizon_days => $clv_horizon_days, discount => $clv_discount
  )
),

deciles AS (
  SELECT customer, NTILE(10) OVER (ORDER BY clv DESC, customer) AS value_decile
  FROM predicted
  WHERE clv IS NOT NULL
),

final AS (
  SELECT
    customers.customer_id,
    customers.frequency AS orders,
    customers.monetary AS historical_value,
    CAST(customers.monetary AS DOUBLE) / customers.frequency AS average_order_value,
    predicted.frequency AS repeat_days,
    CAST(predicted.recency AS BIGINT) AS recency_days,
    CAST(predicted.age AS BIGINT) AS age_days,
    predicted.monetary AS mean_repeat_value,
    predicted.p_alive,
    predicted.expected_orders,
    predicted.expected_value AS expected_order_value,
    predicted.clv AS predicted_value,
    CAST(customers.monetary AS DOUBLE) + predicted.clv AS lifetime_value,
    CAST(deciles.value_decile AS BIGINT) AS value_decile
  FROM customers
  INNER JOIN predicted ON customers.customer_id = predicted.customer
  LEFT JOIN deciles ON customers.customer_id = deciles.customer
)

SELECT * FROM final
