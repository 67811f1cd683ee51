-- The money of all purchases is that of all sessions, orders, users, product days, session days, days of sales and
-- periods: nothing is lost or counted twice on the way.
--
-- tags: [events, metrics]
WITH sums AS (
  SELECT 'fct_sessions' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM fct_sessions
  UNION ALL
  SELECT 'int_event_orders' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM int_event_orders
  UNION ALL
  SELECT 'int_users' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM int_users
  UNION ALL
  SELECT 'int_product_days' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM int_product_days
  UNION ALL
  SELECT 'dim_products' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM dim_products
  UNION ALL
  SELECT 'int_session_days' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM int_session_days
  UNION ALL
  SELECT 'metrics_daily_sales' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM metrics_daily_sales
  UNION ALL
  SELECT 'metrics_daily' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM metrics_daily
  UNION ALL
  SELECT 'metrics_weekly' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM metrics_weekly
  UNION ALL
  SELECT 'metrics_monthly' AS model, COALESCE(SUM(revenue), 0) AS revenue FROM metrics_monthly
  UNION ALL
  SELECT 'metrics_conversion_rates' AS model, COALESCE(SUM(revenue), 0) AS revenue
  FROM metrics_conversion_rates
  WHERE period = 'daily'
),

total AS (
  SELECT COALESCE(SUM(revenue), 0) AS revenue FROM fct_events
)

SELECT sums.model, sums.revenue, total.revenue AS expected
FROM sums
CROSS JOIN total
WHERE sums.revenue <> total.revenue
