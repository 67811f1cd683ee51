-- The products that events are about, each under the brand and the category that its events name most often (of
-- several as frequent, the first in the alphabet or by identifier), and what happened to them.
--
-- grain: one row a product
-- key: [product_id]
-- materialized: table
-- tags: [events, products]
-- columns:
--   - name: product_id
--     description: the product
--     tests: [not_null, unique]
--   - name: brand
--     description: the most frequent brand; NULL when no event names one
--   - name: brands
--     description: different brands that its events name
--     tests: [not_null, non_negative]
--   - name: has_contradictory_brands
--     description: whether they are more than one
--     tests: [not_null]
--   - name: category_id
--     description: the most frequent category; NULL when no event names one
--   - name: category_code
--     description: the most frequent dotted path among events of that category; NULL when none names one
--   - name: first_event_at
--     description: when its first event happened
--     tests: [not_null]
--   - name: last_event_at
--     description: when its last event happened
--     tests: [not_null]
--   - name: events
--     description: events
--     tests: [not_null, {range: {min: 1}}]
--   - name: views
--     description: views
--     tests: [not_null, non_negative]
--   - name: carts
--     description: how often it was put into a cart
--     tests: [not_null, non_negative]
--   - name: purchases
--     description: how often it was bought
--     tests: [not_null, non_negative]
--   - name: revenue
--     description: money from its purchases
--     tests: [not_null]
--   - name: lowest_price
--     description: least price, money; NULL when no event names one
--   - name: highest_price
--     description: greatest price, money; NULL when no event names one
WITH days AS (
  SELECT * FROM int_product_days
  WHERE product_id IS NOT NULL
),

products AS (
  SELECT
    product_id,
    MIN(first_event_at) AS first_event_at,
    MAX(last_event_at) AS last_event_at,
    SUM(events) AS events,
    SUM(views) AS views,
    SUM(carts) AS carts,
    SUM(purchases) AS purchases,
    CAST(SUM(revenue) AS DECIMAL(28, 2)) AS revenue,
    MIN(lowest_price) AS lowest_price,
    MAX(highest_price) AS highest_price
  FROM days
  GROUP BY product_id
),

brand_counts AS (
  SELECT product_id, brand, SUM(events) AS events
  FROM days
  WHERE brand IS NOT NULL
  GROUP BY product_id, brand
),

brands AS (
  SELECT
    product_id,
    brand,
    COUNT(*) OVER (PARTITION BY product_id) AS brands,
    ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY events DESC, brand) AS place
  FROM brand_counts
),

code_counts AS (
  SELECT product_id, category_id, category_code, SUM(events) AS events
  FROM days
  WHERE category_id IS NOT NULL
  GROUP BY product_id, category_id, category_code
),

category_counts AS (
  SELECT
    *,
    SUM(events) OVER (PARTITION BY product_id, category_id) AS category_events
  FROM code_counts
),

categories AS (
  SELECT
    product_id,
    category_id,
    category_code,
    ROW_NUMBER() OVER (
      PARTITION BY product_id
      ORDER BY category_events DESC, category_id, category_code IS NULL, events DESC, category_code
    ) AS place
  FROM category_counts
),

final AS (
  SELECT
    products.product_id,
    brands.brand,
    COALESCE(brands.brands, 0) AS brands,
    COALESCE(brands.brands, 0) > 1 AS has_contradictory_brands,
    categories.category_id,
    categories.category_code,
    products.first_event_at,
    products.last_event_at,
    products.events,
    products.views,
    products.carts,
    products.purchases,
    products.revenue,
    products.lowest_price,
    products.highest_price
  FROM products
  LEFT JOIN brands ON brands.product_id = products.product_id AND brands.place = 1
  LEFT JOIN categories ON categories.product_id = products.product_id AND categories.place = 1
)

SELECT * FROM final
