-- The nine segments, summed up.
--
-- model: metrics_rfm_segments
-- reads: [segmented_buyers]
-- variables: {session_split: raw, rfm_scoring: tiles, rfm_ties: together}
WITH names AS (
  SELECT unnest([
    'Champions', 'At Risk', 'Loyal Customers', 'Potential Loyalists', 'Recent Customers', 'Promising', 'About To Sleep',
    'Lost', 'Needs Attention'
  ]) AS segment
)
SELECT
  segment,
  CASE segment
      WHEN 'Champions' THEN 'Best Customers'
      WHEN 'At Risk' THEN 'Recover'
      WHEN 'Loyal Customers' THEN 'Retention Focus'
      WHEN 'Potential Loyalists' THEN 'Growth Opportunity'
      WHEN 'Recent Customers' THEN 'Onboarding'
      WHEN 'Promising' THEN 'Develop'
      WHEN 'About To Sleep' THEN 'Win Back'
      WHEN 'Lost' THEN 'Inactive'
      ELSE 'Re-Engage'
    END AS action,
  count(user_id) AS customers,
  count(user_id) / nullif((SELECT count(*) FROM segmented_buyers), 0) AS customer_share,
  coalesce(sum(monetary), 0) AS revenue,
  coalesce(sum(monetary), 0)::DOUBLE / nullif((SELECT sum(monetary)::DOUBLE FROM segmented_buyers), 0) AS revenue_share,
  CASE WHEN count(user_id) > 0 THEN CAST(
    CAST(
      (2 * CAST(sum(monetary) * 100 AS HUGEINT) + count(user_id))
        // (2 * count(user_id)) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) END AS mean_monetary,
  CAST(quantile_cont(monetary::DOUBLE, 0.5) AS DECIMAL(18, 4)) AS median_monetary,
  CAST(quantile_cont(monetary::DOUBLE, 0.25) AS DECIMAL(18, 4)) AS p25_monetary,
  CAST(quantile_cont(monetary::DOUBLE, 0.75) AS DECIMAL(18, 4)) AS p75_monetary,
  CAST(stddev_samp(monetary::DOUBLE) AS DECIMAL(18, 2)) AS stddev_monetary,
  sum(recency_days) / count(user_id) AS mean_recency_days,
  sum(frequency) / count(user_id) AS mean_frequency,
  count(user_id) FILTER (WHERE recency_days > 60) AS churned,
  count(user_id) FILTER (WHERE recency_days > 60) / nullif(count(user_id), 0) AS churn_rate
FROM names
LEFT JOIN segmented_buyers USING (segment)
GROUP BY segment
