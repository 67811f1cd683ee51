-- Conversion rates of the closed funnel.
--
-- model: metrics_conversion_rates
-- reads: [visits]
-- variables: {session_split: raw, funnel: closed}
WITH marked AS (
  SELECT
    *,
    viewed AS step_1,
    viewed AND carted AS step_2,
    viewed AND carted AND bought AS step_3
  FROM visits
),
counted AS (
  SELECT
    session_date,
    grouping(session_date) AS is_overall,
    count(*) AS sessions,
    count(*) FILTER (WHERE step_1) AS a,
    count(*) FILTER (WHERE step_2) AS b,
    count(*) FILTER (WHERE step_3) AS c,
    count(*) FILTER (WHERE bought) AS orders,
    coalesce(sum(revenue), 0) AS revenue
  FROM marked
  GROUP BY GROUPING SETS ((session_date), ())
)
SELECT
  CASE is_overall WHEN 1 THEN 'overall' ELSE 'daily' END AS period,
  session_date,
  sessions,
  a AS sessions_with_view,
  b AS sessions_with_cart,
  c AS sessions_with_purchase,
  b / nullif(a, 0) AS view_to_cart_rate,
  c / nullif(b, 0) AS cart_to_purchase_rate,
  c / nullif(a, 0) AS view_to_purchase_rate,
  orders,
  revenue,
  CASE WHEN orders > 0 THEN
    CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov
FROM counted
