-- What is sold, one row a product. Sources often list a product once for every line that sold it, and not always
-- alike: the row that occurs most often counts, one with a name before one without.
--
-- grain: one row a product
-- key: [product_id]
-- materialized: view
-- tags: [staging, products]
-- columns:
--   - name: product_id
--     description: identifies the product
--     tests: [not_null, unique]
--   - name: name
--     description: what people call it; NULL when it has no name
--   - name: category
--     description: what kind of thing it is, lower case, of nested categories a dotted path; NULL when unknown
--   - name: brand
--     description: who makes it, lower case; NULL when unknown
--   - name: price
--     description: money asked for one; NULL when unknown
--   - name: cost
--     description: money paid for one; NULL when unknown
-- tests:
--   - row_count: {of: source.products, at: at_most}
WITH products AS (
  SELECT * FROM source.products
),

cleaned AS (
  SELECT
    product_id,
    NULLIF(TRIM(CAST(name AS VARCHAR)), '') AS name,
    NULLIF(LOWER(TRIM(CAST(category AS VARCHAR))), '') AS category,
    NULLIF(LOWER(TRIM(CAST(brand AS VARCHAR))), '') AS brand,
    CAST(price AS DECIMAL(18, 4)) AS price,
    CAST(cost AS DECIMAL(18, 4)) AS cost
  FROM products
  WHERE product_id IS NOT NULL
),

counted AS (
  SELECT product_id, name, category, brand, price, cost, COUNT(*) AS occurrences
  FROM cleaned
  GROUP BY product_id, name, category, brand, price, cost
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY product_id
      ORDER BY
        name IS NULL, occurrences DESC, name, category NULLS LAST, brand NULLS LAST, price NULLS LAST, cost NULLS LAST
    ) AS place
  FROM counted
),

final AS (
  SELECT product_id, name, category, brand, price, cost
  FROM placed
  WHERE place = 1
)

SELECT * FROM final
