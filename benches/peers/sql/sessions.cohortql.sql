SELECT session, count(*) AS events
FROM (SELECT sessionize(event_time, INTERVAL '30 minutes')
        OVER (PARTITION BY user_id ORDER BY event_time) AS session FROM events)
GROUP BY session ORDER BY session
