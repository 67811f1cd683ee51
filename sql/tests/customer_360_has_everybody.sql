-- Whoever ordered or registered is a row of the customers, and nobody else.
--
-- optional: [stg_customers]
-- tags: [orders, customers]
WITH everybody AS (
  SELECT customer_id FROM int_orders
  WHERE customer_id IS NOT NULL AND ordered_at <= $orders_as_of
  UNION
  SELECT customer_id FROM stg_customers
),

customers AS (
  SELECT customer_id FROM mart_customer_360
)

SELECT everybody.customer_id AS missing, customers.customer_id AS unknown
FROM everybody
FULL JOIN customers ON everybody.customer_id = customers.customer_id
WHERE everybody.customer_id IS NULL OR customers.customer_id IS NULL
