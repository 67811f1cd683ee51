-- Buyers' scores and segments.
--
-- model: dim_user_rfm
-- reads: [segmented_buyers]
-- obeys: [rfm_scoring, rfm_ties]
-- variables: {session_split: raw}
SELECT
  user_id,
  recency_days,
  frequency,
  monetary,
  CAST(r AS INT) AS recency_score,
  CAST(f AS INT) AS frequency_score,
  CAST(m AS INT) AS monetary_score,
  CAST(100 * r + 10 * f + m AS INT) AS rfm_score,
  segment,
  CASE segment
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
FROM segmented_buyers
