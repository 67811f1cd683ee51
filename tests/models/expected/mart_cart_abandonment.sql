-- Sessions with a cart and no purchase.
--
-- model: mart_cart_abandonment
-- reads: [visits]
-- variables: {session_split: raw}
SELECT
  session_date,
  count(*) FILTER (WHERE carted) AS cart_sessions,
  count(*) FILTER (WHERE carted AND bought) AS converted_sessions,
  count(*) FILTER (WHERE carted AND NOT bought) AS abandoned_sessions,
  count(*) FILTER (WHERE carted AND NOT bought) / nullif(count(*) FILTER (WHERE carted), 0) AS abandonment_rate,
  sum(cart_value) AS cart_value,
  sum(CASE WHEN bought THEN 0 ELSE cart_value END) AS abandoned_value,
  sum(CASE WHEN bought THEN 0 ELSE cart_value END)::DOUBLE / nullif(sum(cart_value)::DOUBLE, 0)
    AS abandoned_value_share
FROM visits
GROUP BY session_date
