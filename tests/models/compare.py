"""The models of a project beside independent queries in DuckDB.

Builds and tests the project in each of its runs, as `expected/runs.yml` has them, computes every model
that was built once more with the queries of that folder, and compares all rows. All tests must pass, but for those that the run says must warn. The header of `runs.yml` says
what a query's own header means.

python tests/models/compare.py BINARY DATA PROJECT
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import duckdb
import yaml

HERE = Path(__file__).parent
SQL = HERE.parent.parent / "sql"
EXPECTED = HERE / "expected"
TOLERANCE = 1e-6
# Sums of doubles depend on their order.
RELATIVE = 1e-9
ADDED_BY_SNAPSHOTS = ["valid_from", "valid_to", "is_current"]
TYPES = {"text": "VARCHAR"}
SHOWN = 5


class Query:
    """A query of `expected/` with what its header says."""

    def __init__(self, path, data):
        self.name = path.name.removesuffix(".sql")
        text = path.read_text()
        header = itertools.takewhile(lambda line: line.startswith("--"), text.splitlines())
        comment = [line.removeprefix("--").removeprefix(" ") for line in header]
        start = next((i for i, line in enumerate(comment) if re.match(r"[a-z]+:( |$)", line)), len(comment))
        header = yaml.safe_load("\n".join(comment[start:])) or {}
        self.model = header.get("model")
        self.reads = header.get("reads", [])
        self.projects = header.get("projects")
        self.variables = header.get("variables", {})
        self.obeys = set(header.get("obeys", []))
        self.columns = header.get("columns")
        self.rows = header.get("rows")
        self.tolerance = header.get("tolerance", TOLERANCE)
        self.sql = "\n".join(text.splitlines()[len(comment) :]).replace("DATA/", f"{data}/")

    def holds(self, project, values, chosen, queries):
        """Whether the query says something of a project with these values of variables, of which those
        that were chosen for it may be others than their defaults."""
        same = all(str(values.get(name)) == str(value) for name, value in self.variables.items())
        known = self.known(queries) | set(self.variables)
        return same and chosen <= known and (self.projects is None or project in self.projects)

    def known(self, queries):
        """The variables that the query, or one that it reads, takes."""
        return self.obeys.union(*(queries[name].known(queries) for name in self.reads))


def declared_type(name):
    return TYPES.get(name, name.upper())


def make_sources(database, folder, config):
    """A table a source: the project's files with canonical columns, without rows where it has none."""
    for source, declared in yaml.safe_load((SQL / "sources.yml").read_text()).items():
        mapped = config.get("sources", {}).get(source)
        columns = []
        for column in declared["columns"]:
            name, kind = column["name"], declared_type(column.get("type", "text"))
            columns.append((name, kind, "type" in column))
        if mapped is None:
            empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind, _ in columns)
            database.execute(f"CREATE TABLE {source} AS SELECT {empty} WHERE false")
            continue
        location = str(folder / mapped["location"])
        files = f"read_csv('{location}')" if ".csv" in location else f"'{location}'"
        there = {row[0].lower(): row[0] for row in database.execute(f"DESCRIBE FROM {files}").fetchall()}
        outputs = []
        for name, kind, typed in columns:
            text = mapped.get("columns", {}).get(name, name if name in there else None)
            if text is None:
                outputs.append(f"CAST(NULL AS {kind}) AS {name}")
                continue
            text = f'"{there[text.lower()]}"' if text.lower() in there else text
            outputs.append(f"CAST({text} AS {kind}) AS {name}" if typed else f"{text} AS {name}")
        deleted = mapped.get("soft_delete_column")
        condition = f"WHERE NOT coalesce({deleted}, false)" if deleted else ""
        database.execute(f"CREATE TABLE {source} AS SELECT {', '.join(outputs)} FROM {files} {condition}")


