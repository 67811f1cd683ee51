-- The fifteen users of the highest lifetime value.
--
-- model: mart_top_users
-- reads: [people, segmented_buyers]
-- variables: {session_split: raw, rfm_scoring: tiles, rfm_ties: together}
WITH placed AS (
  SELECT *, row_number() OVER (ORDER BY revenue DESC, user_id) AS place FROM people WHERE orders > 0
)
SELECT
  place,
  placed.user_id,
  revenue AS ltv,
  revenue::DOUBLE / nullif((SELECT sum(revenue)::DOUBLE FROM people), 0) AS ltv_share,
  orders,
  CAST(
    CAST(
      (2 * CAST(revenue * 100 AS HUGEINT) + orders)
        // (2 * orders) AS DECIMAL(18, 0)
    ) * 0.01 AS DECIMAL(18, 2)
  ) AS aov,
  last_purchase_at,
  segment,
  CASE
    WHEN recency_days > 60 THEN 'churned'
    WHEN recency_days > 45 THEN 'at_risk'
    WHEN recency_days > 30 THEN 'declining'
    ELSE 'active'
  END AS activity_status
FROM placed
JOIN segmented_buyers ON segmented_buyers.user_id = placed.user_id
WHERE place <= 15
