-- The metrics of the shop by day, week and month: its sessions and orders, counted by the day on which the sessions
-- started. A visitor or customer of several days counts once in their week and month.
--
-- grain: one row a length of period and period with sessions
-- key: [period_unit, period_start]
-- materialized: table
-- tags: [events, metrics]
-- columns:
--   - name: period_unit
--     description: day, week or month
--     tests: [not_null, {accepted_values: {values: [day, week, month]}}]
--   - name: period_start
--     description: first day of the period, of a week its Monday
--     tests: [not_null]
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
--     description: users whose first session with a purchase started in the period
--     tests: [not_null, non_negative]
--   - name: returning_customers
--     description: users with a purchase in the period whose first session with one started before it
--     tests: [not_null, non_negative]
-- tests:
--   - unique: {columns: [period_unit, period_start]}
WITH session_days AS (
  SELECT * FROM int_session_days
),

user_days AS (
  SELECT * FROM int_user_days
),

days AS (
  SELECT session_date FROM session_days
),

periods AS (
  SELECT 'day' AS period_unit, session_date, session_date AS period_start FROM days
  UNION ALL
  SELECT 'week' AS period_unit, session_date, CAST(DATE_TRUNC('week', session_date) AS DATE) AS period_start FROM days
  UNION ALL
  SELECT 'month' AS period_unit, session_date, CAST(DATE_TRUNC('month', session_date) AS DATE) AS period_start
  FROM days
),

session_counts AS (
  SELECT
    periods.period_unit,
    periods.period_start,
    SUM(session_days.sessions) AS sessions,
    SUM(session_days.page_views) AS page_views,
    SUM(session_days.sessions_with_cart) AS cart_sessions,
    SUM(session_days.abandoned_sessions) AS abandoned_sessions,
    SUM(session_days.sessions_with_purchase) AS orders,
    CAST(SUM(session_days.revenue) AS DECIMAL(38, 2)) AS revenue
  FROM periods
  INNER JOIN session_days ON session_days.session_date = periods.session_date
  GROUP BY periods.period_unit, periods.period_start
),

first_orders AS (
  SELECT user_id, MIN(session_date) AS first_order_date
  FROM user_days
  WHERE orders > 0
  GROUP BY user_id
),

-- Everybody once a period, and whether they bought in it.
period_users AS (
  SELECT periods.period_unit, periods.period_start, user_days.user_id, SUM(user_days.orders) AS orders
  FROM user_days
  INNER JOIN periods ON periods.session_date = user_days.session_date
  GROUP BY periods.period_unit, periods.period_start, user_days.user_id
),

user_counts AS (
  SELECT
    period_users.period_unit,
    period_users.period_start,
    COUNT(*) AS visitors,
    COUNT(*) FILTER (
      WHERE period_users.orders > 0 AND first_orders.first_order_date >= period_users.period_start
    ) AS new_customers,
    COUNT(*) FILTER (
      WHERE period_users.orders > 0 AND first_orders.first_order_date < period_users.period_start
    ) AS returning_customers
  FROM period_users
  LEFT JOIN first_orders ON first_orders.user_id = period_users.user_id
  GROUP BY period_users.period_unit, period_users.period_start
),

final AS (
  SELECT
    session_counts.period_unit,
    session_counts.period_start,
    session_counts.sessions,
    user_counts.visitors,
    session_counts.page_views,
    session_counts.orders,
    session_counts.revenue,
    CAST(session_counts.revenue / NULLIF(session_counts.orders, 0) AS DECIMAL(18, 2)) AS aov,
    CAST(session_counts.orders AS DOUBLE) / session_counts.sessions AS conversion_rate,
    CAST(session_counts.abandoned_sessions AS DOUBLE) / NULLIF(session_counts.cart_sessions, 0) AS abandonment_rate,
    user_counts.new_customers,
    user_counts.returning_customers
  FROM session_counts
  INNER JOIN user_counts
    ON user_counts.period_unit = session_counts.period_unit AND user_counts.period_start = session_counts.period_start
)

SELECT * FROM final
