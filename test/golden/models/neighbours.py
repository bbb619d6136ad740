"""neighbours.json: scikit-learn's GaussianNB, nearest neighbours, DBSCAN, KMeans and MiniBatchKMeans.

    python neighbours.py

{made_with, sets: {name: {columns, target, numbers, queries}}, bayes, neighbours, dbscan, kmeans, mini_batch}. `target`: codes of
classes, `numbers`: a target of numbers, `queries`: columns of other rows. In `grid`, small whole numbers, and `iris`, one decimal,
many distances are equal, and which of the equals scikit-learn takes depends on the build of its tree: there the rows sorted by
(distance, row) with NumPy are what it is given.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.cluster import DBSCAN, KMeans, MiniBatchKMeans
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from threadpoolctl import threadpool_limits

threadpool_limits(1)
HERE = pathlib.Path(__file__).parent
rng = np.random.RandomState(11)


def split(data, target, numbers=None):
    order = rng.permutation(len(data))
    data, target = data[order], target[order]
    numbers = data @ np.arange(1, data.shape[1] + 1) if numbers is None else numbers[order]
    cut = int(len(data) * 0.8)
    return data[:cut], target[:cut], numbers[:cut], data[cut:]


blobs, blob_of = datasets.make_blobs(400, 5, centers=4, cluster_std=1.5, random_state=3)
moons, moon_of = datasets.make_moons(300, noise=0.08, random_state=1)
wide, wide_of = datasets.make_classification(200, 24, n_informative=8, n_classes=3, random_state=5)
SETS = {
    "iris": split(*datasets.load_iris(return_X_y=True)),
    "wine": split(*datasets.load_wine(return_X_y=True)),
    "blobs": split(np.round(blobs, 6), blob_of),
    "moons": split(np.round(moons, 6), moon_of),
    "wide": split(np.round(wide, 6), wide_of),
    "grid": split(rng.randint(0, 6, (250, 3)).astype(float), rng.randint(0, 3, 250)),
}


def by_hand(data, queries, k, p):
    """Distances summed column by column, and the first k rows of them by (distance, row)."""
    found = []
    for query in queries:
        sums = np.zeros(len(data))
        for j in range(data.shape[1]):
            difference = data[:, j] - query[j]
            sums += difference * difference if p == 2 else np.abs(difference)
        found.append(np.lexsort((np.arange(len(data)), sums))[:k])
    return np.array(found)


def neighbours(name, parameters):
    data, target, numbers, queries = SETS[name]
    classifier = KNeighborsClassifier(**parameters).fit(data, target)
    regressor = KNeighborsRegressor(**parameters).fit(data, numbers)
    if name in ("grid", "iris"):
        near = by_hand(data, queries, parameters.get("n_neighbors", 5), parameters.get("p", 2))
        places = {tuple(query): i for i, query in enumerate(queries)}

        def given(X, return_distance=True):
            chosen = near[[places[tuple(query)] for query in X]]
            if not return_distance:
                return chosen
            differences = data[chosen] - X[:, None, :]
            distances = np.sqrt((differences ** 2).sum(2)) if parameters.get("p", 2) == 2 else np.abs(differences).sum(2)
            return distances, chosen

        classifier.kneighbors = regressor.kneighbors = given
        classifier._fit_method = "kd_tree"
    return {
        "set": name,
        "parameters": parameters,
        "labels": classifier.predict(queries).tolist(),
        "probabilities": classifier.predict_proba(queries).tolist(),
        "values": regressor.predict(queries).tolist(),
    }


def bayes(name, parameters):
    data, target, _, queries = SETS[name]
    fit = GaussianNB(**parameters).fit(data, target)
    return {
        "set": name,
        "parameters": parameters,
        "theta_": fit.theta_.tolist(),
        "var_": fit.var_.tolist(),
        "class_prior_": fit.class_prior_.tolist(),
        "epsilon_": float(fit.epsilon_),
        "labels": fit.predict(queries).tolist(),
        "probabilities": fit.predict_proba(queries).tolist(),
    }


def density(name, parameters):
    fit = DBSCAN(**parameters).fit(SETS[name][0])
    return {"set": name, "parameters": parameters, "labels_": fit.labels_.tolist(), "core_sample_indices_": fit.core_sample_indices_.tolist()}


def centres(make, name, parameters):
    data, _, _, queries = SETS[name]
    fit = make(**parameters).fit(data)
    return {
        "set": name,
        "parameters": parameters,
        "cluster_centers_": fit.cluster_centers_.tolist(),
        "inertia_": float(fit.inertia_),
        "n_iter_": int(fit.n_iter_),
        "n_steps_": int(getattr(fit, "n_steps_", 0)),
        "labels": fit.predict(queries).tolist(),
    }


made = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
answer = {
    "made_with": made,
    "sets": {
        name: {"columns": data.T.tolist(), "target": target.tolist(), "numbers": numbers.tolist(), "queries": queries.T.tolist()}
        for name, (data, target, numbers, queries) in SETS.items()
    },
    "bayes": [bayes(name, {}) for name in SETS]
    + [bayes("iris", {"priors": [0.2, 0.3, 0.5]}), bayes("wine", {"var_smoothing": 1e-3})],
    "neighbours": [
        neighbours(name, parameters)
        for name in SETS
        for parameters in (
            {},
            {"n_neighbors": 1},
            {"n_neighbors": 8, "weights": "distance"},
            {"n_neighbors": 7, "p": 1},
            {"n_neighbors": 4, "weights": "distance", "p": 1},
        )
    ],
    "dbscan": [
        density("iris", {}),
        density("iris", {"eps": 0.4, "min_samples": 4}),
        density("moons", {"eps": 0.15}),
        density("moons", {"eps": 0.1, "min_samples": 8}),
        density("blobs", {"eps": 2.0, "min_samples": 6}),
        density("grid", {"eps": 1.0, "min_samples": 5}),
        density("grid", {"eps": 1.0, "min_samples": 9}),
        density("grid", {"eps": 1.0, "min_samples": 8, "metric": "manhattan"}),
        density("moons", {"eps": 100.0}),
        density("moons", {"eps": 1e-6}),
        density("wide", {"eps": 4.0, "min_samples": 3}),
    ],
    "kmeans": [
        centres(KMeans, "blobs", {"random_state": 0}),
        centres(KMeans, "iris", {"n_clusters": 3, "random_state": 42}),
        centres(KMeans, "wine", {"n_clusters": 3, "n_init": 4, "random_state": 1}),
    ],
    "mini_batch": [
        centres(MiniBatchKMeans, name, {"random_state": seed, **parameters})
        for name in ("blobs", "wine", "moons")
        for seed in range(4)
        for parameters in (
            {"n_clusters": 4},
            {"n_clusters": 12, "batch_size": 32},
            {"n_clusters": 5, "batch_size": 20, "n_init": 3, "tol": 1e-3, "reassignment_ratio": 0.2},
        )
    ],
}
text = json.dumps(answer, separators=(",", ":")).replace('{"set"', '\n{"set"')
(HERE / "neighbours.json").write_text(text + "\n")
