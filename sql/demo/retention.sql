select cohort, cohort_size, period, customers, rate
from cohort_retention(
    purchases, customer => customer_id, ts => order_date, unit => 'month', periods => 17
)
order by cohort, period
