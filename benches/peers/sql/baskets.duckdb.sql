WITH lines AS MATERIALIZED (
  SELECT DISTINCT user_session AS basket, product_id AS item FROM events
), total AS (
  SELECT count(DISTINCT basket) AS n FROM lines
), frequent AS MATERIALIZED (
  SELECT item, count(*) AS n_item FROM lines GROUP BY item
  HAVING count(*) >= 0.0002 * (SELECT n FROM total)
), kept AS MATERIALIZED (
  SELECT basket, item, n_item FROM lines JOIN frequent USING (item)
)
SELECT a.item AS item_a, b.item AS item_b, count(*) AS baskets_both,
       round(CAST(count(*) AS DOUBLE) * max(n) / (CAST(max(a.n_item) AS DOUBLE) * max(b.n_item)), 6) AS lift
FROM kept AS a JOIN kept AS b ON a.basket = b.basket AND a.item < b.item CROSS JOIN total
GROUP BY a.item, b.item
HAVING CAST(count(*) AS DOUBLE) / max(n) >= 0.0002
ORDER BY item_a, item_b
