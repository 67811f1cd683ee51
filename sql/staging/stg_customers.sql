-- Who registered, one row a customer. Of several rows of one customer the one that occurs most often counts; of those
-- that occur as often, the one that registered last.
--
-- grain: one row a customer
-- key: [customer_id]
-- materialized: view
-- tags: [staging, customers]
-- columns:
--   - name: customer_id
--     description: identifies the customer
--     tests: [not_null, unique]
--   - name: email
--     description: address for mail, lower case; NULL when unknown
--   - name: phone
--     description: number to call, as it was written; NULL when unknown
--   - name: country
--     description: where the customer lives, as it was written; NULL when unknown
--   - name: registered_at
--     description: when the customer registered; NULL when unknown
-- tests:
--   - row_count: {of: source.customers, at: at_most}
WITH customers AS (
  SELECT * FROM source.customers
),

cleaned AS (
  SELECT
    customer_id,
    NULLIF(LOWER(TRIM(CAST(email AS VARCHAR))), '') AS email,
    NULLIF(TRIM(CAST(phone AS VARCHAR)), '') AS phone,
    NULLIF(TRIM(CAST(country AS VARCHAR)), '') AS country,
    CAST(registered_at AS TIMESTAMP) AS registered_at
  FROM customers
  WHERE customer_id IS NOT NULL
),

counted AS (
  SELECT customer_id, email, phone, country, registered_at, COUNT(*) AS occurrences
  FROM cleaned
  GROUP BY customer_id, email, phone, country, registered_at
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY customer_id
      ORDER BY
        occurrences DESC, registered_at DESC NULLS LAST, email NULLS LAST, phone NULLS LAST, country NULLS LAST
    ) AS place
  FROM counted
),

final AS (
  SELECT customer_id, email, phone, country, registered_at
  FROM placed
  WHERE place = 1
)

SELECT * FROM final
