-- Buyers in the events by their lifetime value so far, in the bins of the seed table ltv_bins. Every bin has a row.
--
-- grain: one row a bin
-- key: [bin]
-- materialized: view
-- tags: [events, users, metrics]
-- columns:
--   - name: bin
--     description: number of the bin, from the least values
--     tests: [not_null, unique]
--   - name: from_value
--     description: least value in the bin, money, included; NULL for no bound
--   - name: below_value
--     description: value below which it ends, money, itself not included; NULL for no bound
--   - name: customers
--     description: buyers in the bin
--     tests: [not_null, non_negative]
--   - name: customer_share
--     description: fraction of all buyers; NULL when there is none
--     tests: [{range: {min: 0, max: 1}}]
--   - name: revenue
--     description: worth of their orders, money
--     tests: [not_null]
--   - name: revenue_share
--     description: fraction of the worth of all orders; NULL when that is 0
WITH users AS (
  SELECT * FROM int_users_as_of
),

bins AS (
  SELECT * FROM ltv_bins
),

buyers AS (
  SELECT revenue, COUNT(*) AS customers
  FROM users
  WHERE orders > 0
  GROUP BY revenue
),

counted AS (
  SELECT bins.bin, SUM(buyers.customers) AS customers, SUM(buyers.revenue * buyers.customers) AS revenue
  FROM bins
  INNER JOIN buyers
    ON (bins.from_value IS NULL OR buyers.revenue >= bins.from_value)
    AND (bins.below_value IS NULL OR buyers.revenue < bins.below_value)
  GROUP BY bins.bin
),

totals AS (
  SELECT SUM(customers) AS customers, SUM(revenue) AS revenue
  FROM counted
),

final AS (
  SELECT
    bins.bin,
    bins.from_value,
    bins.below_value,
    COALESCE(counted.customers, 0) AS customers,
    CAST(COALESCE(counted.customers, 0) AS DOUBLE) / NULLIF(totals.customers, 0) AS customer_share,
    CAST(COALESCE(counted.revenue, 0) AS DECIMAL(38, 2)) AS revenue,
    CAST(COALESCE(counted.revenue, 0) AS DOUBLE) / NULLIF(CAST(totals.revenue AS DOUBLE), 0) AS revenue_share
  FROM bins
  LEFT JOIN counted ON counted.bin = bins.bin
  CROSS JOIN totals
)

SELECT * FROM final
