"""What tests count beside what DuckDB counts.

Gives every column of a project's sources the tests that fit its type, runs them, and compares the wrong rows
that they found with those that a query in DuckDB finds over the same files.

python tests/models/counts.py BINARY DATA PROJECT
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import duckdb
import yaml
from compare import HERE, SQL, make_sources

NUMBERS = ("BIGINT", "DOUBLE", "DECIMAL", "INTEGER")
LOW, HIGH = 1, 20


def tests_of(database, source, column, kind):
    """Tests of a column as cohortql.toml has them, each with DuckDB's condition on a wrong row."""
    name = f'"{column}"'
    tests = [("not_null", f"{name} IS NULL")]
    if kind.startswith(NUMBERS):
        tests.append(("non_negative", f"{name} < 0"))
        tests.append(({"range": {"min": LOW, "max": HIGH}}, f"{name} < {LOW} OR {name} > {HIGH}"))
        tests.append(({"range": {"max": 0.5, "where": f"{name} > 0"}}, f"{name} > 0 AND {name} > 0.5"))
    if kind.startswith("TIMESTAMP"):
        middle = database.execute(f"SELECT CAST(median({name}) AS TIMESTAMP) FROM {source}").fetchone()[0]
        if middle is not None:
            tests.append(({"range": {"max": str(middle)}}, f"{name} > TIMESTAMP '{middle}'"))
    if kind.startswith("VARCHAR"):
        values = database.execute(f"SELECT DISTINCT {name} FROM {source} WHERE {name} IS NOT NULL ORDER BY 1").fetchall()
        values = [value for (value,) in values[::2]]
        if values:
            listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
            tests.append(({"accepted_values": {"values": values}}, f"{name} NOT IN ({listed})"))
    return tests


def written(test):
    """A test as TOML."""
    if isinstance(test, str):
        return json.dumps(test)
    (name, arguments), = test.items()
    inner = ", ".join(f"{key} = {json.dumps(value)}" for key, value in arguments.items())
    return f"{{ {name} = {{ {inner} }} }}"


def main():
    binary, data, project = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / project
        shutil.copytree(HERE / "projects" / project, folder)
        config = folder / "cohortql.toml"
        text = config.read_text().replace('"DATA/', f'"{data}/')
        settings = tomllib.loads(text)
        database = duckdb.connect()
        make_sources(database, folder, settings)
        expected = {}

        def expect(name, query):
            expected[name] = database.execute(query).fetchone()[0]

        declared = yaml.safe_load((SQL / "sources.yml").read_text())
        for source in settings["sources"]:
            kinds = {row[0]: row[1] for row in database.execute(f"DESCRIBE {source}").fetchall()}
            text += f"\n[sources.{source}.column_tests]\n"
            for column in (column["name"] for column in declared[source]["columns"]):
                tests, numbered = [], 0
                for test, wrong in tests_of(database, source, column, kinds[column]):
                    numbered += 1
                    name = f"{source}_{column}_{numbered}"
                    arguments = {"name": name}
                    if not isinstance(test, str):
                        (test, given), = test.items()
                        arguments |= given
                    tests.append(written({test: arguments}))
                    expect(name, f"SELECT COUNT(*) FROM {source} WHERE {wrong}")
                name = f"{source}_{column}_key"
                tests.append(written({"unique": {"name": name}}))
                expect(
                    name,
                    f'SELECT COUNT(*) FROM (SELECT "{column}" FROM {source} WHERE "{column}" IS NOT NULL '
                    f'GROUP BY "{column}" HAVING COUNT(*) > 1)',
                )
                if column == "order_id" and source != "orders":
                    name = f"{source}_{column}_known"
                    to = {"to": "source.orders", "column": "order_id", "name": name}
                    tests.append(written({"relationships": to}))
                    expect(
                        name,
                        f"SELECT COUNT(*) FROM {source} WHERE order_id IS NOT NULL AND CAST(order_id AS VARCHAR) NOT IN "
                        "(SELECT CAST(order_id AS VARCHAR) FROM orders WHERE order_id IS NOT NULL)",
                    )
                text += f"{column} = [{', '.join(tests)}]\n"
        config.write_text(text)
        command = [binary, "--project", str(folder), "test", *(f"source:{name}" for name in settings["sources"])]
        # Models that read the sources are not built: their tests cannot be run.
        command += ["--exclude", "path:staging+"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        results = folder / "target" / "run_results.json"
        if not results.exists():
            sys.exit(f"{' '.join(command)}: {run.stdout}{run.stderr}")
        found = {test["test"]: test for test in json.loads(results.read_text())["tests"]}
        wrong = [
            f"{name}: found {found[name]['failures']} ({found[name]['message']}), expected {count}"
            for name, count in expected.items()
            if found[name]["failures"] != count
        ]
        if wrong:
            sys.exit("\n".join(wrong))
        failing = sum(count > 0 for count in expected.values())
        print(f"{project}: {len(expected)} tests, {failing} of which find something", flush=True)
        if failing == 0:
            sys.exit(f"{project}: no test finds anything")


if __name__ == "__main__":
    main()
