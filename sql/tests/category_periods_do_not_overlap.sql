-- The periods of a category identifier follow one another without gaps, each of another meaning, and one is current.
--
-- tags: [events, products]
WITH periods AS (
  SELECT
    category_id,
    category_code,
    valid_from,
    valid_to,
    is_current,
    LEAD(valid_from) OVER (PARTITION BY category_id ORDER BY valid_from) AS next_from,
    LEAD(category_code) OVER (PARTITION BY category_id ORDER BY valid_from) AS next_code
  FROM dim_categories
)

SELECT * FROM periods
WHERE (valid_to IS DISTINCT FROM next_from)
  OR is_current <> (next_from IS NULL)
  OR valid_to <= valid_from
  OR next_code = category_code
