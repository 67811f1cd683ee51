-- Customers as most of their rows have them.
--
-- model: stg_customers
WITH rows AS (
  SELECT
    customer_id, nullif(lower(trim(email)), '') AS email, nullif(trim(phone), '') AS phone,
    nullif(trim(country), '') AS country, registered_at
  FROM customers
  WHERE customer_id IS NOT NULL
)

SELECT DISTINCT ON (customer_id) * EXCLUDE (occurrences)
FROM (SELECT *, count(*) AS occurrences FROM rows GROUP BY ALL)
ORDER BY
  customer_id, occurrences DESC, registered_at DESC NULLS LAST, email NULLS LAST, phone NULLS LAST, country NULLS LAST
