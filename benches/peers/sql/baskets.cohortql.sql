SELECT antecedent AS item_a, consequent AS item_b, baskets_both, round(lift, 6) AS lift
FROM basket_rules(events, basket => user_session, item => product_id, min_support => 0.0002)
WHERE antecedent < consequent
ORDER BY item_a, item_b
