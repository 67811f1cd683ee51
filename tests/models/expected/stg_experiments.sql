-- The variant that each user saw first.
--
-- model: stg_experiments
SELECT
  trim(experiment) AS experiment,
  user_id,
  first(trim(variant) ORDER BY assigned_at NULLS LAST, trim(variant)) AS variant,
  min(assigned_at) AS assigned_at,
  count(DISTINCT trim(variant)) AS variants
FROM experiments
WHERE trim(experiment) <> '' AND user_id IS NOT NULL AND trim(variant) <> ''
GROUP BY trim(experiment), user_id
