-- First and second purchases, and the months between, each variant by its own words.
--
-- model: int_second_orders
-- reads: [stg_orders, int_customer_orders]
-- obeys: [as_of, second_order, retained_within]
WITH orders AS (
  FROM int_customer_orders
  WHERE ordered_at <= (SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) FROM stg_orders)
),

firsts AS (
  SELECT
    customer_id, any_value(cohort_month) AS cohort_month, count(*) AS orders,
    arg_min(order_id, order_number) AS first_order_id, min(ordered_at) AS first_ordered_at
  FROM orders
  GROUP BY customer_id
),

pairs AS (
  SELECT
    firsts.*,
    (
      SELECT arg_min({id: order_id, ordered: ordered_at}, order_number)
      FROM orders
      WHERE orders.customer_id = firsts.customer_id
        AND CASE
          WHEN getvariable('second_order') = 'later_day' THEN ordered_at::DATE > first_ordered_at::DATE
          ELSE order_id != first_order_id
        END
    ) AS second
  FROM firsts
),

measured AS (
  SELECT
    *,
    second.ordered AS s,
    first_ordered_at AS f,
    (year(s) - year(f)) * 12 + month(s) - month(f) AS calendar_months,
    CASE
      WHEN day(s) = day(f) OR (last_day(s) = s::DATE AND last_day(f) = f::DATE) THEN calendar_months
      ELSE round(
        calendar_months
        + (day(s) - day(f)) / 31
        + (epoch(date_trunc('second', s)::TIME) - epoch(date_trunc('second', f)::TIME)) / 86400 / 31,
        8
      )
    END AS months_between,
    s::DATE - f::DATE AS days_between
  FROM pairs
)

SELECT
  customer_id, cohort_month, orders, first_order_id, first_ordered_at, second.id AS second_order_id,
  s AS second_ordered_at, days_between, months_between,
  (
    SELECT min(n)
    FROM range(0, 2000) AS months(n)
    WHERE CASE ifnull(getvariable('retained_within'), 'floor')
      WHEN 'floor' THEN floor(months_between) <= n
      WHEN 'below' THEN months_between < n
      WHEN 'unfloored' THEN months_between <= n
      WHEN 'days' THEN days_between <= 30 * n
      WHEN 'calendar' THEN calendar_months <= n
    END
  ) AS months_taken
FROM measured
