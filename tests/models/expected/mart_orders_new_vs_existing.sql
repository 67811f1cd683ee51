-- Months by whether purchases were first ones.
--
-- model: mart_orders_new_vs_existing
-- reads: [stg_orders, int_customer_orders]
-- obeys: [as_of]
WITH orders AS (
  SELECT date_trunc('month', order_date)::DATE AS month, amount, order_number = 1 AS is_new
  FROM int_customer_orders
  WHERE ordered_at <= (SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) FROM stg_orders)
),

months AS (
  SELECT unnest(range(min(month)::TIMESTAMP, max(month) + INTERVAL 1 DAY, INTERVAL 1 MONTH))::DATE AS month FROM orders
)

SELECT
  month AS order_month,
  count(amount) AS total_orders,
  count(amount) FILTER (WHERE is_new) AS orders_from_new_customers,
  count(amount) FILTER (WHERE NOT is_new) AS orders_from_existing_customers,
  orders_from_new_customers / nullif(total_orders, 0) AS new_orders_ratio,
  ifnull(sum(amount), 0) AS total_sales,
  ifnull(sum(amount) FILTER (WHERE is_new), 0) AS sales_from_new_customers,
  ifnull(sum(amount) FILTER (WHERE NOT is_new), 0) AS sales_from_existing_customers
FROM months
LEFT JOIN orders USING (month)
GROUP BY month
