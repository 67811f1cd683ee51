-- Every order of a known customer that the variable cohort_orders makes a purchase is numbered, without a gap: a
-- customer with n purchases has the numbers from 1 to n.
--
-- tags: [orders, cohorts]
WITH purchases AS (
  SELECT
    customer_id,
    COUNT(*) AS purchases
  FROM int_orders
  WHERE
    customer_id IS NOT NULL
    AND CASE $cohort_orders
      WHEN 'completed' THEN is_completed
      WHEN 'not_cancelled' THEN order_status <> 'Cancelled'
      ELSE true
    END
  GROUP BY customer_id
),

numbered AS (
  SELECT
    customer_id,
    COUNT(*) AS purchases,
    MIN(order_number) AS first_number,
    MAX(order_number) AS last_number
  FROM int_customer_orders
  GROUP BY customer_id
)

SELECT
  purchases.customer_id,
  purchases.purchases,
  numbered.purchases AS numbered_purchases,
  numbered.first_number,
  numbered.last_number
FROM purchases
FULL JOIN numbered ON purchases.customer_id = numbered.customer_id
WHERE
  (purchases.purchases IS DISTINCT FROM numbered.purchases)
  OR (numbered.first_number IS DISTINCT FROM 1)
  OR (numbered.last_number IS DISTINCT FROM numbered.purchases)