def set_variables(database, values):
    declared = yaml.safe_load((SQL / "variables.yml").read_text())
    for name, value in values.items():
        kind = declared_type(declared[name]["type"])
        database.execute(f"SET VARIABLE {name} = CAST('{value}' AS {kind})")


def make_tables(database, queries, wanted, made):
    """Tables of the queries that others read, those that they read first."""
    for name in wanted:
        if name in made:
            continue
        made.add(name)
        make_tables(database, queries, queries[name].reads, made)
        database.execute(f'CREATE TABLE "{name}" AS {queries[name].sql}')


def types_of(database, query):
    return {row[0]: row[1] for row in database.execute(f"DESCRIBE {query}").fetchall()}


def family(kind):
    if kind.startswith(("VARCHAR", "UUID")):
        return "text"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return "TIMESTAMP"
    if kind.startswith("BOOLEAN"):
        return "BOOLEAN"
    return "DOUBLE"


def comparable(name, ours, theirs):
    """A column in a type in which both sides can be compared."""
    families = {family(ours), family(theirs)}
    kind = "VARCHAR" if "text" in families else families.pop()
    return f'CAST("{name}" AS {kind}) AS "{name}"'


def near(one, other, tolerance):
    if not isinstance(one, float) or not isinstance(other, float):
        return one == other
    if one == other or (one != one and other != other):
        return True
    off = abs(one - other)
    return off <= tolerance or off <= RELATIVE * max(abs(one), abs(other))


def by_words_then_numbers(row):
    shown = [(value is not None, "" if value is None else str(value)) for value in row if not isinstance(value, float)]
    return shown, [value for value in row if isinstance(value, float)]


def differences(database, query, model):
    """What is wrong with a model by a query; nothing when they agree."""
    database.execute(f"CREATE OR REPLACE TEMP TABLE expected AS {query.sql}")
    ours, theirs = types_of(database, f"FROM {model}"), types_of(database, "FROM expected")
    if all(name in ours for name in ADDED_BY_SNAPSHOTS) and "valid_from" not in theirs:
        ours = {name: kind for name, kind in ours.items() if name not in ADDED_BY_SNAPSHOTS}
        model = f"(FROM {model} WHERE is_current)"
    columns = query.columns or list(theirs)
    if sorted(columns) != sorted(theirs) or (query.columns is None and list(ours) != list(theirs)):
        return f"columns {list(ours)}, expected {list(theirs)}"
    outputs = ", ".join(comparable(name, ours[name], theirs[name]) for name in columns)
    condition = f"WHERE {query.rows}" if query.rows else ""
    one = f"SELECT {outputs} FROM {model} {condition}"
    other = f"SELECT {outputs} FROM expected"
    left = database.execute(f"({one}) EXCEPT ALL ({other})").fetchall()
    right = database.execute(f"({other}) EXCEPT ALL ({one})").fetchall()
    left.sort(key=by_words_then_numbers)
    right.sort(key=by_words_then_numbers)
    wrong = [
        (mine, yours)
        for mine, yours in zip(left, right)
        if not all(near(a, b, query.tolerance) for a, b in zip(mine, yours))
    ]
    if len(left) == len(right) and not wrong:
        return None
    pairs = "\n".join(f"    got      {mine}\n    expected {yours}" for mine, yours in wrong[:SHOWN])
    rest = "\n".join(f"    {row}" for row in (left + right)[:SHOWN]) if not wrong else ""
    return f"{len(left)} rows that are not expected, {len(right)} that lack, of {columns}\n{pairs}{rest}"


def variables_of(binary, folder, declared):
    """The variables that each model depends on, if only through others."""
    listed = subprocess.run(
        [binary, "--project", str(folder), "ls", "--long"], capture_output=True, text=True, check=True
    ).stdout
    taken = {name: set(re.findall(r"\$(\w+)", str(variable.get("query")))) for name, variable in declared.items()}
    needed = {}
    for line in listed.splitlines():
        model, _, path = line.split()[:3]
        text = (SQL / path).read_text()
        own = set(re.findall(r"\$(\w+)", text)) if path.endswith(".sql") else set()
        own |= {name for found in own & taken.keys() for name in taken[found]}
        reads = line.partition(" reads ")[2].split(", ")
        needed[model] = own.union(*(needed.get(read, set()) for read in reads))
    return needed


