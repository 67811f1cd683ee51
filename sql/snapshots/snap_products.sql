-- The history of what products cost, were sold for and were sorted under. A row of a product holds from valid_from
-- until valid_to; a product that is not listed any more has no row that is current. Money is in the shop's currency.
--
-- grain: one row a product and state that it was in
-- key: [product_id]
-- materialized: snapshot
-- as_of: orders_as_of
-- tags: [products]
-- columns:
--   - name: product_id
--     description: the product
--     tests: [not_null]
--   - name: price
--     description: money asked for one; NULL when unknown
--     tests: [non_negative]
--   - name: cost
--     description: money paid for one; NULL when unknown
--     tests: [non_negative]
--   - name: category
--     description: what kind of thing it is; NULL when unknown
WITH products AS (
  SELECT * FROM stg_products
),

final AS (
  SELECT product_id, price, cost, category
  FROM products
)

SELECT * FROM final
