"""The tests of experiments against scipy and statsmodels, to 1e-9 relative.

1,500 random experiments: from one row a variant to 100,000, near 0 and around 1e9, continuous, whole
and full of ties, without a difference and with p-values down to 1e-290. scipy and statsmodels get the
values less the offset, which is exact, since around 1e9 their own sums would lose the digits that are
compared. That they were written by others from the same papers makes their agreement evidence.

python tests/peers/experiments.py BINARY
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
from scipy import stats
from statsmodels.stats.nonparametric import rank_compare_2indep
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest, test_proportions_2indep

EXPERIMENTS = 1_500
RELATIVE = 1e-9
# Below it a double has not all of its digits.
LEAST_P = 1e-290
Z = stats.norm.ppf(0.975)

QUERIES = {
    "welch_ttest": "welch_ttest(x, variant)",
    "welch_ttest, b the control": "welch_ttest(x, variant, 'b')",
    "prop_ztest, pooled": "prop_ztest(converted, variant, 'pooled')",
    "prop_ztest, unpooled": "prop_ztest(converted, variant, 'unpooled')",
    "mann_whitney": "mann_whitney(x, variant)",
    "cuped_ttest": "cuped_ttest(x, covariate, variant)",
    "ratio_ttest": "ratio_ttest(numerator, denominator, variant)",
    "srm_test": "srm_test(variant, [3, 2])",
}


def experiment(rng):
    """One experiment's offset and, by variant, its columns."""
    offset = rng.choice([0.0, 0.0, 1e9, -3e6])
    size = int(rng.choice([1, 2, 3, 8, 40, 300, 2_000]))
    if rng.random() < 0.005:
        size = 100_000
    effect = rng.choice([0.0, 0.0, 0.2, 1.0, 6.0])
    shape = rng.choice(["normal", "ties", "skewed", "wide"])
    arms = []
    for shift in (0.0, effect):
        n = max(1, int(size * rng.uniform(0.4, 1.6)))
        before = rng.normal(size=n)
        noise = rng.normal(size=n) * rng.uniform(0.3, 2)
        x = before + noise + shift
        if shape == "ties":
            x = np.round(x)
        elif shape == "skewed":
            x = np.where(rng.random(n) < 0.6, 0.0, np.exp(x))
        elif shape == "wide":
            x = x * 10.0 ** rng.integers(-4, 4, n)
        views = rng.integers(1, 30, n).astype(float)
        arms.append({
            "x": x + offset,
            "covariate": before + offset,
            "converted": rng.random(n) < rng.choice([0.0, 0.02, 0.5, 0.9, 1.0]),
            "numerator": rng.binomial(views.astype(int), min(0.9, 0.2 + shift / 10)) * rng.choice([1.0, 0.1]),
            "denominator": views,
        })
    return offset, arms


def write(folder, experiments):
    columns = {name: [] for name in ["experiment", "variant", *experiments[0][1][0]]}
    for number, (_, arms) in enumerate(experiments):
        for variant, arm in zip("ab", arms):
            n = len(arm["x"])
            columns["experiment"].append(np.full(n, number))
            columns["variant"].append(np.full(n, variant))
            for name, values in arm.items():
                columns[name].append(values)
    table = pa.table({name: np.concatenate(parts) for name, parts in columns.items()})
    # No experiment stays in one piece.
    order = np.random.default_rng(1).permutation(len(table))
    pq.write_table(table.take(order), folder / "rows.parquet")


def ours(binary, folder):
    """What the binary says, by query and experiment."""
    sql = [f"CREATE EXTERNAL TABLE visits STORED AS PARQUET LOCATION '{folder}/rows.parquet'"]
    for number, call in enumerate(QUERIES.values()):
        rows = f"SELECT experiment, {call} AS test FROM visits GROUP BY experiment"
        sql.append(f"COPY ({rows}) TO '{folder}/{number}.parquet' STORED AS PARQUET")
    subprocess.run([binary, "-c", "; ".join(sql)], check=True, stdout=subprocess.DEVNULL)
    found = {}
    for number, name in enumerate(QUERIES):
        rows = pq.read_table(folder / f"{number}.parquet").to_pylist()
        found[name] = {row["experiment"]: row["test"] for row in rows}
    return found


def answer(effect, statistic, p_value, interval):
    return {"effect": effect, "statistic": statistic, "p_value": p_value, "lower": interval[0], "upper": interval[1]}


def welch(a, b):
    test = stats.ttest_ind(b, a, equal_var=False)
    return answer(b.mean() - a.mean(), test.statistic, test.pvalue, test.confidence_interval())


