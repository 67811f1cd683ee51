-- The events of the shop, with what they are as flags and what they brought. The one table that all else about events
-- is made of, kept a day a partition: days with late or corrected events are written anew.
--
-- With contradictory_brands set to drop, a product's first second brand takes its events out of days long past: then
-- this model is a function of its day no more, and has to be built in full.
--
-- grain: one row a time, type, product, user and session
-- key: [event_time, event_type, product_id, user_id, user_session]
-- materialized: incremental
-- strategy: partitions
-- partition_by: event_date
-- cluster_by: [user_id]
-- tags: [events]
-- columns:
--   - name: event_time
--     description: when it happened
--     tests: [not_null]
--   - name: event_date
--     description: the day of event_time
--     tests: [not_null]
--   - name: event_type
--     description: what happened, lower case
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
--   - name: is_view
--     description: whether a product was viewed
--     tests: [not_null]
--   - name: is_cart
--     description: whether a product was put into the cart
--     tests: [not_null]
--   - name: is_checkout
--     description: whether it is a step of the checkout
--     tests: [not_null]
--   - name: is_purchase
--     description: whether a product was bought
--     tests: [not_null]
--   - name: is_page_view
--     description: whether a page was seen, a product's or another; all but carts, removals, checkouts and purchases
--     tests: [not_null]
--   - name: revenue
--     description: price of what was bought, money; 0 for all that is no purchase, and for purchases without a price
--     tests: [not_null]
-- tests:
--   - unique: {columns: [event_time, event_type, product_id, user_id, user_session]}
--   - row_count: {of: stg_events, at: equal}
--   - anomaly: {by: event_date, same_weekday: true, severity: warn}
WITH events AS (
  SELECT * FROM stg_events
),

final AS (
  SELECT
    event_time,
    event_date,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session,
    event_type = 'view' AS is_view,
    event_type = 'cart' AS is_cart,
    event_type = 'checkout' AS is_checkout,
    event_type = 'purchase' AS is_purchase,
    event_type NOT IN ('cart', 'remove_from_cart', 'checkout', 'purchase') AS is_page_view,
    CASE WHEN event_type = 'purchase' THEN COALESCE(price, 0) ELSE 0 END AS revenue
  FROM events
)

SELECT * FROM final
