"""window_funnel against ClickHouse's windowFunnel, in all modes and their combinations.

ClickHouse, run in process as chDB, is the reference: the modes are its own. Random groups of few
distinct times have many ties and rows of several conditions, where implementations differ. With
'clickhouse' every result must be the same. Without it, they may differ only in the modes that the
documentation of window_funnel lists, and each that does must be what a search over all chains
finds, which follows the definition and shares no code with either; so must a sample of the others.

python tests/peers/funnels.py BINARY
"""

import itertools
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import chdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

GROUPS = 3_000
STEPS = [2, 3, 4, 5]
WINDOWS = [1, 2, 4]
SAMPLE = 100


def combinations():
    strict = ["strict_order", "strict_deduplication", "strict_increase", "strict_once"]
    for size in range(len(strict) + 1):
        for chosen in itertools.combinations(strict, size):
            yield list(chosen)
            if "strict_order" in chosen:
                yield [*chosen, "allow_reentry"]


def make_rows(random, steps):
    """Rows of random groups: ten times, each condition true more or less often by group."""
    sizes = random.integers(1, 4 + 2 * steps, GROUPS)
    group = np.repeat(np.arange(GROUPS), sizes)
    share = np.repeat(random.choice([0.2, 0.4, 0.6], GROUPS), sizes)
    span = np.repeat(random.choice([2, 5, 10], GROUPS), sizes)
    seconds = (random.random(len(group)) * span).astype("uint32")
    holds = [random.random(len(group)) < share for _ in range(steps)]
    # The order that 'clickhouse' defines: ClickHouse takes rows at the same time as they come.
    mask = sum(held.astype(int) << step for step, held in enumerate(holds))
    order = np.lexsort([mask, seconds, group])
    columns = {"g": pa.array(group[order]), "t": pa.array(seconds[order])}
    columns["ts"] = pa.array(seconds[order].astype("int64") * 1_000_000, pa.timestamp("us"))
    for step, held in enumerate(holds):
        columns[f"c{step + 1}"] = pa.array(held[order])
    return pa.table(columns)


def ours(binary, folder, table, calls):
    pq.write_table(table, folder / "rows.parquet")
    answer = folder / "answer.parquet"
    answer.unlink(missing_ok=True)
    conditions = ", ".join(name for name in table.column_names if name.startswith("c"))
    results = ", ".join(
        f"window_funnel({window}, '{', '.join(modes)}', ts, {conditions}) AS r{number}"
        for number, (window, modes) in enumerate(calls)
    )
    sql = (
        f"CREATE EXTERNAL TABLE rows STORED AS PARQUET LOCATION '{folder}/rows.parquet'; "
        f"COPY (SELECT g, {results} FROM rows GROUP BY g) TO '{answer}' STORED AS PARQUET"
    )
    subprocess.run([binary, "-c", sql], check=True, stdout=subprocess.DEVNULL)
    return by_group(pq.read_table(answer))


def theirs(folder, table, calls):
    conditions = ", ".join(name for name in table.column_names if name.startswith("c"))
    results = ", ".join(
        f"windowFunnel({', '.join([str(window), *map(repr, modes)])})(t, {conditions}) AS r{number}"
        for number, (window, modes) in enumerate(calls)
    )
    sql = f"SELECT g, {results} FROM file('{folder}/rows.parquet') GROUP BY g SETTINGS max_threads = 1"
    return by_group(chdb.query(sql, "ArrowTable"))


def by_group(table):
    """Results as an array, a row a group."""
    table = table.sort_by("g")
    return np.stack([table[name].to_numpy().astype(int) for name in table.column_names[1:]], axis=1)


def all_chains(rows, steps, window, modes):
    """The deepest step, by the definition: every chain is kept."""
    events = sorted(
        (time, step, row)
        for row, (time, holds) in enumerate(rows)
        for step in ([s for s in range(steps) if holds[s]] or [-1])
    )
    chains = [set() for _ in range(steps)]
    for time, step, row in events:
        if step == -1:
            if "strict_order" in modes and chains[0]:
                break
        elif step == 0:
            chains[0].add((row,))
        elif "strict_deduplication" in modes and chains[step]:
            if "strict_once" not in modes or any(row not in chain for chain in chains[step]):
                break
        elif not chains[step - 1]:
            if "strict_order" in modes and chains[0] and "allow_reentry" not in modes:
                break
        else:
            for chain in chains[step - 1]:
                inside = time - rows[chain[0]][0] <= window
                again = "strict_once" in modes and row in chain
                level = "strict_increase" in modes and rows[chain[-1]][0] == time
                if inside and not again and not level:
                    chains[step].add((*chain, row))
    return sum(map(bool, chains))


def difference(modes):
    """In what the documentation says that results with these modes may differ."""
    if "strict_increase" in modes and "strict_once" not in modes:
        return "strict_increase without strict_once"
    if "strict_deduplication" in modes and "strict_once" in modes:
        return "strict_deduplication with strict_once"
    return None


def rows_of(table):
    """The rows of each group: times, and which conditions hold."""
    groups = [[] for _ in range(GROUPS)]
    columns = [table[name].to_pylist() for name in table.column_names if name.startswith("c")]
    for group, time, *holds in zip(table["g"].to_pylist(), table["t"].to_pylist(), *columns):
        groups[group].append((time, holds))
    return groups


def main(binary):
    random = np.random.default_rng(20240229)
    combined = list(combinations())
    same = list(itertools.product(WINDOWS, combined))
    cases = beyond = searched = 0
    different = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for steps in STEPS:
            table = make_rows(random, steps)
            exactly = [(window, [*modes, "clickhouse"]) for window, modes in same]
            found = ours(binary, folder, table, exactly + same)
            exact, right = found[:, : len(same)], found[:, len(same) :]
            reference = theirs(folder, table, same)
            cases += reference.size
            beyond += int((reference > 1).sum())
            groups = rows_of(table)
            for group, call in np.argwhere(exact != reference):
                wrong.append((same[call], groups[group], exact[group, call], reference[group, call]))
            differ = right != reference
            sample = np.zeros(differ.shape, bool)
            sample[random.integers(0, GROUPS, SAMPLE * len(same)), np.tile(range(len(same)), SAMPLE)] = True
            for group, call in np.argwhere(differ | sample):
                window, modes = same[call]
                listed = difference(modes)
                wanted = all_chains(groups[group], steps, window, modes)
                searched += 1
                different[listed] += differ[group, call]
                if right[group, call] != wanted or (differ[group, call] and not listed):
                    wrong.append((same[call], groups[group], right[group, call], wanted))
    for call, rows, got, wanted in wrong[:5]:
        print(f"{call}: got {got}, expected {wanted}, of {rows}")
    if wrong:
        sys.exit(f"window_funnel: {len(wrong)} of {cases} cases differ")
    print(f"window_funnel: {cases} cases agree with 'clickhouse', {beyond} beyond step 1")
    for listed, count in different.items():
        if listed:
            print(f"window_funnel: {count} cases differ without it, as listed: {listed}")
    print(f"window_funnel: these and a sample, {searched} cases, agree with a search of all chains")


if __name__ == "__main__":
    main(sys.argv[1])
