"""pipelines.json: what scikit-learn answers for whole pipelines, from the fit to the predictions.

    python pipelines.py         # beside node_modules, where vega-datasets is

{made_with, sets: {name: {column: [values, null where missing]}}, cases: [{name, set, columns?, pipeline, target?, validation?,
closeness, expected}]}. `expected`: `metrics`, and where asked for `cross_validation` (each metric of every fold),
`importances`, `fitted` (attributes of the last step), `ask` (rows of the set) with `predictions` and `probabilities`.
penguins.* are the same rows in other formats.
`closeness`: `exact` for what has one right answer, `drawn` where the random draws are not scikit-learn's own.
"""
import json
import pathlib
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import sklearn
from sklearn import cluster, datasets, decomposition, ensemble, linear_model, metrics, naive_bayes, neighbors
from sklearn import impute, model_selection, preprocessing, tree
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.feature_selection import VarianceThreshold
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
VEGA = HERE.parent.parent.parent / "node_modules" / "vega-datasets" / "data"

STEPS = {
    "standard_scaler": preprocessing.StandardScaler,
    "min_max_scaler": preprocessing.MinMaxScaler,
    "robust_scaler": preprocessing.RobustScaler,
    "simple_imputer": impute.SimpleImputer,
    "one_hot_encoder": lambda **p: preprocessing.OneHotEncoder(sparse_output=False, **p),
    "ordinal_encoder": preprocessing.OrdinalEncoder,
    "k_bins_discretizer": lambda **p: preprocessing.KBinsDiscretizer(subsample=None, **p),
    "polynomial_features": preprocessing.PolynomialFeatures,
    "power_transformer": preprocessing.PowerTransformer,
    "quantile_transformer": lambda **p: preprocessing.QuantileTransformer(subsample=None, **p),
    "pca": decomposition.PCA,
    "variance_threshold": VarianceThreshold,
}
LAST = {
    "linear_regression": linear_model.LinearRegression,
    "ridge": linear_model.Ridge,
    "lasso": lambda **p: linear_model.Lasso(**{"tol": 1e-12, "max_iter": 100000, **p}),
    "elastic_net": lambda **p: linear_model.ElasticNet(**{"tol": 1e-12, "max_iter": 100000, **p}),
    # Both are asked for the minimum, which is one point: scikit-learn's default tolerance stops before its sixth digit.
    "logistic_regression": lambda **p: linear_model.LogisticRegression(
        **{**p, "tol": 1e-12, "max_iter": 100000, "solver": "newton-cg", "C": p.get("C", 1)}),
    "gaussian_nb": naive_bayes.GaussianNB,
    "k_neighbors_classifier": neighbors.KNeighborsClassifier,
    "k_neighbors_regressor": neighbors.KNeighborsRegressor,
    "decision_tree_classifier": lambda **p: tree.DecisionTreeClassifier(random_state=0, **p),
    "decision_tree_regressor": lambda **p: tree.DecisionTreeRegressor(random_state=0, **p),
    "random_forest_classifier": lambda **p: ensemble.RandomForestClassifier(random_state=0, **p),
    "random_forest_regressor": lambda **p: ensemble.RandomForestRegressor(random_state=0, **p),
    "kmeans": lambda **p: cluster.KMeans(**{"random_state": 42, **p}),
    "mini_batch_kmeans": lambda **p: cluster.MiniBatchKMeans(**{"random_state": 42, **p}),
    "dbscan": cluster.DBSCAN,
    "isolation_forest": lambda **p: ensemble.IsolationForest(random_state=0, **p),
    "pca": decomposition.PCA,
}
CLASSIFIERS = {"logistic_regression", "gaussian_nb", "k_neighbors_classifier", "decision_tree_classifier",
               "random_forest_classifier"}
REGRESSORS = {"linear_regression", "ridge", "lasso", "elastic_net", "k_neighbors_regressor",
              "decision_tree_regressor", "random_forest_regressor"}


