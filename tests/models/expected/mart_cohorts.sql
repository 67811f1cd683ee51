-- Cohorts, their repeat orders counted by customer.
--
-- model: mart_cohorts
-- reads: [stg_orders, int_customer_orders, int_second_orders]
-- obeys: [as_of, repeat_counts]
WITH orders AS (
  FROM int_customer_orders
  WHERE ordered_at <= (SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) FROM stg_orders)
),

sizes AS (
  SELECT cohort_month, customer_id, count(*) AS n, sum(amount) AS sales
  FROM orders
  GROUP BY ALL
),

cohorts AS (
  SELECT
    cohort_month,
    count(*) AS cohort_size,
    sum(n) AS cohort_orders,
    sum(sales) AS cohort_sales,
    if(getvariable('repeat_counts') = 'customers', count_if(n >= 2), sum(greatest(n - 1, 0))) AS r2,
    if(getvariable('repeat_counts') = 'customers', count_if(n >= 3), sum(greatest(n - 2, 0))) AS r3,
    if(getvariable('repeat_counts') = 'customers', count_if(n >= 4), sum(greatest(n - 3, 0))) AS r4,
    if(getvariable('repeat_counts') = 'customers', count(*), sum(n)) AS base
  FROM sizes
  GROUP BY cohort_month
),

retained AS (
  SELECT
    cohort_month,
    count(*) FILTER (months_taken <= 1) AS m1,
    count(*) FILTER (months_taken <= 2) AS m2,
    count(*) FILTER (months_taken <= 3) AS m3
  FROM int_second_orders
  GROUP BY cohort_month
)

SELECT
  cohort_month,
  r2 AS repeat_count_2plus,
  r3 AS repeat_count_3plus,
  r4 AS repeat_count_4plus,
  cohort_orders,
  cohort_sales,
  cohort_orders / (SELECT count(*) FROM orders) AS cohort_orders_total_orders_ratio,
  cohort_sales::DOUBLE / nullif((SELECT sum(amount) FROM orders), 0) AS cohort_sales_total_sales_ratio,
  r2 / base AS repeat_rate_2plus,
  r3 / base AS repeat_rate_3plus,
  r4 / base AS repeat_rate_4plus,
  m1 AS retained_1m_count,
  m2 AS retained_2m_count,
  m3 AS retained_3m_count,
  cohort_size,
  cohort_size / (SELECT count(DISTINCT customer_id) FROM orders) AS cohort_size_total_customers_ratio,
  m1 / cohort_size AS retention_rate_1m,
  m2 / cohort_size AS retention_rate_2m,
  m3 / cohort_size AS retention_rate_3m
FROM cohorts
JOIN retained USING (cohort_month)
