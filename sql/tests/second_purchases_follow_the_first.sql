-- The second purchase is another order, not before the first; the variant later_day has it on a later day.
--
-- tags: [orders, cohorts]
SELECT *
FROM mart_second_purchase
WHERE
  second_order_id = first_order_id
  OR second_ordered_at < first_ordered_at
  OR ($second_order = 'later_day' AND days_between < 1)
