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
import warnings
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
from scipy import fft, stats
from sklearn.cluster import DBSCAN, KMeans, MiniBatchKMeans
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import silhouette_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

# SciPy warns of every large sample, and some tests do by design.
warnings.simplefilter("ignore")
DATA = {}
MADE = {}
LINEAR = {
    "linear_regression": LinearRegression,
    "ridge": Ridge,
    "lasso": Lasso,
    "elastic_net": ElasticNet,
    "logistic_regression": LogisticRegression,
    "gaussian_nb": GaussianNB,
}


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


def linear(name, options):
    """A fit, or the predictions and probabilities of what a fit before has learnt."""
    options = dict(options)
    wanted, width, of, call = (options.pop(key) for key in ("target", "columns", "estimator", "call"))
    x = made("features", name, lambda block: np.ascontiguousarray(block[: int(width)].T))
    y = DATA[name][int(width) + int(wanted)]
    model = LINEAR[of](**options)
    if call == "fit":
        return lambda: model.fit(x, y), lambda fitted: fitted.coef_.ravel()[:8]
    fitted = made(f"{of} of {wanted}", name, lambda block: model.fit(x, y))
    if hasattr(fitted, "predict_proba"):
        return lambda: (fitted.predict(x), fitted.predict_proba(x)), lambda answer: answer[1].ravel()[:8]
    return lambda: fitted.predict(x), lambda answer: answer[:8]


def neighbours(name, options):
    """fit on the first so many rows, or what a model fitted on them predicts of those behind, or of all where there are none."""
    options = dict(options)
    estimator, call = options.pop("estimator"), options.pop("call")
    count, width = int(options.pop("rows")), int(options.pop("columns"))
    x = made(f"rows{width}", name, lambda block: np.ascontiguousarray(block[:width].T))
    y = DATA[name][width][:count].astype(np.int64)
    if estimator == "dbscan":
        model = DBSCAN(**options)
        labels = lambda fitted: fitted.labels_
        return lambda: model.fit(x), lambda fitted: [labels(fitted).max() + 1, (labels(fitted) < 0).sum()]
    if estimator == "mini_batch_kmeans":
        model = MiniBatchKMeans(random_state=42, **options)
        return lambda: model.fit(x), lambda fitted: [fitted.n_steps_, fitted.inertia_]
    if estimator == "kmeans":
        model = made("kmeans", name, lambda block: KMeans(random_state=42, n_init=1, **options).fit(x))
    else:
        model = made("nearest", name, lambda block: KNeighborsClassifier(**options).fit(x[:count], y))
    asked = x[count:] if count < len(x) else x
    return lambda: model.predict(asked), lambda said: [said.mean()]


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


def statistic(name, options):
    """A test of scipy.stats by its name, on so many of the columns; what else is in `options` are its parameters."""
    parameters = dict(options)
    test = getattr(stats, parameters.pop("test"))
    columns = list(DATA[name][: parameters.pop("columns")])
    if test is stats.chi2_contingency:
        columns = [np.array(columns).T]
    if test is stats.ks_1samp:
        columns.append(stats.norm.cdf)

    def figures(answer):
        return [answer.statistic, answer.pvalue] if hasattr(answer, "pvalue") else [answer.statistic]

    return lambda: test(*columns, **parameters), figures


def correlation(name, options):
    data = frame(name)
    return lambda: data.corr(method=options["method"]), lambda answer: answer.to_numpy().ravel()


def first_rows(answer):
    """Five rows of a table, row after row."""
    return np.asarray(answer, dtype=np.float64).reshape(len(answer), -1)[:5].ravel()


def transformer(name, options):
    """fit_transform of a class of scikit-learn by its name, over the first so many columns."""
    parameters = dict(options)
    module, kind = parameters.pop("of"), parameters.pop("kind")
    columns = parameters.pop("columns")
    data = made(f"rows{columns}", name, lambda block: np.ascontiguousarray(block[:columns].T))
    model = getattr(import_module(f"sklearn.{module}"), kind)(**parameters)
    return lambda: model.fit_transform(data), first_rows


def series(name, options):
    """A method of a pandas series, and what is done with what it answers."""
    parameters = dict(options)
    method, then = parameters.pop("method"), parameters.pop("then", None)
    values = made("series", name, lambda block: pd.Series(block[0]))

    def call():
        answer = getattr(values, method)(**parameters)
        return answer if then is None else getattr(answer, then)()

    return call, lambda answer: answer.to_numpy()[-5:]


def spectrum(name, options):
    """Sizes of all terms of the first column's Fourier transform."""
    values = DATA[name][0]
    return lambda: np.abs(fft.fft(values)), lambda answer: answer[1:6]


def extended(name, options):
    """What `extended` adds to describe, as pandas and NumPy have it."""
    data = frame(name)

    def call():
        found = [data.skew(), data.kurtosis(), data.sem(), data.mode().iloc[0], data.nunique()]
        mad = [stats.median_abs_deviation(data[column]) for column in data]
        bins = [np.histogram(data[column], bins="auto") for column in data]
        return data.describe(), found, mad, bins

    return call, lambda answer: np.concatenate([answer[1][0], answer[1][1], answer[2]])


def grouped(name, options):
    """describe of all columns by the last one."""
    data = frame(name)
    key = data.columns[-1]
    return lambda: data.groupby(key).describe(), lambda answer: answer["c0"]["mean"].to_numpy()[:5]


def silhouette(name, options):
    data = rows(name)
    labels = KMeans(options["k"], random_state=42, n_init=1).fit_predict(data)
    return lambda: silhouette_score(data, labels), lambda answer: [answer]


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
    for operation in (
        describe,
        moments,
        ttest,
        kmeans,
        linear,
        neighbours,
        summarize,
        numpy_extent,
        pandas_extent,
        statistic,
        correlation,
        transformer,
        series,
        spectrum,
        extended,
        grouped,
        silhouette,
        sort,
        ranks,
        kendall,
    )
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
