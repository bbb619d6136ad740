"""linear.json: scikit-learn's linear models, metrics, splits and permutation importances.

    python linear.py          # beside node_modules, where vega-datasets is

`data` holds columns and targets by name; `fits` what scikit-learn learnt of them. Fits marked `tight` have run to a small
`tol`; logistic regressions are those of the solver newton-cholesky, of centred columns, to a `tol` of 1e-12.
"""
import json
import pathlib
import warnings

import numpy as np
import pandas as pd
import sklearn
from sklearn import linear_model as lm
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.inspection import permutation_importance
from sklearn import metrics as mx
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit, train_test_split

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).parent
VEGA = HERE.parent.parent.parent / "node_modules" / "vega-datasets" / "data"
RNG = np.random.RandomState(11)
DATA = {}
FITS = []


def keep(name, x, y):
    x = np.asarray(x, dtype=np.float64)
    DATA[name] = {"columns": x.T.tolist(), "target": np.asarray(y).tolist()}
    return x, np.asarray(y)


ESTIMATORS = {
    "linear_regression": lm.LinearRegression,
    "ridge": lm.Ridge,
    "lasso": lm.Lasso,
    "elastic_net": lm.ElasticNet,
    "logistic_regression": lm.LogisticRegression,
}


def fit(name, estimator, tight=False, **parameters):
    x, y = SETS[name]
    model = ESTIMATORS[estimator](**parameters).fit(x, y)
    expected = {"coef_": model.coef_.tolist(), "intercept_": np.asarray(model.intercept_).tolist()}
    if estimator in ("lasso", "elastic_net"):
        expected |= {"n_iter_": int(model.n_iter_), "dual_gap_": float(model.dual_gap_)}
    if estimator == "logistic_regression":
        if tight:
            # An intercept without penalty makes up for what is taken off the columns.
            x = x - x.mean(axis=0) if parameters.get("fit_intercept", True) else x
            exact = lm.LogisticRegression(**{**parameters, "solver": "newton-cholesky", "tol": 1e-12}).fit(x, y)
            expected["coef_"] = exact.coef_.tolist()
            # How far the solver of the default stays away: it stops when the loss no longer changes.
            expected["lbfgs_off"] = float(abs(model.predict_proba(SETS[name][0]) - exact.predict_proba(x)).max())
            model = exact
        expected["probabilities"] = model.predict_proba(x).tolist()
        expected["labels"] = model.predict(x).tolist()
    else:
        expected["predictions"] = model.predict(x).tolist()
    FITS.append({"data": name, "estimator": estimator, "parameters": parameters, "tight": tight, "expected": expected})


iris, digits, cancer, diabetes = load_iris(), load_digits(), load_breast_cancer(), load_diabetes()
penguins = pd.read_json(VEGA / "penguins.json").dropna()
measures = penguins.select_dtypes("number")
a, b, c = np.round(RNG.standard_normal((3, 40)) * [[1], [30], [0.01]], 4)
wide = np.round(RNG.standard_normal((20, 45)), 3)
offset = np.round(1e6 + RNG.standard_normal((60, 3)), 3)
uneven = np.round(RNG.standard_normal((120, 2)), 3)
SETS = {
    name: keep(name, x, y)
    for name, x, y in [
        ("iris", iris.data, iris.target),
        ("iris width", iris.data[:, :3], iris.data[:, 3]),
        ("two of iris", iris.data[50:], iris.target[50:] - 1),
        ("penguins", measures, penguins["Species"].astype("category").cat.codes),
        ("penguins mass", measures.iloc[:, :3], measures.iloc[:, 3]),
        ("diabetes", diabetes.data, diabetes.target),
        ("cancer", cancer.data[:200], cancer.target[:200]),
        ("digits", digits.data[:300, 8:56], digits.target[:300]),
        ("collinear", np.column_stack([a, b, a + b, c]), np.round(2 * a - b + 0.1 * c, 3)),
        ("constant", np.column_stack([a, np.full(40, 0.1), b]), np.round(a - 0.2 * b, 2)),
        ("wide", wide, np.round(wide[:, :3] @ [3, -2, 1], 3)),
        ("wide classes", wide, (wide[:, 0] + wide[:, 1] > 0).astype(int)),
        ("offset", offset, np.round(offset @ [1, -2, 0.5] + RNG.standard_normal(60), 3)),
        ("offset classes", offset, (offset[:, 0] - 1e6 + RNG.standard_normal(60) > 0).astype(int)),
        ("uneven", uneven, (uneven[:, 0] + 0.5 * RNG.standard_normal(120) > 1.1).astype(int)),
    ]
}