class Step(BaseEstimator, TransformerMixin):
    """A transformer of some columns of a frame; the others stay at their places, under their names."""

    def __init__(self, transformer, columns=None):
        self.transformer = transformer
        self.columns = columns

    def fit(self, frame, y=None):
        self.taken_ = [name for name in frame.columns if self.columns is None or name in self.columns]
        whole = isinstance(self.transformer, (decomposition.PCA, preprocessing.PolynomialFeatures, VarianceThreshold))
        self.parts_ = [(part, clone(self.transformer).fit(frame[part]))
                       for part in ([self.taken_] if whole else [[name] for name in self.taken_])]
        return self

    def transform(self, frame):
        made = {part[0]: pd.DataFrame(fitted.transform(frame[part]), index=frame.index,
                                      columns=fitted.get_feature_names_out())
                for part, fitted in self.parts_}
        blocks = [made[name] if name in made else frame[[name]]
                  for name in frame.columns if name in made or name not in self.taken_]
        return pd.concat(blocks, axis=1)


class Chosen(BaseEstimator, TransformerMixin):
    """The columns that the last step takes, as an array."""

    def __init__(self, columns=None):
        self.columns = columns

    def fit(self, frame, y=None):
        return self

    def transform(self, frame):
        return (frame if self.columns is None else frame[self.columns]).to_numpy(dtype=float)


def pipeline_of(steps):
    parts = []
    for i, step in enumerate(steps[:-1]):
        parameters = {key: tuple(value) if key == "feature_range" else value
                      for key, value in step.items() if key not in ("name", "columns")}
        parts.append((str(i), Step(STEPS[step["name"]](**parameters), step.get("columns"))))
    last = steps[-1]
    parts.append(("chosen", Chosen(last.get("columns"))))
    parts.append(("last", LAST[last["name"]](**{k: v for k, v in last.items() if k not in ("name", "columns")})))
    return Pipeline(parts)


def scores(name, pipe, X, y):
    if name in REGRESSORS:
        guess = pipe.predict(X)
        return {"r2": metrics.r2_score(y, guess), "mean_squared_error": metrics.mean_squared_error(y, guess),
                "mean_absolute_error": metrics.mean_absolute_error(y, guess)}
    if name in CLASSIFIERS:
        guess, chances = pipe.predict(X), pipe.predict_proba(X)
        many = chances.shape[1] > 2
        return {
            "accuracy": metrics.accuracy_score(y, guess),
            "f1_macro": metrics.f1_score(y, guess, average="macro"),
            "precision_macro": metrics.precision_score(y, guess, average="macro"),
            "recall_macro": metrics.recall_score(y, guess, average="macro"),
            "balanced_accuracy": metrics.balanced_accuracy_score(y, guess),
            "log_loss": metrics.log_loss(y, chances, labels=pipe.classes_),
            "roc_auc": metrics.roc_auc_score(y, chances if many else chances[:, 1], multi_class="ovr"),
        }
    rows = pipe[:-1].transform(X)
    if name in ("kmeans", "mini_batch_kmeans"):
        labels, centres = pipe.predict(X), pipe[-1].cluster_centers_
        return {"inertia": float(((rows - centres[labels]) ** 2).sum()),
                "silhouette": metrics.silhouette_score(rows, labels)}
    if name == "dbscan":
        return {"silhouette": metrics.silhouette_score(rows, pipe[-1].labels_)}
    return {}


def folds_of(cv, y, classes):
    if isinstance(cv, int):
        return model_selection.StratifiedKFold(cv) if classes else model_selection.KFold(cv)
    own = {"n_splits": 5, **{k: v for k, v in cv.items() if k != "name"}}
    kinds = {"k_fold": model_selection.KFold, "stratified_k_fold": model_selection.StratifiedKFold,
             "time_series_split": model_selection.TimeSeriesSplit}
    return kinds[cv["name"]](**own)


ATTRIBUTES = ("coef_", "intercept_", "theta_", "var_", "class_prior_", "cluster_centers_", "components_",
              "explained_variance_ratio_", "mean_")


def cells(column):
    return [None if isinstance(cell, float) and np.isnan(cell) else cell for cell in column.tolist()]


def plain(value):
    value = np.asarray(value)
    return value.tolist()


