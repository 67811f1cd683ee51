-- What the variants of each experiment brought: how many of their users bought after they were assigned, and whether
-- that differs from the control. The control is the variant that the variable control_variant names, or else the first
-- by name. Rates are compared by the z test of two proportions. A variant whose users and the control's do not split as
-- control_share says was not assigned by chance alone: then nothing else in its row can be trusted.
--
-- grain: one row an experiment and variant
-- key: [experiment, variant]
-- materialized: view
-- tags: [events, experiments, metrics]
-- columns:
--   - name: experiment
--     description: name of the experiment
--     tests: [not_null]
--   - name: variant
--     description: what users were assigned to
--     tests: [not_null]
--   - name: is_control
--     description: whether the others are compared to it
--     tests: [not_null]
--   - name: users
--     description: users who were assigned to it
--     tests: [not_null, {range: {min: 1}}]
--   - name: conversions
--     description: those of them who bought afterwards
--     tests: [not_null, non_negative]
--   - name: conversion_rate
--     description: these as a fraction of the users
--     tests: [not_null, {range: {min: 0, max: 1}}]
--   - name: lift
--     description: by which fraction the rate exceeds the control's; NULL for the control, and when its rate is 0
--   - name: difference
--     description: the rate less the control's, a fraction; NULL for the control
--   - name: p_value
--     description: how likely such a difference or a greater one is by chance; NULL for the control
--     tests: [{range: {min: 0, max: 1}}]
--   - name: lower
--     description: lower end of the 95 % interval of the difference; NULL for the control
--   - name: upper
--     description: upper end of the 95 % interval of the difference; NULL for the control
--   - name: sample_ratio_p_value
--     description: how likely a split of users is that is at least so far from control_share; NULL for the control
--     tests: [{range: {min: 0, max: 1}}]
--   - name: has_sample_ratio_mismatch
--     description: whether that is less than srm_alpha; NULL for the control
--     tests: [{accepted_values: {values: [false], severity: warn}}]
-- tests:
--   - unique: {columns: [experiment, variant]}
WITH assignments AS (
  SELECT * FROM stg_experiments
  WHERE assigned_at IS NULL OR assigned_at <= $events_as_of
),

orders AS (
  SELECT user_id, MAX(ordered_at) AS last_ordered_at
  FROM int_event_orders
  WHERE ordered_at <= $events_as_of
  GROUP BY user_id
),

controls AS (
  SELECT
    experiment,
    COALESCE(MIN(variant) FILTER (WHERE variant = $control_variant), MIN(variant)) AS control
  FROM assignments
  GROUP BY experiment
),

users AS (
  SELECT
    assignments.experiment,
    assignments.user_id,
    assignments.variant,
    controls.control,
    -- Whoever bought at all after being assigned made the last order after it.
    COALESCE(
      orders.last_ordered_at >= assignments.assigned_at,
      orders.last_ordered_at IS NOT NULL AND assignments.assigned_at IS NULL
    ) AS is_converted
  FROM assignments
  INNER JOIN controls ON controls.experiment = assignments.experiment
  LEFT JOIN orders ON orders.user_id = assignments.user_id
),

variants AS (
  SELECT
    experiment,
    variant,
    control,
    COUNT(*) AS users,
    COUNT(*) FILTER (WHERE is_converted) AS conversions,
    CAST(COUNT(*) FILTER (WHERE is_converted) AS DOUBLE) / COUNT(*) AS conversion_rate
  FROM users
  GROUP BY experiment, variant, control
),

-- Each variant's users along with those of the control, who are side 0.
sides AS (
  SELECT
    variants.experiment,
    variants.variant,
    CASE WHEN users.variant = variants.control THEN 0 ELSE 1 END AS side,
    users.is_converted
  FROM variants
  INNER JOIN users
    ON users.experiment = variants.experiment
    AND (users.variant = variants.variant OR users.variant = variants.control)
  WHERE variants.variant <> variants.control
),

tests AS (
  SELECT
    experiment,
    variant,
    prop_ztest(is_converted, side) AS rates,
    srm_test(side, [$control_share, 1 - $control_share]) AS split
  FROM sides
  GROUP BY experiment, variant
),

final AS (
  SELECT
    variants.experiment,
    variants.variant,
    variants.variant = variants.control AS is_control,
    variants.users,
    variants.conversions,
    variants.conversion_rate,
    CASE WHEN variants.variant <> variants.control THEN
      variants.conversion_rate / NULLIF(
        MAX(variants.conversion_rate) FILTER (WHERE variants.variant = variants.control)
          OVER (PARTITION BY variants.experiment),
        0
      ) - 1
    END AS lift,
    tests.rates['effect'] AS difference,
    tests.rates['p_value'] AS p_value,
    tests.rates['lower'] AS lower,
    tests.rates['upper'] AS upper,
    tests.split['p_value'] AS sample_ratio_p_value,
    tests.split['p_value'] < $srm_alpha AS has_sample_ratio_mismatch
  FROM variants
  LEFT JOIN tests ON tests.experiment = variants.experiment AND tests.variant = variants.variant
)

SELECT * FROM final
