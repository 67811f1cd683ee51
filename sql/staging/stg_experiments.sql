-- Who saw which variant of an experiment, one row a user and experiment. Users who were assigned again keep the
-- variant that they saw first, since that is the one that may have worked on them.
--
-- grain: one row a user and experiment
-- key: [experiment, user_id]
-- materialized: view
-- tags: [staging, experiments]
-- columns:
--   - name: experiment
--     description: the experiment's name
--     tests: [not_null]
--   - name: user_id
--     description: who was assigned
--     tests: [not_null]
--   - name: variant
--     description: what they were assigned to
--     tests: [not_null]
--   - name: assigned_at
--     description: when they were assigned first; NULL when unknown
--   - name: variants
--     description: how many different variants they were assigned to in all; more than one is a leak
--     tests: [not_null, {range: {min: 1}}, {range: {max: 1, severity: warn}}]
-- tests:
--   - unique: {columns: [experiment, user_id]}
--   - row_count: {of: source.experiments, at: at_most}
WITH experiments AS (
  SELECT * FROM source.experiments
),

cleaned AS (
  SELECT
    NULLIF(TRIM(CAST(experiment AS VARCHAR)), '') AS experiment,
    user_id,
    NULLIF(TRIM(CAST(variant AS VARCHAR)), '') AS variant,
    CAST(assigned_at AS TIMESTAMP) AS assigned_at
  FROM experiments
),

assigned AS (
  SELECT * FROM cleaned
  WHERE experiment IS NOT NULL AND user_id IS NOT NULL AND variant IS NOT NULL
),

counted AS (
  SELECT experiment, user_id, COUNT(DISTINCT variant) AS variants
  FROM assigned
  GROUP BY experiment, user_id
),

placed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY experiment, user_id ORDER BY assigned_at NULLS LAST, variant) AS place
  FROM assigned
),

final AS (
  SELECT placed.experiment, placed.user_id, placed.variant, placed.assigned_at, counted.variants
  FROM placed
  INNER JOIN counted ON placed.experiment = counted.experiment AND placed.user_id = counted.user_id
  WHERE placed.place = 1
)

SELECT * FROM final
