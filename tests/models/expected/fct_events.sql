-- Events with their flags, and revenue on purchases only.
--
-- model: fct_events
-- reads: [stg_events]
-- variables: {contradictory_brands: flag}
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
  NOT (event_type = 'cart' OR event_type = 'remove_from_cart' OR event_type = 'checkout' OR event_type = 'purchase')
    AS is_page_view,
  CASE WHEN event_type = 'purchase' AND price IS NOT NULL THEN price ELSE 0 END AS revenue
FROM stg_events
