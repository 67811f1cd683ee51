-- Every purchase belongs to one cohort: their orders and sales, money, sum to those of all purchases, the ratios to 1.
--
-- tags: [orders, cohorts]
WITH cohorts AS (
  SELECT
    COALESCE(SUM(cohort_orders), 0) AS orders,
    COALESCE(SUM(cohort_sales), 0) AS sales,
    SUM(cohort_orders_total_orders_ratio) AS orders_ratio,
    SUM(cohort_sales_total_sales_ratio) AS sales_ratio,
    SUM(cohort_size_total_customers_ratio) AS customers_ratio
  FROM mart_cohorts
),

purchases AS (
  SELECT COUNT(*) AS orders, COALESCE(SUM(amount), 0) AS sales
  FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
)

SELECT cohorts.*, purchases.orders AS orders_of_all, purchases.sales AS sales_of_all
FROM cohorts
CROSS JOIN purchases
WHERE
  cohorts.orders <> purchases.orders
  OR cohorts.sales <> purchases.sales
  OR ABS(cohorts.orders_ratio - 1) > 1e-9
  OR ABS(cohorts.sales_ratio - 1) > 1e-9
  OR ABS(cohorts.customers_ratio - 1) > 1e-9
