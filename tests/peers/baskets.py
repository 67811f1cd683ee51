"""Frequent item sets, association rules and their metrics, compared with mlxtend.

mlxtend searches by FP-growth over a table of booleans and computes its metrics from shares; we count
baskets, and compute ours from counts. That every set, every rule of two sides and every metric agree,
on a published data set and on random baskets, is evidence that the sets are complete, that their
counts are right, and that the metrics have mlxtend's definitions and edge cases.

    python tests/peers/baskets.py BINARY

COHORTQL_DATA names the folder with the Groceries data; without it only random baskets are compared.
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlxtend.frequent_patterns import association_rules, fpgrowth

METRICS = {
    "support": "support",
    "confidence": "confidence",
    "lift": "lift",
    "leverage": "leverage",
    "conviction": "conviction",
    "zhang": "zhangs_metric",
    "jaccard": "jaccard",
    "certainty": "certainty",
    "kulczynski": "kulczynski",
}
COUNTS = {"n_a": "antecedent support", "n_c": "consequent support", "n_ac": "support"}


def run(binary, sql):
    done = subprocess.run([binary, "-c", sql], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{sql}\n{done.stdout}{done.stderr}")


def ours(binary, folder, name, table, query):
    """The rows of a query over a table of Parquet."""
    pq.write_table(table, folder / f"{name}.parquet")
    out = folder / f"{name}_out.parquet"
    run(
        binary,
        f"CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{folder}/{name}.parquet'; "
        f"COPY ({query}) TO '{out}' STORED AS PARQUET",
    )
    return pq.read_table(out).to_pandas()


def groceries():
    """None without the reference data."""
    path = Path(os.environ.get("COHORTQL_DATA", ""), "groceries", "groceries_long.csv")
    if not path.exists():
        return None
    lines = pd.read_csv(path, skipinitialspace=False)
    return list(zip(lines["basket_id"], lines["item"]))


def random_lines(seed):
    """Baskets of items of very different popularity, some of them in every basket, some lines twice."""
    rng = random.Random(seed)
    shares = [1.0] + [rng.random() ** 2 for _ in range(rng.randrange(3, 11))]
    lines = []
    for basket in range(rng.randrange(1, 300)):
        for item, share in enumerate(shares):
            if rng.random() < share:
                lines += [(basket, f"item {item:02}")] * rng.choice([1, 1, 2])
    rng.shuffle(lines)
    return lines


def booleans(lines):
    """mlxtend's input: a row a basket, a column an item."""
    baskets = pd.DataFrame(lines, columns=["basket", "item"]).drop_duplicates()
    return pd.crosstab(baskets["basket"], baskets["item"]).astype(bool)


def sets_theirs(table, min_support, max_length):
    found = fpgrowth(table, min_support=min_support, use_colnames=True, max_len=max_length)
    return {frozenset(s): round(p * len(table)) for s, p in zip(found["itemsets"], found["support"])}, found


def sets_ours(binary, folder, name, lines, min_support, max_length):
    table = pa.table({"b": [b for b, _ in lines], "i": [i for _, i in lines]})
    longest = "" if max_length is None else f", {max_length}"
    rows = ours(
        binary,
        folder,
        name,
        table,
        "SELECT row_number() OVER () AS place, s['items'] AS items, s['baskets'] AS baskets, s['support'] AS support "
        f"FROM (SELECT unnest(frequent_itemsets(b, i, {min_support!r}{longest})) AS s FROM t)",
    )
    keys = [tuple(items) for items in rows.sort_values("place")["items"]]
    if keys != sorted(keys, key=lambda items: (len(items), [item.encode() for item in items])):
        sys.exit(f"{name}: the sets are not in their order")
    return dict(zip(map(frozenset, rows["items"]), rows["baskets"]))


def compare_sets(what, ours_found, theirs_found):
    if ours_found != theirs_found:
        differing = [s for s in {*ours_found, *theirs_found} if ours_found.get(s) != theirs_found.get(s)]
        for items in differing[:10]:
            print(f"{what}: {sorted(items)}: {ours_found.get(items)} here, {theirs_found.get(items)} there")
        sys.exit(1)


def close(found, wanted):
    if math.isinf(wanted) or math.isinf(found):
        return found == wanted
    return abs(found - wanted) <= 1e-12 * max(1.0, abs(wanted))


