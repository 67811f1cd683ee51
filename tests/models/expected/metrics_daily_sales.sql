-- Sales by day, every day between the first event and the last.
--
-- model: metrics_daily_sales
-- reads: [stg_events, visits]
-- variables: {session_split: raw}
WITH spine AS (
  SELECT CAST(unnest(range(min(event_date), max(event_date) + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS sales_date
  FROM stg_events
),
facts AS (
  SELECT
    sales_date,
    sales_date NOT IN (SELECT event_date FROM stg_events) AS is_gap,
    (SELECT count(DISTINCT user_id) FROM visits WHERE session_date = sales_date) AS visitors,
    (SELECT count(*) FROM visits WHERE CAST(ordered_at AS DATE) = sales_date) AS orders,
    (SELECT coalesce(sum(revenue), 0) FROM visits WHERE CAST(ordered_at AS DATE) = sales_date) AS revenue
  FROM spine
),
target AS (
  SELECT CASE WHEN sum(orders) > 0 THEN CAST(
    CAST(
      (2 * CAST(sum(revenue) * 100 AS HUGEINT) + CAST(sum(orders) AS BIGINT))
        // (2 * CAST(sum(orders) AS BIGINT)) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) END AS aov_target
  FROM facts
)
SELECT
  today.sales_date,
  today.is_gap,
  today.visitors,
  today.orders,
  today.revenue,
  CASE WHEN today.orders > 0 THEN
    CAST(
    CAST(
      (2 * CAST(today.revenue * 100 AS HUGEINT) + today.orders)
        // (2 * today.orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  )
  END AS aov,
  aov_target,
  aov::DOUBLE / nullif(aov_target::DOUBLE, 0) AS aov_to_target,
  CASE WHEN NOT before.is_gap THEN before.revenue END AS revenue_week_before,
  CASE WHEN NOT today.is_gap AND NOT before.is_gap AND before.revenue <> 0
    THEN (today.revenue - before.revenue)::DOUBLE / before.revenue::DOUBLE END AS revenue_change
FROM facts AS today
CROSS JOIN target
LEFT JOIN facts AS before ON before.sales_date = today.sales_date - 7
