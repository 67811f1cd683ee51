"""Sessions and paths against DuckDB, and attribution against pandas.

The peers know none of these functions, so that each question is asked of them in their own terms:
sessions by lag and a running sum, edges by row_number and lead, credit by a join of every conversion
with every touch. (A session's greatest length depends on where the sessions before it began, which
is a loop in Python.) Events of 120,000 customers, with NULLs and many ties, all compared.

python tests/peers/sessions.py BINARY
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

CUSTOMERS = 120_000
EVENTS = 1_200_000
GAP = 1_800
LENGTH = 5_400
LOOKBACK = 6 * 86_400
RELATIVE = 1e-12
PAGES = ["home", "cart", "", "Blog", "pay", "résumé", "search"]
MODELS = ["first", "last", "linear", "time_decay", "position"]

NUMBERED = f"""
    SELECT *, sum(later) OVER (PARTITION BY customer ORDER BY ts, id) AS session
    FROM (SELECT *, CASE WHEN ts - lag(ts) OVER (PARTITION BY customer ORDER BY ts, id)
                           <= INTERVAL {GAP} SECONDS THEN 0 ELSE 1 END AS later
          FROM events WHERE ts IS NOT NULL)"""


def some(random, values):
    """The values, one in thirty NULL."""
    return pa.array(values, mask=random.random(len(values)) < 1 / 30)


def make_events(path):
    """Times in steps of five minutes, so that ties, and gaps of exactly half an hour, are many."""
    random = np.random.default_rng(7)
    micros = random.integers(0, 5_000, EVENTS) * 300_000_000 + 1_700_000_000_000_000
    # Half of the customers have all of their events within six hours.
    customers = random.integers(0, CUSTOMERS, EVENTS)
    micros = np.where(customers % 2 == 0, micros, 1_700_000_000_000_000 + micros % 21_600_000_000)
    table = pa.table(
        {
            "id": np.arange(EVENTS),
            "customer": customers,
            "ts": some(random, micros).cast(pa.timestamp("us")),
            "page": some(random, np.array(PAGES)[random.integers(0, len(PAGES), EVENTS)]),
            "bought": some(random, random.random(EVENTS) < 0.2),
        }
    )
    pq.write_table(table, path, row_group_size=200_000)


def ours(binary, folder, query):
    out = folder / "out.parquet"
    out.unlink(missing_ok=True)
    sql = (
        f"CREATE EXTERNAL TABLE events STORED AS PARQUET LOCATION '{folder}/events.parquet'; "
        f"COPY ({query}) TO '{out}' STORED AS PARQUET"
    )
    done = subprocess.run([binary, "-c", sql], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{sql}\n{done.stdout}{done.stderr}")
    return out


def fail(name, difference):
    sys.exit(f"{name} differs:\n{difference}")


def same_rows(peer, name, out, query):
    """Compares a file with a query of DuckDB, as multisets of rows."""
    peer.execute(f"CREATE OR REPLACE TABLE wanted AS {query}")
    peer.execute(f"CREATE OR REPLACE TABLE found AS FROM '{out}'")
    for side, other in [("found", "wanted"), ("wanted", "found")]:
        rows = peer.execute(f"FROM {side} EXCEPT ALL FROM {other} ORDER BY ALL LIMIT 10").fetchall()
        if rows:
            fail(name, "\n".join(f"only {side}: {row}" for row in rows))
    return peer.execute("SELECT count(*) FROM wanted").fetchone()[0]


def sessionize(binary, folder, peer):
    out = ours(
        binary,
        folder,
        f"SELECT id, sessionize(ts, {GAP}) OVER (PARTITION BY customer ORDER BY ts) AS session FROM events",
    )
    wanted = f"""SELECT id, session::BIGINT AS session FROM ({NUMBERED})
                 UNION ALL SELECT id, NULL FROM events WHERE ts IS NULL"""
    rows = same_rows(peer, "sessionize", out, wanted)
    late = peer.execute("SELECT count(*) FROM wanted WHERE session > 1").fetchone()[0]
    print(f"sessionize: {rows} events agree, {late} beyond session 1")


def limited_sessions(binary, folder, events):
    out = ours(
        binary,
        folder,
        f"SELECT id, sessionize(ts, INTERVAL '{GAP} seconds', INTERVAL '{LENGTH} seconds') "
        "OVER (PARTITION BY customer ORDER BY ts) AS session FROM events WHERE ts IS NOT NULL",
    )
    events = events[events.ts.notna()].sort_values(["customer", "ts"])
    seconds = events.ts.astype("int64").to_numpy() // 1_000_000
    numbers, cut, last = [], 0, None
    for customer, time in zip(events.customer.tolist(), seconds.tolist()):
        if customer != last:
            number, start, before, last = 1, time, time, customer
        if time - before > GAP or time - start > LENGTH:
            cut += time - before <= GAP
            number, start = number + 1, time
        before = time
        numbers.append(number)
    wanted = pd.Series(numbers, index=events.id.to_numpy())
    found = pq.read_table(out).to_pandas().set_index("id").session
    wrong = wanted.compare(found.loc[wanted.index])
    if len(wrong) or len(found) != len(wanted):
        fail("sessionize with a length", wrong.head(10))
    print(f"sessionize with a length: {len(wanted)} events agree, {cut} sessions cut by it")


def path_edges(binary, folder, peer):
    out = ours(
        binary,
        folder,
        "SELECT customer, edge['depth'] AS depth, edge['source'] AS source, edge['target'] AS target, "
        "edge['n'] AS n, edge['total_seconds'] AS total_seconds FROM (SELECT customer, "
        f"unnest(path_edges(page, ts, INTERVAL '{GAP} seconds', 4)) AS edge FROM events GROUP BY customer)",
    )
    # Bytes order as our strings do; events without a page are as if they were not there.
    numbered = NUMBERED.replace("ts IS NOT NULL", "ts IS NOT NULL AND page IS NOT NULL")
    wanted = f"""
        SELECT customer, depth::INT AS depth, source, target, count(*) AS n,
               sum(epoch(next - ts))::DOUBLE AS total_seconds
        FROM (SELECT customer, ts, page AS source, row_number() OVER place AS depth,
                     lead(page) OVER place AS target, lead(ts) OVER place AS next
              FROM ({numbered}) WINDOW place AS (PARTITION BY customer, session ORDER BY ts, page))
        WHERE target IS NOT NULL AND depth <= 4 GROUP BY ALL"""
    rows = same_rows(peer, "path_edges", out, wanted)
    deep = peer.execute("SELECT count(*) FROM wanted WHERE depth > 1").fetchone()[0]
    print(f"path_edges: {rows} edges agree, {deep} beyond depth 1")


def paths_to_conversion(events):
    """Every conversion with every touch that it looks back on, and the conversions without."""
    events = events[events.ts.notna()]
    conversions = events.loc[events.bought == True, ["customer", "ts", "id"]]  # noqa: E712, it may be NULL
    touches = events.loc[events.page.notna(), ["customer", "ts", "page"]]
    paths = conversions.merge(touches, on="customer", suffixes=("", "_touch"))
    paths["age"] = (paths.ts - paths.ts_touch).dt.total_seconds()
    paths = paths[(paths.age >= 0) & (paths.age <= LOOKBACK)].sort_values(["id", "ts_touch", "page"])
    by_conversion = paths.groupby("id")
    paths["place"] = by_conversion.cumcount()
    paths["n"] = by_conversion.page.transform("size")
    return conversions, paths, conversions[~conversions.id.isin(paths.id)]


def weights(model, paths):
    if model == "first":
        return (paths.place == 0).astype(float)
    if model == "last":
        return (paths.place == paths.n - 1).astype(float)
    if model == "linear":
        return pd.Series(1.0, paths.index)
    if model == "time_decay":
        return 0.5 ** (paths.age / (7 * 86_400))
    is_end = (paths.place == 0) | (paths.place == paths.n - 1)
    return np.where(paths.n <= 2, 1.0, np.where(is_end, 0.4, 0.2 / (paths.n - 2).clip(lower=1)))


def attribution(binary, folder, events):
    conversions, paths, nobodys = paths_to_conversion(events)
    nobodys = nobodys.groupby("customer").size().astype(float).reset_index(name="credit")
    compared = 0
    for model in MODELS:
        paths["weight"] = weights(model, paths)
        paths["credit"] = paths.weight / paths.groupby("id").weight.transform("sum")
        wanted = paths.groupby(["customer", "page"]).credit.sum().reset_index()
        wanted = pd.concat([wanted[wanted.credit > 0], nobodys.assign(page=None)])
        out = ours(
            binary,
            folder,
            "SELECT customer, share['channel'] AS page, share['credit'] AS credit FROM (SELECT customer, "
            f"unnest(attribution(ts, page, bought, '{model}', {LOOKBACK})) AS share FROM events GROUP BY customer)",
        )
        found = pq.read_table(out).to_pandas()
        both = wanted.merge(found, on=["customer", "page"], how="outer", suffixes=("", "_found"))
        wrong = both[~((both.credit - both.credit_found).abs() <= RELATIVE * both.credit)]
        if len(wrong):
            fail(f"attribution by {model}", wrong.head(10))
        total = found.credit.sum()
        if abs(total - len(conversions)) > RELATIVE * len(conversions):
            fail(f"attribution by {model}", f"{total} credits for {len(conversions)} conversions")
        compared += len(both)
    print(f"attribution: {compared} shares of {len(conversions)} conversions agree, {len(MODELS)} models")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make_events(folder / "events.parquet")
        peer = duckdb.connect()
        peer.execute("SET threads = 2")
        peer.execute(f"CREATE VIEW events AS FROM '{folder}/events.parquet'")
        events = pq.read_table(folder / "events.parquet").to_pandas()
        sessionize(sys.argv[1], folder, peer)
        limited_sessions(sys.argv[1], folder, events)
        path_edges(sys.argv[1], folder, peer)
        attribution(sys.argv[1], folder, events)


if __name__ == "__main__":
    main()
