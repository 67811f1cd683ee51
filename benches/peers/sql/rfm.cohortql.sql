SELECT score, count(*) AS customers, sum(monetary) AS monetary
FROM rfm((SELECT * FROM events WHERE event_type = 'purchase'),
         customer => user_id, ts => event_time, amount => price)
GROUP BY score ORDER BY score
