select
    segment,
    count(*) as customers,
    round(avg(recency_days)) as avg_recency_days,
    round(avg(frequency), 1) as avg_purchases,
    sum(monetary) as revenue
from rfm(
    purchases, customer => customer_id, ts => order_date, amount => amount, order => order_date
)
group by segment
order by revenue desc
