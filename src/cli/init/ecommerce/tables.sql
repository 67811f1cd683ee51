-- What the shop's other systems know of the events: who registered, what was ordered and how it was paid.

-- What a session bought is an order, and the products of it are its lines.
CREATE VIEW bought AS
SELECT
  user_session,
  user_id AS customer_id,
  min(event_time) AS ordered_at,
  sum(price) AS amount,
  CAST(row_number() OVER (ORDER BY min(event_time), user_session) AS BIGINT) AS order_id
FROM events
WHERE event_type = 'purchase'
GROUP BY user_session, user_id;

COPY (
  SELECT
    user_id AS customer_id,
    concat('customer', user_id, '@example.com') AS email,
    concat('+49 30 ', 100000 + user_id % 900000) AS phone,
    ['DE', 'FR', 'NL', 'PL', 'IT', 'ES'][1 + user_id % 6] AS country,
    min(event_time) AS registered_at
  FROM events
  GROUP BY user_id
  ORDER BY user_id
) TO '$DATA/customers.csv' STORED AS CSV;

COPY (
  SELECT
    product_id,
    concat('Product ', product_id) AS name,
    max(category_code) AS category,
    max(brand) AS brand,
    max(price) AS price,
    CAST(max(price) * 0.6 AS DECIMAL(10, 2)) AS cost
  FROM events
  GROUP BY product_id
  ORDER BY product_id
) TO '$DATA/products.csv' STORED AS CSV;

COPY (
  SELECT
    order_id,
    customer_id,
    ordered_at,
    CASE WHEN order_id % 40 = 7 THEN 'cancelled' WHEN order_id % 97 = 3 THEN 'returned' ELSE 'delivered' END AS status,
    amount
  FROM bought
  ORDER BY order_id
) TO '$DATA/orders.csv' STORED AS CSV;

COPY (
  SELECT
    bought.order_id,
    events.product_id,
    count(*) AS quantity,
    min(events.price) AS unit_price,
    0.00 AS discount
  FROM events
  JOIN bought ON bought.user_session = events.user_session AND bought.customer_id = events.user_id
  WHERE events.event_type = 'purchase'
  GROUP BY bought.order_id, events.product_id
  ORDER BY bought.order_id, events.product_id
) TO '$DATA/order_items.csv' STORED AS CSV;

COPY (
  SELECT
    order_id AS payment_id,
    order_id,
    ['credit_card', 'paypal', 'invoice'][1 + order_id % 3] AS method,
    amount,
    CASE WHEN order_id % 40 = 7 THEN 'refunded' ELSE 'paid' END AS status,
    ordered_at AS paid_at
  FROM bought
  ORDER BY order_id
) TO '$DATA/payments.csv' STORED AS CSV;
