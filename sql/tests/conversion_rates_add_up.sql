-- The overall row is the sum of the days, and a closed funnel never rises.
--
-- tags: [events, metrics]
WITH sums AS (
  SELECT
    period,
    SUM(sessions) AS sessions,
    SUM(sessions_with_view) AS sessions_with_view,
    SUM(sessions_with_cart) AS sessions_with_cart,
    SUM(sessions_with_purchase) AS sessions_with_purchase,
    SUM(revenue) AS revenue
  FROM metrics_conversion_rates
  GROUP BY period
),

different AS (
  SELECT 'the days do not add up' AS what, daily.sessions AS found, overall.sessions AS expected
  FROM sums AS daily
  INNER JOIN sums AS overall ON daily.period = 'daily' AND overall.period = 'overall'
  WHERE daily.sessions <> overall.sessions
    OR daily.sessions_with_view <> overall.sessions_with_view
    OR daily.sessions_with_cart <> overall.sessions_with_cart
    OR daily.sessions_with_purchase <> overall.sessions_with_purchase
    OR daily.revenue <> overall.revenue
),

rising AS (
  SELECT 'the funnel rises' AS what, sessions_with_purchase AS found, sessions_with_view AS expected
  FROM metrics_conversion_rates
  WHERE $funnel = 'closed'
    AND (sessions_with_cart > sessions_with_view OR sessions_with_purchase > sessions_with_cart)
)

SELECT * FROM different
UNION ALL
SELECT * FROM rising
