-- All that is known of each customer at the moment of reference: who they are, what they ordered and spent, how they
-- pay, what they like and which segment they are in. Those who only registered are here too. What a project has no
-- source for is NULL. Only completed orders count as spending. Money is in the shop's currency, rates are fractions.
--
-- grain: one row a customer who registered or ordered
-- key: [customer_id]
-- materialized: view
-- optional: [stg_customers, stg_order_items, stg_products, int_order_payments]
-- tags: [orders, customers]
-- columns:
--   - name: customer_id
--     description: the customer
--     tests: [not_null, unique]
--   - name: email
--     description: address for mail, lower case
--   - name: phone
--     description: number to call
--   - name: country
--     description: where the customer lives
--   - name: registered_at
--     description: when the customer registered
--   - name: is_registered
--     description: whether the customers of the project include this one
--     tests: [not_null]
--   - name: orders
--     description: orders of any status
--     tests: [not_null, non_negative]
--   - name: completed_orders
--     description: orders that are Completed
--     tests: [not_null, non_negative]
--   - name: cancelled_orders
--     description: orders that are Cancelled
--     tests: [not_null, non_negative]
--   - name: in_transit_orders
--     description: orders that are In Transit
--     tests: [not_null, non_negative]
--   - name: other_orders
--     description: orders of any other status
--     tests: [not_null, non_negative]
--   - name: cancellation_rate
--     description: cancelled_orders as a fraction of orders; NULL without orders
--     tests: [{range: {min: 0, max: 1}}]
--   - name: spend
--     description: money for completed orders
--     tests: [not_null]
--   - name: average_order_value
--     description: spend by completed_orders, money; NULL without one
--   - name: first_ordered_at
--     description: when the first order of any status was made
--   - name: last_ordered_at
--     description: when the last order of any status was made
--   - name: days_since_last_order
--     description: calendar days from that to the moment of reference
--     tests: [non_negative]
--   - name: recency_score
--     description: >-
--       from 1 to 5, the most recent; NULL without a completed order, as are all that follow up to the segment
--     tests: [{range: {min: 1, max: 5}}]
--   - name: frequency_score
--     description: from 1 to 5, the most frequent
--     tests: [{range: {min: 1, max: 5}}]
--   - name: monetary_score
--     description: from 1 to 5, the most money
--     tests: [{range: {min: 1, max: 5}}]
--   - name: rfm_score
--     description: the three as one number of three digits
--     tests: [{range: {min: 111, max: 555}}]
--   - name: churn_status
--     description: Active, At Risk or Churned
--     tests: [{accepted_values: {values: [Active, At Risk, Churned]}}]
--   - name: behavioral_segment
--     description: Loyal High Spender, Loyal Customer, High Spender or Occasional
--   - name: combined_segment
--     description: the two with a dash between
--   - name: products
--     description: different products in completed orders
--     tests: [not_null, non_negative]
--   - name: favourite_product_id
--     description: the product in most completed orders; of several that of most pieces, then the smallest identifier
--   - name: favourite_product
--     description: its name
--   - name: favourite_category
--     description: the category in most completed orders; of several that of most pieces, then the first by name
--   - name: payments
--     description: payments that brought money, for orders of any status
--     tests: [not_null, non_negative]
--   - name: failed_payments
--     description: payments that did not
--     tests: [not_null, non_negative]
--   - name: paid
--     description: money that they brought
--     tests: [not_null]
--   - name: main_payment_method
--     description: >-
--       the method that most orders were mainly paid by; of several that of most money, then the first by name
WITH registered AS (
  SELECT * FROM stg_customers
),

orders AS (
  SELECT * FROM int_orders
  WHERE customer_id IS NOT NULL AND ordered_at <= $orders_as_of
),

items AS (
  SELECT * FROM stg_order_items
),

products AS (
  SELECT * FROM stg_products
),

payments AS (
  SELECT * FROM int_order_payments
),

segments AS (
  SELECT
    segmentation.*,
    scores.recency_score,
    scores.frequency_score,
    scores.monetary_score
  FROM mart_customer_segmentation AS segmentation
  INNER JOIN int_customer_rfm AS scores ON segmentation.customer_id = scores.customer_id
),

customers AS (
  SELECT customer_id FROM orders
  UNION
  SELECT customer_id FROM registered
),

ordered AS (
  SELECT
    customer_id,
    COUNT(*) AS orders,
    COUNT(*) FILTER (WHERE is_completed) AS completed_orders,
    COUNT(*) FILTER (WHERE order_status = 'Cancelled') AS cancelled_orders,
    COUNT(*) FILTER (WHERE order_status = 'In Transit') AS in_transit_orders,
    COUNT(*) FILTER (WHERE order_status = 'Other') AS other_orders,
    exact_sum(amount) FILTER (WHERE is_completed) AS spend,
    MIN(ordered_at) AS first_ordered_at,
    MAX(ordered_at) AS last_ordered_at
  FROM orders
  GROUP BY customer_id
),

