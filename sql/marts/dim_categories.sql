-- The categories, with their dotted paths cut into levels. A shop may use an identifier for another category later, so
-- each has a row for every period in which it meant the same. On a day it means what most of its events say (of paths
-- as frequent, the first in the alphabet); days on which no event names a path say nothing, and an identifier that
-- never has one has a single row.
--
-- grain: one row a category identifier and period
-- key: [category_id, valid_from]
-- materialized: table
-- tags: [events, products]
-- columns:
--   - name: category_id
--     description: identifies the category
--     tests: [not_null]
--   - name: category_code
--     description: its dotted path in the period, lower case; NULL when no event ever names one
--   - name: level_1
--     description: first level of the path, the most general
--   - name: level_2
--     description: second level; NULL when the path has fewer
--   - name: level_3
--     description: third level; NULL when the path has fewer
--   - name: level_4
--     description: fourth level, and all below it; NULL when the path has fewer
--   - name: levels
--     description: levels of the path, 0 without one
--     tests: [not_null, non_negative]
--   - name: valid_from
--     description: first day of the period
--     tests: [not_null]
--   - name: valid_to
--     description: first day of the next period, which is no more in this one; NULL for the current one
--   - name: is_current
--     description: whether it is the current one
--     tests: [not_null]
-- tests:
--   - unique: {columns: [category_id, valid_from]}
WITH days AS (
  SELECT * FROM int_product_days
  WHERE category_id IS NOT NULL
),

code_days AS (
  SELECT category_id, event_date, category_code, SUM(events) AS events
  FROM days
  WHERE category_code IS NOT NULL
  GROUP BY category_id, event_date, category_code
),

places AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY category_id, event_date ORDER BY events DESC, category_code) AS place
  FROM code_days
),

meanings AS (
  SELECT
    category_id,
    event_date,
    category_code,
    LAG(category_code) OVER (PARTITION BY category_id ORDER BY event_date) AS previous_code
  FROM places
  WHERE place = 1
),

-- A period begins where the meaning is another than on the last day that had one.
named AS (
  SELECT category_id, category_code, event_date AS valid_from
  FROM meanings
  WHERE previous_code IS NULL OR previous_code <> category_code
),

unnamed AS (
  SELECT category_id, CAST(NULL AS VARCHAR) AS category_code, MIN(event_date) AS valid_from
  FROM days
  GROUP BY category_id
  HAVING COUNT(category_code) = 0
),

periods AS (
  SELECT category_id, category_code, valid_from FROM named
  UNION ALL
  SELECT category_id, category_code, valid_from FROM unnamed
),

dated AS (
  SELECT
    *,
    LEAD(valid_from) OVER (PARTITION BY category_id ORDER BY valid_from) AS valid_to,
    STRING_TO_ARRAY(category_code, '.') AS path
  FROM periods
),

final AS (
  SELECT
    category_id,
    category_code,
    path[1] AS level_1,
    path[2] AS level_2,
    path[3] AS level_3,
    NULLIF(ARRAY_TO_STRING(ARRAY_SLICE(path, 4, 1000), '.'), '') AS level_4,
    COALESCE(CARDINALITY(path), 0) AS levels,
    valid_from,
    valid_to,
    valid_to IS NULL AS is_current
  FROM dated
)

SELECT * FROM final
