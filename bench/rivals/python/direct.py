"""pandas, SciPy, scikit-learn, NumPy and DuckDB called directly, for bench/direct.ts.

A command a line on standard input, an answer a line on standard output, both JSON; the first line says what is there.

    {"op": "load", "name": "x", "path": "...", "columns": 4}   float64, column after column -> {"rows": ...}
    {"op": "run", "what": "describe", "name": "x", "calls": 5, "options": {}}
        -> {"ms": milliseconds a call, "figures": [what came of the last call, flat]}
    {"op": "forget"}                                           drops all data

What an operation works on (a frame, a table, rows) is made before the clock starts and kept until `forget`.
"""

import json
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.cluster import KMeans

DATA = {}
MADE = {}


def made(kind, name, make):
    """What `make` makes of the columns of `name`, once."""
    if (kind, name) not in MADE:
        MADE[kind, name] = make(DATA[name])
    return MADE[kind, name]


def frame(name):
    """One block of columns, each contiguous: the best that pandas can have."""
    return made("frame", name, lambda block: pd.DataFrame(block.T, columns=[f"c{i}" for i in range(len(block))]))


def rows(name):
    return made("rows", name, lambda block: np.ascontiguousarray(block.T))


def connection(name):
    def make(block):
        import duckdb

        table = pd.DataFrame(block.T, columns=[f"c{i}" for i in range(len(block))])
        session = duckdb.connect(config={"threads": os.cpu_count()})
        session.register("source", table)
        session.execute("CREATE TABLE data AS SELECT * FROM source")
        session.unregister("source")
        return session

    return made("duckdb", name, make)


def describe(name, options):
    data = frame(name)
    columns = ["mean", "std", "min", "25%", "50%", "75%", "max"]
    return data.describe, lambda answer: answer.loc[columns].to_numpy().T.ravel()


def moments(name, options):
    data = frame(name)

    def call():
        return [data.mean(), data.std(), data.min(), data.max(), data.skew(), data.kurtosis()]

    return call, lambda answer: np.array([part.to_numpy() for part in answer]).T.ravel()


def ttest(name, options):
    values = DATA[name][0]
    return lambda: stats.ttest_1samp(values, options["popmean"]), lambda answer: [answer.statistic, answer.pvalue]


def kmeans(name, options):
    data = rows(name)
    model = KMeans(
        options["k"], random_state=42, n_init=1, tol=1e-4, max_iter=300, algorithm=options["algorithm"]
    )
    return lambda: model.fit(data), lambda fitted: [fitted.n_iter_, fitted.inertia_]


def summarize(name, options):
    session = connection(name)

    def call():
        answer = session.execute("SUMMARIZE data")
        return [column[0] for column in answer.description], answer.fetchall()

    def figures(answer):
        names, found = answer
        # Its quantiles are estimates, and so left out.
        places = [names.index(name) for name in ("avg", "std", "min", "max")]
        return [float(row[place]) for row in found for place in places]

    return call, figures


def numpy_extent(name, options):
    values = DATA[name][0]
    return lambda: [values.sum(), values.min(), values.max()], list


def pandas_extent(name, options):
    values = made("series", name, lambda block: pd.Series(block[0]))
    return lambda: [values.sum(), values.min(), values.max()], list


def sort(name, options):
    values = DATA[name][0]
    return lambda: np.sort(values), lambda answer: answer[::1000]


def ranks(name, options):
    values = DATA[name][0]
    return lambda: stats.rankdata(values), lambda answer: answer[::1000]


def kendall(name, options):
    x, y = DATA[name]
    return lambda: stats.kendalltau(x, y, method="asymptotic"), lambda answer: [answer.statistic]


OPERATIONS = {
    operation.__name__: operation
    for operation in (describe, moments, ttest, kmeans, summarize, numpy_extent, pandas_extent, sort, ranks, kendall)
}


def load(command):
    block = np.fromfile(command["path"], dtype=np.float64).reshape(command["columns"], -1)
    DATA[command["name"]] = block
    return {"rows": block.shape[1]}


def run(command):
    call, figures = OPERATIONS[command["what"]](command["name"], command.get("options", {}))
    calls = command["calls"]
    start = time.perf_counter()
    for _ in range(calls):
        answer = call()
    elapsed = time.perf_counter() - start
    return {"ms": elapsed * 1000 / calls, "figures": [float(value) for value in figures(answer)]}


def forget(command):
    MADE.clear()
    DATA.clear()
    return {}


def installed(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main():
    # What a library prints must not come between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(answer):
        out.write(json.dumps(answer) + "\n")
        out.flush()

    packages = ("numpy", "scipy", "pandas", "scikit-learn", "duckdb")
    versions = {package: installed(package) for package in packages}
    say({"versions": {"python": platform.python_version(), **versions}, "threads": os.cpu_count()})
    commands = {"load": load, "run": run, "forget": forget}
    for line in sys.stdin:
        try:
            command = json.loads(line)
            say(commands[command["op"]](command))
        except Exception as error:  # The bench says which line has no numbers, and goes on.
            say({"error": f"{type(error).__name__}: {error}"})


main()
