-- The customers who spent most, each placed by counting who spent more.
--
-- model: mart_top_customers
-- reads: [int_customer_rfm]
-- obeys: [active_days, high_spend, highly_active_days, medium_spend, top_customers]
WITH total AS (
  SELECT nullif(sum(monetary), 0)::DOUBLE AS total FROM int_customer_rfm
),

placed AS (
  SELECT
    *,
    (
      SELECT count(*)
      FROM int_customer_rfm AS o
      WHERE o.monetary > c.monetary OR (o.monetary = c.monetary AND o.customer_id <= c.customer_id)
    ) AS place
  FROM int_customer_rfm AS c
)

SELECT
  place AS customer_rank,
  customer_id,
  frequency AS orders,
  monetary AS revenue,
  monetary::DOUBLE / frequency AS average_order_value,
  monetary::DOUBLE / total AS contribution,
  (SELECT sum(o.monetary)::DOUBLE FROM placed AS o WHERE o.place <= placed.place) / total AS cumulative_contribution,
  last_ordered_at,
  recency_days AS days_since_last_order,
  CASE
    WHEN recency_days > ifnull(getvariable('active_days'), 30)::BIGINT THEN 'Inactive'
    WHEN recency_days > ifnull(getvariable('highly_active_days'), 7)::BIGINT THEN 'Active'
    ELSE 'Highly Active'
  END AS activity_status,
  CASE
    WHEN monetary < ifnull(getvariable('medium_spend'), 500)::DOUBLE THEN 'Low'
    WHEN monetary < ifnull(getvariable('high_spend'), 1000)::DOUBLE THEN 'Medium'
    ELSE 'High'
  END AS value_tier
FROM placed, total
WHERE place <= ifnull(getvariable('top_customers'), 20)::BIGINT
