-- Products as most of their rows have them.
--
-- model: stg_products
WITH rows AS (
  SELECT
    product_id, nullif(trim(name), '') AS name, nullif(lower(trim(category)), '') AS category,
    nullif(lower(trim(brand)), '') AS brand, price, cost
  FROM products
  WHERE product_id IS NOT NULL
)

SELECT DISTINCT ON (product_id) * EXCLUDE (occurrences)
FROM (SELECT *, count(*) AS occurrences FROM rows GROUP BY ALL)
ORDER BY
  product_id, name IS NULL, occurrences DESC, name, category NULLS LAST, brand NULLS LAST, price NULLS LAST,
  cost NULLS LAST
