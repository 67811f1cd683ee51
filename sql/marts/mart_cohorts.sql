-- Customers by the month of their first purchase: how many bought again, what they bought, and how many came back
-- soon. Money is in the shop's currency, ratios and rates are fractions. What the repeat counts count says the
-- variable repeat_counts, when a second purchase came within N months retained_within, and which one is the second
-- second_order.
--
-- grain: one row a month in which somebody bought for the first time
-- key: [cohort_month]
-- materialized: table
-- tags: [orders, cohorts]
-- columns:
--   - name: cohort_month
--     description: the first day of the month of the customers' first purchase
--     tests: [not_null, unique]
--   - name: repeat_count_2plus
--     description: >-
--       purchases that are their customer's second or later; in the variant customers, those with two or more
--     tests: [not_null, non_negative]
--   - name: repeat_count_3plus
--     description: the same from the third on
--     tests: [not_null, non_negative]
--   - name: repeat_count_4plus
--     description: the same from the fourth on
--     tests: [not_null, non_negative]
--   - name: cohort_orders
--     description: purchases of these customers, in whatever month
--     tests: [not_null, {range: {min: 1}}]
--   - name: cohort_sales
--     description: money for these
--     tests: [not_null]
--   - name: cohort_orders_total_orders_ratio
--     description: cohort_orders as a fraction of the purchases of all cohorts
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: cohort_sales_total_sales_ratio
--     description: cohort_sales as a fraction of the sales of all cohorts; NULL when these are 0
--   - name: repeat_rate_2plus
--     description: repeat_count_2plus as a fraction of cohort_orders; in the variant customers, of cohort_size
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: repeat_rate_3plus
--     description: the same from the third on
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: repeat_rate_4plus
--     description: the same from the fourth on
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: retained_1m_count
--     description: customers whose second purchase came within a month of the first
--     tests: [not_null, non_negative]
--   - name: retained_2m_count
--     description: customers whose second purchase came within two months, those within one included
--     tests: [not_null, non_negative]
--   - name: retained_3m_count
--     description: customers whose second purchase came within three months, those within two included
--     tests: [not_null, non_negative]
--   - name: cohort_size
--     description: customers
--     tests: [not_null, {range: {min: 1}}]
--   - name: cohort_size_total_customers_ratio
--     description: cohort_size as a fraction of the customers of all cohorts
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: retention_rate_1m
--     description: retained_1m_count as a fraction of cohort_size
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: retention_rate_2m
--     description: retained_2m_count as a fraction of cohort_size
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: retention_rate_3m
--     description: retained_3m_count as a fraction of cohort_size
--     tests: [not_null, {range: {min: 0, max: 1}}]
-- tests:
--   - expression: {sql: retained_1m_count <= retained_2m_count AND retained_2m_count <= retained_3m_count}
--   - expression: {sql: repeat_count_4plus <= repeat_count_3plus AND repeat_count_3plus <= repeat_count_2plus}
WITH orders AS (
  SELECT * FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
),

second_orders AS (
  SELECT * FROM int_second_orders
),

of_orders AS (
  SELECT
    cohort_month,
    COUNT(*) AS cohort_orders,
    CAST(exact_sum(amount) AS DECIMAL(28, 2)) AS cohort_sales,
    COUNT(*) FILTER (WHERE order_number >= 2) AS repeat_orders_2plus,
    COUNT(*) FILTER (WHERE order_number >= 3) AS repeat_orders_3plus,
    COUNT(*) FILTER (WHERE order_number >= 4) AS repeat_orders_4plus
  FROM orders
  GROUP BY cohort_month
),

of_customers AS (
  SELECT
    cohort_month,
    COUNT(*) AS cohort_size,
    COUNT(*) FILTER (WHERE orders >= 2) AS repeat_customers_2plus,
    COUNT(*) FILTER (WHERE orders >= 3) AS repeat_customers_3plus,
    COUNT(*) FILTER (WHERE orders >= 4) AS repeat_customers_4plus,
    COUNT(*) FILTER (WHERE months_taken <= 1) AS retained_1m_count,
    COUNT(*) FILTER (WHERE months_taken <= 2) AS retained_2m_count,
    COUNT(*) FILTER (WHERE months_taken <= 3) AS retained_3m_count
  FROM second_orders
  GROUP BY cohort_month
),

chosen AS (
  SELECT
    of_orders.cohort_month,
    of_orders.cohort_orders,
    of_orders.cohort_sales,
    CASE $repeat_counts WHEN 'customers' THEN repeat_customers_2plus ELSE repeat_orders_2plus END AS repeat_count_2plus,
    CASE $repeat_counts WHEN 'customers' THEN repeat_customers_3plus ELSE repeat_orders_3plus END AS repeat_count_3plus,
    CASE $repeat_counts WHEN 'customers' THEN repeat_customers_4plus ELSE repeat_orders_4plus END AS repeat_count_4plus,
    CAST(CASE $repeat_counts WHEN 'customers' THEN cohort_size ELSE cohort_orders END AS DOUBLE) AS repeat_base,
    of_customers.cohort_size,
    of_customers.retained_1m_count,
    of_customers.retained_2m_count,
    of_customers.retained_3m_count
  FROM of_orders
  INNER JOIN of_customers ON of_orders.cohort_month = of_customers.cohort_month
),

totals AS (
  SELECT
    SUM(cohort_orders) AS total_orders,
    CAST(exact_sum(cohort_sales) AS DOUBLE) AS total_sales,
    SUM(cohort_size) AS total_customers
  FROM chosen
),

final AS (
  SELECT
    cohort_month,
    repeat_count_2plus,
    repeat_count_3plus,
    repeat_count_4plus,
    cohort_orders,
    cohort_sales,
    CAST(cohort_orders AS DOUBLE) / total_orders AS cohort_orders_total_orders_ratio,
    CAST(cohort_sales AS DOUBLE) / NULLIF(total_sales, 0) AS cohort_sales_total_sales_ratio,
    repeat_count_2plus / repeat_base AS repeat_rate_2plus,
    repeat_count_3plus / repeat_base AS repeat_rate_3plus,
    repeat_count_4plus / repeat_base AS repeat_rate_4plus,
    retained_1m_count,
    retained_2m_count,
    retained_3m_count,
    cohort_size,
    CAST(cohort_size AS DOUBLE) / total_customers AS cohort_size_total_customers_ratio,
    CAST(retained_1m_count AS DOUBLE) / cohort_size AS retention_rate_1m,
    CAST(retained_2m_count AS DOUBLE) / cohort_size AS retention_rate_2m,
    CAST(retained_3m_count AS DOUBLE) / cohort_size AS retention_rate_3m
  FROM chosen
  CROSS JOIN totals
)

SELECT * FROM final
