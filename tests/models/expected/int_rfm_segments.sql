-- The segments of the shipped rules, for every combination of scores.
--
-- model: int_rfm_segments
WITH scores AS (
  SELECT CAST(r AS INT) AS r, CAST(f AS INT) AS f, CAST(m AS INT) AS m
  FROM range(1, 6) AS a(r), range(1, 6) AS b(f), range(1, 6) AS c(m)
),
named AS (
  SELECT
    *,
    CASE
      WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'Champions'
      WHEN r <= 2 AND f >= 4 AND m >= 4 THEN 'At Risk'
      WHEN r >= 4 AND f >= 3 THEN 'Loyal Customers'
      WHEN r >= 3 AND f >= 3 THEN 'Potential Loyalists'
      WHEN r >= 4 AND f < 3 THEN 'Recent Customers'
      WHEN r = 3 AND f < 3 THEN 'Promising'
      WHEN r <= 2 AND f >= 3 THEN 'About To Sleep'
      WHEN r <= 2 AND f <= 2 AND m <= 2 THEN 'Lost'
      ELSE 'Needs Attention'
    END AS events9,
    CASE
      WHEN least(r, f, m) >= 4 THEN 'Champions'
      WHEN least(r, f, m) >= 3 THEN 'Loyal Customers'
      WHEN r >= 4 AND f <= 2 THEN 'New Customers'
      WHEN r <= 2 AND f >= 3 THEN 'At Risk'
      WHEN r <= 2 AND f <= 2 THEN 'Lost Customers'
      WHEN r >= 3 AND f <= 2 THEN 'Potential Loyalists'
      ELSE 'Regular Customers'
    END AS warehouse7
  FROM scores
)
SELECT 'events9' AS map, r AS recency_score, f AS frequency_score, m AS monetary_score, events9 AS segment,
  CASE events9
      WHEN 'Champions' THEN 'Best Customers'
      WHEN 'At Risk' THEN 'Recover'
      WHEN 'Loyal Customers' THEN 'Retention Focus'
      WHEN 'Potential Loyalists' THEN 'Growth Opportunity'
      WHEN 'Recent Customers' THEN 'Onboarding'
      WHEN 'Promising' THEN 'Develop'
      WHEN 'About To Sleep' THEN 'Win Back'
      WHEN 'Lost' THEN 'Inactive'
      ELSE 'Re-Engage'
    END AS action
FROM named
UNION ALL
SELECT 'warehouse7', r, f, m, warehouse7,
  CASE warehouse7
    WHEN 'Champions' THEN 'Best Customers'
    WHEN 'Loyal Customers' THEN 'Retention Focus'
    WHEN 'New Customers' THEN 'Onboarding'
    WHEN 'At Risk' THEN 'Recover'
    WHEN 'Lost Customers' THEN 'Inactive'
    WHEN 'Potential Loyalists' THEN 'Growth Opportunity'
    ELSE 'Develop'
  END
FROM named
