WITH customers AS (
  SELECT groupArraySorted(3)(event_time) AS least FROM events GROUP BY user_id)
SELECT toDate(least[3]) AS day, count() AS customers FROM customers
WHERE length(least) = 3 GROUP BY day ORDER BY day
