-- How far the sessions of each day come.
--
-- model: mart_funnel
-- reads: [visits]
-- variables: {session_split: raw}
WITH depths AS (
  SELECT
    session_date,
    CASE WHEN bought THEN 5 WHEN checked_out THEN 4 WHEN carted THEN 3 WHEN viewed THEN 2 ELSE 1 END AS depth
  FROM visits
),
counted AS (
  SELECT
    day.session_date,
    stage_number,
    (SELECT count(*) FROM depths WHERE depths.session_date = day.session_date AND depth >= stage_number) AS sessions,
    (SELECT count(*) FROM depths WHERE depths.session_date = day.session_date AND depth >= stage_number - 1) AS before,
    (SELECT count(*) FROM depths WHERE depths.session_date = day.session_date) AS visits
  FROM (SELECT DISTINCT session_date FROM depths) AS day, range(1, 6) AS stages(stage_number)
)
SELECT
  session_date,
  stage_number,
  ['Visit', 'Product View', 'Add to Cart', 'Checkout', 'Purchase'][stage_number] AS stage,
  sessions,
  sessions / visits AS share_of_visits,
  sessions / nullif(before, 0) AS share_of_previous,
  before - sessions AS drop_off,
  (before - sessions) / nullif(before, 0) AS drop_off_rate
FROM counted
