-- All that is known of each customer.
--
-- model: mart_customer_360
-- reads: [stg_orders, stg_customers, stg_order_items, stg_products, int_order_payments, int_orders,
--   int_customer_rfm, mart_customer_segmentation]
-- obeys: [as_of]
WITH moment AS (
  SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) AS as_of FROM stg_orders
),

orders AS (
  SELECT int_orders.* FROM int_orders, moment WHERE customer_id IS NOT NULL AND ordered_at <= as_of
),

everybody AS (
  SELECT customer_id FROM int_orders WHERE customer_id IN (SELECT customer_id FROM orders)
  UNION
  SELECT customer_id FROM stg_customers
),

ordered AS (
  SELECT
    customer_id,
    count(*) AS orders,
    count_if(order_status = 'Completed') AS completed_orders,
    count_if(order_status = 'Cancelled') AS cancelled_orders,
    count_if(order_status = 'In Transit') AS in_transit_orders,
    count_if(order_status = 'Other') AS other_orders,
    sum(if(order_status = 'Completed', amount, 0)) AS spend,
    min(ordered_at) AS first_ordered_at,
    max(ordered_at) AS last_ordered_at
  FROM orders
  GROUP BY customer_id
),

bought AS (
  SELECT customer_id, order_id, product_id, quantity
  FROM orders
  JOIN stg_order_items USING (order_id)
  WHERE is_completed
),

liked AS (
  SELECT customer_id, product_id, count(DISTINCT order_id) AS n, sum(quantity) AS q
  FROM bought
  GROUP BY ALL
),

likes AS (
  SELECT
    customer_id, count(*) AS products, first(product_id ORDER BY n DESC, q DESC, product_id) AS favourite_product_id
  FROM liked
  GROUP BY customer_id
),

kinds AS (
  SELECT customer_id, first(category ORDER BY n DESC, q DESC, category) AS favourite_category
  FROM (
    SELECT customer_id, category, count(DISTINCT order_id) AS n, sum(quantity) AS q
    FROM bought
    JOIN stg_products USING (product_id)
    WHERE category IS NOT NULL
    GROUP BY ALL
  )
  GROUP BY customer_id
),

paid AS (
  SELECT customer_id, sum(payments) AS payments, sum(failed_payments) AS failed_payments, sum(paid) AS paid
  FROM orders
  JOIN int_order_payments USING (order_id)
  GROUP BY customer_id
),

methods AS (
  SELECT customer_id, first(main_method ORDER BY n DESC, p DESC NULLS LAST, main_method) AS main_payment_method
  FROM (
    SELECT customer_id, main_method, count(*) AS n, sum(paid) AS p
    FROM orders
    JOIN int_order_payments USING (order_id)
    WHERE main_method IS NOT NULL
    GROUP BY ALL
  )
  GROUP BY customer_id
)

SELECT
  customer_id,
  c.email,
  c.phone,
  c.country,
  c.registered_at,
  customer_id IN (SELECT customer_id FROM stg_customers) AS is_registered,
  ifnull(o.orders, 0) AS orders,
  ifnull(o.completed_orders, 0) AS completed_orders,
  ifnull(o.cancelled_orders, 0) AS cancelled_orders,
  ifnull(o.in_transit_orders, 0) AS in_transit_orders,
  ifnull(o.other_orders, 0) AS other_orders,
  o.cancelled_orders / o.orders AS cancellation_rate,
  ifnull(o.spend, 0) AS spend,
  if(o.completed_orders > 0, o.spend::DOUBLE / o.completed_orders, NULL) AS average_order_value,
  o.first_ordered_at,
  o.last_ordered_at,
  as_of::DATE - o.last_ordered_at::DATE AS days_since_last_order,
  r.recency_score,
  r.frequency_score,
  r.monetary_score,
  r.rfm_score,
  s.churn_status,
  s.behavioral_segment,
  s.combined_segment,
  ifnull(products, 0) AS products,
  favourite_product_id,
  (SELECT any_value(name) FROM stg_products WHERE product_id = favourite_product_id) AS favourite_product,
  favourite_category,
  ifnull(paid.payments, 0) AS payments,
  ifnull(paid.failed_payments, 0) AS failed_payments,
  ifnull(paid.paid, 0) AS paid,
  main_payment_method
FROM everybody
CROSS JOIN moment
LEFT JOIN stg_customers AS c USING (customer_id)
LEFT JOIN ordered AS o USING (customer_id)
LEFT JOIN int_customer_rfm AS r USING (customer_id)
LEFT JOIN mart_customer_segmentation AS s USING (customer_id)
LEFT JOIN likes USING (customer_id)
LEFT JOIN kinds USING (customer_id)
LEFT JOIN paid USING (customer_id)
LEFT JOIN methods USING (customer_id)
