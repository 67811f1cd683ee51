-- What the shop earned, month by month.
--
-- grain: one row a month
-- key: [month]
-- materialized: table
-- tags: [orders]
-- columns:
--   - name: month
--     description: its first day
--     tests: [not_null, unique]
--   - name: orders
--     description: how many completed orders there were
--   - name: customers
--     description: how many customers placed them
--   - name: revenue
--     description: what they were worth, money
--     tests: [non_negative]
WITH orders AS (
  SELECT * FROM int_orders
),

final AS (
  SELECT
    CAST(date_trunc('month', ordered_at) AS DATE) AS month,
    count(*) AS orders,
    count(DISTINCT customer_id) AS customers,
    sum(amount) AS revenue
  FROM orders
  WHERE is_completed
  GROUP BY 1
)

SELECT * FROM final;
