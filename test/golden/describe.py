"""describe/*.json: pandas' describe, by group too, and what `extended` adds, by pandas, NumPy and SciPy.

    python describe.py        # beside node_modules, where vega-datasets is

Each file is {name, options, data or source, expected, made_with}. `source` names a file of the package vega-datasets.
Non-finite numbers are the strings "nan", "inf", "-inf".
"""
import json
import math
import pathlib
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import scipy
from scipy import stats
from sklearn.datasets import load_iris

HERE = pathlib.Path(__file__).parent
VEGA = HERE.parent.parent / "node_modules" / "vega-datasets" / "data"
MADE_WITH = {"pandas": pd.__version__, "numpy": np.__version__, "scipy": scipy.__version__}


def plain(value):
    """A value as JSON has it."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def label(key):
    if isinstance(key, (bool, np.bool_)):
        return "true" if key else "false"
    if isinstance(key, str):
        return key
    return str(int(key)) if float(key).is_integer() else repr(float(key))


def central(values, power):
    exact = [Fraction(float(value)) for value in values]
    mean = sum(exact) / len(exact)
    return sum((value - mean) ** power for value in exact)


def skew(values):
    n = len(values)
    return n * math.sqrt(n - 1) / (n - 2) * float(central(values, 3)) / float(central(values, 2)) ** 1.5


def kurtosis(values):
    n = len(values)
    ratio = Fraction(n * (n + 1) * (n - 1)) * central(values, 4) / ((n - 2) * (n - 3) * central(values, 2) ** 2)
    return float(ratio - Fraction(3 * (n - 1) ** 2, (n - 2) * (n - 3)))


def exactly(by_pandas, formula, values):
    """pandas' statistic with the digits that its sums of deviations lose; where it says 0 or nothing, that."""
    if by_pandas == 0 or math.isnan(by_pandas):
        return by_pandas
    exact = formula(values)
    assert abs(exact - by_pandas) <= 1e-7 * max(1, abs(exact)), (exact, by_pandas)
    return exact


def added(series, bins):
    """What `extended` adds for one numeric column."""
    present = series.dropna()
    values = present.to_numpy(dtype=np.float64)
    counts, edges = np.histogram(values, bins=bins)
    return {
        "variance": series.var(),
        "skew": exactly(series.skew(), skew, values),
        "kurtosis": exactly(series.kurt(), kurtosis, values),
        "sem": series.sem(),
        "mad": stats.median_abs_deviation(values) if len(values) else math.nan,
        "cv": stats.variation(values, ddof=1) if len(values) > 1 else math.nan,
        "sum": math.fsum(values),
        "range": series.max() - series.min(),
        "mode": series.mode().iloc[0] if len(values) else math.nan,
        "n_unique": series.nunique(),
        "missing": series.isna().sum(),
        "zeros": (series == 0).sum(),
        "entropy": stats.entropy(present.value_counts()) if len(values) else math.nan,
        "histogram": {"counts": [int(n) for n in counts], "edges": [plain(edge) for edge in edges]},
    }


def added_text(series):
    entropy = stats.entropy(series.value_counts()) if series.count() else math.nan
    return {"missing": series.isna().sum(), "entropy": entropy}


def finished(described, series, options):
    found = {name: value for name, value in described.items()}
    if "unique" in found and found["count"] == 0:
        found.update(top=None, freq=None)
    if options.get("extended"):
        numeric = "mean" in found
        found.update(added(series, options.get("bins", "auto")) if numeric else added_text(series))
    return {name: value if isinstance(value, dict) else plain(value) for name, value in found.items()}


