-- Every customer with a purchase belongs to one cohort: the sizes of the cohorts sum to the customers.
--
-- tags: [orders, cohorts]
WITH cohorts AS (
  SELECT COALESCE(SUM(cohort_size), 0) AS customers FROM mart_cohorts
),

purchases AS (
  SELECT COUNT(DISTINCT customer_id) AS customers
  FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
)

SELECT cohorts.customers AS in_cohorts, purchases.customers AS with_a_purchase
FROM cohorts
CROSS JOIN purchases
WHERE cohorts.customers <> purchases.customers
