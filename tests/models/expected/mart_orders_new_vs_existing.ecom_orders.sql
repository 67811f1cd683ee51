-- Orders of new and of existing customers as they were computed elsewhere.
--
-- model: mart_orders_new_vs_existing
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null}
-- columns: [order_month, total_orders, orders_from_new_customers, orders_from_existing_customers]
SELECT
  CAST(order_month || '-01' AS DATE) AS order_month,
  total_orders,
  orders_from_new_customers,
  orders_from_existing_customers
FROM 'DATA/ecom_orders/expected/orders_new_vs_existing.csv'
