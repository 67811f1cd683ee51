-- Which segment every combination of three scores belongs to, in each map of the seed table rfm_segment_rules: that of
-- the first rule, by its number, of which all bounds hold.
--
-- grain: one row a map and combination of scores
-- key: [map, recency_score, frequency_score, monetary_score]
-- materialized: table
-- tags: [rfm]
-- columns:
--   - name: map
--     description: name of the map of segments
--     tests: [not_null]
--   - name: recency_score
--     description: score of recency, 1 to 5, 5 the most recent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: frequency_score
--     description: score of frequency, 1 to 5, 5 the most frequent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: monetary_score
--     description: score of money, 1 to 5, 5 the most spent
--     tests: [not_null, {range: {min: 1, max: 5}}]
--   - name: segment
--     description: name of the segment
--     tests: [not_null]
--   - name: action
--     description: what to do about its customers
-- tests:
--   - unique: {columns: [map, recency_score, frequency_score, monetary_score]}
WITH rules AS (
  SELECT * FROM rfm_segment_rules
),

scores AS (
  SELECT CAST(score AS INT) AS score FROM (VALUES (1), (2), (3), (4), (5)) AS scores(score)
),

matched AS (
  SELECT
    rules.map,
    r.score AS recency_score,
    f.score AS frequency_score,
    m.score AS monetary_score,
    rules.segment,
    rules.action,
    ROW_NUMBER() OVER (PARTITION BY rules.map, r.score, f.score, m.score ORDER BY rules.rule) AS place
  FROM scores AS r
  CROSS JOIN scores AS f
  CROSS JOIN scores AS m
  CROSS JOIN rules
  WHERE r.score BETWEEN rules.r_min AND rules.r_max
    AND f.score BETWEEN rules.f_min AND rules.f_max
    AND m.score BETWEEN rules.m_min AND rules.m_max
),

final AS (
  SELECT map, recency_score, frequency_score, monetary_score, segment, action
  FROM matched
  WHERE place = 1
)

SELECT * FROM final
