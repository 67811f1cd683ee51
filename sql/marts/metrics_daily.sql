-- What happened in the shop on each day: its sessions and orders, counted by the day on which the sessions started. A
-- day without sessions has no row.
--
-- grain: one row a day with sessions
-- key: [metric_date]
-- materialized: view
-- tags: [events, metrics]
-- columns:
--   - name: metric_date
--     description: the day
--     tests: [not_null, unique]
--   - name: sessions
--     description: sessions
--     tests: [not_null, {range: {min: 1}}]
--   - name: visitors
--     description: different users with sessions
--     tests: [not_null, {range: {min: 1}}]
--   - name: page_views
--     description: pages seen, of products and others
--     tests: [not_null, non_negative]
--   - name: orders
--     description: orders, one a session with purchases
--     tests: [not_null, non_negative]
--   - name: revenue
--     description: worth of the orders, money
--     tests: [not_null]
--   - name: aov
--     description: mean worth of an order, money; NULL without one
--   - name: conversion_rate
--     description: sessions with a purchase as a fraction of all
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: abandonment_rate
--     description: sessions with a cart and no purchase as a fraction of those with a cart; NULL without any
--     tests: [{range: {min: 0, max: 1}}]
--   - name: new_customers
--     description: users who bought for the first time
--     tests: [not_null, non_negative]
--   - name: returning_customers
--     description: users who bought and had bought before the day too
--     tests: [not_null, non_negative]
WITH metrics AS (
  SELECT * FROM int_period_metrics
  WHERE period_unit = 'day'
),

final AS (
  SELECT
    period_start AS metric_date,
    sessions,
    visitors,
    page_views,
    orders,
    revenue,
    aov,
    conversion_rate,
    abandonment_rate,
    new_customers,
    returning_customers
  FROM metrics
)

SELECT * FROM final
