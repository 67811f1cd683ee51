-- What sessions are like: how long, how many pages, how many that leave at once and how many that buy, on each day for
-- users who came for the first time and for those who came back. A session is a new user's if it started on the day of
-- the user's first event.
--
-- grain: one row a day and type of visitor
-- key: [session_date, visitor_type]
-- materialized: table
-- tags: [events, sessions]
-- columns:
--   - name: session_date
--     description: the day on which the sessions started
--     tests: [not_null]
--   - name: visitor_type
--     description: new or returning
--     tests: [not_null, {accepted_values: {values: [new, returning]}}]
--   - name: sessions
--     description: sessions
--     tests: [not_null, {range: {min: 1}}]
--   - name: bounces
--     description: sessions of a single event
--     tests: [not_null, non_negative]
--   - name: bounce_rate
--     description: bounces as a fraction of the sessions
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: mean_seconds
--     description: mean seconds from the first event to the last
--     tests: [not_null, non_negative]
--   - name: median_seconds
--     description: median seconds from the first event to the last, interpolated
--     tests: [not_null, non_negative]
--   - name: events_per_session
--     description: mean events of a session
--     tests: [not_null, {range: {min: 1}}]
--   - name: page_views_per_session
--     description: mean pages seen in a session
--     tests: [not_null, non_negative]
--   - name: products_per_session
--     description: mean different products of a session
--     tests: [not_null, non_negative]
--   - name: orders
--     description: sessions with a purchase
--     tests: [not_null, non_negative]
--   - name: conversion_rate
--     description: these as a fraction of the sessions
--     tests: [not_null, {range: {min: 0, max: 1}}]
-- tests:
--   - unique: {columns: [session_date, visitor_type]}
WITH sessions AS (
  SELECT * FROM fct_sessions
),

users AS (
  SELECT user_id, CAST(first_event_at AS DATE) AS first_date FROM int_users
),

typed AS (
  SELECT
    sessions.*,
    CASE WHEN sessions.session_date = users.first_date THEN 'new' ELSE 'returning' END AS visitor_type
  FROM sessions
  INNER JOIN users ON users.user_id = sessions.user_id
),

final AS (
  SELECT
    session_date,
    visitor_type,
    COUNT(*) AS sessions,
    COUNT(*) FILTER (WHERE events = 1) AS bounces,
    CAST(COUNT(*) FILTER (WHERE events = 1) AS DOUBLE) / COUNT(*) AS bounce_rate,
    exact_sum(duration_seconds) / COUNT(*) AS mean_seconds,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY duration_seconds) AS median_seconds,
    CAST(SUM(events) AS DOUBLE) / COUNT(*) AS events_per_session,
    CAST(SUM(page_views) AS DOUBLE) / COUNT(*) AS page_views_per_session,
    CAST(SUM(distinct_products) AS DOUBLE) / COUNT(*) AS products_per_session,
    COUNT(*) FILTER (WHERE reached_purchase) AS orders,
    CAST(COUNT(*) FILTER (WHERE reached_purchase) AS DOUBLE) / COUNT(*) AS conversion_rate
  FROM typed
  GROUP BY session_date, visitor_type
)

SELECT * FROM final
