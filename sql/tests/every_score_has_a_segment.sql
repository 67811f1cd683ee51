-- The rules of each map give a segment to every combination of scores: there are 125.
--
-- tags: [rfm]
WITH counts AS (
  SELECT map, COUNT(*) AS combinations
  FROM int_rfm_segments
  GROUP BY map
)

SELECT * FROM counts
WHERE combinations <> 125
