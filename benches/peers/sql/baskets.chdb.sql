WITH (SELECT uniqExact(user_session) FROM events) AS n,
frequent AS (
  SELECT product_id, uniqExact(user_session) AS n_item FROM events
  GROUP BY product_id HAVING n_item >= 0.0002 * n
), kept AS (
  SELECT arraySort(groupUniqArray((product_id, n_item))) AS items
  FROM events AS e INNER JOIN frequent AS f USING (product_id)
  GROUP BY user_session HAVING length(items) > 1
)
SELECT a.1 AS item_a, b.1 AS item_b, count() AS baskets_both,
       round(toFloat64(baskets_both) * n / (toFloat64(any(a.2)) * any(b.2)), 6) AS lift
FROM (SELECT arrayJoin(items) AS a, items FROM kept) ARRAY JOIN items AS b
WHERE a.1 < b.1
GROUP BY item_a, item_b
HAVING baskets_both / n >= 0.0002
ORDER BY item_a, item_b
