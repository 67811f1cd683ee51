-- A pair's lift is its support over what chance would give, whichever product comes first, and both confidences tell
-- the same number of baskets.
--
-- tags: [orders, products]
SELECT *
FROM mart_product_affinity
WHERE baskets_both > baskets_a
  OR baskets_both > baskets_b
  OR ABS(lift - CAST(baskets_both AS DOUBLE) * baskets / (CAST(baskets_a AS DOUBLE) * baskets_b)) > 1e-9 * lift
  OR ABS(confidence_ab * baskets_a - confidence_ba * baskets_b) > 1e-6
  OR support < $affinity_min_support
  OR lift < $affinity_min_lift
  OR GREATEST(confidence_ab, confidence_ba) < $affinity_min_confidence
