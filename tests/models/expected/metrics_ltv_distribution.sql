-- Buyers by lifetime value, in the shipped bins.
--
-- model: metrics_ltv_distribution
-- reads: [people]
-- variables: {session_split: raw}
WITH bins AS (
  SELECT * FROM (VALUES (1, 0, 50), (2, 50, 100), (3, 100, 250), (4, 250, 500), (5, 500, 1000), (6, 1000, 2500),
    (7, 2500, 5000), (8, 5000, 10000), (9, 10000, NULL)) AS bins(bin, low, high)
)
SELECT
  bin,
  CAST(low AS DECIMAL(18, 2)) AS from_value,
  CAST(high AS DECIMAL(18, 2)) AS below_value,
  count(user_id) AS customers,
  count(user_id) / nullif((SELECT count(*) FROM people WHERE orders > 0), 0) AS customer_share,
  coalesce(sum(revenue), 0) AS revenue,
  coalesce(sum(revenue), 0)::DOUBLE / nullif((SELECT sum(revenue)::DOUBLE FROM people), 0) AS revenue_share
FROM bins
LEFT JOIN people ON orders > 0 AND revenue >= low AND (high IS NULL OR revenue < high)
GROUP BY bin, low, high