def proportions(a, b, pooled):
    counts, rows = [b.sum(), a.sum()], [len(b), len(a)]
    if pooled:
        statistic, p_value = proportions_ztest(counts, rows)
    else:
        test = test_proportions_2indep(counts[0], rows[0], counts[1], rows[1], method="wald")
        statistic, p_value = test.statistic, test.pvalue
    interval = confint_proportions_2indep(counts[0], rows[0], counts[1], rows[1], method="wald")
    # An interval without width comes of rows that do not vary: ours has none then.
    interval = interval if interval[1] > interval[0] else (math.nan, math.nan)
    return answer(b.mean() - a.mean(), statistic, p_value, interval)


def ranks(a, b):
    test = stats.mannwhitneyu(b, a, method="asymptotic")
    compared = rank_compare_2indep(b, a, use_t=True)
    interval = compared.conf_int(value=0.5) if compared.var > 0 else (math.nan, math.nan)
    return answer(compared.prob1 - 0.5, test.statistic, test.pvalue, interval)


def cuped(arms, offset):
    x, c = ([arm[name] - offset for arm in arms] for name in ("x", "covariate"))
    both = np.cov(np.concatenate(x), np.concatenate(c))
    theta = both[0, 1] / both[1, 1]
    a, b = (x - theta * c for x, c in zip(x, c))
    return welch(a, b)


def ratio(arms):
    ratios, variances = [], []
    for arm in arms:
        x, y = arm["numerator"], arm["denominator"]
        ratios.append(x.sum() / y.sum())
        rest = x - ratios[-1] * y
        variances.append(rest.var(ddof=1) / len(x) / y.mean() ** 2 if len(x) > 1 else math.nan)
    effect, error = ratios[1] - ratios[0], math.sqrt(sum(variances))
    z = effect / error if error > 1e-12 else math.nan
    interval = (effect - Z * error, effect + Z * error) if error > 1e-12 else (math.nan, math.nan)
    return answer(effect, z, 2 * stats.norm.sf(abs(z)), interval)


def theirs(offset, arms):
    a, b = (arm["x"] - offset for arm in arms)
    converted = [arm["converted"] for arm in arms]
    n = np.array([len(a), len(b)])
    split = stats.chisquare(n, n.sum() * np.array([0.6, 0.4]))
    return {
        "welch_ttest": welch(a, b),
        "welch_ttest, b the control": welch(b, a),
        "prop_ztest, pooled": proportions(*converted, True),
        "prop_ztest, unpooled": proportions(*converted, False),
        "mann_whitney": ranks(a, b),
        "cuped_ttest": cuped(arms, offset),
        "ratio_ttest": ratio(arms),
        "srm_test": {"statistic": split.statistic, "p_value": split.pvalue},
    }


def agree(found, expected, size):
    """Whether the numbers do: not defined is NULL here, NaN or infinite there."""
    if found is None:
        return not math.isfinite(expected)
    return abs(found - expected) <= RELATIVE * abs(expected) + 1e-13 * size


def differences(found, expected, size):
    """What differs; where values are as large as `size`, differences of them are rounding below."""
    undefined = not math.isfinite(expected["statistic"])
    for name, value in expected.items():
        if name == "p_value" and value < LEAST_P:
            continue
        if undefined and name != "effect":
            value = math.nan
        if not agree(found[name], value, 0.0 if name == "p_value" else size):
            yield name, found[name], value


def main(binary):
    warnings.filterwarnings("ignore")
    np.seterr(all="ignore")
    rng = np.random.default_rng(20240501)
    experiments = [experiment(rng) for _ in range(EXPERIMENTS)]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), experiments)
        found = ours(binary, Path(folder))
    wrong, defined, least = [], dict.fromkeys(QUERIES, 0), dict.fromkeys(QUERIES, 1.0)
    for number, (offset, arms) in enumerate(experiments):
        rows = [len(arm["x"]) for arm in arms]
        size = max(1.0, *(abs(arm["x"] - offset).max() for arm in arms))
        for name, expected in theirs(offset, arms).items():
            test = found[name][number]
            counted = [test["n"]] if name == "srm_test" else sorted([test["n_a"], test["n_b"]])
            if counted != ([sum(rows)] if name == "srm_test" else sorted(rows)):
                wrong.append((name, number, rows, "rows", counted))
            wrong += [(name, number, rows, *which) for which in differences(test, expected, size)]
            if test["p_value"] is not None:
                defined[name] += 1
                least[name] = min(least[name], max(test["p_value"], LEAST_P))
    for name in QUERIES:
        agreed = EXPERIMENTS - len({number for query, number, *_ in wrong if query == name})
        print(f"{name}: {agreed} experiments agree, {defined[name]} with p-values, down to {least[name]:.1e}")
    for difference in wrong[:10]:
        print("DIFFERENT", *difference)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1])
