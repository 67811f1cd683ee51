"""Retention, n-th times, calendar periods and inequality, compared with ClickHouse, DuckDB and NumPy.

chDB runs ClickHouse's own `retention` over the same random visits, most of which get beyond the first
condition; DuckDB sorts each customer's times and takes the n-th, and counts the borders of calendar
periods between two times; NumPy computes Gini coefficients from the differences of all pairs, and top
shares by reading the Lorenz curve. None of them shares code or method with ours.

    python tests/peers/cohorts.py BINARY
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import chdb
import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

VISITS = 1_000_000
CUSTOMERS = 120_000
CONDITIONS = 6
UNITS = ["day", "week", "month", "quarter", "year"]
NTHS = [1, 2, 3, 10, 17, 40]


def ours(binary, folder, table, query):
    """The rows of a query over `t`, which is the Parquet file `table`."""
    out = folder / "ours.parquet"
    out.unlink(missing_ok=True)
    sql = (
        f"CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{table}'; "
        f"COPY ({query}) TO '{out}' STORED AS PARQUET"
    )
    done = subprocess.run([binary, "-c", sql], capture_output=True, text=True)
    if done.returncode != 0 or not out.exists():
        sys.exit(f"{sql}\n{done.stdout}{done.stderr}")
    return pq.read_table(out)


def write(folder, name, columns):
    pq.write_table(pa.table(columns), folder / name)
    return folder / name


def compare(name, found, expected, note=""):
    """Prints one line, or the first differences, and says whether there were none."""
    wrong = [(i, a, b) for i, (a, b) in enumerate(zip(found, expected)) if a != b]
    if wrong or len(found) != len(expected):
        print(f"{name}: {len(wrong)} of {len(expected)} differ: {wrong[:5]}")
        return False
    print(f"{name}: {len(expected)} cases agree{note}")
    return True


def visits(rng, folder):
    """Visits with a time, some NULL, and what was done, of customers with 1 to some 20 of them."""
    customer = rng.integers(0, CUSTOMERS, VISITS)
    second = 1_704_067_200 + rng.integers(-400 * 86_400, 400 * 86_400, VISITS) // 3_600 * 3_600
    return write(
        folder,
        "visits.parquet",
        {
            "customer": pa.array(customer, pa.int64()),
            "ts": pa.array(second * 1_000_000, pa.timestamp("us"), mask=rng.random(VISITS) < 0.05),
            "action": pa.array(rng.integers(0, 2 * CONDITIONS, VISITS), pa.int64()),
        },
    )


def retention(binary, folder, table):
    conditions = ", ".join(f"action % {CONDITIONS} <= {i} AND action >= {2 * i}" for i in range(CONDITIONS))
    found = ours(binary, folder, table, f"SELECT customer, retention({conditions}) AS r FROM t GROUP BY customer ORDER BY customer")
    answer = chdb.query(
        f"SELECT customer, retention({conditions}) AS r FROM file('{table}', Parquet) GROUP BY customer ORDER BY customer",
        "Parquet",
    )
    expected = pq.read_table(pa.BufferReader(answer.bytes()))
    assert found["customer"].to_pylist() == expected["customer"].to_pylist()
    lists = [[bool(met) for met in row] for row in expected["r"].to_pylist()]
    beyond = sum(any(row[1:]) for row in lists)
    assert 3 * beyond >= len(lists), "too few get beyond the first condition"
    return compare("retention", found["r"].to_pylist(), lists, f", {beyond} beyond the first condition")


def nth_time(binary, folder, table):
    def list_of(nth):
        return ", ".join(f"{nth(n)} AS n{n}" for n in NTHS)

    found = ours(
        binary, folder, table,
        f"SELECT customer, {list_of(lambda n: f'nth_time(ts, {n})')} FROM t GROUP BY customer ORDER BY customer",
    )
    expected = duckdb.sql(
        f"WITH lists AS (SELECT customer, list_sort(list(ts) FILTER (ts IS NOT NULL)) AS l FROM '{table}' GROUP BY customer) "
        f"SELECT customer, {list_of(lambda n: f'l[{n}]')} FROM lists ORDER BY customer"
    ).to_arrow_table()
    agree = True
    for n in NTHS:
        values = expected[f"n{n}"].to_pylist()
        some = sum(value is not None for value in values)
        agree &= compare(f"nth_time {n}", found[f"n{n}"].to_pylist(), values, f", {some} of them a time")
    return agree


def period_diff(binary, folder, rng):
    rows = 200_000
    day = [rng.integers(-30_000, 60_000, rows) for _ in range(2)]
    near = rng.random(rows) < 0.5
    day[1] = np.where(near, day[0] + rng.integers(-40, 40, rows), day[1])
    seconds = day[1] * 86_400 + rng.integers(0, 86_400, rows)
    table = write(
        folder,
        "spans.parquet",
        {
            "a": pa.array(day[0], pa.int32()).cast(pa.date32()),
            "b": pa.array(seconds * 1_000_000, pa.timestamp("us"), mask=rng.random(rows) < 0.05),
        },
    )
    ours_of = ", ".join(f"period_diff('{unit}', a, b) AS {unit}s" for unit in UNITS)
    # DuckDB's datediff counts borders but for weeks, of which it counts whole ones.
    borders = {unit: f"datediff('{unit}', a::TIMESTAMP, b)" for unit in UNITS}
    borders["week"] = "datediff('day', date_trunc('week', a), date_trunc('week', b)) // 7"
    theirs_of = ", ".join(f"{borders[unit]} AS {unit}s" for unit in UNITS)
    found = ours(binary, folder, table, f"SELECT {ours_of} FROM t ORDER BY a, b")
    expected = duckdb.sql(f"SELECT {theirs_of} FROM '{table}' ORDER BY a, b NULLS LAST").to_arrow_table()
    agree = True
    for unit in UNITS:
        pair = [table[f"{unit}s"].to_pylist() for table in (found, expected)]
        agree &= compare(f"period_diff by {unit}", *pair)
    return agree


def gini_of_pairs(values):
    """Half the mean difference of all pairs over the mean; none where that is 0."""
    mean = values.mean()
    return None if mean == 0 else np.abs(values[:, None] - values).mean() / (2 * mean)


def top_of_lorenz(values, fraction):
    """What the Lorenz curve, read between its points, leaves for the top."""
    total = values.sum()
    curve = np.concatenate([[0], np.cumsum(np.sort(values))])
    members = np.linspace(0, 1, len(values) + 1)
    return None if total == 0 else 1 - np.interp(1 - fraction, members, curve) / total


def inequality(binary, folder, rng):
    groups = 5_000
    sizes = rng.integers(1, 80, groups)
    shop = np.repeat(np.arange(groups), sizes)
    spread = np.repeat(rng.uniform(0, 3, groups), sizes)
    cents = np.floor(np.exp(spread * rng.standard_normal(len(shop))) * 100 * (rng.random(len(shop)) < 0.9))
    order = rng.permutation(len(shop))
    table = write(
        folder, "shops.parquet", {"shop": pa.array(shop[order]), "spent": pa.array(cents[order] / 100)}
    )
    found = ours(
        binary, folder, table,
        "SELECT shop, gini(spent) AS gini, top_share(spent, 0.2) AS top FROM t GROUP BY shop ORDER BY shop",
    )
    members = np.split(cents / 100, np.cumsum(sizes)[:-1])
    agree = True
    for name, column, measure in [
        ("gini", "gini", gini_of_pairs),
        ("top_share", "top", lambda values: top_of_lorenz(values, 0.2)),
    ]:
        values = found[column].to_pylist()
        expected = [measure(group) for group in members]
        # Two doubles that agree to 1e-12 are shown as one, so that the rest is compared as it is.
        near = [
            wanted if None not in (value, wanted) and abs(value - wanted) <= 1e-12 else value
            for value, wanted in zip(values, expected)
        ]
        agree &= compare(name, near, expected)
    return agree


def main(binary):
    rng = np.random.default_rng(20)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = visits(rng, folder)
        agree = [
            retention(binary, folder, table),
            nth_time(binary, folder, table),
            period_diff(binary, folder, rng),
            inequality(binary, folder, rng),
        ]
    sys.exit(0 if all(agree) else 1)


if __name__ == "__main__":
    main(sys.argv[1])
