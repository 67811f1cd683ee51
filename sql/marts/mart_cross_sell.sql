-- What to offer next: with each product those that are most often bought along with it, and to each customer those that
-- go best with what they have bought, and that they have not. Offers stand on the pairs of mart_product_affinity; the
-- better one is that of the greater confidence, then of the greater lift, then the one with the lesser identifier.
--
-- grain: one row an offer
-- key: [offered_to, customer_id, product_id, offered_product_id]
-- materialized: table
-- tags: [orders, products, customers]
-- columns:
--   - name: offered_to
--     description: product, to whoever buys it, or customer
--     tests: [not_null, {accepted_values: {values: [product, customer]}}]
--   - name: customer_id
--     description: the customer; NULL for offers with a product
--   - name: product_id
--     description: what the offer goes with; to a customer, the product they have bought that tells most for it
--     tests: [not_null]
--   - name: offered_product_id
--     description: what to offer
--     tests: [not_null]
--   - name: place
--     description: place among the offers with the product or to the customer, from 1, the best
--     tests: [not_null, {range: {min: 1}}]
--   - name: confidence
--     description: fraction of the baskets with product_id that hold the offered product too
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: lift
--     description: how many times as often as by chance they are bought together
--     tests: [not_null, non_negative]
-- tests:
--   - unique: {columns: [offered_to, customer_id, product_id, offered_product_id]}
--   - expression: {sql: product_id <> offered_product_id}
WITH pairs AS (
  SELECT * FROM mart_product_affinity
),

lines AS (
  SELECT * FROM int_basket_items
  WHERE $as_of IS NULL OR ordered_at IS NULL OR ordered_at <= $as_of
),

rules AS (
  SELECT product_a AS product_id, product_b AS offered_product_id, confidence_ab AS confidence, lift FROM pairs
  UNION ALL
  SELECT product_b AS product_id, product_a AS offered_product_id, confidence_ba AS confidence, lift FROM pairs
),

product_offers AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY confidence DESC, lift DESC, offered_product_id) AS place
  FROM rules
),

bought AS (
  SELECT customer_id, product_id
  FROM lines
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id, product_id
),

-- Of several products that tell for the same offer, the one that tells most.
reasons AS (
  SELECT
    bought.customer_id,
    rules.product_id,
    rules.offered_product_id,
    rules.confidence,
    rules.lift,
    ROW_NUMBER() OVER (
      PARTITION BY bought.customer_id, rules.offered_product_id
      ORDER BY rules.confidence DESC, rules.lift DESC, rules.product_id
    ) AS reason
  FROM bought
  INNER JOIN rules ON rules.product_id = bought.product_id
),

customer_offers AS (
  SELECT
    reasons.customer_id,
    reasons.product_id,
    reasons.offered_product_id,
    reasons.confidence,
    reasons.lift,
    ROW_NUMBER() OVER (
      PARTITION BY reasons.customer_id
      ORDER BY reasons.confidence DESC, reasons.lift DESC, reasons.offered_product_id
    ) AS place
  FROM reasons
  LEFT JOIN bought
    ON bought.customer_id = reasons.customer_id AND bought.product_id = reasons.offered_product_id
  WHERE reasons.reason = 1 AND bought.product_id IS NULL
),

final AS (
  SELECT
    'customer' AS offered_to,
    customer_id,
    product_id,
    offered_product_id,
    CAST(place AS BIGINT) AS place,
    confidence,
    lift
  FROM customer_offers
  WHERE place <= $offers
  UNION ALL
  SELECT
    'product' AS offered_to,
    NULL AS customer_id,
    product_id,
    offered_product_id,
    CAST(place AS BIGINT) AS place,
    confidence,
    lift
  FROM product_offers
  WHERE place <= $offers
)

SELECT * FROM final
