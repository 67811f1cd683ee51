-- First and second orders as they were computed elsewhere.
--
-- model: mart_second_purchase
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null}
-- obeys: [second_order]
-- columns: [customer_id, first_ordered_at, second_ordered_at, days_between]
SELECT
  customer_id,
  CAST(first AS TIMESTAMP) AS first_ordered_at,
  CAST(if(getvariable('second_order') = 'later_day', second_later_day, second_by_rank) AS TIMESTAMP)
    AS second_ordered_at,
  if(getvariable('second_order') = 'later_day', days_later_day, days_by_rank) AS days_between
FROM 'DATA/ecom_orders/expected/second_purchase.csv'
