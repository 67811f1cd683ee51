-- No event is lost or made up: there are as many as the source has different ones that can be placed.
--
-- tags: [events]
WITH source_events AS (
  SELECT DISTINCT event_time, LOWER(TRIM(CAST(event_type AS VARCHAR))) AS event_type, product_id, user_id, user_session
  FROM source.events
  WHERE event_time IS NOT NULL
    AND TRIM(CAST(event_type AS VARCHAR)) <> ''
    AND user_id IS NOT NULL
    AND CAST(user_session AS VARCHAR) <> ''
),

expected AS (
  SELECT COUNT(*) AS events
  FROM source_events
  WHERE product_id IS NOT NULL OR event_type NOT IN ('view', 'cart', 'remove_from_cart', 'purchase')
),

found AS (
  SELECT COUNT(*) AS events FROM fct_events
)

SELECT expected.events AS expected, found.events AS found
FROM expected
CROSS JOIN found
WHERE $contradictory_brands <> 'drop' AND expected.events <> found.events
