"""trees.json: what scikit-learn's trees and forests score on held-out rows, over 20 values of random_state.

    python trees.py         # beside node_modules, where vega-datasets is

{made_with, sets: {name: {columns, target, classes?, test}}, cases: [{set, estimator, parameters, scores, leaves, labels}]}.
`columns` are lists of numbers, `target` codes of the classes or numbers, `test` the held-out rows. `scores`: accuracy or R²
for random_state 0 … 19; `leaves`: of the tree, or of all trees; `labels` and `importances`: predictions of the held-out rows, and
importances of the columns, for random_state 0. `oob`: scores by the rows out of the bags; `isolation` and `draws`: scores of
isolation forests, on the sets and on numbers that the script counts out.
"""
import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn import datasets
from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

HERE = pathlib.Path(__file__).parent
VEGA = HERE.parent.parent.parent / "node_modules" / "vega-datasets" / "data"
SEEDS = range(20)


def penguins():
    frame = pd.read_json(VEGA / "penguins.json")
    names = ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"]
    frame = frame.dropna(subset=names)
    return frame[names].to_numpy(dtype=float), frame["Species"].astype("category").cat.codes.to_numpy()


def sets():
    for name in ("iris", "wine", "breast_cancer"):
        data, target = getattr(datasets, f"load_{name}")(return_X_y=True)
        yield name, data, target
    yield "penguins", *penguins()
    data, target = datasets.load_digits(return_X_y=True)
    yield "digits", data[:600], target[:600]
    yield "diabetes", *datasets.load_diabetes(return_X_y=True, scaled=False)


CLASSIFIERS = [
    ("decision_tree_classifier", DecisionTreeClassifier, {}),
    ("decision_tree_classifier", DecisionTreeClassifier, {"criterion": "entropy", "max_depth": 4}),
    ("decision_tree_classifier", DecisionTreeClassifier, {"min_samples_leaf": 5, "max_features": "sqrt"}),
    ("decision_tree_classifier", DecisionTreeClassifier, {"max_leaf_nodes": 6}),
    ("random_forest_classifier", RandomForestClassifier, {"n_estimators": 25}),
    ("random_forest_classifier", RandomForestClassifier, {"n_estimators": 5, "criterion": "entropy"}),
]
REGRESSORS = [
    ("decision_tree_regressor", DecisionTreeRegressor, {"max_depth": 4}),
    ("decision_tree_regressor", DecisionTreeRegressor, {"min_samples_leaf": 0.02, "min_samples_split": 20}),
    ("decision_tree_regressor", DecisionTreeRegressor, {"max_leaf_nodes": 10, "max_features": 0.5}),
    ("random_forest_regressor", RandomForestRegressor, {"n_estimators": 25}),
    ("random_forest_regressor", RandomForestRegressor, {"n_estimators": 25, "max_features": "sqrt", "max_samples": 0.5}),
    ("random_forest_regressor", RandomForestRegressor, {"n_estimators": 25, "bootstrap": False, "max_features": 3}),
]


def leaves(model):
    return int(model.get_n_leaves()) if hasattr(model, "get_n_leaves") else int(sum(t.get_n_leaves() for t in model.estimators_))


written, cases = {}, []
for name, data, target in sets():
    regression = name == "diabetes"
    train, test = train_test_split(np.arange(len(data)), test_size=0.3, random_state=0, stratify=None if regression else target)
    written[name] = {
        "columns": [[float(x) for x in column] for column in data.T],
        "target": [float(y) if regression else int(y) for y in target],
        "test": sorted(int(i) for i in test),
    }
    train, test = np.sort(train), np.sort(test)
    for estimator, make, parameters in REGRESSORS if regression else CLASSIFIERS:
        # Between pixels many splits are equally good, and rounded logarithms say which is taken.
        if name == "digits" and parameters.get("criterion") == "entropy" and "n_estimators" in parameters:
            continue
        fits = [make(random_state=seed, **parameters).fit(data[train], target[train]) for seed in SEEDS]
        cases.append({
            "set": name,
            "estimator": estimator,
            "parameters": parameters,
            "scores": [float(fit.score(data[test], target[test])) for fit in fits],
            "leaves": [leaves(fit) for fit in fits],
            "labels": fits[0].predict(data[test]).tolist(),
            "importances": fits[0].feature_importances_.tolist(),
        })

oob = []
for name, make in (("iris", RandomForestClassifier), ("diabetes", RandomForestRegressor)):
    data, target = np.array(written[name]["columns"]).T, np.array(written[name]["target"])
    fit = make(n_estimators=40, oob_score=True, random_state=3).fit(data, target)
    oob.append({"set": name, "oob_score": float(fit.oob_score_)})

isolation = []
for name in ("breast_cancer", "penguins", "diabetes"):
    data = np.array(written[name]["columns"]).T
    fits = [IsolationForest(random_state=seed, contamination=0.1).fit(data) for seed in range(8)]
    scores = np.array([fit.score_samples(data) for fit in fits])
    isolation.append({
        "set": name,
        "mean_scores": scores.mean(axis=0).tolist(),
        "deviation": float(scores.std(axis=0).mean()),
        "offset": float(np.mean([fit.offset_ for fit in fits])),
        "first_scores": scores[0].tolist(),
    })

# Whole numbers, which float32 holds: draws of rows in each of the three ways, and scores to the last digits.
draws = []
for rows, parameters in ((150, {}), (1000, {"max_samples": 995}), (40_000, {"max_samples": 100}), (2000, {"n_estimators": 20})):
    places = np.arange(rows)
    data = np.column_stack([places * 7919 % 10007, places * 104729 % 1009, np.zeros(rows), places * 31 % 13]).astype(float)
    fit = IsolationForest(random_state=5, **parameters).fit(data)
    draws.append({"set": "numbers", "rows": rows, "parameters": parameters, "scores": fit.decision_function(data[:100]).tolist()})

made = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__}
text = json.dumps({"made_with": made, "sets": written, "cases": cases, "oob": oob, "isolation": isolation, "draws": draws}, separators=(",", ":"))
(HERE / "trees.json").write_text(text.replace('{"set"', '\n{"set"') + "\n")
