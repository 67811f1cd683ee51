select
    antecedent, consequent,
    baskets_both as baskets, round(confidence, 3) as confidence, round(lift, 2) as lift
from basket_rules(order_lines, basket => basket_id, item => item, min_support => 0.01)
where lift > 1
order by lift desc, confidence desc
limit 10