def compare_metrics(binary, folder, name, rules, baskets):
    """basket_metrics of the counts of mlxtend's rules against its metrics."""
    counts = {key: (rules[column] * baskets).round().astype("int64") for key, column in COUNTS.items()}
    table = pa.table({"row": range(len(rules)), "n": [baskets] * len(rules), **counts})
    fields = ", ".join(f"m['{metric}'] AS {metric}" for metric in METRICS)
    query = f"SELECT row, {fields} FROM (SELECT row, basket_metrics(n, n_a, n_c, n_ac) AS m FROM t)"
    rows = ours(binary, folder, name, table, query).sort_values("row")
    differing = [
        (metric, row, found, wanted)
        for metric, column in METRICS.items()
        for row, (found, wanted) in enumerate(zip(rows[metric], rules[column]))
        if not close(found, wanted)
    ]
    for metric, row, found, wanted in differing[:10]:
        rule = {key: int(values.iloc[row]) for key, values in counts.items()}
        print(f"{name}: {metric} of {rule} of {baskets}: {found} here, {wanted} there")
    if differing:
        sys.exit(1)


def report_sql(lines_sql, min_support, length):
    return (
        "SELECT antecedent, consequent, baskets_antecedent, baskets_consequent, baskets_both, baskets, "
        f"{', '.join(METRICS)} FROM basket_rules({lines_sql}, basket => b, item => i, "
        f"min_support => {min_support!r}, max_length => {length})"
    )


def has_reports(binary):
    """The binary may be the engine, or its functions alone."""
    sql = f"SELECT count(*) FROM ({report_sql('(SELECT 1 AS b, 2 AS i)', 0.5, 3)})"
    return subprocess.run([binary, "-c", sql], capture_output=True).returncode == 0


def side(items):
    """One side of a rule: an item when rules are pairs, else a list."""
    return frozenset([items] if isinstance(items, str) else items)


def compare_report(binary, folder, name, lines, rules, baskets, min_support, length):
    """Every rule of the report against every one of mlxtend, with counts and metrics."""
    table = pa.table({"b": [b for b, _ in lines], "i": [i for _, i in lines]})
    rows = ours(binary, folder, name, table, report_sql("t", min_support, length))
    found = {(side(r.antecedent), side(r.consequent)): r for r in rows.itertuples()}
    wanted = {(r["antecedents"], r["consequents"]): r for r in rules.to_dict("records")}
    if len(found) != len(rows) or found.keys() != wanted.keys():
        print(f"{name}: {len(rows)} rules, {len(wanted)} there: {list(found.keys() ^ wanted.keys())[:5]}")
        sys.exit(1)
    for rule, row in found.items():
        theirs = wanted[rule]
        counts = (row.baskets_antecedent, row.baskets_consequent, row.baskets_both, row.baskets)
        shares = (theirs["antecedent support"], theirs["consequent support"], theirs["support"], 1.0)
        differing = [m for m, column in METRICS.items() if not close(getattr(row, m), theirs[column])]
        if differing or counts != tuple(round(share * baskets) for share in shares):
            print(f"{name}: {rule}: {differing} {row} here, {json.dumps(theirs, default=list)} there")
            sys.exit(1)


def compare(binary, folder, name, lines, cases, reports):
    """The sets, the metrics and the rules of one collection of lines, for pairs of support and length."""
    table = booleans(lines)
    totals = [0, 0, 0]
    for number, (min_support, length) in enumerate(cases):
        here = f"{name}_{number}"
        theirs, found = sets_theirs(table, min_support, length)
        compare_sets(here, sets_ours(binary, folder, here, lines, min_support, length), theirs)
        totals[0] += len(theirs)
        if not (found["itemsets"].map(len) > 1).any() or len(found) > 20_000:
            continue
        rules = association_rules(found, num_itemsets=len(table), metric="support", min_threshold=0.0)
        compare_metrics(binary, folder, here, rules, len(table))
        totals[1] += len(rules)
        if reports and length is not None:
            compare_report(binary, folder, here, lines, rules, len(table), min_support, length)
            totals[2] += len(rules)
    return totals


def main():
    binary = sys.argv[1]
    # mlxtend divides 0 by 0 before it puts 0 there.
    warnings.filterwarnings("ignore", message="invalid value", category=RuntimeWarning)
    reports = has_reports(binary)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        totals = []
        for seed in range(40):
            rng = random.Random(1000 + seed)
            cases = [(rng.choice([0.02, 0.1, 0.25, 0.5, 1.0]), rng.choice([None, 1, 2, 3, 4]))]
            totals.append(compare(binary, folder, f"random_{seed}", random_lines(seed), cases, reports))
        sums = [sum(column) for column in zip(*totals)]
        print(f"random baskets: {sums[0]} sets, the metrics of {sums[1]} rules and {sums[2]} rules agree")
        lines = groceries()
        if lines is None:
            print("groceries: passed over, COHORTQL_DATA has none")
            return
        cases = [(0.01, None), (0.01, 3), (0.003, 4), (0.001, 2), (0.001, None), (0.0005, 4)]
        sums = compare(binary, folder, "groceries", lines, cases, reports)
        print(f"groceries: {sums[0]} sets, the metrics of {sums[1]} rules and {sums[2]} rules agree")


if __name__ == "__main__":
    main()
