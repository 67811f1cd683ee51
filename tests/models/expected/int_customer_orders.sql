-- Customers' purchases, numbered by their place in a list.
--
-- model: int_customer_orders
-- reads: [int_orders]
-- obeys: [cohort_orders]
WITH purchases AS (
  SELECT *
  FROM int_orders
  WHERE customer_id IS NOT NULL
    AND (
      getvariable('cohort_orders') = 'all'
      OR (getvariable('cohort_orders') = 'completed' AND order_status = 'Completed')
      OR (ifnull(getvariable('cohort_orders'), 'not_cancelled') = 'not_cancelled' AND order_status != 'Cancelled')
    )
),

lists AS (
  SELECT
    customer_id,
    list({ordered: ordered_at, id: order_id, worth: amount} ORDER BY ordered_at, order_id) AS orders,
    min(ordered_at)::DATE AS first_order_date
  FROM purchases
  GROUP BY customer_id
)

SELECT
  customer_id,
  orders[i].id AS order_id,
  orders[i].ordered AS ordered_at,
  orders[i].ordered::DATE AS order_date,
  orders[i].worth AS amount,
  i AS order_number,
  first_order_date,
  date_trunc('month', first_order_date)::DATE AS cohort_month
FROM lists, unnest(range(1, len(orders) + 1)) AS numbers(i)
