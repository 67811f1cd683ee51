//! The queries of the matrix, over a table `orders`, each in a stated order.

/// Every report, and every aggregate in its grouped form and in its form with OVER where it has
/// one. The `.slt` files hold the rest of their arguments.
pub(super) const QUERIES: [&str; 12] = [
    "SELECT count(*), count(customer), sum(amount), min(order_id), max(order_id) FROM orders",
    "SELECT customer, cohort_month(ts) AS cohort FROM orders GROUP BY customer ORDER BY customer",
    "SELECT DISTINCT customer, cohort_month(ts) OVER (PARTITION BY customer) AS cohort FROM orders ORDER BY customer",
    "SELECT * FROM (SELECT store, unnest(rfm_score(customer, ts, amount)) AS s FROM orders GROUP BY store) ORDER BY store, s['customer']",
    "SELECT store, ntile_segment(customer, amount, ['low', 'middle', 'high']) FROM orders GROUP BY store ORDER BY store",
    "SELECT store, basket_lift(order_id, item, 0.001) FROM orders GROUP BY store ORDER BY store",
    "SELECT customer, rfm_score(days, n, total) OVER () AS score, ntile_segment(total, 4) OVER () AS tile \
     FROM (SELECT customer, DATE '2025-01-01' - CAST(max(ts) AS DATE) AS days, count(*) AS n, sum(amount) AS total \
           FROM orders GROUP BY customer) ORDER BY customer",
    "SELECT * FROM cohort_retention(orders, customer => customer, ts => ts, amount => amount, order => order_id, by => store) \
     ORDER BY by_value, cohort, period",
    "SELECT * FROM rfm(orders, customer => customer, ts => ts, amount => amount, order => order_id) ORDER BY customer",
    "SELECT * FROM basket_rules(orders, basket => order_id, item => item, min_support => 0.001) \
     ORDER BY antecedent, consequent",
    "SELECT * FROM basket_rules(orders, basket => order_id, item => item, min_support => 0.001, max_length => 3) \
     ORDER BY antecedent, consequent",
    "SELECT store, frequent_itemsets(order_id, item, 0.001) FROM orders GROUP BY store ORDER BY store",
];
