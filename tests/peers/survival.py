"""`survival` against lifelines' KaplanMeierFitter: times, at risk, events, estimate and interval.

700 random cohorts, whole durations and fractions, with and without ties, hardly censored and hardly
observed. lifelines has its own table of events and its own way to the interval, by the exponential
Greenwood formula, so that agreement to 1e-9 is evidence for both.

python tests/peers/survival.py BINARY
"""

import math
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from lifelines import KaplanMeierFitter

COHORTS = 700
TOLERANCE = 1e-9


def cohort(rng):
    n = int(rng.choice([1, 2, 5, 30, 200, 1_500]))
    lives = rng.weibull(rng.uniform(0.6, 3), n) * 50
    ends = rng.uniform(0, rng.choice([20, 100, 400]), n)
    durations = np.minimum(lives, ends)
    if rng.random() < 0.7:
        durations = np.floor(durations / rng.choice([1, 10, 40]))
    return durations, lives <= ends


def ours(binary, folder, cohorts):
    """The steps of each cohort, once of DOUBLE and, where all are whole, once of BIGINT."""
    names = np.repeat(np.arange(len(cohorts)), [len(durations) for durations, _ in cohorts])
    durations = np.concatenate([durations for durations, _ in cohorts])
    observed = np.concatenate([observed for _, observed in cohorts])
    order = np.random.default_rng(1).permutation(len(names))
    table = pa.table({"cohort": names, "duration": durations, "observed": observed}).take(order)
    pq.write_table(table, folder / "lives.parquet")
    sql = [f"CREATE EXTERNAL TABLE lives STORED AS PARQUET LOCATION '{folder}/lives.parquet'"]
    for name, call in {"double": "survival(duration, observed)", "whole": "survival(CAST(duration AS BIGINT), observed)"}.items():
        rows = f"SELECT cohort, {call} AS steps FROM lives GROUP BY cohort"
        sql.append(f"COPY ({rows}) TO '{folder}/{name}.parquet' STORED AS PARQUET")
    subprocess.run([binary, "-c", "; ".join(sql)], check=True, stdout=subprocess.DEVNULL)
    found = []
    for name in ("double", "whole"):
        rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
        found.append({row["cohort"]: row["steps"] for row in rows})
    return found


def theirs(durations, observed):
    fitter = KaplanMeierFitter().fit(durations, observed)
    interval = fitter.confidence_interval_survival_function_.to_numpy()
    survival = fitter.survival_function_.to_numpy()[:, 0]
    rows = zip(fitter.event_table.itertuples(), survival, interval)
    # lifelines begins at 0 whether or not anybody did.
    return [
        {"t": row.Index, "at_risk": row.at_risk, "events": row.observed, "survival": s, "lower": low, "upper": high}
        for row, s, (low, high) in rows
        if row.Index > 0 or (durations == 0).any()
    ]


def differences(found, expected):
    if len(found) != len(expected):
        yield "steps", len(found), len(expected)
    for ours, peer in zip(found, expected):
        for name, value in peer.items():
            if not math.isclose(ours[name], value, rel_tol=TOLERANCE, abs_tol=1e-13):
                yield f"{name} at {peer['t']}", ours[name], value


def main(binary):
    warnings.filterwarnings("ignore")
    rng = np.random.default_rng(7)
    cohorts = [cohort(rng) for _ in range(COHORTS)]
    with tempfile.TemporaryDirectory() as folder:
        doubles, wholes = ours(binary, Path(folder), cohorts)
    wrong, steps, censored = [], 0, 0
    for number, (durations, observed) in enumerate(cohorts):
        expected = theirs(durations, observed)
        wrong += [(number, *which) for which in differences(doubles[number], expected)]
        if (durations == np.floor(durations)).all():
            wrong += [(number, "whole", *which) for which in differences(wholes[number], expected)]
        steps += len(expected)
        censored += int((~observed).sum())
    agreed = COHORTS - len({number for number, *_ in wrong})
    print(f"survival: {agreed} cohorts agree, {steps} steps, {censored} lives censored")
    for difference in wrong[:10]:
        print("DIFFERENT", *difference)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1])
