-- The published days from the first order to the second: their mean to two digits, and their median.
--
-- model: metrics_second_purchase
-- projects: [ecom_orders, ecom_orders_replicated]
-- variables: {as_of: null, second_order: any}
-- columns: [returned, mean_days, median_days]
-- rows: scope = 'overall'
-- tolerance: 0.005
SELECT 198 AS returned, 49.79 AS mean_days, 39 AS median_days
