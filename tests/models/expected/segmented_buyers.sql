-- Buyers' measures, scores and segments: scores equal for equal values, dealt out evenly, or by the shipped thresholds.
--
-- reads: [stg_events, people]
-- obeys: [rfm_scoring, rfm_ties]
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
together AS (
  SELECT
    *,
    (rank() OVER (ORDER BY recency_days DESC) - 1) * 5 // count(*) OVER () + 1 AS r,
    (rank() OVER (ORDER BY frequency) - 1) * 5 // count(*) OVER () + 1 AS f,
    (rank() OVER (ORDER BY monetary) - 1) * 5 // count(*) OVER () + 1 AS m
  FROM measured
),
split AS (
  SELECT
    *,
    ntile(5) OVER (ORDER BY recency_days DESC, user_id) AS r,
    ntile(5) OVER (ORDER BY frequency, user_id) AS f,
    ntile(5) OVER (ORDER BY monetary, user_id) AS m
  FROM measured
),
by_thresholds AS (
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
scored AS (
  SELECT * FROM together
  WHERE coalesce(getvariable('rfm_scoring'), 'tiles') = 'tiles'
    AND coalesce(getvariable('rfm_ties'), 'together') = 'together'
  UNION ALL
  SELECT * FROM split
  WHERE coalesce(getvariable('rfm_scoring'), 'tiles') = 'tiles' AND getvariable('rfm_ties') = 'split'
  UNION ALL
  SELECT * FROM by_thresholds
  WHERE getvariable('rfm_scoring') = 'thresholds'
)
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
FROM scored