def expectation(case, frame):
    steps, target, validation = case["pipeline"], case.get("target"), case.get("validation", {})
    name = steps[-1]["name"]
    supervised = target is not None
    if supervised:
        frame = frame[frame[target].notna()].reset_index(drop=True)
    names = case.get("columns") or [one for one in frame.columns if one != target]
    X, y = frame[names], frame[target].to_numpy() if supervised else None
    if supervised and name in CLASSIFIERS and isinstance(y[0], bool):
        y = y.astype(bool)
    held = "test_size" in validation or "train_size" in validation
    fitted, fitted_y, judged, judged_y = X, y, X, y
    if held:
        own = {key: validation[key] for key in ("test_size", "train_size", "shuffle") if key in validation}
        own["random_state"] = validation.get("random_state", 42) if validation.get("shuffle", True) else None
        if validation.get("stratify"):
            own["stratify"] = y
        parts = model_selection.train_test_split(X, *([y] if supervised else []), **own)
        fitted, judged = parts[:2]
        if supervised:
            fitted_y, judged_y = parts[2:]
    pipe = pipeline_of(steps).fit(fitted, fitted_y)
    expected = {"rows": len(fitted), "metrics": scores(name, pipe, judged, judged_y)}
    if "cv" in validation:
        each = []
        for train, test in folds_of(validation["cv"], fitted_y, name in CLASSIFIERS).split(fitted, fitted_y):
            part = pipeline_of(steps).fit(fitted.iloc[train], None if fitted_y is None else fitted_y[train])
            each.append(scores(name, part, fitted.iloc[test], None if fitted_y is None else fitted_y[test]))
        expected["cross_validation"] = {metric: [one[metric] for one in each] for metric in each[0]}
        if not held:
            expected["metrics"] = {metric: float(np.mean(v)) for metric, v in expected["cross_validation"].items()}
    if "permutation_importance" in validation:
        own = {"n_repeats": 5, "random_state": 42, **validation["permutation_importance"]}
        expected["importances"] = plain(permutation_importance(pipe, judged, judged_y, **own).importances)
    last = pipe[-1]
    expected["fitted"] = {key: plain(getattr(last, key)) for key in ATTRIBUTES
                          if hasattr(last, key) and name != "dbscan"}
    scaler = pipe[0].parts_ if len(steps) > 1 and steps[0]["name"] == "standard_scaler" else []
    expected["scaler"] = [float(part.mean_[0]) for _, part in scaler]
    if name == "dbscan":
        expected["labels"] = plain(last.labels_)
        return expected
    ask = sorted(np.random.RandomState(5).permutation(len(X))[:25].tolist())
    expected["ask"] = ask
    asked = X.iloc[ask]
    if name == "pca":
        expected["predictions"] = plain(pipe.transform(asked))
    else:
        expected["predictions"] = plain(pipe.predict(asked))
        if name in CLASSIFIERS:
            expected["classes"] = plain(pipe.classes_)
            expected["probabilities"] = plain(pipe.predict_proba(asked))
    return expected


def sets():
    iris = datasets.load_iris(as_frame=True)
    frame = iris.data.copy()
    frame.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    frame["species"] = iris.target_names[iris.target]
    yield "iris", frame
    # As NaN, which scikit-learn's imputer looks for: None is a category to it.
    penguins = pd.read_json(VEGA / "penguins.json").astype(object)
    yield "penguins", penguins.where(penguins.notna(), np.nan)
    wine = datasets.load_wine(as_frame=True)
    yield "wine", wine.frame.rename(columns={"target": "cultivar"})
    diabetes = datasets.load_diabetes(as_frame=True, scaled=False)
    yield "diabetes", diabetes.frame
    random = np.random.RandomState(3)
    X = random.normal(size=(240, 5)) * [1, 10, 0.1, 3, 1] + [0, 100, 0, -3, 5]
    frame = pd.DataFrame(X, columns=list("abcde"))
    frame["amount"] = X @ [1.5, -0.2, 7, 0, 1] + random.normal(size=240) * 0.5
    frame["yes"] = [bool(v) for v in X[:, 0] + X[:, 3] / 3 + random.normal(size=240) * 0.4 > -1]
    frame["grade"] = np.digitize(X[:, 4] + X[:, 2] * 5, [4.5, 5.5])
    yield "drawn", frame
    points, _ = datasets.make_blobs(200, 3, centers=4, cluster_std=0.8, random_state=1)
    yield "blobs", pd.DataFrame(points, columns=list("xyz"))


