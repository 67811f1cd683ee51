-- No customer outside the list of top customers spent more than one on it, and the list is as long as it may be.
--
-- tags: [orders, customers]
WITH best AS (
  SELECT COUNT(*) AS customers, MIN(revenue) AS least FROM mart_top_customers
),

others AS (
  SELECT COUNT(*) AS customers, MAX(monetary) AS most
  FROM int_customer_rfm
  WHERE customer_id NOT IN (SELECT customer_id FROM mart_top_customers)
)

SELECT best.customers AS top_customers, best.least, others.customers AS other_customers, others.most
FROM best
CROSS JOIN others
WHERE others.most > best.least OR (best.customers < $top_customers AND others.customers > 0)
