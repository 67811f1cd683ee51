-- First and second purchases, and whether there was time to say.
--
-- model: mart_second_purchase
-- reads: [stg_orders, int_second_orders]
-- obeys: [as_of, second_order_days]
SELECT
  customer_id, cohort_month, first_order_id, first_ordered_at, second_order_id, second_ordered_at, days_between,
  second_order_id IS NOT NULL AS has_second,
  second_order_id IS NOT NULL
  OR first_ordered_at::DATE + ifnull(getvariable('second_order_days'), 90)::INTEGER <= (
    SELECT coalesce(getvariable('as_of')::TIMESTAMP, max(ordered_at)) FROM stg_orders
  )::DATE AS complete
FROM int_second_orders
