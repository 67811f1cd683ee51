-- What products brought in each month.
--
-- model: mart_product_sales_monthly
-- reads: [stg_orders, stg_order_items, stg_products, int_orders]
-- obeys: [as_of]
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
  SELECT
    order_month, sum(revenue) AS total, order_month = (SELECT min(order_month) FROM months) AS is_first
  FROM months
  GROUP BY order_month
),

compared AS (
  SELECT m.*, total, if(is_first, NULL, ifnull(b.revenue, 0)) AS previous_revenue
  FROM months AS m
  JOIN totals USING (order_month)
  LEFT JOIN months AS b
    ON b.product_id = m.product_id AND b.order_month + INTERVAL 1 MONTH = m.order_month
)

SELECT
  order_month,
  product_id,
  name AS product_name,
  category,
  brand,
  orders,
  customers,
  quantity,
  revenue,
  revenue::DOUBLE / nullif(quantity, 0)::DOUBLE AS average_unit_price,
  revenue::DOUBLE / nullif(total, 0)::DOUBLE AS revenue_share,
  row_number() OVER (PARTITION BY order_month ORDER BY revenue DESC, product_id) AS revenue_rank,
  previous_revenue,
  (revenue - previous_revenue)::DOUBLE / nullif(previous_revenue, 0)::DOUBLE AS revenue_change
FROM compared
LEFT JOIN stg_products USING (product_id)
