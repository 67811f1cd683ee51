-- model: mart_product_sales_monthly
-- reads: [stg_orders, stg_order_items, stg_products, int_orders]
-- variables: [as_of]
WITH lines AS (
  SELECT i.*, o.order_month, o.customer_id
  FROM stg_order_items AS i
  JOIN int_orders AS o USING (order_id)
  WHERE o.order_status = 'Completed'
    AND o.ordered_at <= (SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) FROM stg_orders)
),

months AS (
  SELECT
    order_month, product_id, count(DISTINCT order_id) AS orders, count(DISTINCT customer_id) AS customers,
    sum(quantity) AS quantity, ifnull(sum(amount), 0) AS revenue
  FROM lines
  GROUP BY ALL
),

totals AS (
  SELECT order_month, sum(revenue) AS total FROM months GROUP BY ALL
)

SELECT
  order_month,
  product_id,
  p.name AS product_name,
  p.category,
  p.brand,
  m.orders,
  m.customers,
  m.quantity,
  m.revenue,
  m.revenue::DOUBLE / nullif(m.quantity, 0)::DOUBLE AS average_unit_price,
  m.revenue::DOUBLE / nullif(total, 0)::DOUBLE AS revenue_share,
  row_number() OVER (PARTITION BY order_month ORDER BY m.revenue DESC, product_id) AS revenue_rank,
  if(order_month = (SELECT min(order_month) FROM totals), NULL, ifnull(b.revenue, 0)) AS previous_revenue,
  (m.revenue - previous_revenue)::DOUBLE / nullif(previous_revenue, 0)::DOUBLE AS revenue_change
FROM months AS m
JOIN totals USING (order_month)
LEFT JOIN stg_products AS p USING (product_id)
LEFT JOIN (
  SELECT product_id, (order_month + INTERVAL 1 MONTH)::DATE AS order_month, revenue FROM months
) AS b USING (product_id, order_month)
