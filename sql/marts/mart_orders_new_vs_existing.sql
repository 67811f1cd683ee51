-- Purchases of each month by whether they are their customer's first one. Months without any between the first and
-- the last are rows with zeros. Money is in the shop's currency.
--
-- grain: one row a month
-- key: [order_month]
-- materialized: table
-- tags: [orders, cohorts]
-- columns:
--   - name: order_month
--     description: the first day of the month
--     tests: [not_null, unique]
--   - name: total_orders
--     description: purchases
--     tests: [not_null, non_negative]
--   - name: orders_from_new_customers
--     description: purchases that are their customer's first
--     tests: [not_null, non_negative]
--   - name: orders_from_existing_customers
--     description: purchases that are not
--     tests: [not_null, non_negative]
--   - name: new_orders_ratio
--     description: orders_from_new_customers as a fraction of total_orders; NULL when there are none
--     tests: [{range: {min: 0, max: 1}}]
--   - name: total_sales
--     description: money for all purchases
--     tests: [not_null]
--   - name: sales_from_new_customers
--     description: money for those that are their customer's first
--     tests: [not_null]
--   - name: sales_from_existing_customers
--     description: money for those that are not
--     tests: [not_null]
-- tests:
--   - expression: {sql: orders_from_new_customers + orders_from_existing_customers = total_orders}
--   - expression: {sql: sales_from_new_customers + sales_from_existing_customers = total_sales}
WITH orders AS (
  SELECT
    *,
    CAST(DATE_TRUNC('month', order_date) AS DATE) AS order_month
  FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
),

months AS (
  SELECT UNNEST(GENERATE_SERIES(first_month, last_month, INTERVAL '1 month')) AS order_month
  FROM (SELECT MIN(order_month) AS first_month, MAX(order_month) AS last_month FROM orders) AS spans
  WHERE first_month IS NOT NULL
),

counted AS (
  SELECT
    order_month,
    COUNT(*) AS total_orders,
    COUNT(*) FILTER (WHERE order_number = 1) AS new_orders,
    CAST(exact_sum(amount) AS DECIMAL(28, 2)) AS total_sales,
    CAST(exact_sum(CASE WHEN order_number = 1 THEN amount ELSE 0 END) AS DECIMAL(28, 2)) AS new_sales
  FROM orders
  GROUP BY order_month
),

final AS (
  SELECT
    months.order_month,
    COALESCE(counted.total_orders, 0) AS total_orders,
    COALESCE(counted.new_orders, 0) AS orders_from_new_customers,
    COALESCE(counted.total_orders - counted.new_orders, 0) AS orders_from_existing_customers,
    CAST(counted.new_orders AS DOUBLE) / counted.total_orders AS new_orders_ratio,
    COALESCE(counted.total_sales, CAST(0 AS DECIMAL(28, 2))) AS total_sales,
    COALESCE(counted.new_sales, CAST(0 AS DECIMAL(28, 2))) AS sales_from_new_customers,
    COALESCE(CAST(counted.total_sales - counted.new_sales AS DECIMAL(28, 2)), CAST(0 AS DECIMAL(28, 2)))
      AS sales_from_existing_customers
  FROM months
  LEFT JOIN counted ON months.order_month = counted.order_month
)

SELECT * FROM final
