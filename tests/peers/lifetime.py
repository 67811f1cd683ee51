"""Lifetime value, compared with Python's lifetimes: histories, fits, predictions and discounted value.

lifetimes makes histories with pandas, fits by BFGS with automatic derivatives, and predicts by the
printed formulas with SciPy's hypergeometric function; we count days in flat state, fit by Newton's
method with derivatives written out, and predict by a sum or an integral. That every history agrees, that
no fit of theirs is likelier than ours, and that predictions under the same parameters agree to nine
digits, on a published data set and on simulated populations, is evidence for each.

    python tests/peers/lifetime.py BINARY

COHORTQL_DATA names the folder with CDNOW; without it only simulated populations are compared.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import ConvergenceError, summary_data_from_transaction_data

warnings.filterwarnings("ignore")
POPULATIONS = 12
STEPS = 12
MONTHLY = 0.01
COUNTS = {}


def fail(message):
    sys.exit(f"lifetime: {message}")


def ours(binary, folder, table, *statements):
    """The rows of the last of `statements` over `table`, which is called t."""
    pq.write_table(table, folder / "in.parquet")
    out = folder / "out.parquet"
    *views, query = statements
    sql = "; ".join(
        [f"CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{folder}/in.parquet'"]
        + list(views)
        + [f"COPY ({query}) TO '{out}' STORED AS PARQUET"]
    )
    done = subprocess.run([binary, "-c", sql], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{sql}\n{done.stdout}{done.stderr}")
    return pq.read_table(out).to_pandas()


def agree(what, found, wanted, relative, absolute=0.0):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    wrong = ~(np.abs(found - wanted) <= relative * np.abs(wanted) + absolute)
    if wrong.any():
        first = np.flatnonzero(wrong)[:5]
        fail(f"{what}: {wrong.sum()} differ, first {found[first]} instead of {wanted[first]}")
    COUNTS[what] = COUNTS.get(what, 0) + len(found)


def simulated(random):
    """A population of the model's own making, with amounts of the Gamma-Gamma model's."""
    customers = int(random.integers(500, 4000))
    r, a, b = random.uniform(0.2, 2.5), random.uniform(0.4, 2.5), random.uniform(1, 5)
    alpha = random.uniform(3, 15) * max(r, 0.5)
    rates, dropouts = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    ages = random.integers(15, 80, customers).astype(float)
    scales = random.gamma(4.0, 1.0, customers)
    rows = []
    for rate, dropout, age, scale in zip(rates, dropouts, ages, scales):
        frequency, recency, now = 0, 0.0, random.exponential(1 / rate)
        while now < age:
            frequency, recency = frequency + 1, now
            if random.random() < dropout:
                break
            now += random.exponential(1 / rate)
        amount = random.gamma(5.0 * frequency, 16 / scale) / frequency if frequency else 0.0
        rows.append((frequency, recency, age, amount))
    return pd.DataFrame(rows, columns=["x", "t_x", "age", "m"])


def bgnbd_likelihood(params, people):
    columns = people.x.values, people.t_x.values, people.age.values
    of_one = BetaGeoFitter._negative_log_likelihood(np.log(params), *columns, np.ones(len(people)), 0)
    return -of_one * len(people)


def gamma_gamma_likelihood(params, buyers):
    columns = buyers.x.values.astype(float), buyers.m.values
    return -GammaGammaFitter._negative_log_likelihood(
        np.log(params), *columns, np.ones(len(buyers)), 0
    ) * len(buyers)


def theirs(fitter, *columns):
    """Their fit, with the tolerance loosened where BFGS does not reach it; None if it never does."""
    for tolerance in (1e-8, 1e-6, 1e-4):
        try:
            sys.stdout = open(os.devnull, "w")
            return fitter.fit(*columns, tol=tolerance)
        except ConvergenceError:
            continue
        finally:
            sys.stdout.close()
            sys.stdout = sys.__stdout__
    return None


def compare_fit(name, ours, fitted, likelihood, people):
    params = [ours[key] for key in ours if key not in ("log_likelihood", "converged")]
    own = likelihood(params, people)
    agree(f"{name} likelihood", [ours["log_likelihood"]], [own], 1e-11)
    if not ours["converged"]:
        fail(f"{name}: no maximum found, {ours}")
    if fitted is None:
        COUNTS[f"{name} given up by lifetimes"] = COUNTS.get(f"{name} given up by lifetimes", 0) + 1
        return
    rival = likelihood(fitted.params_.values, people)
    if ours["log_likelihood"] < rival - 1e-6:
        fail(f"{name}: theirs is likelier by {rival - ours['log_likelihood']}: {fitted.params_}")
    agree(f"{name} parameters", params, fitted.params_.values, 5e-3)


def compare_population(binary, folder, people):
    step = 30
    expectations = [f"bgnbd_expected(bg, {step * k}, x, t_x, age) AS e{k}" for k in range(STEPS + 1)]
    # Σ (E(k) − E(k−1))·w^k, its summands taken together by E.
    w = 1 / (1 + MONTHLY)
    weights = [w**k - w ** (k + 1) for k in range(1, STEPS)] + [w**STEPS]
    found = ours(
        binary,
        folder,
        pa.Table.from_pandas(people, preserve_index=False),
        "CREATE VIEW fits AS SELECT bgnbd_fit(x, t_x, age) AS bg, gamma_gamma_fit(x, m) AS gg FROM t",
        f"SELECT bg, gg, x, t_x, age, m, bgnbd_alive(bg, x, t_x, age) AS alive, "
        f"gamma_gamma_expected(gg, x, m) AS spent, {', '.join(expectations)} FROM t CROSS JOIN fits",
    )
    bg, gg = found.bg[0], found.gg[0]
    buyers = people[(people.x > 0) & (people.m > 0)]
    compare_fit("BG/NBD", bg, theirs(BetaGeoFitter(), people.x, people.t_x, people.age), bgnbd_likelihood, people)
    compare_fit("Gamma-Gamma", gg, theirs(GammaGammaFitter(), buyers.x, buyers.m), gamma_gamma_likelihood, buyers)

    model, spending = BetaGeoFitter(), GammaGammaFitter()
    model.params_ = pd.Series({key: bg[key] for key in ("r", "alpha", "a", "b")})
    model.predict = model.conditional_expected_number_of_purchases_up_to_time
    spending.params_ = pd.Series({key: gg[key] for key in ("p", "q", "v")})
    x, t_x, age = found.x, found.t_x, found.age
    # The printed formula is a difference of two numbers of this size.
    cancelled = 1e-14 * (bg["a"] + bg["b"] + x) / abs(bg["a"] - 1)
    for k in range(1, STEPS + 1):
        agree("expected purchases", found[f"e{k}"], model.predict(step * k, x, t_x, age), 1e-9, cancelled)
    agree("P(alive)", found.alive, model.conditional_probability_alive(x, t_x, age), 1e-9)
    agree("expected amounts", found.spent, spending.conditional_expected_average_profit(x, found.m), 1e-9)
    value = found.spent * sum(w * found[f"e{k}"] for k, w in enumerate(weights, 1))
    wanted = spending.customer_lifetime_value(model, x, t_x, age, found.m, STEPS, MONTHLY, "D")
    agree("discounted value", value, wanted, 1e-9, cancelled * found.spent)


def cdnow(binary, folder, path):
    orders = pd.read_csv(path, parse_dates=["order_date"])
    table = pa.table({
        "customer": orders.customer_id,
        "day": pa.array(orders.order_date.dt.date, pa.date32()),
        "amount": pa.array(orders.amount),
    })
    found = ours(
        binary,
        folder,
        table,
        "SELECT customer, h['frequency'] AS x, h['recency'] AS t_x, h['age'] AS age, h['monetary'] AS m FROM "
        "(SELECT customer, clv_summary(day, amount, DATE '1998-06-30', 'day') AS h FROM t GROUP BY customer)",
    ).sort_values("customer")
    wanted = summary_data_from_transaction_data(
        orders, "customer_id", "order_date", "amount", observation_period_end="1998-06-30"
    ).sort_index()
    agree("customers", found.customer, wanted.index, 0)
    for name, column in zip(["x", "t_x", "age"], ["frequency", "recency", "T"]):
        agree("histories", found[name], wanted[column], 0)
    agree("monetary values", found.m, wanted.monetary_value, 1e-13)
    compare_population(binary, folder, found[["x", "t_x", "age", "m"]].reset_index(drop=True))


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        data = os.environ.get("COHORTQL_DATA")
        if data:
            cdnow(binary, folder, Path(data) / "cdnow/cdnow_master.csv")
        for seed in range(POPULATIONS):
            compare_population(binary, folder, simulated(np.random.default_rng(seed)))
    print("lifetime: " + ", ".join(f"{count} {what}" for what, count in COUNTS.items()) + " agree")


if __name__ == "__main__":
    main(sys.argv[1])
