-- The fifteen users of the highest lifetime value.
--
-- model: mart_top_users
-- reads: [stg_events, people]
-- variables: {session_split: raw, rfm_scoring: tiles, rfm_ties: together}
WITH now AS (
  SELECT max(event_time) AS as_of FROM stg_events
),
measured AS (
  SELECT
    user_id,
    date_diff('day', CAST(last_purchase_at AS DATE), CAST(as_of AS DATE)) AS recency_days,
    orders AS frequency,
    revenue AS monetary
  FROM people, now
  WHERE orders > 0
),
tiles AS (
  SELECT
    *,
    (rank() OVER (ORDER BY recency_days DESC) - 1) * 5 // count(*) OVER () + 1 AS r,
    (rank() OVER (ORDER BY frequency) - 1) * 5 // count(*) OVER () + 1 AS f,
    (rank() OVER (ORDER BY monetary) - 1) * 5 // count(*) OVER () + 1 AS m
  FROM measured
),
segmented AS (
  SELECT
    *,
    CASE
      WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'Champions'
      WHEN r <= 2 AND f >= 4 AND m >= 4 THEN 'At Risk'
      WHEN r >= 4 AND f >= 3 THEN 'Loyal Customers'
      WHEN r >= 3 AND f >= 3 THEN 'Potential Loyalists'
      WHEN r >= 4 AND f < 3 THEN 'Recent Customers'
      WHEN r = 3 AND f < 3 THEN 'Promising'
      WHEN r <= 2 AND f >= 3 THEN 'About To Sleep'
      WHEN r <= 2 AND f <= 2 AND m <= 2 THEN 'Lost'
      ELSE 'Needs Attention'
    END AS segment
  FROM tiles
),
placed AS (
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
JOIN segmented ON segmented.user_id = placed.user_id
WHERE place <= 15
