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


def label(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


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


def d_interval(t, df, scale, level):
    return [nc / scale for nc in nct_limits(t, df, level)]


def two_sample(a, b, equal_var=True, alternative="two-sided", trim=0, confidence_level=0.95):
    a, b = present(a), present(b)
    result = stats.ttest_ind(a, b, equal_var=equal_var, alternative=alternative, trim=trim)
    interval = result.confidence_interval(confidence_level)
    pooled = stats.ttest_ind(a, b)
    scale = math.sqrt(1 / (1 / len(a) + 1 / len(b)))
    expected = {"statistic": result.statistic, "p_value": result.pvalue, "df": result.df,
                "confidence_interval": [interval.low, interval.high], "n": [len(a), len(b)],
                "effect_size": {"name": "cohen_d", "value": pooled.statistic / scale,
                                "confidence_interval": d_interval(pooled.statistic, pooled.df, scale, confidence_level)}}
    return with_log10(expected, log10_t(result.statistic, result.df, alternative))


def ttest_ind():
    file = File("ttest_ind")
    file.data = {"iris": IRIS, "penguins": PENGUINS, "weather": WEATHER, "flights": FLIGHTS}

    def case(name, columns, pair, **options):
        data = file.data[columns] if isinstance(columns, str) else columns
        file.add(name, columns, {"columns": list(pair), **options}, two_sample(*(data[c] for c in pair), **options))

    def grouped(name, columns, value, key, keep=None, **options):
        data = file.data[columns] if isinstance(columns, str) else columns
        if keep is not None:
            rows = [i for i, k in enumerate(data[key]) if missing(k) or k in keep]
            data = columns = {value: [data[value][i] for i in rows], key: [data[key][i] for i in rows]}
        samples = groups(data[value], data[key])
        labels = sorted({k for k in data[key] if not missing(k)})
        expected = two_sample(*samples, **options)
        expected["more"] = {"groups": [label(key) for key in labels]}
        file.add(name, columns, {"columns": [value], "groupby": key, **options}, expected)

    for alternative in ALTERNATIVES:
        case(f"iris lengths, {alternative}", "iris", ("sepal_length", "petal_length"), alternative=alternative)
        case(f"Welch, {alternative}", "weather", ("temp_min", "wind"), equal_var=False, alternative=alternative)
    case("level 0.9", "iris", ("sepal_width", "petal_length"), confidence_level=0.9, equal_var=False)
    case("trimmed", "weather", ("temp_max", "temp_min"), trim=0.2)
    case("trimmed, Welch", "weather", ("temp_max", "wind"), trim=0.1, equal_var=False, alternative="greater")
    case("documented example of trimming", {"a": [56, 128.6, 12, 123.8, 64.34, 78, 763.3], "b": [1.1, 2.9, 4.2, None, None, None, None]},
         ("a", "b"), trim=0.2)
    case("trim that takes nothing", {"a": [1.0, 2, 4], "b": [2.5, 3, 9]}, ("a", "b"), trim=0.2)
    case("penguins' masses and flippers, missing values", "penguins", ("bill", "flipper"))
    grouped("by sex, two groups", "penguins", "mass", "sex", keep=("MALE", "FEMALE"))
    grouped("by numbers", {"v": [1.5, 2, 2.5, 8, 9, 7.5, 1], "g": [10, 10, 9, 9, 9, 10, None]}, "v", "g")
    grouped("by booleans, Welch", {"v": [1.5, 2, 2.5, 8, 9, 7.5], "g": [True, False, True, False, False, True]}, "v", "g",
            equal_var=False)
    grouped("flights of two airports", "flights", "delay", "origin", keep=("DAL", "HOU"), alternative="less")
    case("one value against three", {"a": [3.0, None, None], "b": [1.0, 2.0, 4.0]}, ("a", "b"))
    far = {"a": list(1000 + rng.normal(size=120)), "b": list(rng.normal(size=120))}
    case("far tail", far, ("a", "b"))
    case("far tail, Welch, greater", far, ("a", "b"), equal_var=False, alternative="greater")
    case("ties", {"a": [1, 1, 1, 2, 2, 2], "b": [1, 2, 2, 2, 2, 3]}, ("a", "b"))
    case("equal means", {"a": [1, 2, 3], "b": [3, 2, 1]}, ("a", "b"))
    case("offset of 1e9", {"a": list(1e9 + np.arange(20) % 7), "b": list(1e9 + 1 + np.arange(20) % 5)}, ("a", "b"))
    welch = stats.ttest_ind([3.0], [1.0, 2.0, 4.0], equal_var=False)
    file.add("Welch of one value", {"a": [3.0, None, None], "b": [1.0, 2.0, 4.0]}, {"equal_var": False},
             {"statistic": welch.statistic, "p_value": welch.pvalue, "log10_p": "nan", "df": welch.df,
              "confidence_interval": ["nan", "nan"]})
    file.add("zero variance", {"a": [2.0, 2, 2], "b": [1.0, 1, 1]}, {},
             {"statistic": "inf", "p_value": 0, "log10_p": "-inf", "df": 4, "confidence_interval": [1, 1]})
    file.add("propagate", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("nan_policy raise", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "raise"},
                lambda: stats.ttest_ind([1.0, np.nan, 3.0], [1, 2, 4], nan_policy="raise"))
    file.raises("trim of a half", {"a": [1.0, 2, 3.0], "b": [1.0, 2, 4]}, {"trim": 0.5},
                lambda: stats.ttest_ind([1.0, 2, 3.0], [1, 2, 4], trim=0.5))
    file.raises("three groups", "iris", {"columns": ["sepal_length"], "groupby": "species"}, None, "three samples")
    file.write()


def related(a, b, alternative="two-sided", confidence_level=0.95):
    a, b = complete(a, b)
    result = stats.ttest_rel(a, b, alternative=alternative)
    interval = result.confidence_interval(confidence_level)
    n = len(a)
    scale = math.sqrt(n)
    expected = {"statistic": result.statistic, "p_value": result.pvalue, "df": result.df,
                "confidence_interval": [interval.low, interval.high], "n": [n],
                "effect_size": {"name": "cohen_d", "value": result.statistic / scale,
                                "confidence_interval": d_interval(result.statistic, result.df, scale, confidence_level)}}
    return with_log10(expected, log10_t(result.statistic, result.df, alternative))


SLEEP = {"extra": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
         "group": [1] * 10 + [2] * 10}


def ttest_rel():
    file = File("ttest_rel")
    file.data = {"iris": IRIS, "penguins": PENGUINS, "weather": WEATHER}

    def case(name, columns, pair, **options):
        data = file.data[columns] if isinstance(columns, str) else columns
        file.add(name, columns, {"columns": list(pair), **options}, related(*(data[c] for c in pair), **options))

    for alternative in ALTERNATIVES:
        case(f"sepals and petals, {alternative}", "iris", ("sepal_width", "petal_length"), alternative=alternative)
    case("temperatures of a day", "weather", ("temp_max", "temp_min"))
    case("level 0.8, less", "weather", ("wind", "temp_min"), alternative="less", confidence_level=0.8)
    case("pairs with missing values", "penguins", ("bill", "flipper"))
    case("missing on either side", {"a": [1.5, None, 2.5, 3, 7, 8], "b": [1, 2, None, 4, 5.5, 3]}, ("a", "b"))
    case("two pairs", {"a": [1.0, 5.0], "b": [2.0, 3.0]}, ("a", "b"))
    case("ties", {"a": [1, 1, 2, 2, 3], "b": [1, 2, 2, 2, 1]}, ("a", "b"))
    case("far tail", {"a": list(1000 + rng.normal(size=200)), "b": list(rng.normal(size=200))}, ("a", "b"))
    case("far tail, the other side", {"a": list(rng.normal(size=80)), "b": list(1000 + rng.normal(size=80))}, ("a", "b"),
         alternative="less")
    expected = related(SLEEP["extra"][:10], SLEEP["extra"][10:])
    file.add("Student's sleep, by group", SLEEP, {"columns": ["extra"], "groupby": "group"}, expected)
    file.add("one pair", {"a": [1.0], "b": [2.0]}, {},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan", "df": 0, "confidence_interval": ["nan", "nan"]})
    file.add("equal differences", {"a": [1.0, 2, 3], "b": [2.0, 3, 4]}, {},
             {"statistic": "-inf", "p_value": 0, "log10_p": "-inf", "df": 2, "confidence_interval": [-1, -1]})
    file.add("propagate", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("nan_policy raise", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "raise"},
                lambda: stats.ttest_rel([1.0, np.nan, 3.0], [1, 2, 4], nan_policy="raise"))
    file.raises("groups of unequal length", {"v": [1.0, 2, 3], "g": ["x", "x", "y"]}, {"columns": ["v"], "groupby": "g"},
                lambda: stats.ttest_rel([1.0, 2], [3.0]))
    file.write()


# --- Variances --------------------------------------------------------------------------------------------------------

def exact_eta(f, dfn, dfd):
    return f * dfn / (f * dfn + dfd)


def eta_effect(f, dfn, dfd, level):
    n = dfn + dfd + 1
    return {"name": "eta_squared", "value": exact_eta(f, dfn, dfd),
            "confidence_interval": [nc / (nc + n) for nc in ncf_limits(f, dfn, dfd, level)]}


def sampled(file, of):
    """case(name, columns, names, **options) and grouped(name, columns, value, key, **options) of a test of samples."""
    def case(name, columns, names, **options):
        data = file.data[columns] if isinstance(columns, str) else columns
        file.add(name, columns, {"columns": list(names), **options}, of([present(data[c]) for c in names], **options))

    def grouped(name, columns, value, key, **options):
        data = file.data[columns] if isinstance(columns, str) else columns
        labels = sorted({k for k in data[key] if not missing(k)})
        expected = of(groups(data[value], data[key]), **options)
        expected["more"] = {**expected.get("more", {}), "groups": [label(key) for key in labels]}
        file.add(name, columns, {"columns": [value], "groupby": key, **options}, expected)

    return case, grouped


def f_oneway():
    file = File("f_oneway")
    file.data = {"iris": IRIS, "penguins": PENGUINS, "weather": WEATHER, "flights": FLIGHTS}

    def of(samples, confidence_level=0.95):
        result = stats.f_oneway(*samples)
        dfn, dfd = len(samples) - 1, sum(map(len, samples)) - len(samples)
        expected = {"statistic": result.statistic, "p_value": result.pvalue, "n": [len(s) for s in samples],
                    "effect_size": eta_effect(result.statistic, dfn, dfd, confidence_level),
                    "more": {"df_between": dfn, "df_within": dfd}}
        return with_log10(expected, log10_f(result.statistic, dfn, dfd))

    case, grouped = sampled(file, of)
    case("sepals and petals", "iris", ("sepal_length", "sepal_width", "petal_length"))
    case("two samples", "iris", ("sepal_width", "petal_width"), confidence_level=0.9)
    grouped("iris by species", "iris", "sepal_width", "species")
    grouped("petals by species", "iris", "petal_length", "species", confidence_level=0.99)
    grouped("penguins by species, missing values", "penguins", "mass", "species")
    grouped("penguins by sex, missing keys", "penguins", "bill", "sex")
    grouped("wind by weather, unequal groups", "weather", "wind", "kind")
    grouped("delays by airport", "flights", "delay", "origin")
    case("no effect at all", {"a": [1, 2, 3, 4], "b": [2, 1, 4, 3.1], "c": [1.5, 2.5, 2.4, 3.5]}, ("a", "b", "c"))
    case("ties", {"a": [1, 1, 2, 2], "b": [1, 2, 2, 3], "c": [2, 2, 3, 3]}, ("a", "b", "c"))
    case("samples of one and two values", {"a": [1.0, None], "b": [2.0, 4.0]}, ("a", "b"))
    case("far tail", {"a": list(rng.normal(size=90)), "b": list(1000 + rng.normal(size=90)), "c": list(2000 + rng.normal(size=90))},
         ("a", "b", "c"))
    file.add("constant samples", {"a": [1, 1, 1], "b": [2, 2, 2]}, {}, {"statistic": "inf", "p_value": 0, "log10_p": "-inf"})
    file.add("one constant", {"a": [1, 1, 1], "b": [1, 1, 1]}, {}, {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.add("one value each", {"a": [1.0], "b": [2.0]}, {}, {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.add("propagate", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("one sample", {"a": [1.0, 2]}, {}, None, "TypeError: at least two inputs are required")
    file.raises("one group", {"a": [1.0, 2], "g": ["x", "x"]}, {"columns": ["a"], "groupby": "g"}, None, "one sample")
    file.write()


def levene():
    file = File("levene")
    file.data = {"iris": IRIS, "penguins": PENGUINS, "weather": WEATHER}

    def of(samples, confidence_level=0.95, **options):
        result = stats.levene(*samples, **options)
        cut = options.get("proportiontocut", 0.05)
        n = [len(s) - 2 * int(cut * len(s)) if options.get("center") == "trimmed" else len(s) for s in samples]
        dfn, dfd = len(samples) - 1, sum(n) - len(samples)
        expected = {"statistic": result.statistic, "p_value": result.pvalue, "n": n,
                    "effect_size": eta_effect(result.statistic, dfn, dfd, confidence_level)}
        return with_log10(expected, log10_f(result.statistic, dfn, dfd))

    case, grouped = sampled(file, of)
    for center in ("median", "mean", "trimmed"):
        case(f"sepals and petals, {center}", "iris", ("sepal_length", "sepal_width", "petal_length"), center=center)
        grouped(f"iris by species, {center}", "iris", "petal_width", "species", center=center)
    case("trimmed by a fifth", "weather", ("temp_max", "temp_min", "wind"), center="trimmed", proportiontocut=0.2)
    case("trimmed to the middle of five", {"a": [1.0, 2, 3, 9, 4], "b": [4.0, 9, 3, 1, 0]}, ("a", "b"), center="trimmed",
         proportiontocut=0.2, confidence_level=0.9)
    grouped("penguins by island, missing values", "penguins", "mass", "island")
    grouped("penguins by sex, missing keys", "penguins", "mass", "sex", center="mean")
    case("temperatures", "weather", ("temp_max", "temp_min"))
    case("ties", {"a": [1, 1, 2, 2, 7], "b": [1, 2, 2, 3, 3]}, ("a", "b"))
    case("far tail", {"a": list(rng.normal(size=400)), "b": list(1e9 * rng.normal(size=400) ** 5 + 1e12 * np.sign(np.arange(400) - 200))},
         ("a", "b"))
    file.add("deviations without variance", {"a": [1, 3], "b": [2, 8]}, {}, {"statistic": "inf", "p_value": 0, "log10_p": "-inf"})
    file.add("propagate", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("too big a proportion", {"a": [1.0, 2], "b": [2.0, 3]}, {"center": "trimmed", "proportiontocut": 0.5},
                lambda: stats.levene([1.0, 2], [2.0, 3], center="trimmed", proportiontocut=0.5))
    file.raises("unknown center", {"a": [1.0, 2], "b": [2.0, 3]}, {"center": "mode"},
                lambda: stats.levene([1.0, 2], [2.0, 3], center="mode"))
    file.raises("one sample", {"a": [1.0, 2]}, {}, lambda: stats.levene([1.0, 2]))
    file.write()


def bartlett():
    file = File("bartlett")
    file.data = {"iris": IRIS, "penguins": PENGUINS, "weather": WEATHER}

    def of(samples, confidence_level=0.95):
        result = stats.bartlett(*samples)
        variances = sorted(((np.var(s, ddof=1), len(s)) for s in samples), reverse=True)
        (most, n), (least, m) = variances[0], variances[-1]
        interval = None
        if len(samples) == 2:
            alpha = (1 - confidence_level) / 2
            interval = [most / least / stats.f.isf(alpha, n - 1, m - 1), most / least / stats.f.ppf(alpha, n - 1, m - 1)]
        expected = {"statistic": result.statistic, "p_value": result.pvalue, "n": [len(s) for s in samples],
                    "effect_size": {"name": "variance_ratio", "value": most / least, "confidence_interval": interval}}
        return with_log10(expected, log10_chi2(result.statistic, len(samples) - 1))

    case, grouped = sampled(file, of)
    case("sepals and petals", "iris", ("sepal_length", "sepal_width", "petal_length", "petal_width"))
    case("two samples", "iris", ("sepal_length", "sepal_width"))
    case("two samples, level 0.8", "weather", ("temp_max", "wind"), confidence_level=0.8)
    grouped("iris by species", "iris", "sepal_length", "species")
    grouped("penguins by species, missing values", "penguins", "flipper", "species")
    grouped("penguins by sex, missing keys", "penguins", "mass", "sex")
    grouped("wind by weather", "weather", "wind", "kind")
    case("ties", {"a": [1, 1, 2, 2, 7], "b": [1, 2, 2, 3, 3], "c": [5, 5, 5, 5, 6]}, ("a", "b", "c"))
    case("two values each", {"a": [1.0, 2], "b": [2.0, 7]}, ("a", "b"))
    case("far tail", {"a": list(rng.normal(size=500)), "b": list(1e6 * rng.normal(size=500))}, ("a", "b"))
    file.add("a constant sample", {"a": [1, 1, 1], "b": [2, 3, 4]}, {}, {"statistic": "inf", "p_value": 0, "log10_p": "-inf"})
    file.add("one value in a sample", {"a": [1.0, None, None], "b": [2, 3, 4.5]}, {},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.add("propagate", {"a": [1.0, None, 3.0], "b": [1.0, 2, 4]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("one sample", {"a": [1.0, 2]}, {}, lambda: stats.bartlett([1.0, 2]))
    file.write()


# --- Tables -----------------------------------------------------------------------------------------------------------

def chi_effect(name, chi2, df, n, width, level):
    most = 1 if name == "cramers_v" else math.inf
    size = lambda x: min(math.sqrt(x / (n * width)), most)
    return {"name": name, "value": size(chi2), "confidence_interval": [size(x) for x in ncx2_limits(chi2, df, level)]}


def chisquare():
    file = File("chisquare")

    def case(name, columns, ddof=0, confidence_level=0.95, **other):
        rows = complete(*columns.values())
        result = stats.chisquare(*rows, ddof=ddof)
        df = len(rows[0]) - 1 - ddof
        expected = {"statistic": result.statistic, "p_value": result.pvalue, "df": df, "n": [rows[0].sum()]}
        if df > 0:
            expected["effect_size"] = chi_effect("cohen_w", result.statistic, df, rows[0].sum(), 1, confidence_level)
        options = {**({"ddof": ddof} if ddof else {}), **other}
        if confidence_level != 0.95:
            options["confidence_level"] = confidence_level
        file.add(name, columns, {"columns": list(columns), **options}, with_log10(expected, log10_chi2(result.statistic, df)))

    case("documented example", {"observed": [16, 18, 16, 14, 12, 12]})
    case("expected ones given", {"observed": [16, 18, 16, 14, 12, 12], "expected": [16, 16, 16, 16, 16, 8]})
    case("ddof 1", {"observed": [16, 18, 16, 14, 12, 12]}, ddof=1)
    case("ddof 4, level 0.9", {"observed": [16, 18, 16, 14, 12, 12]}, ddof=4, confidence_level=0.9)
    case("no degree of freedom", {"observed": [16, 18, 16]}, ddof=2)
    case("less than none", {"observed": [16, 18, 16]}, ddof=3)
    case("uniform", {"observed": [5, 5, 5, 5]})
    case("fractions", {"observed": [1.5, 2.25, 8.75], "expected": [4.0, 4.5, 4.0]})
    case("sums that agree to 1e-9", {"observed": [10.0, 20.0], "expected": [15.0, 15.00000001]})
    case("missing counts", {"observed": [16, None, 18, 16, 14], "expected": [15, 3, None, 16, 15]})
    case("one category", {"observed": [7]})
    case("species of penguins", {"count": [PENGUINS["species"].count(s) for s in sorted(set(PENGUINS["species"]))]})
    case("weather of a year", {"count": [WEATHER["kind"].count(s) for s in sorted(set(WEATHER["kind"]))]})
    case("far tail", {"observed": [100000, 5, 10, 20]})
    case("a zero observed", {"observed": [0, 4, 8, 3]})
    file.add("a zero expected", {"o": [4, 4], "e": [0, 8]}, {}, {"statistic": "inf", "p_value": 0, "log10_p": "-inf", "df": 1})
    file.add("propagate", {"o": [4, None], "e": [1, 8]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("sums apart", {"o": [4, 5], "e": [4, 6]}, {}, lambda: stats.chisquare([4, 5], [4, 6]))
    file.raises("a negative count", {"o": [4, -5]}, {}, None, "counts are not negative")
    file.write()


def crossed(a, b):
    """pandas' crosstab in plain Python: rows, columns, counts."""
    pairs = [(x, y) for x, y in zip(a, b) if not missing(x) and not missing(y)]
    rows, columns = sorted({x for x, _ in pairs}), sorted({y for _, y in pairs})
    return rows, columns, np.array([[pairs.count((x, y)) for y in columns] for x in rows])


def chi2_contingency():
    file = File("chi2_contingency")
    file.data = {"penguins": PENGUINS, "weather": WEATHER}

    def of(table, correction=True, lambda_=None, confidence_level=0.95):
        table = np.asarray(table, dtype=float)
        result = stats.chi2_contingency(table, correction=correction, lambda_=lambda_)
        plain_chi2 = stats.chi2_contingency(table, correction=False).statistic
        expected = {"statistic": result.statistic, "p_value": result.pvalue, "df": result.dof, "n": [table.sum()],
                    "effect_size": chi_effect("cramers_v", plain_chi2, result.dof, table.sum(), min(table.shape) - 1, confidence_level),
                    "more": {"expected_freq": result.expected_freq}}
        return with_log10(expected, log10_chi2(result.statistic, result.dof))

    def case(name, table, **options):
        columns = {f"c{i}": list(column) for i, column in enumerate(np.asarray(table).T)}
        file.add(name, columns, options, of(table, **options))

    def cross(name, columns, pair, **options):
        data = file.data[columns] if isinstance(columns, str) else columns
        rows, cols, table = crossed(*(data[c] for c in pair))
        expected = of(table, **options)
        expected["more"].update(rows=[label(r) for r in rows], columns=[label(c) for c in cols])
        file.add(name, columns, {"columns": list(pair), **options}, expected)

    case("documented example", [[10, 10, 20], [20, 20, 20]])
    for lambda_ in ("pearson", "log-likelihood", "freeman-tukey", "mod-log-likelihood", "neyman", "cressie-read"):
        case(f"lambda_ {lambda_}", [[10, 10, 20], [20, 24, 11], [7, 3, 30]], lambda_=lambda_)
        case(f"lambda_ {lambda_}, corrected", [[12, 5], [7, 14]], lambda_=lambda_)
    case("lambda_ 3.5", [[10, 10, 20], [20, 24, 11]], lambda_=3.5)
    case("lambda_ -0.3", [[10, 10, 20], [20, 24, 11]], lambda_=-0.3)
    case("2 by 2, corrected", [[8, 2], [1, 5]])
    case("2 by 2, not corrected", [[8, 2], [1, 5]], correction=False)
    case("correction of less than a half", [[10, 10], [10, 10.5]])
    case("independent", [[10, 20], [20, 40]])
    case("level 0.8", [[25, 5, 9], [3, 30, 8]], confidence_level=0.8)
    case("fractions", [[2.5, 1.5, 4], [3.5, 0.5, 8.25]])
    case("zeros inside", [[0, 3, 5], [4, 0, 6], [1, 2, 0]])
    case("far tail", [[50000, 100], [120, 48000]])
    case("far tail, 3 by 3", [[50000, 100, 12], [120, 48000, 3], [9, 400, 30000]], lambda_="log-likelihood")
    case("many rows", rng.poisson(20, size=(40, 3)))
    cross("species by island", "penguins", ("species", "island"))
    cross("sex by species, missing sexes", "penguins", ("sex", "species"), correction=False)
    cross("booleans", {"a": [True, True, False, False, True, None, False] * 3, "b": [True, False, False, True, True, True, False] * 3}, ("a", "b"))
    cross("a value beside missing ones only", {"a": ["x", "y", "x", "y", "z"], "b": ["p", "q", "q", "p", None]}, ("a", "b"))
    file.add("missing counts", {"a": [10, None, 4], "b": [3, 4, 9]}, {}, of([[10, 3], [4, 9]]))
    file.add("propagate", {"a": [10, None, 4], "b": [3, 4, 9]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("nan_policy raise, of strings", {"a": ["x", None, "y"], "b": ["p", "q", "q"]}, {"nan_policy": "raise"}, None, "missing")
    file.raises("a row of zeros", {"a": [1, 0], "b": [2, 0]}, {}, lambda: stats.chi2_contingency([[1, 2], [0, 0]]))
    file.raises("a negative count", {"a": [1, 3], "b": [2, -1]}, {}, lambda: stats.chi2_contingency([[1, 2], [3, -1]]))
    file.raises("one row", {"a": [1], "b": [2]}, {}, None, "smaller than 2 by 2")
    file.raises("unknown lambda_", {"a": [1, 3], "b": [2, 4]}, {"lambda_": "gauss"},
                lambda: stats.chi2_contingency([[1, 2], [3, 4]], lambda_="gauss"))
    file.raises("one value only", {"a": ["x", "x"], "b": ["p", "q"]}, {}, None, "smaller than 2 by 2")
    file.write()


def log10_fisher(table, alternative):
    """By whole numbers: exact."""
    (a, b), (c, d) = [[int(x) for x in row] for row in table]
    n1, n2, n = a + b, c + d, a + c
    low, high = max(0, n - n2), min(n, n1)
    weights = {}
    weight = math.comb(n1, low) * math.comb(n2, n - low)
    for k in range(low, high + 1):
        weights[k] = weight
        if k < high:
            weight = weight * (n1 - k) * (n - k) // ((k + 1) * (n2 - n + k + 1))
    total = sum(weights.values())
    taken = {"less": lambda k: k <= a, "greater": lambda k: k >= a, "two-sided": lambda k: weights[k] <= weights[a]}[alternative]
    return float(mpmath.log10(mpmath.mpf(sum(w for k, w in weights.items() if taken(k))) / total))


def fisher_exact():
    file = File("fisher_exact")
    file.data = {"penguins": {key: PENGUINS[key] for key in ("sex", "species", "island")}}

    def of(table, alternative="two-sided", confidence_level=0.95):
        result = stats.fisher_exact(table, alternative=alternative)
        interval = stats.contingency.odds_ratio(np.asarray(table), kind="conditional").confidence_interval(confidence_level)
        log10 = log10_fisher(table, alternative)
        p = result.pvalue
        if p < 1e-280:
            # Where densities underflow SciPy's search for the other tail goes astray.
            p = float(mpmath.power(10, log10)) if log10 > -307 else 0.0
        elif abs(10 ** log10 / p - 1) > 1e-9:
            raise AssertionError((table, alternative, p, 10 ** log10))
        return {"statistic": result.statistic, "p_value": p, "log10_p": log10, "n": [int(np.sum(table))],
                "effect_size": {"name": "odds_ratio", "value": result.statistic, "confidence_interval": [interval.low, interval.high]}}

    def case(name, table, **options):
        columns = {"c0": [table[0][0], table[1][0]], "c1": [table[0][1], table[1][1]]}
        file.add(name, columns, options, of(table, **options))

    for alternative in ALTERNATIVES:
        case(f"mountain sickness, {alternative}", [[7, 17], [15, 5]], alternative=alternative)
        case(f"tea, {alternative}", [[3, 1], [1, 3]], alternative=alternative)
        case(f"a zero, {alternative}", [[0, 5], [6, 3]], alternative=alternative)
        case(f"an infinite ratio, {alternative}", [[8, 0], [2, 5]], alternative=alternative)
        case(f"larger counts, {alternative}", [[1200, 1000], [1100, 1080]], alternative=alternative)
    case("ties of mirrored tables", [[4, 10], [10, 4]])
    case("ties of mirrored tables, large", [[240, 260], [260, 240]])
    case("the mode", [[5, 5], [5, 5]])
    case("level 0.8", [[7, 17], [15, 5]], confidence_level=0.8)
    case("one tail only", [[0, 2], [3, 40]])
    case("lopsided", [[2, 31], [136, 15532]])
    case("lopsided the other way", [[31, 2], [15532, 136]])
    case("far tail", [[1500, 20], [30, 1600]])
    case("far tail of the other side", [[20, 1500], [1600, 30]], alternative="less")
    case("far tail, greater", [[2500, 20], [30, 2600]], alternative="greater")
    case("mirrored far tail", [[30, 1600], [1600, 30]])
    rows, cols, table = crossed([s if s in ("MALE", "FEMALE") else None for s in PENGUINS["sex"]],
                                [s == "Adelie" for s in PENGUINS["species"]])
    expected = of(table)
    expected["more"] = {"rows": [label(r) for r in rows], "columns": [label(c) for c in cols]}
    file.add("sex by being an Adelie", {"sex": [s if s in ("MALE", "FEMALE") else None for s in PENGUINS["sex"]],
                                        "adelie": [s == "Adelie" for s in PENGUINS["species"]]}, {"columns": ["sex", "adelie"]}, expected)
    file.add("an empty side", {"a": [0, 0], "b": [3, 4]}, {}, {"statistic": "nan", "p_value": 1, "log10_p": 0})
    file.add("propagate", {"a": [1, None], "b": [3, 4]}, {"nan_policy": "propagate"},
             {"statistic": "nan", "p_value": "nan", "log10_p": "nan"})
    file.raises("a negative count", {"a": [1, 3], "b": [2, -1]}, {}, lambda: stats.fisher_exact([[1, 2], [3, -1]]))
    file.raises("three rows", {"a": [1, 3, 4], "b": [2, 1, 5]}, {}, lambda: stats.fisher_exact([[1, 2], [3, 1], [4, 5]]))
    file.raises("a fraction", {"a": [1, 3.5], "b": [2, 1]}, {}, None, "SciPy cuts the fraction off")
    file.raises("three labels", "penguins", {"columns": ["sex", "species"]}, None, "not 2 by 2")
    file.write()


TESTS = [ttest_1samp, ttest_ind, ttest_rel, f_oneway, levene, bartlett, chisquare, chi2_contingency, fisher_exact]

if __name__ == "__main__":
    wanted = sys.argv[1:]
    for test in TESTS:
        if not wanted or test.__name__ in wanted:
            test()
