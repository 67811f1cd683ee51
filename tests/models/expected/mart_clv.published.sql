-- Who still buys and for how much, by published parameters.
-- The parameters are the published ones of these purchases up to that day, from an exact maximum of the likelihood:
-- BG/NBD in weeks, r 0.242595, alpha 4.413602, a 0.792922, b 2.425907; Gamma-Gamma p 6.249571, q 3.744225, v 15.443525.
--
-- model: mart_clv
-- projects: [cdnow_sample]
-- reads: [stg_orders, int_orders]
-- variables: {as_of: "1997-09-30"}
-- columns: [customer_id, p_alive, expected_order_value]
-- tolerance: 0.0001
WITH days AS (
  SELECT customer_id, order_date, sum(amount) AS amount
  FROM int_orders
  WHERE is_completed AND ordered_at <= TIMESTAMP '1997-09-30'
  GROUP BY ALL
),

summaries AS (
  SELECT
    customer_id,
    count(*) - 1 AS x,
    (max(order_date) - min(order_date)) / 7 AS recency,
    (DATE '1997-09-30' - min(order_date)) / 7 AS age,
    ifnull((sum(amount) - arg_min(amount, order_date))::DOUBLE / nullif(count(*) - 1, 0), 0) AS mean_value
  FROM days
  GROUP BY customer_id
)

SELECT
  customer_id,
  CASE
    WHEN x = 0 THEN 1
    ELSE 1 / (
      1 + 0.792922 / (2.425907 + x - 1) * ((4.413602 + age) / (4.413602 + recency)) ** (0.242595 + x)
    )
  END AS p_alive,
  6.249571 * (15.443525 + x * mean_value) / (6.249571 * x + 3.744225 - 1) AS expected_order_value
FROM summaries
