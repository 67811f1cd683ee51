-- Retention by each order's distance from its customer's first.
-- Periods are counted here from each order's day; only months are, so that retention_unit must be month.
--
-- model: mart_retention
-- reads: [stg_orders, int_customer_orders]
-- obeys: [as_of, retention_periods, retention_unit]
WITH moment AS (
  SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) AS as_of, as_of::DATE AS today FROM stg_orders
),

bought AS (
  SELECT
    o.customer_id,
    o.amount,
    f.first_order_date AS first_day,
    date_trunc('month', first_day)::DATE AS cohort,
    ((year(order_date) - year(first_day)) * 12 + month(order_date) - month(first_day))::INTEGER AS months,
    unnest([
      {clock: 'calendar', period: months},
      {clock: 'rolling', period: months - (first_day + to_months(months) > order_date)::INTEGER}
    ], recursive := true)
  FROM int_customer_orders AS o
  JOIN (SELECT DISTINCT customer_id, first_order_date FROM int_customer_orders) AS f USING (customer_id), moment
  WHERE ordered_at <= as_of
),

cohorts AS (
  SELECT
    clock, cohort, count(DISTINCT customer_id) AS cohort_size, max(first_day) AS last_first,
    min(first_day) AS min_first
  FROM bought
  GROUP BY ALL
),

cells AS (
  SELECT
    cohorts.*,
    k AS period,
    CASE clock
      WHEN 'calendar' THEN cohort + to_months(k::INTEGER) <= today
      ELSE min_first + to_months(k::INTEGER) <= today
    END AS begun,
    CASE clock
      WHEN 'calendar' THEN cohort + to_months((k + 1)::INTEGER) <= today + 1
      ELSE last_first + to_months((k + 1)::INTEGER) <= today + 1
    END AS complete
  FROM cohorts, moment, range(0, ifnull(getvariable('retention_periods'), 12)::BIGINT + 1) AS periods(k)
)

SELECT
  c.clock,
  mode,
  c.cohort,
  cohort_size,
  c.period,
  count(DISTINCT b.customer_id) AS customers,
  count(DISTINCT b.customer_id) / cohort_size AS rate,
  count(b.customer_id) AS orders,
  ifnull(sum(b.amount), 0) AS sales,
  complete
FROM cells AS c
CROSS JOIN (VALUES ('on'), ('on_or_after'), ('on_or_before')) AS modes(mode)
LEFT JOIN bought AS b
  ON b.clock = c.clock AND b.cohort = c.cohort
  AND CASE mode
    WHEN 'on' THEN b.period = c.period
    WHEN 'on_or_after' THEN b.period >= c.period
    ELSE b.period BETWEEN 1 AND c.period
  END
WHERE begun
GROUP BY c.clock, mode, c.cohort, cohort_size, c.period, complete
