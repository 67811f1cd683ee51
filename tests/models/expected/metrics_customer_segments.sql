-- How many customers each segment has, and what they spent.
--
-- model: metrics_customer_segments
-- reads: [mart_customer_segmentation]
SELECT
  combined_segment,
  any_value(churn_status) AS churn_status,
  any_value(behavioral_segment) AS behavioral_segment,
  count(*) AS customers,
  count(*) / (SELECT count(*) FROM mart_customer_segmentation) AS customers_share,
  sum(frequency) AS orders,
  sum(monetary) AS revenue,
  sum(monetary)::DOUBLE / nullif((SELECT sum(monetary) FROM mart_customer_segmentation), 0) AS revenue_share,
  sum(monetary)::DOUBLE / sum(frequency) AS average_order_value,
  avg(recency_days) AS mean_recency_days
FROM mart_customer_segmentation
GROUP BY combined_segment
