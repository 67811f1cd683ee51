-- What category identifiers meant, and when.
--
-- model: dim_categories
-- reads: [stg_events]
-- variables: {contradictory_brands: flag}
WITH daily AS (
  SELECT category_id, event_date, category_code, count(*) AS events
  FROM stg_events
  WHERE category_id IS NOT NULL AND category_code IS NOT NULL
  GROUP BY ALL
),
meant AS (
  SELECT category_id, event_date, first(category_code ORDER BY events DESC, category_code) AS category_code
  FROM daily
  GROUP BY category_id, event_date
),
runs AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY category_id ORDER BY event_date)
      - row_number() OVER (PARTITION BY category_id, category_code ORDER BY event_date) AS run
  FROM meant
),
periods AS (
  SELECT category_id, category_code, min(event_date) AS valid_from
  FROM runs
  GROUP BY category_id, category_code, run
  UNION ALL
  SELECT category_id, NULL, min(event_date)
  FROM stg_events
  WHERE category_id IS NOT NULL AND category_id NOT IN (SELECT category_id FROM meant)
  GROUP BY category_id
)
SELECT
  category_id,
  category_code,
  string_split(category_code, '.')[1] AS level_1,
  string_split(category_code, '.')[2] AS level_2,
  string_split(category_code, '.')[3] AS level_3,
  CASE WHEN len(string_split(category_code, '.')) >= 4
    THEN array_to_string(string_split(category_code, '.')[4:], '.') END AS level_4,
  coalesce(len(string_split(category_code, '.')), 0) AS levels,
  valid_from,
  lead(valid_from) OVER (PARTITION BY category_id ORDER BY valid_from) AS valid_to,
  valid_from = max(valid_from) OVER (PARTITION BY category_id) AS is_current
FROM periods