SCALER = {"name": "standard_scaler"}
NUMBERS = ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"]
IMPUTED = [
    {"name": "simple_imputer", "columns": NUMBERS, "strategy": "median"},
    {"name": "simple_imputer", "columns": ["Sex"], "strategy": "most_frequent"},
    {"name": "one_hot_encoder", "columns": ["Island", "Sex"], "handle_unknown": "ignore"},
    {"name": "standard_scaler", "columns": NUMBERS},
]
QUARTER = {"test_size": 0.25, "random_state": 42}


def cases():
    def case(name, data, pipeline, target=None, validation=None, closeness="exact", columns=None):
        one = {"name": name, "set": data, "pipeline": pipeline, "closeness": closeness}
        for key, value in (("target", target), ("validation", validation), ("columns", columns)):
            if value is not None:
                one[key] = value
        return one

    logistic = {"name": "logistic_regression", "tol": 1e-12}
    yield case("iris, logistic, held back", "iris", [SCALER, logistic], "species", QUARTER)
    yield case("iris, naive Bayes, stratified, cv, importances", "iris", [{"name": "gaussian_nb"}], "species",
               {"test_size": 30, "random_state": 7, "stratify": True, "cv": 5,
                "permutation_importance": {"n_repeats": 4, "random_state": 1}})
    yield case("iris, forest", "iris", [{"name": "random_forest_classifier", "n_estimators": 50}], "species",
               {"test_size": 0.3, "random_state": 0}, "drawn")
    yield case("penguins, logistic, text and missing values", "penguins", [*IMPUTED, logistic], "Species", QUARTER)
    yield case("penguins, naive Bayes, cv, importances of text", "penguins", [*IMPUTED, {"name": "gaussian_nb"}],
               "Species", {"cv": 4, "permutation_importance": {"n_repeats": 3, "random_state": 0}})
    yield case("penguins, forest", "penguins", [*IMPUTED, {"name": "random_forest_classifier", "n_estimators": 40}],
               "Species", {"test_size": 0.25, "random_state": 3, "stratify": True}, "drawn")
    yield case("penguins, neighbours of ordinal codes", "penguins",
               [IMPUTED[0], IMPUTED[1], {"name": "ordinal_encoder", "columns": ["Island", "Sex"],
                                         "handle_unknown": "use_encoded_value", "unknown_value": -1},
                {"name": "min_max_scaler"}, {"name": "k_neighbors_classifier", "n_neighbors": 3, "weights": "distance"}],
               "Species", {"train_size": 200, "random_state": 11})
    yield case("penguins, mass by elastic net", "penguins", [
        {"name": "simple_imputer", "columns": NUMBERS[:3]}, IMPUTED[1],
        {"name": "one_hot_encoder", "columns": ["Species", "Island", "Sex"], "drop": "first",
         "handle_unknown": "ignore"}, SCALER,
        {"name": "elastic_net", "alpha": 5, "l1_ratio": 0.6, "tol": 1e-12, "max_iter": 100000}], NUMBERS[3], QUARTER)
    yield case("wine, principal components before a logistic regression", "wine",
               [SCALER, {"name": "pca", "n_components": 4}, {**logistic, "C": 0.5}], "cultivar",
               {"test_size": 0.2, "random_state": 5, "cv": {"name": "stratified_k_fold", "n_splits": 4, "shuffle": True,
                                                           "random_state": 9}})
    yield case("wine, naive Bayes without shuffle", "wine", [{"name": "gaussian_nb"}], "cultivar",
               {"cv": {"name": "k_fold", "n_splits": 6, "shuffle": True, "random_state": 2}})
    yield case("wine, neighbours", "wine", [SCALER, {"name": "k_neighbors_classifier"}], "cultivar",
               {"test_size": 0.35, "random_state": 1})
    yield case("wine, columns of the last step", "wine", [SCALER, {**logistic, "columns": ["alcohol", "proline", "hue"]}],
               "cultivar", {"test_size": 40, "train_size": 100, "random_state": 4})
    yield case("wine, components as the answer", "wine", [SCALER, {"name": "pca", "n_components": 3}],
               columns=["alcohol", "malic_acid", "ash", "hue", "proline"])
    for name, parameters in (("linear_regression", {}), ("ridge", {"alpha": 3}), ("lasso", {"alpha": 0.5}),
                             ("elastic_net", {"alpha": 0.1, "l1_ratio": 0.3})):
        tight = {"tol": 1e-12, "max_iter": 100000} if name in ("lasso", "elastic_net") else {}
        yield case(f"diabetes, {name}", "diabetes", [SCALER, {"name": name, **parameters, **tight}], "target",
                   {"test_size": 0.2, "random_state": 13, "cv": 3, "permutation_importance": {"n_repeats": 2}})
    yield case("diabetes, cubes by ridge", "diabetes",
               [SCALER, {"name": "polynomial_features", "columns": ["bmi", "bp"], "degree": 3, "include_bias": False},
                {"name": "variance_threshold"}, {"name": "ridge", "alpha": 10}], "target",
               {"cv": {"name": "time_series_split", "n_splits": 4, "gap": 5, "test_size": 40}})
    yield case("diabetes, neighbours", "diabetes",
               [{"name": "robust_scaler"}, {"name": "k_neighbors_regressor", "n_neighbors": 7, "p": 1}], "target",
               {"test_size": 0.25, "shuffle": False, "random_state": 42})
    yield case("diabetes, forest", "diabetes", [{"name": "random_forest_regressor", "n_estimators": 300}], "target",
               QUARTER, "drawn")
    yield case("drawn, tree of classes", "drawn", [{"name": "decision_tree_classifier", "max_depth": 3}], "grade",
               {"test_size": 0.25, "random_state": 21}, columns=list("abcde"))
    yield case("drawn, tree of numbers", "drawn", [{"name": "decision_tree_regressor", "max_depth": 3}], "amount",
               {"test_size": 0.25, "random_state": 21, "cv": 3}, columns=list("abcde"))
    yield case("drawn, a boolean target", "drawn", [SCALER, logistic], "yes",
               {"test_size": 0.25, "random_state": 8, "stratify": True, "cv": 5,
                "permutation_importance": {"random_state": 3}}, columns=list("abcde"))
    yield case("drawn, bins and powers", "drawn",
               [{"name": "power_transformer", "columns": ["a", "e"]},
                {"name": "k_bins_discretizer", "columns": ["b", "d"], "n_bins": 4, "strategy": "quantile",
                 "encode": "ordinal"},
                {"name": "quantile_transformer", "columns": ["c"], "n_quantiles": 50}, {"name": "linear_regression"}],
               "amount", {"test_size": 60, "random_state": 2}, columns=list("abcde"))
    yield case("blobs, kmeans", "blobs", [SCALER, {"name": "kmeans", "n_clusters": 4, "random_state": 7}],
               validation={"test_size": 0.3, "random_state": 6})
    yield case("blobs, mini batches", "blobs", [{"name": "mini_batch_kmeans", "n_clusters": 4}])
    yield case("blobs, dbscan", "blobs", [SCALER, {"name": "dbscan", "eps": 0.4, "min_samples": 6}])
    yield case("blobs, isolation forest", "blobs", [{"name": "isolation_forest", "contamination": 0.1}],
               closeness="drawn")


def write(frame, path):
    """The same rows as Arrow, Parquet and CSV has them, by pyarrow."""
    table = pa.Table.from_pandas(frame.infer_objects().convert_dtypes(), preserve_index=False)
    if path.name.endswith("arrows"):
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
    elif path.name.endswith("arrow"):
        with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(table)
    elif path.name.endswith("parquet"):
        pq.write_table(table, path)
    else:
        csv.write_csv(table, path)


if __name__ == "__main__":
    frames = dict(sets())
    golden = {
        "made_with": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__},
        "sets": {name: {column: cells(frame[column]) for column in frame} for name, frame in frames.items()},
        "cases": [{**case, "expected": expectation(case, frames[case["set"]])} for case in cases()],
    }
    text = json.dumps(golden, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for kind in ("arrows", "zstd.arrow", "parquet", "csv"):
        write(frames["penguins"], HERE / f"penguins.{kind}")
    (HERE / "pipelines.json").write_text(text.replace('{"name":', '\n{"name":') + "\n")
