"""The functions of sequences, and retention, against ClickHouse's of the same rules.

ClickHouse, run in process as chDB, is the reference: it defines the language of patterns, which of
several occurrences is found, and which events are told of it. Random patterns of all steps meet
random groups with rows of no condition, one and several. Times are seconds, milliseconds, which
ClickHouse has as numbers only, and days. Where several rows have the same time ClickHouse takes them
as they come, and so gets them sorted by their conditions, which is the order that is defined here;
the functions get them shuffled. Of rows of the same time and value its sequenceNextNode takes any
first, so that with ties the conditions follow from the value. It ends with an error after a million
steps of a search, where the functions still answer. Now and then it answers a call otherwise than
when it is asked again (sequenceMatch with 0 where its own sequenceCount is not); so calls on whose
answers the two differ are asked once more, and the second answers count.

python tests/peers/sequences.py BINARY
"""

import subprocess
import sys
import tempfile
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import chdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

GROUPS = 3_000
CONDITIONS = 4
PATTERNS = 12
LETTERS = 8
ENDS = [
    ("forward", "head"),
    ("forward", "first_match"),
    ("forward", "last_match"),
    ("backward", "tail"),
    ("backward", "first_match"),
    ("backward", "last_match"),
]


class Times(NamedTuple):
    """Times of a column here, and as numbers there."""

    type: pa.DataType
    # Ticks of the column in a unit of the numbers, and of these in a step of time.
    ticks: int
    units: int
    # A step of time as patterns have it: here in seconds, there in units.
    ours: int
    theirs: int


TIMES = [
    Times(pa.timestamp("us"), 1_000_000, 1, 1, 1),
    Times(pa.timestamp("ms"), 1, 500, 1, 1_000),
    Times(pa.date32(), 1, 1, 86_400, 1),
]


def make_rows(random, times, ties):
    """Random groups: conditions c1 to c4 of patterns, and d1 to d3 with base and value of chains."""
    sizes = random.integers(1, 16, GROUPS)
    group = np.repeat(np.arange(GROUPS), sizes)
    gaps = random.integers(0 if ties else 1, 4, len(group)) * times.units
    ends = np.cumsum(gaps)
    unit = ends - np.repeat(ends[np.cumsum(sizes) - sizes], sizes)
    share = np.repeat(random.choice([0.2, 0.4], GROUPS), sizes)
    conditions = [random.random(len(group)) < share for _ in range(CONDITIONS)]
    letter = random.integers(0, LETTERS, len(group))
    chances = {"base": 0.8, "d1": 0.6, "d2": 0.7, "d3": 0.7}
    if ties:
        of_letter = {name: random.permutation(LETTERS) < chance * LETTERS for name, chance in chances.items()}
        holds = {name: of_letter[name][letter] for name in chances}
    else:
        holds = {name: random.random(len(group)) < chance for name, chance in chances.items()}
    mask = sum(condition.astype(int) << bit for bit, condition in enumerate(conditions))
    order = np.lexsort([mask, unit, group])
    columns = {"g": group, "n": unit.astype("uint32")}
    columns |= {f"c{bit + 1}": condition for bit, condition in enumerate(conditions)} | holds
    table = pa.table({name: pa.array(column[order]) for name, column in columns.items()})
    ticks = unit[order] * times.ticks
    ticks = ticks.astype("int32" if times.type == pa.date32() else "int64")
    table = table.append_column("ts", pa.array(ticks).cast(times.type))
    values = np.array(list("abcdefgh"))[letter[order]]
    absent = random.random(len(group)) < 0.03
    return table.append_column("value", pa.array(values, mask=absent))


def make_pattern(random):
    """Steps: an event's number, '.', '.*', or a comparison with a number of steps of time."""
    pattern = [int(random.integers(CONDITIONS)) + 1]
    for _ in range(random.integers(1, 5)):
        between = random.choice(["", ".*", ".*", ".", "t", "t", "t"])
        if between == "t":
            comparison = random.choice([">=", ">", "<=", "<", "=="])
            pattern.append((str(comparison), int(random.integers(0, 7))))
        elif between:
            pattern.append(str(between))
        pattern.append(int(random.integers(CONDITIONS)) + 1)
    ends = random.random()
    if ends < 0.1:
        pattern.append(".*")
    elif ends < 0.2:
        pattern.append((str(random.choice([">=", ">", "<=", "<", "=="])), int(random.integers(0, 3))))
    elif ends < 0.3:
        pattern.pop()
    return pattern


def text(pattern, unit):
    def step(step):
        match step:
            case int():
                return f"(?{step})"
            case (comparison, number):
                return f"(?t{comparison}{number * unit})"
            case _:
                return step

    return "".join(map(step, pattern))


def calls(patterns, times):
    """Each result: the function, its call here and its call there."""
    conditions = ", ".join(f"c{bit + 1}" for bit in range(CONDITIONS))
    names = {
        "sequence_match": "sequenceMatch",
        "sequence_count": "sequenceCount",
        "sequence_match_events": "sequenceMatchEvents",
    }
    for pattern in patterns:
        for name, peer in names.items():
            here = f"{name}('{text(pattern, times.ours)}', ts, {conditions})"
            yield name, here, f"{peer}('{text(pattern, times.theirs)}')(n, {conditions})"
    for direction, base in ENDS:
        for length in (1, 2, 3):
            chain = ", ".join(f"d{bit + 1}" for bit in range(length))
            yield (
                "sequence_next",
                f"sequence_next('{direction}', '{base}', ts, value, base, {chain})",
                f"sequenceNextNode('{direction}', '{base}')(n, value, base, {chain})",
            )
    for seen in permutations([f"c{bit + 1}" for bit in range(CONDITIONS)], 2):
        call = f"retention({', '.join(seen)}, c1)"
        yield "retention", call, call


