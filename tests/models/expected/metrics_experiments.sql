-- Variants against their control, by formulas.
--
-- model: metrics_experiments
-- reads: [stg_events]
-- variables: {session_split: raw, control_variant: control, control_share: 0.5}
WITH now AS (
  SELECT max(event_time) AS as_of FROM stg_events
),
assigned AS (
  SELECT experiment, user_id, first(variant ORDER BY assigned_at, variant) AS variant, min(assigned_at) AS assigned_at
  FROM experiments
  GROUP BY experiment, user_id
),
users AS (
  SELECT
    experiment,
    assigned.user_id,
    variant,
    count(*) FILTER (WHERE event_type = 'purchase' AND event_time >= coalesce(assigned_at, event_time)) > 0 AS bought
  FROM assigned
  CROSS JOIN now
  LEFT JOIN (
    SELECT user_id, user_session, event_type, min(event_time) AS event_time
    FROM stg_events
    WHERE event_type = 'purchase'
    GROUP BY ALL
  ) AS orders ON orders.user_id = assigned.user_id
  WHERE assigned_at IS NULL OR assigned_at <= as_of
  GROUP BY ALL
),
variants AS (
  SELECT
    experiment,
    variant,
    count(*)::DOUBLE AS n,
    (count(*) FILTER (WHERE bought))::DOUBLE AS k,
    variant = coalesce(
      (SELECT min(v.variant) FROM users AS v WHERE v.experiment = users.experiment AND v.variant = 'control'),
      (SELECT min(v.variant) FROM users AS v WHERE v.experiment = users.experiment)
    ) AS is_control
  FROM users
  GROUP BY experiment, variant
),
compared AS (
  SELECT
    b.experiment,
    b.variant,
    b.is_control,
    b.n AS users,
    b.k AS conversions,
    b.k / b.n AS rate,
    a.k / a.n AS control_rate,
    b.k / b.n - a.k / a.n AS difference,
    abs(b.k / b.n - a.k / a.n)
      / nullif(sqrt((a.k + b.k) / (a.n + b.n) * (1 - (a.k + b.k) / (a.n + b.n)) * (1 / a.n + 1 / b.n)), 0) AS z,
    sqrt(a.k / a.n * (1 - a.k / a.n) / a.n + b.k / b.n * (1 - b.k / b.n) / b.n) AS wald,
    abs(b.n - a.n) / sqrt(a.n + b.n) AS split_z
  FROM variants AS b
  JOIN variants AS a ON a.experiment = b.experiment AND a.is_control
),
-- Twice the tail of the normal distribution beyond z, by Simpson's rule from 0 to z.
tails AS (
  SELECT
    experiment,
    variant,
    1 - 2 * sum(weight * exp(-0.5 * (z * i / 2000) ** 2)) * z / 6000 / sqrt(2 * pi()) AS p_value,
    1 - 2 * sum(weight * exp(-0.5 * (split_z * i / 2000) ** 2)) * split_z / 6000 / sqrt(2 * pi()) AS split_p_value
  FROM compared,
    (SELECT i, CASE WHEN i IN (0, 2000) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END AS weight FROM range(0, 2001) AS r(i))
  WHERE NOT is_control
  GROUP BY experiment, variant, z, split_z
)
SELECT
  experiment,
  variant,
  is_control,
  CAST(users AS BIGINT) AS users,
  CAST(conversions AS BIGINT) AS conversions,
  rate AS conversion_rate,
  CASE WHEN NOT is_control THEN rate / nullif(control_rate, 0) - 1 END AS lift,
  CASE WHEN NOT is_control THEN difference END AS difference,
  p_value,
  CASE WHEN NOT is_control THEN difference - 1.959963984540054 * wald END AS lower,
  CASE WHEN NOT is_control THEN difference + 1.959963984540054 * wald END AS upper,
  split_p_value AS sample_ratio_p_value,
  split_p_value < 0.001 AS has_sample_ratio_mismatch
FROM compared
LEFT JOIN tails USING (experiment, variant)
