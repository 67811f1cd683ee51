-- Buyers' scores by the shipped thresholds.
--
-- model: dim_user_rfm
-- reads: [stg_events, people]
-- variables: {session_split: raw, rfm_scoring: thresholds}
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
    CASE WHEN recency_days < 8 THEN 5 WHEN recency_days < 31 THEN 4 WHEN recency_days < 61 THEN 3
      WHEN recency_days < 121 THEN 2 ELSE 1 END AS r,
    CASE WHEN frequency < 2 THEN 1 WHEN frequency < 3 THEN 2 WHEN frequency < 4 THEN 3 WHEN frequency < 6 THEN 4
      ELSE 5 END AS f,
    CASE WHEN monetary < 50 THEN 1 WHEN monetary < 150 THEN 2 WHEN monetary < 400 THEN 3 WHEN monetary < 1000 THEN 4
      ELSE 5 END AS m
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
)
SELECT
  user_id,
  recency_days,
  frequency,
  monetary,
  CAST(r AS INT) AS recency_score,
  CAST(f AS INT) AS frequency_score,
  CAST(m AS INT) AS monetary_score,
  CAST(100 * r + 10 * f + m AS INT) AS rfm_score,
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
    END AS action
FROM segmented