bought AS (
  SELECT
    orders.customer_id,
    orders.order_id,
    items.product_id,
    products.name,
    products.category,
    items.quantity
  FROM orders
  INNER JOIN items ON orders.order_id = items.order_id
  LEFT JOIN products ON items.product_id = products.product_id
  WHERE orders.is_completed
),

favourite_products AS (
  SELECT
    customer_id,
    product_id,
    name,
    COUNT(*) OVER (PARTITION BY customer_id) AS products,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY orders DESC, quantity DESC, product_id) AS place
  FROM (
    SELECT customer_id, product_id, name, COUNT(DISTINCT order_id) AS orders, exact_sum(quantity) AS quantity
    FROM bought
    GROUP BY customer_id, product_id, name
  ) AS counted
),

favourite_categories AS (
  SELECT
    customer_id,
    category,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY orders DESC, quantity DESC, category) AS place
  FROM (
    SELECT customer_id, category, COUNT(DISTINCT order_id) AS orders, exact_sum(quantity) AS quantity
    FROM bought
    WHERE category IS NOT NULL
    GROUP BY customer_id, category
  ) AS counted
),

paid_orders AS (
  SELECT
    orders.customer_id,
    payments.main_method,
    COUNT(*) AS orders,
    SUM(payments.payments) AS payments,
    SUM(payments.failed_payments) AS failed_payments,
    exact_sum(payments.paid) AS paid
  FROM orders
  INNER JOIN payments ON orders.order_id = payments.order_id
  GROUP BY orders.customer_id, payments.main_method
),

placed_methods AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY customer_id ORDER BY main_method IS NULL, orders DESC, paid DESC NULLS LAST, main_method
    ) AS place
  FROM paid_orders
),

paid AS (
  SELECT
    customer_id,
    SUM(payments) AS payments,
    SUM(failed_payments) AS failed_payments,
    exact_sum(paid) AS paid,
    MAX(main_method) FILTER (WHERE place = 1) AS main_payment_method
  FROM placed_methods
  GROUP BY customer_id
),

final AS (
  SELECT
    customers.customer_id,
    registered.email,
    registered.phone,
    registered.country,
    registered.registered_at,
    registered.customer_id IS NOT NULL AS is_registered,
    COALESCE(ordered.orders, 0) AS orders,
    COALESCE(ordered.completed_orders, 0) AS completed_orders,
    COALESCE(ordered.cancelled_orders, 0) AS cancelled_orders,
    COALESCE(ordered.in_transit_orders, 0) AS in_transit_orders,
    COALESCE(ordered.other_orders, 0) AS other_orders,
    CAST(ordered.cancelled_orders AS DOUBLE) / ordered.orders AS cancellation_rate,
    CAST(COALESCE(ordered.spend, 0) AS DECIMAL(28, 2)) AS spend,
    CAST(ordered.spend AS DOUBLE) / NULLIF(ordered.completed_orders, 0) AS average_order_value,
    ordered.first_ordered_at,
    ordered.last_ordered_at,
    period_diff('day', ordered.last_ordered_at, $orders_as_of) AS days_since_last_order,
    segments.recency_score,
    segments.frequency_score,
    segments.monetary_score,
    segments.rfm_score,
    segments.churn_status,
    segments.behavioral_segment,
    segments.combined_segment,
    COALESCE(favourite_products.products, 0) AS products,
    favourite_products.product_id AS favourite_product_id,
    favourite_products.name AS favourite_product,
    favourite_categories.category AS favourite_category,
    CAST(COALESCE(paid.payments, 0) AS BIGINT) AS payments,
    CAST(COALESCE(paid.failed_payments, 0) AS BIGINT) AS failed_payments,
    CAST(COALESCE(paid.paid, 0) AS DECIMAL(28, 2)) AS paid,
    paid.main_payment_method
  FROM customers
  LEFT JOIN registered ON customers.customer_id = registered.customer_id
  LEFT JOIN ordered ON customers.customer_id = ordered.customer_id
  LEFT JOIN segments ON customers.customer_id = segments.customer_id
  LEFT JOIN favourite_products
    ON customers.customer_id = favourite_products.customer_id AND favourite_products.place = 1
  LEFT JOIN favourite_categories
    ON customers.customer_id = favourite_categories.customer_id AND favourite_categories.place = 1
  LEFT JOIN paid ON customers.customer_id = paid.customer_id
)

SELECT * FROM final
