-- Every customer with a completed order is in one segment: the segments' customers, orders and revenue, money, sum to
-- those of all completed orders of known customers.
--
-- tags: [orders, customers]
WITH segments AS (
  SELECT
    COALESCE(SUM(customers), 0) AS customers,
    COALESCE(SUM(orders), 0) AS orders,
    COALESCE(SUM(revenue), 0) AS revenue
  FROM metrics_customer_segments
),

completed AS (
  SELECT
    COUNT(DISTINCT customer_id) AS customers,
    COUNT(*) AS orders,
    COALESCE(exact_sum(amount), 0) AS revenue
  FROM int_orders
  WHERE is_completed AND customer_id IS NOT NULL AND ordered_at <= $orders_as_of
)

SELECT segments.*, completed.customers AS customers_of_all, completed.orders AS orders_of_all,
  completed.revenue AS revenue_of_all
FROM segments
CROSS JOIN completed
WHERE
  segments.customers <> completed.customers
  OR segments.orders <> completed.orders
  OR segments.revenue <> completed.revenue
