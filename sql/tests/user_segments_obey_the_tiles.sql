-- Champions, Loyal Customers and Recent Customers together are those with the two best scores of recency. With ties
-- kept together a buyer of n, of whom w are strictly worse, has the score floor(5 w / n) + 1, so they are those of whom
-- at least three fifths are worse; dealt out evenly they are two fifths of all, to within a buyer for each tile. Holds
-- for the rules as they are shipped.
--
-- tags: [events, rfm]
WITH buyers AS (
  SELECT
    segment,
    recency_score,
    COUNT(*) OVER () AS n,
    RANK() OVER (ORDER BY recency_days DESC) - 1 AS worse
  FROM dim_user_rfm
),

shares AS (
  SELECT
    COUNT(*) FILTER (WHERE segment IN ('Champions', 'Loyal Customers', 'Recent Customers')) AS best_segments,
    COUNT(*) FILTER (WHERE recency_score >= 4) AS best_scores,
    COUNT(*) FILTER (WHERE worse * 5 >= n * 3) AS best_fifths,
    COUNT(*) AS buyers
  FROM buyers
)

SELECT *
FROM shares
WHERE best_segments <> best_scores
  OR ($rfm_scoring = 'tiles' AND $rfm_ties = 'together' AND best_scores <> best_fifths)
  OR ($rfm_scoring = 'tiles' AND $rfm_ties = 'split' AND ABS(best_scores * 5 - buyers * 2) > 10)
