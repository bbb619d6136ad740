"""Makes features/*.json: what scikit-learn, pandas and SciPy answer for the steps of /analytics/features.

Run in this folder, with numpy 1.26.4, scipy 1.13.1, pandas 2.2.3, scikit-learn 1.6.1 and the data of the npm package
vega-datasets: python features.py. One file a transformer; a case has `columns`, `steps`, `nan_policy` where it is not
the default, and `expected`: the columns that come out, in order, and of each step its fitted attributes. Non-finite
numbers and missing values are null.
"""
import json
import math
import pathlib
import warnings

import numpy as np
import pandas as pd
import scipy.fft
import sklearn.decomposition as decomposition
import sklearn.feature_selection as selection
import sklearn.impute as impute
import sklearn.preprocessing as preprocessing
from sklearn.datasets import load_iris

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
VEGA = HERE / ".." / ".." / "node_modules" / "vega-datasets" / "data"

IRIS = load_iris(as_frame=True).data.set_axis(["sl", "sw", "pl", "pw"], axis=1)
PENGUINS = pd.DataFrame(json.loads((VEGA / "penguins.json").read_text()))
PENGUINS.columns = ["species", "island", "length", "depth", "flipper", "mass", "sex"]
FLIGHTS = pd.DataFrame(json.loads((VEGA / "flights-2k.json").read_text()))
WEATHER = pd.read_csv(VEGA / "seattle-weather.csv")
STOCKS = pd.read_csv(VEGA / "stocks.csv")
PRICE = STOCKS[STOCKS.symbol == "MSFT"][["price"]].reset_index(drop=True)
RNG = np.random.RandomState(3)
GAPS = WEATHER[["temp_max", "wind"]].head(120).mask(RNG.uniform(size=(120, 2)) < 0.15)
SIZES = PENGUINS[["length", "depth", "flipper", "mass"]].astype(float)


def frame(**columns):
    return pd.DataFrame(columns)


CONSTANT = frame(a=[0.1] * 9, b=[1e9 + i % 2 for i in range(9)], c=[float(i) for i in range(9)])
TINY = frame(a=[3.0], b=[-1.0])
TWO = frame(a=[3.0, 4.0], b=[-1.0, 5.0])
EMPTY = frame(a=[1.0, None, 3.0, 7.0], b=[None] * 4, c=[2.0, 2.0, None, 5.0])
EMPTY["b"] = EMPTY["b"].astype(float)
WORDS = frame(city=["Rom", "Bern", None, "Rom", "Ålesund", "zürich", "Bern", "Rom"], n=[1, 2, 2, 3, 1, 1, 9, 2])
BOOLS = frame(flag=[True, False, True, True], x=[1.5, -0.25, 1e-7, 1e17])