NUMBERS = ["iris width", "penguins mass", "diabetes", "collinear", "constant", "wide", "offset"]
for name in NUMBERS:
    for parameters in ({}, {"fit_intercept": False}):
        fit(name, "linear_regression", **parameters)
        # The normal equations of columns that lie far from 0 keep four digits of scikit-learn's own answer.
        fit(name, "ridge", **parameters, **({"solver": "svd"} if name == "offset" else {}))
        fit(name, "lasso", alpha=0.1, **parameters)
        fit(name, "elastic_net", **parameters)
    fit(name, "ridge", alpha=1e-3, solver="svd")
    fit(name, "ridge", alpha=50.0, solver="cholesky")
    for alpha in (0.02, 1.0):
        fit(name, "lasso", tight=True, alpha=alpha, tol=1e-10, max_iter=200000)
        fit(name, "elastic_net", tight=True, alpha=alpha, l1_ratio=0.3, tol=1e-10, max_iter=200000)
fit("diabetes", "lasso", alpha=0.01, positive=True)
fit("diabetes", "elastic_net", tight=True, alpha=0.001, l1_ratio=0.9, positive=True, tol=1e-10, max_iter=200000)
fit("penguins mass", "lasso", alpha=0.5, max_iter=3)
fit("penguins mass", "elastic_net", alpha=0.5, l1_ratio=0, max_iter=20)

TIGHT = {"tol": 1e-10, "max_iter": 100000}
for name in ["iris", "two of iris", "penguins", "wide classes", "offset classes", "uneven"]:
    fit(name, "logistic_regression", tight=True, **TIGHT)
    fit(name, "logistic_regression", tight=True, C=0.05, **TIGHT)
    fit(name, "logistic_regression", tight=True, class_weight="balanced", C=10.0, **TIGHT)
for name in ["iris", "two of iris", "uneven", "wide classes"]:
    fit(name, "logistic_regression", tight=True, fit_intercept=False, **TIGHT)
for name in ["two of iris", "uneven"]:
    fit(name, "logistic_regression", tight=True, penalty=None, **TIGHT)
fit("cancer", "logistic_regression", tight=True, **TIGHT)
fit("digits", "logistic_regression", tight=True, C=0.01, **TIGHT)
fit("iris", "logistic_regression", tight=True)
fit("penguins", "logistic_regression", tight=True, max_iter=200)


def metrics():
    cases = []
    rng = np.random.RandomState(5)
    for classes, rows in ((2, 30), (3, 50), (5, 40), (4, 6)):
        truth = rng.randint(0, classes, rows)
        p = np.round(rng.dirichlet(np.ones(classes), rows), 1)
        p = p / p.sum(axis=1, keepdims=True)
        predicted = p.argmax(axis=1)
        if classes == 5:
            predicted[predicted == 2] = 1
            truth[truth == 4] = 0
        labels = list(range(classes))
        area = mx.roc_auc_score(truth, p[:, 1]) if classes == 2 else mx.roc_auc_score(truth, p, multi_class="ovr", labels=labels)
        cases.append({
            "classes": classes, "truth": truth.tolist(), "predicted": predicted.tolist(), "probabilities": p.tolist(),
            "accuracy": mx.accuracy_score(truth, predicted),
            "precision_macro": mx.precision_score(truth, predicted, average="macro"),
            "recall_macro": mx.recall_score(truth, predicted, average="macro"),
            "f1_macro": mx.f1_score(truth, predicted, average="macro"),
            "balanced_accuracy": mx.balanced_accuracy_score(truth, predicted),
            "confusion_matrix": mx.confusion_matrix(truth, predicted, labels=labels).tolist(),
            "log_loss": mx.log_loss(truth, p, labels=labels),
            "roc_auc": None if np.isnan(area) else float(area),
        })
    numbers = []
    for truth, predicted in [
        (rng.standard_normal(40).round(3), rng.standard_normal(40).round(3)),
        (np.full(5, 2.5), np.full(5, 2.5)),
        (np.full(5, 0.1), np.array([0.1, 0.1, 0.2, 0.1, 0.1])),
        (1e9 + rng.random_sample(30).round(3), 1e9 + rng.random_sample(30).round(3)),
    ]:
        numbers.append({
            "truth": truth.tolist(), "predicted": predicted.tolist(),
            "r2": mx.r2_score(truth, predicted),
            "mean_squared_error": mx.mean_squared_error(truth, predicted),
            "mean_absolute_error": mx.mean_absolute_error(truth, predicted),
        })
    return {"classes": cases, "numbers": numbers}