def ours(binary, folder, results):
    select = ", ".join(f"{call} AS r{number}" for number, (_, call, _) in enumerate(results))
    answer = folder / "answer.parquet"
    answer.unlink(missing_ok=True)
    sql = (
        f"CREATE EXTERNAL TABLE rows STORED AS PARQUET LOCATION '{folder}/shuffled.parquet'; "
        f"COPY (SELECT g, {select} FROM rows GROUP BY g) TO '{answer}' STORED AS PARQUET"
    )
    subprocess.run([binary, "-c", sql], check=True, stdout=subprocess.DEVNULL)
    return by_group(pq.read_table(answer))


def theirs(folder, results):
    select = ", ".join(f"{call} AS r{number}" for number, (_, _, call) in enumerate(results))
    sql = (
        f"SELECT g, {select} FROM file('{folder}/sorted.parquet') GROUP BY g "
        "SETTINGS max_threads = 1, allow_experimental_funnel_functions = 1"
    )
    return by_group(chdb.query(sql, "ArrowTable"))


def by_group(table):
    """The results of each call, a list each by group, as plain numbers and texts."""
    columns = table.sort_by("g").columns[1:]
    return [[plain(value) for value in ticks(column).to_pylist()] for column in columns]


def ticks(column):
    """Lists of times as lists of their numbers, other columns as they are."""
    if not pa.types.is_list(column.type) or not pa.types.is_temporal(column.type.value_type):
        return column
    number = pa.int32() if pa.types.is_date32(column.type.value_type) else pa.int64()
    return column.cast(pa.list_(number))


def plain(value):
    match value:
        case list():
            return [plain(element) for element in value]
        case bytes():
            return value.decode()
        case bool():
            return int(value)
        case _:
            return value


def compare(binary, folder, random, times, ties, tally):
    table = make_rows(random, times, ties)
    pq.write_table(table, folder / "sorted.parquet")
    pq.write_table(table.take(random.permutation(len(table))), folder / "shuffled.parquet")
    patterns = [make_pattern(random) for _ in range(PATTERNS)]
    results = list(calls(patterns, times))
    found, wanted = ours(binary, folder, results), theirs(folder, results)
    deep = []
    for result, got, expected in reversed(list(zip(results, found, wanted))):
        name, call, _ = result
        if name == "sequence_match_events":
            got = [[time // times.ticks for time in chain] for chain in got]
        if got != expected:
            tally["asked again"] += 1
            [expected] = theirs(folder, [result])
        match name:
            # Its chain tells of the match and the count of the pattern as well, which follow.
            case "sequence_match_events":
                deep = [len(chain) > 1 for chain in expected]
            case "sequence_next":
                deep = [value is not None for value in expected]
            case "retention":
                deep = [any(seen[1:]) for seen in expected]
        kind = f"{name} {'with' if ties else 'without'} ties"
        tally[kind, "cases"] += len(expected)
        tally[kind, "beyond"] += sum(deep)
        for group in range(GROUPS):
            if got[group] != expected[group]:
                tally[kind, "wrong"] += 1
                if tally[kind, "wrong"] <= 3:
                    rows = table.filter(pc.equal(table["g"], group)).to_pylist()
                    print(f"{call}: got {got[group]}, expected {expected[group]}, of {rows}")


def beyond_the_limit(binary):
    """What is wrong with a search that ClickHouse gives up: c2 comes too soon after all of c1."""
    pattern = "(?1)(?t<=9000)(?1)(?t<=9000)(?1)(?t>9000)(?2)"
    try:
        rows = "SELECT number AS n, number < 2999 AS c1, number = 2999 AS c2 FROM numbers(3000)"
        chdb.query(f"SELECT sequenceMatch('{pattern}')(n, c1, c2) FROM ({rows})")
        return "ClickHouse ended a search that was to be beyond its limit"
    except RuntimeError as error:
        if "TOO_SLOW" not in str(error):
            return str(error)
    rows = "SELECT arrow_cast(value, 'Timestamp(Second, None)') AS ts, value AS n FROM generate_series(0, 2999)"
    call = f"sequence_match('{pattern}', ts, n < 2999, n = 2999)"
    sql = f"SELECT concat('is ', {call}) AS answer FROM ({rows})"
    answer = subprocess.run([binary, "-c", sql], check=True, capture_output=True, text=True).stdout
    return None if "is false" in answer else f"beyond ClickHouse's limit: {answer}"


def main(binary):
    random = np.random.default_rng(20240301)
    tally = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for times in TIMES:
            for ties in (False, True):
                compare(binary, Path(folder), random, times, ties, tally)
    again = tally.pop("asked again", 0)
    wrong = 0
    for kind in sorted({kind for kind, _ in tally}):
        cases, beyond, differ = (tally[kind, of] for of in ("cases", "beyond", "wrong"))
        wrong += differ
        print(f"{kind}: {cases} cases, {differ or 'none'} different, {beyond} beyond step 1")
        if 3 * beyond < cases:
            wrong += 1
            print(f"{kind}: fewer than a third beyond step 1")
    print(f"ClickHouse was asked again for {again} calls")
    limit = beyond_the_limit(binary)
    print(limit or "a search beyond ClickHouse's limit has its answer")
    if limit or wrong:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
