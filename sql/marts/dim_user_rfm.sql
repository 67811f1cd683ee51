-- How recently, how often and for how much every buyer in the events has bought, with scores and a segment of the map
-- events9. Scores are fifths of the buyers, or, with rfm_scoring set to thresholds, found from the values by the seed
-- table rfm_score_thresholds.
--
-- grain: one row a buyer
-- key: [user_id]
-- materialized: view
-- tags: [events, users, rfm]
-- columns:
--   - name: user_id
--     description: the buyer
--     tests: [not_null, unique]
--   - name: recency_days
--     description: calendar days from the last purchase to the moment of reference
--     tests: [not_null, non_negative]
--   - name: frequency
--     description: orders, one a session with purchases
--     tests: [not_null, {range: {min: 1}}]
--   - name: monetary
--     description: worth of the orders, money
--     tests: [not_null]
--   - name: recency_score
--     description: score of recency, 1 to 5, 5 the most recent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: frequency_score
--     description: score of frequency, 1 to 5, 5 the most orders
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: monetary_score
--     description: score of money, 1 to 5, 5 the most
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: rfm_score
--     description: the three scores as digits, recency first
--     tests: [not_null, {range: {min: 111, max: 555}}]
--   - name: segment
--     description: the segment that the scores belong to
--     tests: [not_null]
--   - name: action
--     description: what to do about the segment
WITH users AS (
  SELECT * FROM int_users_as_of
),

thresholds AS (
  SELECT * FROM rfm_score_thresholds
  WHERE $rfm_scoring = 'thresholds'
),

segments AS (
  SELECT * FROM int_rfm_segments
  WHERE map = 'events9'
),

measured AS (
  SELECT
    user_id,
    CAST($events_as_of AS DATE) - CAST(last_purchase_at AS DATE) AS recency_days,
    orders AS frequency,
    revenue AS monetary
  FROM users
  WHERE orders > 0
),

tiled AS (
  SELECT
    *,
    rfm_score(recency_days, frequency, monetary, 5, $rfm_ties) OVER (ORDER BY user_id) AS tiles
  FROM measured
),

scored AS (
  SELECT
    tiled.user_id,
    tiled.recency_days,
    tiled.frequency,
    tiled.monetary,
    CASE $rfm_scoring WHEN 'tiles' THEN tiled.tiles['r'] ELSE CAST(r.score AS INT) END AS recency_score,
    CASE $rfm_scoring WHEN 'tiles' THEN tiled.tiles['f'] ELSE CAST(f.score AS INT) END AS frequency_score,
    CASE $rfm_scoring WHEN 'tiles' THEN tiled.tiles['m'] ELSE CAST(m.score AS INT) END AS monetary_score
  FROM tiled
  LEFT JOIN thresholds AS r
    ON r.measure = 'recency'
    AND (r.from_value IS NULL OR tiled.recency_days >= r.from_value)
    AND (r.below_value IS NULL OR tiled.recency_days < r.below_value)
  LEFT JOIN thresholds AS f
    ON f.measure = 'frequency'
    AND (f.from_value IS NULL OR tiled.frequency >= f.from_value)
    AND (f.below_value IS NULL OR tiled.frequency < f.below_value)
  LEFT JOIN thresholds AS m
    ON m.measure = 'monetary'
    AND (m.from_value IS NULL OR tiled.monetary >= m.from_value)
    AND (m.below_value IS NULL OR tiled.monetary < m.below_value)
),

final AS (
  SELECT
    scored.user_id,
    scored.recency_days,
    scored.frequency,
    scored.monetary,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    100 * scored.recency_score + 10 * scored.frequency_score + scored.monetary_score AS rfm_score,
    segments.segment,
    segments.action
  FROM scored
  LEFT JOIN segments
    ON segments.recency_score = scored.recency_score
    AND segments.frequency_score = scored.frequency_score
    AND segments.monetary_score = scored.monetary_score
)

SELECT * FROM final
