-- No customer is offered a product that they have bought, and offers are numbered without gaps, up to as many as the
-- variable offers says.
--
-- tags: [orders, products]
WITH items AS (
  SELECT * FROM int_basket_items
  WHERE $as_of IS NULL OR ordered_at IS NULL OR ordered_at <= $as_of
),

bought_already AS (
  SELECT 'bought already' AS what, CAST(offers.offered_product_id AS VARCHAR) AS which
  FROM mart_cross_sell AS offers
  INNER JOIN items
    ON items.customer_id = offers.customer_id AND items.product_id = offers.offered_product_id
),

customer_places AS (
  SELECT customer_id, COUNT(*) AS offers, MIN(place) AS first_place, MAX(place) AS last_place
  FROM mart_cross_sell
  WHERE offered_to = 'customer'
  GROUP BY customer_id
),

misnumbered AS (
  SELECT 'misnumbered' AS what, CAST(customer_id AS VARCHAR) AS which
  FROM customer_places
  WHERE first_place <> 1 OR last_place <> offers OR offers > $offers
)

SELECT * FROM bought_already
UNION ALL
SELECT * FROM misnumbered
