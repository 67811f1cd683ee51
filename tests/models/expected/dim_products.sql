-- Products under their most frequent brand and category.
--
-- model: dim_products
-- reads: [stg_events]
-- variables: {contradictory_brands: flag}
WITH brand_places AS (
  SELECT product_id, brand, row_number() OVER (PARTITION BY product_id ORDER BY count(*) DESC, brand) AS place
  FROM stg_events
  WHERE product_id IS NOT NULL AND brand IS NOT NULL
  GROUP BY product_id, brand
),
category_places AS (
  SELECT
    product_id,
    category_id,
    row_number() OVER (PARTITION BY product_id ORDER BY count(*) DESC, category_id) AS place
  FROM stg_events
  WHERE product_id IS NOT NULL AND category_id IS NOT NULL
  GROUP BY product_id, category_id
),
code_places AS (
  SELECT
    product_id,
    category_id,
    category_code,
    row_number() OVER (PARTITION BY product_id, category_id ORDER BY count(*) DESC, category_code) AS place
  FROM stg_events
  WHERE product_id IS NOT NULL AND category_code IS NOT NULL
  GROUP BY product_id, category_id, category_code
)
SELECT
  stg_events.product_id,
  any_value(brand_places.brand) AS brand,
  count(DISTINCT stg_events.brand) AS brands,
  count(DISTINCT stg_events.brand) > 1 AS has_contradictory_brands,
  any_value(category_places.category_id) AS category_id,
  any_value(code_places.category_code) AS category_code,
  min(event_time) AS first_event_at,
  max(event_time) AS last_event_at,
  count(*) AS events,
  count(*) FILTER (WHERE event_type = 'view') AS views,
  count(*) FILTER (WHERE event_type = 'cart') AS carts,
  count(*) FILTER (WHERE event_type = 'purchase') AS purchases,
  coalesce(sum(price) FILTER (WHERE event_type = 'purchase'), 0) AS revenue,
  min(price) AS lowest_price,
  max(price) AS highest_price
FROM stg_events
LEFT JOIN brand_places ON brand_places.product_id = stg_events.product_id AND brand_places.place = 1
LEFT JOIN category_places ON category_places.product_id = stg_events.product_id AND category_places.place = 1
LEFT JOIN code_places
  ON code_places.product_id = stg_events.product_id
  AND code_places.category_id = category_places.category_id
  AND code_places.place = 1
WHERE stg_events.product_id IS NOT NULL
GROUP BY stg_events.product_id
