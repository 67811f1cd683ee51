-- How many of each cohort's customers bought again in each period after their first purchase, in every sense that
-- this has: six combinations of a clock and a mode, of which a query should choose one. Periods in which nobody
-- bought are rows with zeros; those that begin after the moment of reference have no row. How long a period is says
-- the variable retention_unit, how many there are retention_periods. Money is in the shop's currency, rates are
-- fractions.
--
-- grain: one row a clock, mode, cohort and period
-- key: [clock, mode, cohort, period]
-- materialized: table
-- tags: [orders, cohorts]
-- columns:
--   - name: clock
--     description: >-
--       calendar when period 1 is the calendar period after the cohort's, rolling when it begins a period's length
--       after the customer's own first purchase
--     tests: [not_null, {accepted_values: {values: [calendar, rolling]}}]
--   - name: mode
--     description: >-
--       on for customers who bought in the period, on_or_after for those who did in it or later, on_or_before for those
--       who came back in any period from 1 up to it
--     tests: [not_null, {accepted_values: {values: ["on", on_or_after, on_or_before]}}]
--   - name: cohort
--     description: the first day of the calendar period of the customers' first purchase
--     tests: [not_null]
--   - name: cohort_size
--     description: customers of the cohort
--     tests: [not_null, {range: {min: 1}}]
--   - name: period
--     description: periods since the first purchase, from 0
--     tests: [not_null, non_negative]
--   - name: customers
--     description: those of them who bought, as clock and mode say
--     tests: [not_null, non_negative]
--   - name: rate
--     description: customers as a fraction of cohort_size
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: orders
--     description: their purchases in the periods that clock and mode name
--     tests: [not_null, non_negative]
--   - name: sales
--     description: money for these
--     tests: [not_null]
--   - name: complete
--     description: whether the period was over for every customer of the cohort on the day of the moment of reference
--     tests: [not_null]
-- tests:
--   - unique: {columns: [clock, mode, cohort, period]}
--   - expression: {sql: customers <= cohort_size}
WITH orders AS (
  SELECT * FROM int_customer_orders
  WHERE ordered_at <= $orders_as_of
),

retained AS (
  SELECT 'calendar' AS clock, 'on' AS mode, *
  FROM cohort_retention(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    unit => $retention_unit, periods => $retention_periods, clock => 'calendar', mode => 'on'
  )
  UNION ALL
  SELECT 'calendar' AS clock, 'on_or_after' AS mode, *
  FROM cohort_retention(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    unit => $retention_unit, periods => $retention_periods, clock => 'calendar', mode => 'on_or_after'
  )
  UNION ALL
  SELECT 'calendar' AS clock, 'on_or_before' AS mode, *
  FROM cohort_retention(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    unit => $retention_unit, periods => $retention_periods, clock => 'calendar', mode => 'on_or_before'
  )
  UNION ALL
  SELECT 'rolling' AS clock, 'on' AS mode, *
  FROM cohort_retention(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    unit => $retention_unit, periods => $retention_periods, clock => 'rolling', mode => 'on'
  )
  UNION ALL
  SELECT 'rolling' AS clock, 'on_or_after' AS mode, *
  FROM cohort_retention(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    unit => $retention_unit, periods => $retention_periods, clock => 'rolling', mode => 'on_or_after'
  )
  UNION ALL
  SELECT 'rolling' AS clock, 'on_or_before' AS mode, *
  FROM cohort_retention(
    orders, customer => customer_id, ts => order_date, amount => amount, as_of => CAST($orders_as_of AS DATE),
    unit => $retention_unit, periods => $retention_periods, clock => 'rolling', mode => 'on_or_before'
  )
),

final AS (
  SELECT
    clock,
    mode,
    cohort,
    cohort_size,
    period,
    customers,
    rate,
    orders,
    CAST(revenue AS DECIMAL(28, 2)) AS sales,
    complete
  FROM retained
)

SELECT * FROM final
