-- Every customer with a completed order has a segment and a value, and what they spent is the same in both.
--
-- tags: [orders, customers, rfm]
WITH rfm AS (
  SELECT COUNT(*) AS customers, COUNT(segment) AS segmented, COALESCE(SUM(monetary), 0) AS revenue FROM mart_rfm
),

valued AS (
  SELECT COUNT(*) AS customers, COALESCE(SUM(revenue), 0) AS revenue FROM mart_customer_value
)

SELECT rfm.customers, rfm.segmented, rfm.revenue, valued.customers AS valued, valued.revenue AS valued_revenue
FROM rfm
CROSS JOIN valued
WHERE rfm.customers <> rfm.segmented OR rfm.customers <> valued.customers OR rfm.revenue <> valued.revenue
