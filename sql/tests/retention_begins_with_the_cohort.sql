-- In its first calendar period a whole cohort buys, and nobody has come back yet: period 0 has the cohort's size in the
-- modes on and on_or_after, and 0 in on_or_before. Whoever buys in a period bought in it or later.
--
-- tags: [orders, cohorts]
WITH retention AS (
  SELECT * FROM mart_retention
),

first_periods AS (
  SELECT clock, mode, cohort, period, customers, 'period 0' AS what
  FROM retention
  WHERE period = 0 AND customers <> CASE mode WHEN 'on_or_before' THEN 0 ELSE cohort_size END
),

later_periods AS (
  SELECT bought.clock, bought.mode, bought.cohort, bought.period, bought.customers, 'on above on_or_after' AS what
  FROM retention AS bought
  INNER JOIN retention AS still
    ON bought.clock = still.clock AND bought.cohort = still.cohort AND bought.period = still.period
  WHERE bought.mode = 'on' AND still.mode = 'on_or_after' AND bought.customers > still.customers
)

SELECT * FROM first_periods
UNION ALL
SELECT * FROM later_periods