def plain(value):
    """As JSON has it."""
    if isinstance(value, np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return None if value is None or value is pd.NaT else value


def columns_of(table):
    return {str(name): plain(table[name].tolist()) for name in table.columns}


def dense(made):
    return made.toarray() if hasattr(made, "toarray") else np.asarray(made)


def fitted(transformer, table, attributes):
    out = dense(transformer.fit_transform(table))
    names = [str(name) for name in transformer.get_feature_names_out()]
    made = pd.DataFrame(out, columns=names, index=table.index)
    return made, {name: plain(getattr(transformer, name)) for name in attributes}


ATTRIBUTES = {
    "standard_scaler": ["mean_", "var_", "scale_", "n_samples_seen_"],
    "min_max_scaler": ["min_", "scale_", "data_min_", "data_max_", "data_range_", "n_samples_seen_"],
    "robust_scaler": ["center_", "scale_"],
    "simple_imputer": ["statistics_"],
    "one_hot_encoder": ["categories_", "drop_idx_"],
    "ordinal_encoder": ["categories_"],
    "k_bins_discretizer": ["bin_edges_", "n_bins_"],
    "polynomial_features": ["powers_", "n_output_features_"],
    "power_transformer": ["lambdas_"],
    "quantile_transformer": ["n_quantiles_", "references_", "quantiles_"],
    "pca": ["components_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_", "n_components_", "n_samples_", "noise_variance_"],
    "variance_threshold": ["variances_"],
}
CLASSES = {
    "standard_scaler": preprocessing.StandardScaler,
    "min_max_scaler": preprocessing.MinMaxScaler,
    "robust_scaler": preprocessing.RobustScaler,
    "simple_imputer": impute.SimpleImputer,
    "one_hot_encoder": lambda **given: preprocessing.OneHotEncoder(sparse_output=False, **given),
    "ordinal_encoder": preprocessing.OrdinalEncoder,
    "k_bins_discretizer": lambda **given: preprocessing.KBinsDiscretizer(subsample=None, **given),
    "polynomial_features": preprocessing.PolynomialFeatures,
    "power_transformer": preprocessing.PowerTransformer,
    "quantile_transformer": preprocessing.QuantileTransformer,
    "pca": decomposition.PCA,
    "variance_threshold": selection.VarianceThreshold,
}
TUPLES = {"feature_range", "quantile_range", "degree"}


def series(name, table, given):
    given = dict(given)
    if name == "lag":
        return table.shift(given.get("periods", 1))
    if name == "diff":
        return table.diff(given.get("periods", 1))
    if name == "rolling":
        return getattr(table.rolling(given["window"], min_periods=given.get("min_periods")), given.get("agg", "mean"))()
    if name == "ewm":
        return table.ewm(**given).mean()
    if name == "fft":
        size = np.abs(scipy.fft.fft(table.to_numpy(), given.get("n"), axis=0))
        return pd.DataFrame(size**2 if given.get("output") == "power" else size, columns=table.columns)
    parts = given.get("parts", ["year", "quarter", "month", "day", "dayofweek", "dayofyear", "hour", "minute"])
    made = {}
    for column in table.columns:
        instants = pd.to_datetime(table[column], utc=True, format="ISO8601").dt
        for part in parts:
            made[f"{column}_{part}"] = getattr(instants, part)
    return pd.DataFrame(made)


def run(name, table, given):
    if name not in CLASSES:
        return series(name, table, given), {}
    parameters = {key: tuple(v) if key in TUPLES and isinstance(v, list) else v for key, v in given.items()}
    attributes = ATTRIBUTES[name]
    made, found = fitted(CLASSES[name](**parameters), table, attributes)
    if name == "simple_imputer" and given.get("strategy") == "most_frequent":
        made = made.infer_objects()
    return made, found


FILES = {}


def case(title, table, *steps, dropna=False, **options):
    """Each step: (name, parameters), or (name, columns, parameters)."""
    body, expected = [], []
    table = table.reset_index(drop=True)
    now = table.dropna().reset_index(drop=True) if dropna else table
    for step in steps:
        name, columns, given = step if len(step) == 3 else (step[0], None, step[1])
        body.append({"name": name, **({} if columns is None else {"columns": columns}), **given})
        taken = list(now.columns) if columns is None else [one for one in now.columns if one in columns]
        made, attributes = run(name, now[taken], given)
        expected.append({"name": name, "columns": taken, **attributes})
        if columns is None:
            now = made
        else:
            at = list(now.columns).index(taken[0])
            rest = now.drop(columns=taken)
            left = [one for one in list(now.columns)[:at] if one not in taken]
            now = pd.concat([rest[left], made, rest.drop(columns=left)], axis=1)
    name = steps[0][0]
    FILES.setdefault(name, []).append(
        {"name": title, "columns": columns_of(table), "steps": body, **options, "expected": {"columns": columns_of(now), "steps": expected}}
    )


for scaler, variants in {
    "standard_scaler": [{}, {"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}],
    "min_max_scaler": [{}, {"feature_range": [-1, 3]}, {"clip": True}],
    "robust_scaler": [{}, {"with_centering": False}, {"with_scaling": False}, {"quantile_range": [10.0, 90.0], "unit_variance": True}],
}.items():
    for given in variants:
        case(f"iris {given}", IRIS, (scaler, given))
    case("penguins with missing values", SIZES.head(60), (scaler, {}))
    case("constant and nearly constant columns", CONSTANT, (scaler, {}))
    case("one row", TINY, (scaler, {}))
    case("a column without a value", EMPTY, (scaler, {}))
    case("two columns of weather, the others as they are", WEATHER.head(40), (scaler, ["wind", "temp_min"], {}))

for strategy in ["mean", "median", "most_frequent"]:
    case(f"{strategy} of penguins", SIZES.head(70), ("simple_imputer", {"strategy": strategy}))
    case(f"{strategy}: a column without a value is left out", EMPTY, ("simple_imputer", {"strategy": strategy}))
    case(f"{strategy}: a column without a value is kept", EMPTY, ("simple_imputer", {"strategy": strategy, "keep_empty_features": True}))
case("constant", GAPS, ("simple_imputer", {"strategy": "constant", "fill_value": -1}))
case("constant, its default", EMPTY, ("simple_imputer", {"strategy": "constant"}))
case("indicators", SIZES.head(20), ("simple_imputer", {"add_indicator": True}))
WITHOUT = PENGUINS[["island", "sex"]].head(60).astype(object).where(PENGUINS[["island", "sex"]].head(60).notna(), np.nan)
case("most frequent text", WITHOUT, ("simple_imputer", {"strategy": "most_frequent"}))
case("constant text", WITHOUT, ("simple_imputer", {"strategy": "constant", "fill_value": "unknown"}))
case("imputed, then scaled", GAPS, ("simple_imputer", {}), ("standard_scaler", {}))

LABELS = PENGUINS[["species", "island"]].iloc[::6]
case("penguins", LABELS, ("one_hot_encoder", {}))
case("drop first", LABELS, ("one_hot_encoder", {"drop": "first"}))
case("drop one of two", frame(s=["f", "m", "f"], t=["a", "b", "c"]), ("one_hot_encoder", {"drop": "if_binary"}))
case("drop by name", frame(s=["f", "m", "f"], t=["a", "b", "c"]), ("one_hot_encoder", {"drop": ["m", "b"]}))
case("missing text, other scripts, whole numbers", WORDS, ("one_hot_encoder", {}))
case("numbers with gaps", frame(x=[1.0, None, 2.0, 1.0], y=[0.5, 1e-5, 1e16, 0.5]), ("one_hot_encoder", {}))
case("truth", BOOLS, ("one_hot_encoder", ["flag"], {}))
case("rare ones by count", FLIGHTS[["origin"]].head(80), ("one_hot_encoder", {"min_frequency": 3}))
case("rare ones by share", FLIGHTS[["origin"]].head(80), ("one_hot_encoder", {"min_frequency": 0.04}))
case("at most four", FLIGHTS[["origin"]].head(80), ("one_hot_encoder", {"max_categories": 4}))
case("one group", FLIGHTS[["origin"]].head(12), ("one_hot_encoder", {"max_categories": 1}))
case("first of the frequent dropped", FLIGHTS[["origin"]].head(60), ("one_hot_encoder", {"max_categories": 5, "drop": "first"}))
case("at its place", WEATHER[["date", "weather", "wind"]].head(30), ("one_hot_encoder", ["weather"], {}))

case("penguins", LABELS, ("ordinal_encoder", {}))
case("missing numbers stay missing", frame(x=[3.0, None, 2.0, 3.0]), ("ordinal_encoder", {}))
case("missing numbers have a code", frame(x=[3.0, None, 2.0, 3.0]), ("ordinal_encoder", {"encoded_missing_value": -1}))
case("truth and other numbers", BOOLS, ("ordinal_encoder", {}))
case("rare ones", FLIGHTS[["origin", "destination"]].head(50), ("ordinal_encoder", {"min_frequency": 2}))
case("at most three", FLIGHTS[["origin"]].head(50), ("ordinal_encoder", {"max_categories": 3}))
case("code points", frame(s=["\uffff", "\U0001f600", "a", "Z", ""]), ("ordinal_encoder", {}))

FEW = pd.DataFrame(RNG.standard_t(2, size=(80, 3)), columns=["a", "b", "c"])
for strategy in ["uniform", "quantile", "kmeans"]:
    case(f"iris, {strategy}", IRIS, ("k_bins_discretizer", {"strategy": strategy, "encode": "ordinal"}))
    case(f"three bins, {strategy}", PRICE, ("k_bins_discretizer", {"strategy": strategy, "n_bins": 3, "encode": "onehot-dense"}))
    # Without equal distances: among those scikit-learn's choice of the farthest value is that of NumPy's partition.
    case(f"bins of each, {strategy}", FEW, ("k_bins_discretizer", {"strategy": strategy, "n_bins": [2, 25, 40], "encode": "ordinal"}))
    case(f"few different values, {strategy}", frame(a=[0.0] * 8 + [1.0, 2.0], b=[7.0] * 10), ("k_bins_discretizer", {"strategy": strategy, "n_bins": 4, "encode": "ordinal"}))
case("rows with missing values are dropped", SIZES.head(40), ("k_bins_discretizer", {"encode": "ordinal"}), dropna=True)
case("far outliers leave bins empty", frame(a=[0.0, 0.1, 0.2, 0.3, 1000.0, 1000.1, 5000.0]), ("k_bins_discretizer", {"strategy": "kmeans", "n_bins": 6, "encode": "ordinal"}))

case("iris", IRIS.head(20), ("polynomial_features", {}))
case("degree 3", TWO, ("polynomial_features", {"degree": 3}))
case("interactions", IRIS.head(10), ("polynomial_features", {"interaction_only": True, "degree": 3, "include_bias": False}))
case("degrees 2 to 3", IRIS[["sl", "pw"]].head(10), ("polynomial_features", {"degree": [2, 3]}))
case("degree 0", TINY, ("polynomial_features", {"degree": 0}))
case("rows with missing values are dropped", SIZES.head(12), ("polynomial_features", {}), dropna=True)

for method in ["yeo-johnson", "box-cox"]:
    case(f"iris, {method}", IRIS, ("power_transformer", {"method": method}))
    case(f"prices, {method}", PRICE, ("power_transformer", {"method": method}))
    case(f"raw, {method}", IRIS.iloc[::2], ("power_transformer", {"method": method, "standardize": False}))
    case(f"missing values, {method}", SIZES.head(80), ("power_transformer", {"method": method}))
case("below zero", FLIGHTS[["delay", "distance"]].head(150), ("power_transformer", {}))
case("constant columns stay", frame(a=[5.0] * 6, b=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]), ("power_transformer", {}))

case("iris", IRIS, ("quantile_transformer", {"n_quantiles": 20}))
case("normal", IRIS, ("quantile_transformer", {"n_quantiles": 20, "output_distribution": "normal"}))
case("missing values", SIZES.head(60), ("quantile_transformer", {"n_quantiles": 10}))
case("many equal values", FLIGHTS[["delay"]].head(150), ("quantile_transformer", {"n_quantiles": 40}))
case("more quantiles than rows", PRICE.head(30), ("quantile_transformer", {"n_quantiles": 1000}))
case("one quantile", PRICE.head(5), ("quantile_transformer", {"n_quantiles": 1}))
case("constant", frame(a=[5.0] * 6), ("quantile_transformer", {"n_quantiles": 4, "output_distribution": "normal"}))
case("a subsample", FLIGHTS[["delay", "distance"]].head(200), ("quantile_transformer", {"n_quantiles": 10, "subsample": 50, "random_state": 7}))

case("iris", IRIS, ("pca", {}))
case("two components", IRIS, ("pca", {"n_components": 2}))
case("a share of the variance", IRIS, ("pca", {"n_components": 0.95}))
case("whitened", IRIS, ("pca", {"n_components": 3, "whiten": True}))
case("full", IRIS, ("pca", {"svd_solver": "full"}))
case("few rows", IRIS.iloc[::10], ("pca", {"n_components": 2}))
case("more columns than rows", pd.DataFrame(RNG.normal(size=(5, 8)), columns=list("abcdefgh")), ("pca", {"n_components": 3}))
case("scaled penguins, rows with missing values dropped", SIZES.head(90).dropna(), ("standard_scaler", {}), ("pca", {"n_components": 2}))
case("rows with missing values dropped", SIZES.head(90), ("pca", {"n_components": 2}), dropna=True)
case("of two columns, the others as they are", WEATHER.drop(columns="date").head(50), ("pca", ["temp_max", "temp_min"], {}))

case("a constant column", CONSTANT[["a", "c"]], ("variance_threshold", {}))
case("a threshold", IRIS, ("variance_threshold", {"threshold": 0.5}))
case("missing values", SIZES.head(40), ("variance_threshold", {"threshold": 5}))
case("offset", CONSTANT[["b", "c"]], ("variance_threshold", {}))
case("a column without a value", EMPTY, ("variance_threshold", {"threshold": 1.5}))

for given in [{}, {"periods": 3}, {"periods": -2}, {"periods": 0}, {"periods": 1000}]:
    case(f"prices {given}", PRICE.head(40), ("lag", given))
    case(f"prices {given}", PRICE.head(40), ("diff", given))
case("several", PRICE.head(20), ("lag", {"periods": [1, 2, -1]}))
case("text", WORDS, ("lag", {}))
case("missing values", GAPS.head(40), ("lag", {"periods": 2}))
case("missing values", GAPS.head(40), ("diff", {"periods": 2}))

SPIKES = frame(a=[1e16, 1.0, 2.0, -1e16, 3.0, 3.0, 3.0, 4.0, -0.0, 0.0, 1e-9, 5.0], b=[0.1] * 12)
for agg in ["mean", "std", "sum", "min", "max", "median"]:
    case(f"prices, {agg}", PRICE, ("rolling", {"window": 7, "agg": agg}))
    case(f"missing values, {agg}", GAPS, ("rolling", {"window": 5, "min_periods": 2, "agg": agg}))
    case(f"no values needed, {agg}", GAPS.head(50), ("rolling", {"window": 2, "min_periods": 0, "agg": agg}))
    case(f"a row, {agg}", PRICE.head(10), ("rolling", {"window": 1, "agg": agg}))
    case(f"longer than the table, {agg}", PRICE.head(10), ("rolling", {"window": 1000000000, "agg": agg}))
    case(f"longer, with few values, {agg}", PRICE.head(12), ("rolling", {"window": 500, "min_periods": 2, "agg": agg}))
    case(f"huge and tiny, {agg}", SPIKES, ("rolling", {"window": 3, "agg": agg}))

for given in [{"span": 5}, {"alpha": 0.3}, {"halflife": 2.5}, {"alpha": 1.0}]:
    for adjust in [True, False]:
        case(f"prices {given} {adjust}", PRICE.head(60), ("ewm", {**given, "adjust": adjust}))
        case(f"missing values {given} {adjust}", GAPS, ("ewm", {**given, "adjust": adjust}))

for rows in [1, 2, 3, 16, 30, 49, 97, 101, 120, 123]:
    case(f"{rows} prices", PRICE.head(rows), ("fft", {}))
case("power", PRICE.head(64), ("fft", {"output": "power"}))
case("cut off", PRICE, ("fft", {"n": 50}))
case("padded", PRICE.head(20), ("fft", {"n": 34}))
case("rows with missing values are dropped", GAPS, ("fft", {}), dropna=True)

# In columns of their own: pandas 2.2.3 gives an instant without an offset that of the instant before it.
STAMPS = frame(when=["2024-02-29T12:30:59Z", "1969-12-31T23:59:59.999Z", "2023-06-30T23:30:00+02:00", None, "2100-02-28T22:00:00-0500"])
case("instants", STAMPS, ("date_parts", {}))
case("instants without an offset", frame(when=["2012-01-01", "1900-03-01 04:05:06", None, "2000-12-31T00:00"]), ("date_parts", {}))
case("weather", WEATHER[["date"]].iloc[::30], ("date_parts", {"parts": ["month", "dayofyear", "dayofweek"]}))
case("at their place", WEATHER[["wind", "date", "temp_max"]].head(10), ("date_parts", ["date"], {"parts": ["day"]}))
case("leap years", frame(t=[f"{y}-12-31" for y in range(1896, 1912)]), ("date_parts", {"parts": ["dayofyear", "quarter", "year"]}))
case("every hour", frame(t=[str(t) for t in pd.date_range("2021-02-27T22:00", periods=60, freq="h")]), ("date_parts", {"parts": ["hour", "day", "month"]}))

for name, cases in FILES.items():
    text = json.dumps({"made_with": {"numpy": np.__version__, "pandas": pd.__version__, "scikit-learn": __import__("sklearn").__version__, "scipy": scipy.__version__}, "cases": cases}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    (HERE / "features" / f"{name}.json").write_text(text + "\n")
    print(name, len(cases), len(text))
