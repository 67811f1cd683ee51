with purchase_days as (
    select distinct customer_id, order_date from purchases
),
numbered as (
    select
        customer_id,
        order_date,
        row_number() over (partition by customer_id order by order_date) as number
    from purchase_days
),
customers as (
    select
        cohort_month(order_date) as cohort,
        min(order_date) as first_day,
        min(order_date) filter (where number = 2) as second_day
    from numbered
    group by customer_id
)
select
    cohort,
    count(*) as customers,
    count(second_day) as returned,
    round(100.0 * count(second_day) / count(*), 1) as returned_percent,
    median(second_day - first_day) as median_days
from customers
group by cohort
order by cohort
