"""cluster/*.json: scikit-learn's KMeans, StandardScaler and silhouette_score, and the choice of a number of clusters by it.

    python cluster.py         # beside node_modules, where vega-datasets is

Each file is {name, options, data or source, expected, made_with}. `source` names a file of the package vega-datasets; rows
with a missing value in a numeric column are left out, their label is null. Beyond `MOST_PAIRED` rows silhouettes are those
of the rows that RandomState(random_state).permutation(n) names first, and so is what "auto" tries.
"""
import json
import math
import pathlib
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import sklearn
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, make_blobs
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

HERE = pathlib.Path(__file__).parent
VEGA = HERE.parent.parent / "node_modules" / "vega-datasets" / "data"
MADE_WITH = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__}
MOST_PAIRED = 20_000


def score(data, labels):
    used = len(set(labels.tolist()))
    return float(silhouette_score(data, labels)) if 2 <= used <= len(data) - 1 else None


def fitted(data, k, options):
    chosen = {name: options[name] for name in ("max_iter", "tol") if name in options}
    model = KMeans(n_clusters=k, random_state=options.get("random_state", 42), n_init=options.get("n_init", 1), **chosen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(data)


def elbow(ks, inertias):
    """The k farthest below the chord of the inertias, both axes scaled to [0, 1]."""
    drop = inertias[0] - inertias[-1]
    if len(ks) < 3 or not drop > 0:
        return None
    along = (np.array(ks) - ks[0]) / (ks[-1] - ks[0])
    below = (inertias[0] - np.array(inertias)) / drop - along
    return int(ks[int(np.argmax(below))]) if below.max() > 0 else None


def case(name, frame, options, source=None, keep=True):
    numeric = frame[options.get("columns", list(frame.columns))].select_dtypes("number")
    complete = numeric.notna().all(axis=1).to_numpy()
    data = numeric.to_numpy(dtype=np.float64)[complete]
    scaler = StandardScaler().fit(data) if options.get("scale") else None
    used = data if scaler is None else scaler.transform(data)
    seed = options.get("random_state", 42)
    places = np.arange(len(used))
    if len(used) > MOST_PAIRED:
        places = np.random.RandomState(seed).permutation(len(used))[:MOST_PAIRED]
    k = options.get("n_clusters", 3)
    expected = {}
    if k == "auto":
        first, last = options.get("k_range", [2, 10])
        ks = list(range(first, min(last, len(places) - 1) + 1))
        models = [fitted(used[places], one, options) for one in ks]
        scores = [score(used[places], model.labels_) for model in models]
        inertias = [float(model.inertia_) for model in models]
        known = [-2 if one is None else one for one in scores]
        k = ks[int(np.argmax(known))]
        expected["selection"] = {
            "rows": len(places),
            "candidates": [
                {"n_clusters": one, "silhouette": s, "inertia": i} for one, s, i in zip(ks, scores, inertias)
            ],
            "chosen": k,
            "elbow": elbow(ks, inertias),
        }
    model = fitted(used, k, options)
    centers = model.cluster_centers_ if scaler is None else scaler.inverse_transform(model.cluster_centers_)
    labels = np.full(len(frame), -1)
    labels[complete] = model.labels_
    expected["results"] = {
        "n_clusters": k,
        "centers": centers.tolist(),
        "sizes": np.bincount(model.labels_, minlength=k).tolist(),
        "inertia": float(model.inertia_),
        "n_iter": int(model.n_iter_),
        "silhouette": score(used[places], model.labels_[places]),
    }
    if keep:
        expected["results"]["labels"] = [None if label < 0 else int(label) for label in labels]
    where = {"source": source} if source else {"data": records(frame)}
    whole = {"name": name, "options": {**options, "labels": keep}, **where, "expected": expected, "made_with": MADE_WITH}
    (HERE / "cluster" / f"{name}.json").write_text(json.dumps(whole, allow_nan=False) + "\n")


def records(frame):
    def plain(value):
        if isinstance(value, str):
            return value
        return None if math.isnan(value) else value

    return [{name: plain(value) for name, value in row.items()} for row in frame.to_dict(orient="records")]


def blobs(rows, columns, centers, seed, spread=1.0):
    data, _ = make_blobs(rows, columns, centers=centers, random_state=seed, cluster_std=spread)
    return pd.DataFrame(np.round(data, 4), columns=[f"x{i}" for i in range(columns)])


def vega(file):
    if file.endswith(".csv"):
        return pd.read_csv(VEGA / file)
    if file.endswith(".arrow"):
        with pa.ipc.open_file(VEGA / file) as reader:
            return reader.read_all().to_pandas()
    return pd.DataFrame(json.loads((VEGA / file).read_text()))


def main():
    data = load_iris()
    iris = pd.DataFrame(data.data, columns=["sepal_length", "sepal_width", "petal_length", "petal_width"])
    case("iris", iris, {})
    case("iris-auto", iris, {"n_clusters": "auto"})
    case("iris-scaled", iris, {"n_clusters": 3, "scale": "standard", "random_state": 7, "n_init": 3})
    case("penguins-auto-scaled", vega("penguins.json"), {"n_clusters": "auto", "scale": True}, "penguins.json")
    case("penguins", vega("penguins.json"), {"n_clusters": 4, "random_state": 0}, "penguins.json")
    columns = {"columns": ["temp_max", "temp_min", "wind"], "n_clusters": "auto", "k_range": [3, 6], "scale": True}
    case("weather-auto", vega("weather.csv"), columns, "weather.csv", keep=False)
    case("blobs-auto", blobs(300, 2, 5, 11, 0.6), {"n_clusters": "auto", "k_range": [2, 8]})
    case("blobs-two-numbers", blobs(60, 3, 3, 2), {"n_clusters": "auto", "k_range": [2, 3], "random_state": 1})
    case("one-cluster", blobs(20, 2, 1, 3), {"n_clusters": 1})
    case("as-many-as-rows", blobs(6, 2, 6, 4), {"n_clusters": 6})
    case("few-rows-auto", blobs(6, 2, 3, 5, 0.2), {"n_clusters": "auto"})
    constant = pd.DataFrame({"a": [2.5] * 8, "b": [1.0, 1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 9.5]})
    case("a-constant-column-scaled", constant, {"n_clusters": 2, "scale": True})
    case("flights-5k", vega("flights-5k.json"), {"n_clusters": 4}, "flights-5k.json", keep=False)
    # Sampled: more rows than silhouettes go by in pairs.
    options = {"n_clusters": "auto", "k_range": [2, 4], "scale": True}
    case("flights-200k-sampled", vega("flights-200k.arrow"), options, "flights-200k.arrow", keep=False)


# scikit-learn's last bits depend on its threads.
with threadpool_limits(1):
    main()
