-- A score says how many fifths of the customers are worse. With ties kept together a customer of n, of whom w
-- are strictly worse, has the score floor(5 w / n) + 1; dealt out evenly, no score has more than one customer more
-- than another.
--
-- tags: [orders, customers]
WITH customers AS (
  SELECT
    *,
    COUNT(*) OVER () AS n,
    CAST(RANK() OVER (ORDER BY recency_days DESC) AS BIGINT) - 1 AS worse_recency,
    CAST(RANK() OVER (ORDER BY frequency) AS BIGINT) - 1 AS worse_frequency,
    CAST(RANK() OVER (ORDER BY monetary) AS BIGINT) - 1 AS worse_monetary
  FROM int_customer_rfm
),

wrong AS (
  SELECT 'score of a customer' AS what, CAST(customer_id AS VARCHAR) AS which
  FROM customers
  WHERE
    $rfm_ties = 'together'
    AND (
      recency_score <> worse_recency * 5 / n + 1
      OR frequency_score <> worse_frequency * 5 / n + 1
      OR monetary_score <> worse_monetary * 5 / n + 1
    )
),

tiles AS (
  SELECT 'recency' AS score, COUNT(*) AS customers FROM customers GROUP BY recency_score
  UNION ALL
  SELECT 'frequency' AS score, COUNT(*) AS customers FROM customers GROUP BY frequency_score
  UNION ALL
  SELECT 'monetary' AS score, COUNT(*) AS customers FROM customers GROUP BY monetary_score
),

uneven AS (
  SELECT 'uneven tiles' AS what, score AS which
  FROM tiles
  WHERE $rfm_ties = 'split'
  GROUP BY score
  HAVING MAX(customers) - MIN(customers) > 1
)

SELECT * FROM wrong
UNION ALL
SELECT * FROM uneven
