"""What SciPy 1.13.1 answers for the tests of means, variances and tables: one JSON file a test, beside this script.

    python test/golden/tests/tests_a.py      # numpy 1.26.4, scipy 1.13.1, mpmath 1.4.1

Far tails, where SciPy's double underflows, are mpmath's. Effect sizes and their intervals are computed here from their
definitions, by SciPy's own noncentral distributions. Non-finite numbers are the strings "nan", "inf", "-inf".
"""

import csv
import json
import math
import pathlib
import sys

import mpmath
import numpy as np
import scipy
from scipy import stats
from scipy.optimize import brentq

assert np.__version__ == "1.26.4" and scipy.__version__ == "1.13.1", "the pinned versions"
mpmath.mp.dps = 60
HERE = pathlib.Path(__file__).resolve().parent
VEGA = HERE.parents[2] / "node_modules" / "vega-datasets" / "data"
ALTERNATIVES = ("two-sided", "less", "greater")


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if math.isnan(value):
            return "nan"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return value
    return value


class File:
    def __init__(self, test):
        self.test, self.data, self.cases = test, {}, []

    def add(self, name, columns, options, expected):
        if not isinstance(columns, str):
            columns = {key: [None if v is None or (isinstance(v, float) and math.isnan(v)) else plain(v) for v in values]
                       for key, values in columns.items()}
        self.cases.append({"name": name, "columns": columns, "options": plain(options), "expected": plain(expected)})

    def raises(self, name, columns, options, call, why=None):
        """A case that SciPy refuses; `why` where the service does and SciPy answers nonsense."""
        if why is None:
            try:
                call()
            except ValueError as error:
                why = str(error)[:100]
            else:
                raise AssertionError(f"{self.test} {name}: SciPy did not raise")
        self.add(name, columns, options, {"raises": why})

    def write(self):
        text = json.dumps({"test": self.test, "data": self.data, "cases": self.cases}, allow_nan=False)
        (HERE / f"{self.test}.json").write_text(text + "\n")
        print(self.test, len(self.cases), len(text))


# --- Data -------------------------------------------------------------------------------------------------------------

def records(name):
    return json.loads((VEGA / name).read_text())


def iris():
    """Fisher's irises out of the golden cases of this repository."""
    rows = json.loads((HERE.parent / "iris.json").read_text())["data"]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    columns["species"] = ["setosa"] * 50 + ["versicolor"] * 50 + ["virginica"] * 50
    return columns


def penguins():
    rows = records("penguins.json")
    return {new: [row[old] for row in rows] for new, old in (
        ("bill", "Beak Length (mm)"), ("flipper", "Flipper Length (mm)"), ("mass", "Body Mass (g)"),
        ("species", "Species"), ("sex", "Sex"), ("island", "Island"))}


def weather():
    with open(VEGA / "seattle-weather.csv") as file:
        rows = list(csv.DictReader(file))[:366]
    return {"temp_max": [float(r["temp_max"]) for r in rows], "temp_min": [float(r["temp_min"]) for r in rows],
            "wind": [float(r["wind"]) for r in rows], "kind": [r["weather"] for r in rows]}


def flights():
    rows = records("flights-2k.json")[:400]
    return {"delay": [r["delay"] for r in rows], "distance": [r["distance"] for r in rows],
            "origin": [r["origin"] if r["origin"] in ("PHX", "DAL", "HOU", "OAK") else None for r in rows]}


IRIS, PENGUINS, WEATHER, FLIGHTS = iris(), penguins(), weather(), flights()
rng = np.random.RandomState(20240601)


def missing(v):
    return v is None or (isinstance(v, float) and math.isnan(v))


def present(values):
    return np.array([v for v in values if not missing(v)], dtype=float)


def complete(*columns):
    rows = [row for row in zip(*columns) if not any(missing(v) for v in row)]
    return [np.array(column, dtype=float) for column in zip(*rows)] if rows else [np.array([]) for _ in columns]


def groups(values, keys):
    """Samples in sorted order of their keys."""
    labels = sorted({k for k in keys if not missing(k)})
    return [present([v for v, k in zip(values, keys) if k == label]) for label in labels]


# --- Tails and intervals ----------------------------------------------------------------------------------------------

def log10_t(t, df, alternative="two-sided"):
    if not math.isfinite(t) or not math.isfinite(df):
        return float("nan")
    t, df = mpmath.mpf(float(t)), mpmath.mpf(float(df))
    both = mpmath.betainc(df / 2, mpmath.mpf(1) / 2, 0, df / (df + t * t), regularized=True)
    if alternative == "two-sided":
        p = both
    else:
        p = both / 2 if (t < 0) == (alternative == "less") else 1 - both / 2
    return float(mpmath.log10(p))


def log10_f(f, dfn, dfd):
    if not math.isfinite(f) or f < 0:
        return float("nan")
    f, dfn, dfd = mpmath.mpf(float(f)), mpmath.mpf(float(dfn)), mpmath.mpf(float(dfd))
    return float(mpmath.log10(mpmath.betainc(dfd / 2, dfn / 2, 0, dfd / (dfd + dfn * f), regularized=True)))


def log10_chi2(x, df):
    if not math.isfinite(x) or df <= 0:
        return float("nan")
    return float(mpmath.log10(mpmath.gammainc(mpmath.mpf(float(df)) / 2, mpmath.mpf(float(x)) / 2, mpmath.inf,
                                              regularized=True)))


