-- Pairs of products that are bought together more often than by chance: at least affinity_min_support of all baskets
-- hold both, at least affinity_min_confidence of those with one of them hold the other too, and that is at least
-- affinity_min_lift times as often as if they had nothing to do with one another. No product is its own pair, and no
-- pair is here twice.
--
-- grain: one row a pair of products
-- key: [product_a, product_b]
-- materialized: table
-- tags: [orders, products]
-- columns:
--   - name: product_a
--     description: the product with the lesser identifier
--     tests: [not_null]
--   - name: product_b
--     description: the product with the greater identifier
--     tests: [not_null]
--   - name: baskets_a
--     description: baskets with the first
--     tests: [not_null, {range: {min: 1}}]
--   - name: baskets_b
--     description: baskets with the second
--     tests: [not_null, {range: {min: 1}}]
--   - name: baskets_both
--     description: baskets with both
--     tests: [not_null, {range: {min: 1}}]
--   - name: baskets
--     description: all baskets
--     tests: [not_null, {range: {min: 1}}]
--   - name: support
--     description: fraction of all baskets that hold both
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: confidence_ab
--     description: fraction of the baskets with the first that hold the second too
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: confidence_ba
--     description: fraction of the baskets with the second that hold the first too
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: lift
--     description: how many times as often as by chance they are bought together
--     tests: [not_null, non_negative]
-- tests:
--   - unique: {columns: [product_a, product_b]}
--   - expression: {sql: product_a < product_b}
WITH lines AS (
  SELECT order_id, product_id FROM int_basket_items
  WHERE $as_of IS NULL OR ordered_at IS NULL OR ordered_at <= $as_of
),

rules AS (
  SELECT *
  FROM basket_rules(
    lines,
    basket => order_id,
    item => product_id,
    min_support => $affinity_min_support,
    min_lift => $affinity_min_lift
  )
),

-- Every pair is two rules, one each way, which tell the same.
pairs AS (
  SELECT
    antecedent AS product_a,
    consequent AS product_b,
    baskets_antecedent AS baskets_a,
    baskets_consequent AS baskets_b,
    baskets_both,
    baskets,
    support,
    confidence AS confidence_ab,
    CAST(baskets_both AS DOUBLE) / baskets_consequent AS confidence_ba,
    lift
  FROM rules
  WHERE antecedent < consequent
),

final AS (
  SELECT *
  FROM pairs
  WHERE confidence_ab >= $affinity_min_confidence OR confidence_ba >= $affinity_min_confidence
)

SELECT * FROM final
