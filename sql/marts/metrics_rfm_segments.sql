-- The segments of the buyers in the events: how many they are, what they brought and how many of them are gone. Every
-- segment of the map events9 has a row, also one without buyers.
--
-- grain: one row a segment
-- key: [segment]
-- materialized: view
-- tags: [events, users, rfm, metrics]
-- columns:
--   - name: segment
--     description: name of the segment
--     tests: [not_null, unique]
--   - name: action
--     description: what to do about it
--   - name: customers
--     description: buyers in the segment
--     tests: [not_null, non_negative]
--   - name: customer_share
--     description: fraction of all buyers; NULL when there is none
--     tests: [{range: {min: 0, max: 1}}]
--   - name: revenue
--     description: worth of their orders, money
--     tests: [not_null]
--   - name: revenue_share
--     description: fraction of the worth of all orders; NULL when that is 0
--   - name: mean_monetary
--     description: mean worth of a buyer's orders, money; NULL without buyers
--   - name: median_monetary
--     description: median worth of a buyer's orders, money; NULL without buyers
--   - name: p25_monetary
--     description: the worth that a quarter of the buyers stay below, interpolated, money; NULL without buyers
--   - name: p75_monetary
--     description: the worth that three quarters of the buyers stay below, interpolated, money; NULL without buyers
--   - name: stddev_monetary
--     description: standard deviation of the worth, that of a sample, money; NULL with fewer than two buyers
--   - name: mean_recency_days
--     description: mean calendar days since the last purchase; NULL without buyers
--   - name: mean_frequency
--     description: mean orders of a buyer; NULL without buyers
--   - name: churned
--     description: buyers whose last purchase is more than user_churned_days days ago
--     tests: [not_null, non_negative]
--   - name: churn_rate
--     description: fraction of the segment's buyers who are churned; NULL without buyers
--     tests: [{range: {min: 0, max: 1}}]
WITH buyers AS (
  SELECT * FROM dim_user_rfm
),

segments AS (
  SELECT segment, MIN(action) AS action
  FROM rfm_segment_rules
  WHERE map = 'events9'
  GROUP BY segment
),

counted AS (
  SELECT
    segment,
    COUNT(*) AS customers,
    SUM(monetary) AS revenue,
    CAST(SUM(monetary) / COUNT(*) AS DECIMAL(18, 2)) AS mean_monetary,
    CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST(monetary AS DOUBLE)) AS DECIMAL(18, 4)) AS median_monetary,
    CAST(PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY CAST(monetary AS DOUBLE)) AS DECIMAL(18, 4)) AS p25_monetary,
    CAST(PERCENTILE_CONT(0.75) WITHIN GROUP (ORDER BY CAST(monetary AS DOUBLE)) AS DECIMAL(18, 4)) AS p75_monetary,
    CAST(STDDEV_SAMP(CAST(monetary AS DOUBLE)) AS DECIMAL(18, 2)) AS stddev_monetary,
    CAST(SUM(recency_days) AS DOUBLE) / COUNT(*) AS mean_recency_days,
    CAST(SUM(frequency) AS DOUBLE) / COUNT(*) AS mean_frequency,
    COUNT(*) FILTER (WHERE recency_days > $user_churned_days) AS churned
  FROM buyers
  GROUP BY segment
),

totals AS (
  SELECT SUM(customers) AS customers, SUM(revenue) AS revenue
  FROM counted
),

final AS (
  SELECT
    segments.segment,
    segments.action,
    COALESCE(counted.customers, 0) AS customers,
    CAST(COALESCE(counted.customers, 0) AS DOUBLE) / NULLIF(totals.customers, 0) AS customer_share,
    CAST(COALESCE(counted.revenue, 0) AS DECIMAL(38, 2)) AS revenue,
    CAST(COALESCE(counted.revenue, 0) AS DOUBLE) / NULLIF(CAST(totals.revenue AS DOUBLE), 0) AS revenue_share,
    counted.mean_monetary,
    counted.median_monetary,
    counted.p25_monetary,
    counted.p75_monetary,
    counted.stddev_monetary,
    counted.mean_recency_days,
    counted.mean_frequency,
    COALESCE(counted.churned, 0) AS churned,
    CAST(counted.churned AS DOUBLE) / counted.customers AS churn_rate
  FROM segments
  LEFT JOIN counted ON counted.segment = segments.segment
  CROSS JOIN totals
)

SELECT * FROM final