def case(name, frame, options, source=None):
    given = {"percentiles": options["percentiles"]} if "percentiles" in options else {}
    key = options.get("groupby")
    wanted = options.get("columns", list(frame.columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if key is None:
            described = frame[wanted].describe(**given)
            expected = {c: finished(described[c], frame[c], options) for c in described.columns}
        else:
            part = frame[[c for c in frame.columns if c in wanted or c == key]]
            grouped = part.groupby(key)
            described = grouped.describe(**given)
            columns = list(dict.fromkeys(c for c, _ in described.columns))
            expected = {
                label(group): {c: finished(described.loc[group][c], rows[c], options) for c in columns}
                for group, rows in grouped
            }
    where = {"source": source} if source else {"data": records(frame)}
    whole = {"name": name, "options": options, **where, "expected": expected, "made_with": MADE_WITH}
    (HERE / "describe" / f"{name}.json").write_text(json.dumps(whole, allow_nan=False) + "\n")


def records(frame):
    return [
        {name: None if pd.isna(value) else plain(value) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


def vega(file):
    if file.endswith(".csv"):
        return pd.read_csv(VEGA / file)
    return pd.DataFrame(json.loads((VEGA / file).read_text()))


def main():
    data = load_iris()
    iris = pd.DataFrame(data.data, columns=["sepal_length", "sepal_width", "petal_length", "petal_width"])
    iris["species"] = [str(data.target_names[i]) for i in data.target]
    case("iris-extended", iris, {"extended": True})
    case("iris-by-species", iris, {"groupby": "species", "extended": True, "bins": 5})

    penguins = vega("penguins.json")
    case("penguins-extended", penguins, {"extended": True, "bins": "sturges"}, "penguins.json")
    case("penguins-by-sex", penguins, {"groupby": "Sex", "extended": True}, "penguins.json")
    case("penguins-by-island", penguins, {"groupby": "Island", "percentiles": [0.1, 0.333, 0.9]}, "penguins.json")
    text = {"columns": ["Species", "Island", "Sex"], "extended": True}
    case("penguins-text", penguins, text, "penguins.json")
    case("penguins-text-by-species", penguins, {**text, "groupby": "Species"}, "penguins.json")

    flights = vega("flights-2k.json")
    case("flights-extended", flights, {"extended": True, "bins": "fd"}, "flights-2k.json")
    case("flights-by-origin", flights, {"groupby": "origin"}, "flights-2k.json")
    case("flights-by-distance", flights.head(300), {"groupby": "distance", "columns": ["delay", "distance"]})

    weather = vega("weather.csv")
    case("weather-extended", weather, {"extended": True, "bins": 40}, "weather.csv")
    case("weather-by-location", weather, {"groupby": "location", "extended": True, "bins": "auto"}, "weather.csv")

    cars = vega("cars.json")
    case("cars-by-cylinders", cars, {"groupby": "Cylinders", "extended": True, "bins": "sturges"}, "cars.json")

    rng = np.random.RandomState(5)
    few = [group for group in range(1, 7) for _ in range(group)]
    small = pd.DataFrame(
        {
            "group": few,
            "x": np.round(rng.standard_normal(len(few)), 3),
            "same": 0.125,
            "gaps": [None if i % 3 == 0 else float(i) for i in range(len(few))],
        }
    )
    case("groups-of-few", small, {"groupby": "group", "extended": True})
    case("boolean-key", small.assign(big=small.x > 0), {"groupby": "big", "extended": True, "bins": 3})
    case("fractional-key", small.assign(key=small.group / 4 - 0.5), {"groupby": "key"})

    drawn = pd.DataFrame(
        {
            "normal": rng.standard_normal(240),
            "heavy": rng.standard_t(2, 240),
            "tiny": rng.standard_normal(240) * 1e-9,
            "skewed": rng.exponential(3, 240),
            "counts": rng.poisson(2, 240).astype(float),
            "mostly_zero": np.where(rng.random_sample(240) < 0.8, 0, rng.random_sample(240)),
            "grid": np.round(rng.random_sample(240), 1),
            "offset": 1e6 + np.round(rng.random_sample(240), 3),
        }
    ).map(lambda value: float(f"{value:.12g}"))
    for bins in ["auto", "fd", 97]:
        case(f"drawn-{bins}", drawn, {"extended": True, "bins": bins})
    case("drawn-1000", drawn[["grid", "offset"]], {"extended": True, "bins": 1000})


main()
