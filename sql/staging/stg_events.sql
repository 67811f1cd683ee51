-- What people did in the shop: named, typed and cleaned, each event once. Rows without a time, a type, a user or a
-- session are left out, and so are views, carts, removals and purchases without a product; other events, such as the
-- view of a page or a checkout, need none. Types, brands and category codes are in lower case, empty ones are NULL. Of
-- repeated rows that differ in their price, category or brand, the least of each counts.
--
-- A product's brands contradict one another when its events name more than one. Such products are marked, and left out
-- altogether when the variable contradictory_brands says drop. The mark looks at all events there are, so whoever asks
-- for it has them sorted by product; dim_products has the same mark for less.
--
-- grain: one row a time, type, product, user and session
-- key: [event_time, event_type, product_id, user_id, user_session]
-- materialized: view
-- tags: [staging, events]
-- columns:
--   - name: event_time
--     description: when it happened
--     tests: [not_null]
--   - name: event_date
--     description: the day of event_time
--     tests: [not_null]
--   - name: event_type
--     description: what happened, lower case; the models know view, cart, remove_from_cart, checkout and purchase
--     tests: [not_null]
--   - name: product_id
--     description: what it happened to; NULL for events that concern no product
--   - name: category_id
--     description: identifies the product's category; NULL when unknown
--   - name: category_code
--     description: the category's dotted path, lower case; NULL when unknown
--   - name: brand
--     description: who makes the product, lower case; NULL when unknown
--   - name: price
--     description: price of the product then, money; NULL when unknown
--   - name: user_id
--     description: who did it
--     tests: [not_null]
--   - name: user_session
--     description: the visit, by the identifier that the shop gave it
--     tests: [not_null]
--   - name: has_contradictory_brands
--     description: whether the product's events name more than one brand
--     tests: [not_null]
-- tests:
--   - unique: {columns: [event_time, event_type, product_id, user_id, user_session]}
--   - row_count: {of: source.events, at: at_most}
WITH events AS (
  SELECT * FROM source.events
),

cleaned AS (
  SELECT
    event_time,
    LOWER(TRIM(CAST(event_type AS VARCHAR))) AS event_type,
    product_id,
    category_id,
    NULLIF(LOWER(TRIM(CAST(category_code AS VARCHAR))), '') AS category_code,
    NULLIF(LOWER(TRIM(CAST(brand AS VARCHAR))), '') AS brand,
    CAST(price AS DECIMAL(18, 2)) AS price,
    user_id,
    user_session
  FROM events
  WHERE event_time IS NOT NULL
    AND TRIM(CAST(event_type AS VARCHAR)) <> ''
    AND user_id IS NOT NULL
    AND CAST(user_session AS VARCHAR) <> ''
),

complete AS (
  SELECT * FROM cleaned
  WHERE product_id IS NOT NULL OR event_type NOT IN ('view', 'cart', 'remove_from_cart', 'purchase')
),

contradictory AS (
  SELECT product_id
  FROM complete
  GROUP BY product_id
  HAVING MIN(brand) <> MAX(brand)
),

kept AS (
  SELECT * FROM complete
  WHERE $contradictory_brands <> 'drop'
    OR NOT EXISTS (SELECT 1 FROM contradictory WHERE contradictory.product_id = complete.product_id)
),

deduplicated AS (
  SELECT
    event_time,
    event_type,
    product_id,
    MIN(category_id) AS category_id,
    MIN(category_code) AS category_code,
    MIN(brand) AS brand,
    MIN(price) AS price,
    user_id,
    user_session
  FROM kept
  GROUP BY event_time, event_type, product_id, user_id, user_session
),

final AS (
  SELECT
    event_time,
    CAST(event_time AS DATE) AS event_date,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session,
    product_id IS NOT NULL AND COALESCE(
      MIN(brand) OVER (PARTITION BY product_id) <> MAX(brand) OVER (PARTITION BY product_id), FALSE
    ) AS has_contradictory_brands
  FROM deduplicated
)

SELECT * FROM final
