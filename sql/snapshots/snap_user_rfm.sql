-- How the scores and the segment of every buyer changed over time.
--
-- grain: one row a buyer and period in which scores and segment stayed the same
-- materialized: snapshot
-- key: [user_id]
-- as_of: events_as_of
-- tags: [events, users, rfm]
-- columns:
--   - name: user_id
--     description: the buyer
--     tests: [not_null]
--   - name: recency_score
--     description: score of recency, 1 to 5, 5 the most recent
--     tests: [{range: {min: 1, max: 5}}]
--   - name: frequency_score
--     description: score of frequency, 1 to 5, 5 the most orders
--     tests: [{range: {min: 1, max: 5}}]
--   - name: monetary_score
--     description: score of money, 1 to 5, 5 the most
--     tests: [{range: {min: 1, max: 5}}]
--   - name: rfm_score
--     description: the three scores as digits, recency first
--     tests: [{range: {min: 111, max: 555}}]
--   - name: segment
--     description: the segment of the map events9
WITH buyers AS (
  SELECT * FROM dim_user_rfm
),

final AS (
  SELECT user_id, recency_score, frequency_score, monetary_score, rfm_score, segment
  FROM buyers
)

SELECT * FROM final
