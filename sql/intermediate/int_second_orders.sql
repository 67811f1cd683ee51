-- Each customer's first and second purchase up to the moment of reference, and how long it took, in days and in
-- months. Which one is the second says the variable second_order.
--
-- grain: one row a customer with a purchase
-- key: [customer_id]
-- materialized: view
-- tags: [orders, cohorts]
-- columns:
--   - name: customer_id
--     description: who ordered
--     tests: [not_null, unique]
--   - name: cohort_month
--     description: the first day of the month of the first purchase
--     tests: [not_null]
--   - name: orders
--     description: purchases in all
--     tests: [not_null, {range: {min: 1}}]
--   - name: first_order_id
--     description: the first purchase
--     tests: [not_null]
--   - name: first_ordered_at
--     description: when that was
--     tests: [not_null]
--   - name: second_order_id
--     description: the second purchase; NULL when there was none
--   - name: second_ordered_at
--     description: when that was
--   - name: days_between
--     description: calendar days from the first to the second
--     tests: [non_negative]
--   - name: months_between
--     description: >-
--       months from the first to the second as Spark's months_between has them: whole ones between equal days of the
--       month and between last days of months, else with a fraction in 31sts, of which seconds count
--     tests: [non_negative]
--   - name: months_taken
--     description: >-
--       the least N of which the second purchase came within N months, as the variable retained_within says
--     tests: [non_negative]
WITH orders AS (
  SELECT * FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
),

candidates AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY order_number) AS place
  FROM orders
  WHERE
    CASE $second_order
      WHEN 'later_day' THEN order_date > first_order_date
      ELSE order_number > 1
    END
),

first_orders AS (
  SELECT
    orders.customer_id,
    orders.cohort_month,
    counted.orders,
    orders.order_id AS first_order_id,
    orders.ordered_at AS first_ordered_at
  FROM orders
  INNER JOIN (
    SELECT customer_id, COUNT(*) AS orders FROM orders GROUP BY customer_id
  ) AS counted ON orders.customer_id = counted.customer_id
  WHERE orders.order_number = 1
),

both_orders AS (
  SELECT
    first_orders.*,
    candidates.order_id AS second_order_id,
    candidates.ordered_at AS second_ordered_at
  FROM first_orders
  LEFT JOIN candidates ON first_orders.customer_id = candidates.customer_id AND candidates.place = 1
),

parts AS (
  SELECT
    *,
    period_diff('day', first_ordered_at, second_ordered_at) AS days_between,
    period_diff('month', first_ordered_at, second_ordered_at) AS calendar_months,
    DATE_PART('day', second_ordered_at) - DATE_PART('day', first_ordered_at) AS day_of_month_change,
    DATE_PART('day', first_ordered_at + INTERVAL '1 day') = 1
    AND DATE_PART('day', second_ordered_at + INTERVAL '1 day') = 1 AS both_end_months,
    DATE_PART('hour', second_ordered_at) * 3600 + DATE_PART('minute', second_ordered_at) * 60
    + DATE_PART('second', second_ordered_at)
    - DATE_PART('hour', first_ordered_at) * 3600 - DATE_PART('minute', first_ordered_at) * 60
    - DATE_PART('second', first_ordered_at) AS seconds_of_day_change
  FROM both_orders
),

measured AS (
  SELECT
    *,
    CASE
      WHEN day_of_month_change = 0 OR both_end_months THEN CAST(calendar_months AS DOUBLE)
      ELSE ROUND(calendar_months + (day_of_month_change * 86400 + seconds_of_day_change) / 2678400.0, 8)
    END AS months_between
  FROM parts
),

final AS (
  SELECT
    customer_id,
    cohort_month,
    orders,
    first_order_id,
    first_ordered_at,
    second_order_id,
    second_ordered_at,
    days_between,
    months_between,
    CAST(
      CASE $retained_within
        WHEN 'floor' THEN FLOOR(months_between)
        WHEN 'below' THEN FLOOR(months_between) + 1
        WHEN 'unfloored' THEN CEIL(months_between)
        WHEN 'days' THEN CEIL(days_between / 30.0)
        ELSE calendar_months
      END AS BIGINT
    ) AS months_taken
  FROM measured
)

SELECT * FROM final
