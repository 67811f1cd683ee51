-- Sessions and orders by month.
--
-- model: metrics_monthly
-- reads: [visits]
-- variables: {session_split: raw}
WITH dated AS (
  SELECT
    *,
    CAST(date_trunc('month', session_date) AS DATE) AS period,
    CAST(date_trunc('month', min(session_date) FILTER (WHERE bought) OVER (PARTITION BY user_id)) AS DATE)
      AS first_period
  FROM visits
)
SELECT
  period AS month_start,
  count(*) AS sessions,
  count(DISTINCT user_id) AS visitors,
  sum(page_views) AS page_views,
  count(*) FILTER (WHERE bought) AS orders,
  sum(revenue) AS revenue,
  CASE WHEN count(*) FILTER (WHERE bought) > 0 THEN
    CAST(
    CAST(
      (2 * CAST(sum(revenue) * 100 AS HUGEINT) + (count(*) FILTER (WHERE bought)))
        // (2 * (count(*) FILTER (WHERE bought))) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov,
  count(*) FILTER (WHERE bought) / count(*) AS conversion_rate,
  count(*) FILTER (WHERE carted AND NOT bought) / nullif(count(*) FILTER (WHERE carted), 0) AS abandonment_rate,
  count(DISTINCT user_id) FILTER (WHERE bought AND first_period = period) AS new_customers,
  count(DISTINCT user_id) FILTER (WHERE bought AND first_period < period) AS returning_customers
FROM dated
GROUP BY period
