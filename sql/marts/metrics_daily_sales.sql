-- What the shop sold on each day from the first event to the last, days without any among them. Orders count on the day
-- of their first purchase, visitors on the day on which their session started. A day without a single event is a gap in
-- the data rather than a day without sales: it is marked, and nothing is compared with it.
--
-- grain: one row a day
-- key: [sales_date]
-- materialized: view
-- tags: [events, orders, metrics]
-- columns:
--   - name: sales_date
--     description: the day
--     tests: [not_null, unique]
--   - name: is_gap
--     description: whether there is no event on the day
--     tests: [not_null]
--   - name: visitors
--     description: different users whose sessions started on the day
--     tests: [not_null, non_negative]
--   - name: orders
--     description: orders, one a session with purchases
--     tests: [not_null, non_negative]
--   - name: revenue
--     description: worth of the orders, money
--     tests: [not_null]
--   - name: aov
--     description: mean worth of an order, money; NULL without one
--   - name: aov_target
--     description: what it should be, money; the variable aov_target, or the mean of all orders; NULL without orders
--   - name: aov_to_target
--     description: aov as a fraction of aov_target; NULL without orders
--   - name: revenue_week_before
--     description: revenue seven days before, money; NULL when there is no such day in the data or it is a gap
--   - name: revenue_change
--     description: >-
--       by which fraction revenue differs from that seven days before; NULL when that is 0 or not known, and on gaps
-- tests:
--   - anomaly: {of: SUM(revenue), by: sales_date, where: NOT is_gap, same_weekday: true, severity: warn}
WITH product_days AS (
  SELECT * FROM int_product_days
),

user_days AS (
  SELECT * FROM int_user_days
),

event_orders AS (
  SELECT * FROM int_event_orders
),

event_days AS (
  SELECT event_date, SUM(events) AS events
  FROM product_days
  GROUP BY event_date
),

bounds AS (
  SELECT MIN(event_date) AS first_date, MAX(event_date) AS last_date
  FROM event_days
),

calendar AS (
  SELECT UNNEST(GENERATE_SERIES(first_date, last_date, INTERVAL '1 day')) AS sales_date
  FROM bounds
),

visitor_days AS (
  SELECT session_date, COUNT(*) AS visitors
  FROM user_days
  GROUP BY session_date
),

order_days AS (
  SELECT CAST(ordered_at AS DATE) AS order_date, COUNT(*) AS orders, SUM(revenue) AS revenue
  FROM event_orders
  GROUP BY CAST(ordered_at AS DATE)
),

target AS (
  SELECT COALESCE(CAST($aov_target AS DECIMAL(18, 2)), CAST(SUM(revenue) / SUM(orders) AS DECIMAL(18, 2))) AS aov_target
  FROM order_days
),

daily AS (
  SELECT
    calendar.sales_date,
    event_days.events IS NULL AS is_gap,
    COALESCE(visitor_days.visitors, 0) AS visitors,
    COALESCE(order_days.orders, 0) AS orders,
    CAST(COALESCE(order_days.revenue, 0) AS DECIMAL(38, 2)) AS revenue
  FROM calendar
  LEFT JOIN event_days ON event_days.event_date = calendar.sales_date
  LEFT JOIN visitor_days ON visitor_days.session_date = calendar.sales_date
  LEFT JOIN order_days ON order_days.order_date = calendar.sales_date
),

compared AS (
  SELECT
    *,
    CAST(revenue / NULLIF(orders, 0) AS DECIMAL(18, 2)) AS aov,
    LAG(CASE WHEN NOT is_gap THEN revenue END, 7) OVER (ORDER BY sales_date) AS revenue_week_before
  FROM daily
),

final AS (
  SELECT
    compared.sales_date,
    compared.is_gap,
    compared.visitors,
    compared.orders,
    compared.revenue,
    compared.aov,
    target.aov_target,
    CAST(compared.aov AS DOUBLE) / NULLIF(CAST(target.aov_target AS DOUBLE), 0) AS aov_to_target,
    compared.revenue_week_before,
    CASE
      WHEN NOT compared.is_gap THEN
        CAST(compared.revenue - compared.revenue_week_before AS DOUBLE)
          / NULLIF(CAST(compared.revenue_week_before AS DOUBLE), 0)
    END AS revenue_change
  FROM compared
  CROSS JOIN target
)

SELECT * FROM final
