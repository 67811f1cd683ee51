-- A session's purchases as one order.
--
-- model: int_event_orders
-- reads: [visits]
-- variables: {session_split: raw}
SELECT
  user_id,
  session_id,
  ordered_at,
  row_number() OVER (PARTITION BY user_id ORDER BY ordered_at, session_id) AS order_number,
  purchases,
  revenue
FROM visits
WHERE bought