def build(binary, folder, variables):
    """Builds and tests the project; what each model came to, by name, and each test."""
    arguments = [binary, "--project", str(folder), "build"]
    for name, value in variables.items():
        arguments += ["--var", f"{name}={value}"]
    built = subprocess.run(arguments, capture_output=True, text=True, check=False)
    results = folder / "target" / "run_results.json"
    if not results.exists():
        sys.exit(f"{' '.join(arguments)}: {built.stdout}{built.stderr}")
    results = json.loads(results.read_text())
    return {result["model"]: result for result in results["results"]}, results["tests"]


def export(binary, folder, models):
    """A Parquet file a model, written by the binary as whoever reads the warehouse would."""
    out = folder / "out"
    out.mkdir()
    arguments = [binary, "--project", str(folder)]
    for model in models:
        arguments += ["-c", f"COPY {model} TO '{out / model}.parquet' STORED AS PARQUET"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"reading the models of {folder.name}: {done.stdout}{done.stderr}")
    return out


def compare(binary, data, project, variables, warns, queries):
    """What is wrong in one run, in which the tests `warns` are to warn; and what was built, compared and tested."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / project
        shutil.copytree(HERE / "projects" / project, folder)
        config = folder / "cohortql.toml"
        config.write_text(config.read_text().replace('"DATA/', f'"{data}/'))
        settings = tomllib.loads(config.read_text())
        values = {**settings.get("vars", {}), **variables}
        results, tests = build(binary, folder, variables)
        wrong = [
            f"{name}: {result['message']}" for name, result in results.items() if result["status"] == "failed"
        ]
        wrong += [
            f"{test['test']} {test['status']}: {test['message']}"
            for test in tests
            if test["status"] != ("warned" if test["test"] in warns else "passed") and test["status"] != "skipped"
        ]
        passed = sum(test["status"] == "passed" for test in tests)
        built = [name for name, result in results.items() if result["status"] == "built"]
        out = export(binary, folder, built)
        database = duckdb.connect()
        make_sources(database, folder, settings)
        set_variables(database, values)
        declared = yaml.safe_load((SQL / "variables.yml").read_text())
        effective = {name: variable.get("default") for name, variable in declared.items()} | values
        needed = variables_of(binary, folder, declared)
        made, asked = set(), set()
        for query in queries.values():
            if query.model not in built:
                continue
            chosen = needed[query.model] & values.keys()
            if not query.holds(project, effective, chosen, queries):
                continue
            make_tables(database, queries, query.reads, made)
            found = differences(database, query, f"'{out / query.model}.parquet'")
            asked.add(query.model)
            if found:
                wrong.append(f"{query.model} by {query.name}: {found}")
        return wrong, asked, built, passed


def main():
    binary, data, project = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
    queries = {}
    for path in sorted(EXPECTED.glob("*.sql")):
        query = Query(path, data)
        queries[query.name] = query
    runs = [run for run in yaml.safe_load((EXPECTED / "runs.yml").read_text()) if run["project"] == project]
    if not runs:
        sys.exit(f"runs.yml has no run of {project}")
    failures = []
    for run in runs:
        variables = {name: str(value) for name, value in run.get("variables", {}).items()}
        wrong, asked, built, passed = compare(binary, data, project, variables, run.get("warns", []), queries)
        said = f"{len(built)} models built, {len(asked)} compared, {passed} tests passed"
        print(f"{project} {variables}: {said}", flush=True)
        failures += [f"{project} {variables}: {failure}" for failure in wrong]
        if not asked and built:
            failures.append(f"{project} {variables}: no model was compared")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
