SELECT cohort, cohort_size, period, customers
FROM cohort_retention(events, customer => user_id, ts => event_time)
ORDER BY cohort, period