def solve(function, start, low=-math.inf):
    """Root of a monotone function, bracketed by steps from `start`."""
    step = max(1.0, abs(start) / 4)
    a, b = start - step, start + step
    while function(max(a, low)) * function(b) > 0:
        step *= 2
        a, b = max(a - step, low), b + step
        if step > 1e12:
            raise AssertionError("no root")
    return brentq(function, max(a, low), b, xtol=1e-13, rtol=1e-13, maxiter=500)


def nct_limits(t, df, level):
    """Noncentralities with which t stands at either end of the level."""
    if not math.isfinite(t) or df <= 0:
        return [float("nan")] * 2
    alpha = (1 - level) / 2
    return [solve(lambda nc: stats.nct.sf(t, df, nc) - alpha, t), solve(lambda nc: stats.nct.cdf(t, df, nc) - alpha, t)]


def ncf_limits(f, dfn, dfd, level):
    if not math.isfinite(f) or dfd <= 0 or dfn <= 0:
        return [float("nan")] * 2
    alpha = (1 - level) / 2
    cdf = lambda nc: stats.ncf.cdf(f, dfn, dfd, nc) if nc > 0 else stats.f.cdf(f, dfn, dfd)
    low = 0.0 if cdf(0) <= 1 - alpha else solve(lambda nc: cdf(nc) - (1 - alpha), f * dfn, 0)
    high = 0.0 if cdf(0) <= alpha else solve(lambda nc: cdf(nc) - alpha, f * dfn, 0)
    return [low, high]


def ncx2_limits(x, df, level):
    if not math.isfinite(x) or df <= 0:
        return [float("nan")] * 2
    alpha = (1 - level) / 2
    cdf = lambda nc: stats.ncx2.cdf(x, df, nc) if nc > 0 else stats.chi2.cdf(x, df)
    low = 0.0 if cdf(0) <= 1 - alpha else solve(lambda nc: cdf(nc) - (1 - alpha), x, 0)
    high = 0.0 if cdf(0) <= alpha else solve(lambda nc: cdf(nc) - alpha, x, 0)
    return [low, high]


def with_log10(expected, log10):
    """log10 of p by mpmath, which must agree with SciPy's p where that has not underflowed."""
    p = expected["p_value"]
    if p > 1e-290 and abs(10 ** log10 / p - 1) > 1e-8:
        raise AssertionError(f"SciPy's p {p} and mpmath's {10 ** log10}")
    if p <= 1e-290 and not math.isnan(p):
        expected["p_value"] = float(mpmath.power(10, log10)) if log10 > -307 else 0.0
    return {**expected, "log10_p": log10}


# --- t-tests ----------------------------------------------------------------------------------------------------------

def one_sample(values, popmean, alternative="two-sided", confidence_level=0.95):
    x = present(values)
    result = stats.ttest_1samp(x, popmean, alternative=alternative)
    interval = result.confidence_interval(confidence_level)
    n = len(x)
    with np.errstate(all="ignore"):
        d = (np.mean(x) - popmean) / np.std(x, ddof=1) if n > 1 else float("nan")
    limits = [nc / math.sqrt(n) for nc in nct_limits(result.statistic, n - 1, confidence_level)]
    expected = {"statistic": result.statistic, "p_value": result.pvalue, "df": result.df if n else "nan",
                "confidence_interval": [interval.low, interval.high], "n": [n],
                "effect_size": {"name": "cohen_d", "value": d, "confidence_interval": limits}}
    return with_log10(expected, log10_t(result.statistic, result.df, alternative))


def ttest_1samp():
    file = File("ttest_1samp")
    file.data = {"iris": IRIS, "weather": WEATHER, "flights": FLIGHTS}
    def case(name, columns, column, **options):
        values = (file.data[columns] if isinstance(columns, str) else columns)[column]
        file.add(name, columns, {"columns": [column], **options}, one_sample(values, **options))
    for alternative in ALTERNATIVES:
        case(f"iris sepal length, {alternative}", "iris", "sepal_length", popmean=5.8, alternative=alternative)
    case("level 0.99", "iris", "petal_width", popmean=1.2, confidence_level=0.99)
    case("level 0.5", "weather", "wind", popmean=3.2, confidence_level=0.5, alternative="less")
    case("delays of flights, ties", "flights", "delay", popmean=5)
    case("two values", {"a": [1.0, 2.0]}, "a", popmean=0)
    case("missing values left out", {"a": [1.5, None, 2.5, 3.0, None, 4.25]}, "a", popmean=2)
    case("far tail", {"a": list(1000 + rng.normal(size=300))}, "a", popmean=0)
    case("far tail of the other side is 1", {"a": list(1000 + rng.normal(size=60))}, "a", popmean=0, alternative="less")
    file.add("one value", {"a": [3.0]}, {"popmean": 1},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan", "df": 0, "confidence_interval": ["nan", "nan"]})
    file.add("zero variance", {"a": [2.0, 2.0, 2.0]}, {"popmean": 1},
             {"statistic": "inf", "p_value": 0, "log10_p": "-inf", "df": 2, "confidence_interval": [2, 2]})
    file.add("propagate", {"a": [1.0, None, 3.0]}, {"popmean": 1, "nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("nan_policy raise", {"a": [1.0, None, 3.0]}, {"popmean": 1, "nan_policy": "raise"},
                lambda: stats.ttest_1samp([1.0, np.nan, 3.0], 1, nan_policy="raise"))
    file.write()


TESTS = [ttest_1samp]

if __name__ == "__main__":
    wanted = sys.argv[1:]
    for test in TESTS:
        if not wanted or test.__name__ in wanted:
            test()
