-- What happened to each product on each day, under each brand and category that its events named: what products,
-- categories and their dimensions are made of, so that a new day's events are read once.
--
-- grain: one row a day, product, category and brand
-- key: [event_date, product_id, category_id, category_code, brand]
-- materialized: incremental
-- strategy: partitions
-- partition_by: event_date
-- tags: [events, products]
-- columns:
--   - name: event_date
--     description: the day
--     tests: [not_null]
--   - name: product_id
--     description: the product; NULL for events that concern none
--   - name: category_id
--     description: the category that the events named; NULL when they named none
--   - name: category_code
--     description: the dotted path of the category that the events named; NULL when they named none
--   - name: brand
--     description: the brand that the events named; NULL when they named none
--   - name: events
--     description: events
--     tests: [not_null, {range: {min: 1}}]
--   - name: views
--     description: views of the product
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
--   - name: first_event_at
--     description: when the first of the events happened
--     tests: [not_null]
--   - name: last_event_at
--     description: when the last of the events happened
--     tests: [not_null]
-- tests:
--   - unique: {columns: [event_date, product_id, category_id, category_code, brand]}
WITH events AS (
  SELECT * FROM fct_events
),

final AS (
  SELECT
    event_date,
    product_id,
    category_id,
    category_code,
    brand,
    COUNT(*) AS events,
    COUNT(*) FILTER (WHERE is_view) AS views,
    COUNT(*) FILTER (WHERE is_cart) AS carts,
    COUNT(*) FILTER (WHERE is_purchase) AS purchases,
    SUM(revenue) AS revenue,
    MIN(price) AS lowest_price,
    MAX(price) AS highest_price,
    MIN(event_time) AS first_event_at,
    MAX(event_time) AS last_event_at
  FROM events
  GROUP BY event_date, product_id, category_id, category_code, brand
)

SELECT * FROM final
