WITH customers AS (
  SELECT arrayCumSum(gap -> gap > 1800,
    arrayDifference(arraySort(groupArray(toUnixTimestamp(event_time))))) AS earlier
  FROM events GROUP BY user_id
)
SELECT session + 1 AS session, count() AS events
FROM customers ARRAY JOIN earlier AS session GROUP BY session ORDER BY session