def splits():
    held = []
    for rows, seed, parameters in [
        (10, 0, {}), (11, 42, {"test_size": 0.25}), (97, 7, {"test_size": 0.33}), (97, 7, {"test_size": 10}),
        (50, 1, {"train_size": 0.6}), (50, 1, {"train_size": 20, "test_size": 0.1}), (23, 3, {"shuffle": False}),
        (1000, 4294967295, {"test_size": 0.2}),
    ]:
        train, test = train_test_split(np.arange(rows), random_state=seed, **parameters)
        held.append({"rows": rows, "seed": seed, "parameters": parameters, "train": train.tolist(), "test": test.tolist()})
    rng = np.random.RandomState(9)
    stratified = []
    targets = [
        np.repeat([0, 1, 2], 50),
        rng.randint(0, 4, 101),
        np.array([0, 1] * 8 + [2] * 2 + [3] * 3),
        rng.choice(5, 300, p=[0.6, 0.2, 0.1, 0.05, 0.05]),
        np.tile([4, 1, 3, 0, 2], 7),
    ]
    for y in targets:
        for seed in (0, 42, 123):
            for size in (0.25, 0.37, 12):
                train, test = train_test_split(np.arange(len(y)), test_size=size, random_state=seed, stratify=y)
                stratified.append({"y": y.tolist(), "seed": seed, "size": size, "train": train.tolist(), "test": test.tolist()})
    folds = []
    for y in targets[:4]:
        for n, shuffle, seed in ((2, True, 3), (5, False, 0), (7, True, 42)):
            state = seed if shuffle else None
            listed = lambda parts: [{"train": train.tolist(), "test": test.tolist()} for train, test in parts]
            zeros = np.zeros(len(y))
            folds.append({
                "y": y.tolist(), "n_splits": n, "shuffle": shuffle, "seed": seed,
                "k_fold": listed(KFold(n, shuffle=shuffle, random_state=state).split(zeros)),
                "stratified": listed(StratifiedKFold(n, shuffle=shuffle, random_state=state).split(zeros, y)),
            })
    series = []
    for rows, parameters in [
        (20, {}), (23, {"n_splits": 3}), (40, {"n_splits": 4, "gap": 3}), (40, {"n_splits": 3, "test_size": 5}),
        (40, {"n_splits": 4, "max_train_size": 6, "gap": 1}),
    ]:
        parts = TimeSeriesSplit(**parameters).split(np.zeros(rows))
        series.append({"rows": rows, "parameters": parameters, "splits": [{"train": a.tolist(), "test": b.tolist()} for a, b in parts]})
    return {"train_test": held, "stratified": stratified, "folds": folds, "series": series}


def importances():
    cases = []
    for name, seed, repeats in (("diabetes", 0, 5), ("iris width", 42, 3)):
        x, y = SETS[name]
        model = lm.LinearRegression().fit(x, y)
        found = permutation_importance(model, x, y, n_repeats=repeats, random_state=seed)
        cases.append({
            "data": name, "seed": seed, "n_repeats": repeats,
            "importances": found.importances.tolist(), "importances_mean": found.importances_mean.tolist(),
            "importances_std": found.importances_std.tolist(),
        })
    return cases


everything = {
    "made_with": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__},
    "data": DATA, "fits": FITS, "metrics": metrics(), "splits": splits(), "importances": importances(),
}
(HERE / "linear.json").write_text(json.dumps(everything) + "\n")
