-- What category identifiers meant, and when.
--
-- model: dim_categories
-- variables: {contradictory_brands: flag}
WITH shop AS (
  SELECT
    event_time,
    CAST(event_time AS DATE) AS event_date,
    lower(trim(event_type)) AS event_type,
    product_id,
    min(category_id) AS category_id,
    min(CASE WHEN trim(category_code) <> '' THEN lower(trim(category_code)) END) AS category_code,
    min(CASE WHEN trim(brand) <> '' THEN lower(trim(brand)) END) AS brand,
    CAST(min(price) AS DECIMAL(18, 2)) AS price,
    user_id,
    user_session
  FROM events
  WHERE event_time IS NOT NULL AND trim(event_type) <> '' AND user_id IS NOT NULL
    AND user_session IS NOT NULL AND CAST(user_session AS VARCHAR) <> ''
    AND NOT (product_id IS NULL AND lower(trim(event_type)) IN ('view', 'cart', 'remove_from_cart', 'purchase'))
  GROUP BY event_time, lower(trim(event_type)), product_id, user_id, user_session
),
daily AS (
  SELECT category_id, event_date, category_code, count(*) AS events
  FROM shop
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
  FROM shop
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
