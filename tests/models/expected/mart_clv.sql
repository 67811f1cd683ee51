-- What lifetime values are found from.
-- Only what the models are fitted to is found here; what they expect is checked against published parameters.
--
-- model: mart_clv
-- reads: [stg_orders, int_orders, int_customer_rfm]
-- obeys: [as_of]
-- columns: [customer_id, orders, historical_value, average_order_value, repeat_days, recency_days, age_days,
--   mean_repeat_value]
WITH moment AS (
  SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) AS as_of FROM stg_orders
),

days AS (
  SELECT customer_id, order_date, sum(amount) AS amount
  FROM int_orders, moment
  WHERE is_completed AND ordered_at <= as_of
  GROUP BY customer_id, order_date
),

summaries AS (
  SELECT
    customer_id,
    count(*) - 1 AS repeat_days,
    max(order_date) - min(order_date) AS recency_days,
    (SELECT as_of FROM moment)::DATE - min(order_date) AS age_days,
    ifnull(
      (sum(amount) - arg_min(amount, order_date))::DOUBLE / nullif(count(*) - 1, 0), 0
    ) AS mean_repeat_value
  FROM days
  GROUP BY customer_id
)

SELECT
  customer_id, frequency AS orders, monetary AS historical_value, monetary::DOUBLE / frequency AS average_order_value,
  repeat_days, summaries.recency_days, age_days, mean_repeat_value
FROM int_customer_rfm
JOIN summaries USING (customer_id)
