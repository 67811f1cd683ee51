-- Recency, frequency, money, and scores by counting who is worse.
--
-- model: int_customer_rfm
-- reads: [stg_orders, int_orders]
-- obeys: [as_of, rfm_ties]
WITH moment AS (
  SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) AS as_of FROM stg_orders
),

customers AS (
  SELECT
    customer_id, min(ordered_at) AS first_ordered_at, max(ordered_at) AS last_ordered_at,
    any_value(as_of)::DATE - max(ordered_at)::DATE AS recency_days, count(*) AS frequency, sum(amount) AS monetary
  FROM int_orders, moment
  WHERE order_status = 'Completed' AND customer_id IS NOT NULL AND ordered_at <= as_of
  GROUP BY customer_id
),

split AS (
  SELECT
    customer_id,
    ntile(5) OVER (ORDER BY recency_days DESC, customer_id) AS r,
    ntile(5) OVER (ORDER BY frequency, customer_id) AS f,
    ntile(5) OVER (ORDER BY monetary, customer_id) AS m
  FROM customers
),

together AS (
  SELECT
    customer_id,
    (SELECT count(*) FROM customers AS o WHERE o.recency_days > c.recency_days) * 5 // n + 1 AS r,
    (SELECT count(*) FROM customers AS o WHERE o.frequency < c.frequency) * 5 // n + 1 AS f,
    (SELECT count(*) FROM customers AS o WHERE o.monetary < c.monetary) * 5 // n + 1 AS m
  FROM customers AS c, (SELECT count(*) AS n FROM customers)
),

scores AS (
  FROM split WHERE getvariable('rfm_ties') = 'split'
  UNION ALL
  FROM together WHERE getvariable('rfm_ties') IS DISTINCT FROM 'split'
)

SELECT
  customer_id, first_ordered_at, last_ordered_at, recency_days, frequency, monetary,
  r AS recency_score, f AS frequency_score, m AS monetary_score, 100 * r + 10 * f + m AS rfm_score
FROM customers
JOIN scores USING (customer_id)
