#!/usr/bin/env python3
"""CohortQL beside its peers: the same questions of the same events.

Makes the events (once), asks each question of CohortQL's reports, of plain
DataFusion SQL in the same binary, of DuckDB and of chDB, each time in a fresh
process and in turn, so that what else the machine does falls on all alike.
Checks that the answers are the same, and writes benches/RESULTS.md.

    pip install duckdb chdb
    cargo build --release
    python3 benches/peers/run.py --binary target/release/cohortql
"""

import argparse
import csv
import importlib
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUESTIONS = {
    "retention": "cohort retention by month, all events",
    "rfm": "RFM scores of the buyers, ties together",
    "baskets": "lift of products seen in one session, support 0.0002",
    "funnel": "view, cart, purchase within a day, customers by depth",
    "sessions": "events by number of the session, a new one after 30 minutes",
    "nth": "customers by the day of their third event",
}
PEERS = ["cohortql", "datafusion", "duckdb", "chdb"]

DUCKDB = """
import duckdb, sys
con = duckdb.connect()
con.execute("SET threads = %(threads)d")
con.execute("CREATE VIEW events AS SELECT * FROM read_parquet('%(data)s/*.parquet')")
con.execute("COPY (" + open("%(sql)s").read() + ") TO '%(out)s' (FORMAT csv, HEADER)")
"""

CHDB = """
import chdb
sql = open("%(sql)s").read().replace("FROM events", "FROM file('%(data)s/*.parquet')")
sql = "SELECT * FROM (" + sql + ") SETTINGS max_threads = %(threads)d"
answer = chdb.query(sql, "CSVWithNames")
open("%(out)s", "wb").write(answer.bytes())
"""


def command(peer, question, options, out):
    sql = HERE / "sql" / f"{question}.{peer}.sql"
    values = {"threads": options.threads, "data": options.data, "sql": sql, "out": out}
    if peer == "duckdb":
        return [sys.executable, "-c", DUCKDB % values]
    if peer == "chdb":
        return [sys.executable, "-c", CHDB % values]
    return [options.binary, f"--threads={options.threads}", options.data, "-f", sql,
            "--format", "csv", "-o", out]


def ask(peer, question, options, out):
    """Seconds and peak memory of one fresh process."""
    started = time.perf_counter()
    process = subprocess.Popen(command(peer, question, options, out), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        raise SystemExit(f"{peer} failed on {question}")
    return seconds, usage.ru_maxrss / 1024


def cell(text):
    """A cell as a value that does not depend on how it is written."""
    try:
        return Decimal(text).normalize()
    except ArithmeticError:
        return text.split(" ")[0]


def rows(path):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        next(reader)
        return [[cell(value) for value in row] for row in reader]


def same(one, two):
    """Whether two answers are equal; the last digit of a rounded double may differ."""
    if len(one) != len(two):
        return False
    close = lambda a, b: a == b or (
        isinstance(a, Decimal) and isinstance(b, Decimal) and abs(a - b) <= Decimal("0.000002"))
    return all(len(a) == len(b) and all(map(close, a, b)) for a, b in zip(one, two))


def seen_cells(answer):
    """Retention without the cells in which nobody came, which plain SQL does not have."""
    return [row for row in answer if row[3] != 0]


def profile(binary):
    """The Cargo profile a binary is of, as its folder tells; None when it does not."""
    return {"debug": "dev", "release": "release"}.get(Path(binary).resolve().parent.name)


def versions(options):
    """Of the peers that were asked, each as it says itself."""
    ours = subprocess.run([options.binary, "--version"], capture_output=True, text=True, check=True)
    of = {"cohortql": lambda: ours.stdout.strip(),
          "datafusion": lambda: "55 (in cohortql)",
          "duckdb": lambda: importlib.import_module("duckdb").__version__,
          "chdb": lambda: importlib.import_module("chdb").__version__}
    return {peer: of[peer]() for peer in options.peers}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=os.environ.get(
        "COHORTQL_BINARY", str(ROOT / "target" / "debug" / "cohortql")))
    parser.add_argument("--profile", help="Cargo profile of the binary, when its folder does not tell")
    parser.add_argument("--rows", default="20M")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--data", help="folder of the events; it is named events")
    parser.add_argument("--questions", nargs="*", default=list(QUESTIONS), choices=list(QUESTIONS))
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS)
    parser.add_argument("--out", default=str(ROOT / "benches" / "RESULTS.md"))
    options = parser.parse_args()
    options.profile = options.profile or profile(options.binary)
    if options.profile is None:
        parser.error(f"which profile is {options.binary} of? Say --profile")
    scratch = ROOT / "target" / "peers"
    scratch.mkdir(parents=True, exist_ok=True)
    options.data = options.data or str(scratch / options.rows / "events")
    if not Path(options.data).exists():
        subprocess.run([options.binary, "generate", "events", "--rows", options.rows,
                        "--out", options.data], check=True)
    times, peaks, failed = {}, {}, []
    for question in options.questions:
        for turn in range(options.rounds + 1):
            answers = {}
            for peer in options.peers:
                out = str(scratch / f"{question}.{peer}.csv")
                Path(out).unlink(missing_ok=True)
                seconds, peak = ask(peer, question, options, out)
                # The first turn warms the file cache for all.
                if turn > 0:
                    times.setdefault((question, peer), []).append(seconds)
                    peaks.setdefault((question, peer), []).append(peak)
                print(f"{question:10} {peer:10} {seconds:7.2f} s {peak:7.0f} MiB", file=sys.stderr)
                answer = rows(out)
                answers[peer] = seen_cells(answer) if question == "retention" else answer
            for peer in options.peers[1:]:
                if not same(answers[options.peers[0]], answers[peer]):
                    failed.append((question, peer))
    write(options, times, peaks, sorted(set(failed)))
    if failed:
        raise SystemExit(f"answers differ: {sorted(set(failed))}")


def write(options, times, peaks, failed):
    lines = ["# CohortQL beside its peers", "",
             f"{options.rows} generated events in Parquet, {options.threads} threads, "
             f"{options.rounds} rounds in turn, each in a fresh process, the binary of the "
             f"`{options.profile}` profile ({date.today()}, "
             f"{platform.machine()}, {os.cpu_count()} cores). Times include starting the process. "
             "A ratio is the peer's time over CohortQL's in the same round; above 1 CohortQL is faster.", ""]
    lines += [f"- {peer}: {version}" for peer, version in versions(options).items()]
    for question in options.questions:
        lines += ["", f"## {QUESTIONS[question]}", "",
                  "| | median s | least s | most s | peak MiB | median ratio | ratios |",
                  "|---|---|---|---|---|---|---|"]
        ours = times[(question, options.peers[0])]
        for peer in options.peers:
            seconds = times[(question, peer)]
            ratios = [theirs / own for theirs, own in zip(seconds, ours)]
            lines.append(
                f"| {peer} | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} "
                f"| {statistics.median(peaks[(question, peer)]):.0f} | {statistics.median(ratios):.2f} "
                f"| {min(ratios):.2f} to {max(ratios):.2f} |")
    lines += ["", "Answers are the same." if not failed else f"Answers differ: {failed}.", ""]
    Path(options.out).write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
