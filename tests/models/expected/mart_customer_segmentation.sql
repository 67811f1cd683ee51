-- Segments of customers.
--
-- model: mart_customer_segmentation
-- reads: [int_customer_rfm]
-- obeys: [active_days, churn_days, high_spend, loyal_orders]
SELECT
  customer_id, last_ordered_at, recency_days, frequency, monetary, rfm_score,
  CASE
    WHEN recency_days > ifnull(getvariable('churn_days'), 90)::BIGINT THEN 'Churned'
    WHEN recency_days > ifnull(getvariable('active_days'), 30)::BIGINT THEN 'At Risk'
    ELSE 'Active'
  END AS churn_status,
  [['Occasional', 'High Spender'], ['Loyal Customer', 'Loyal High Spender']]
    [1 + (frequency >= ifnull(getvariable('loyal_orders'), 10)::BIGINT)::INTEGER]
    [1 + (monetary >= ifnull(getvariable('high_spend'), 1000)::DOUBLE)::INTEGER] AS behavioral_segment,
  concat_ws(' - ', churn_status, behavioral_segment) AS combined_segment
FROM int_customer_rfm
