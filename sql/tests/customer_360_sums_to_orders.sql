-- Orders of known customers are each on one customer's row, under one status, and completed ones are what they spent,
-- money.
--
-- optional: [int_order_payments]
-- tags: [orders, customers]
WITH customers AS (
  SELECT
    COALESCE(SUM(orders), 0) AS orders,
    COALESCE(SUM(completed_orders + cancelled_orders + in_transit_orders + other_orders), 0) AS orders_by_status,
    COALESCE(SUM(spend), 0) AS spend,
    COALESCE(SUM(paid), 0) AS paid
  FROM mart_customer_360
),

orders AS (
  SELECT
    COUNT(*) AS orders,
    COALESCE(SUM(int_orders.amount) FILTER (WHERE int_orders.is_completed), 0) AS spend,
    COALESCE(SUM(int_order_payments.paid), 0) AS paid
  FROM int_orders
  LEFT JOIN int_order_payments ON int_orders.order_id = int_order_payments.order_id
  WHERE int_orders.customer_id IS NOT NULL AND int_orders.ordered_at <= $orders_as_of
)

SELECT customers.*, orders.orders AS orders_of_all, orders.spend AS spend_of_all, orders.paid AS paid_of_all
FROM customers
CROSS JOIN orders
WHERE
  customers.orders <> orders.orders
  OR customers.orders_by_status <> orders.orders
  OR customers.spend <> orders.spend
  OR customers.paid <> orders.paid
