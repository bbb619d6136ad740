"""Models of scikit-learn over Arrow IPC bodies: what a careful Python team would deploy.
Run: uvicorn main:app --port 8903

    POST /models/{name}          Arrow stream, the target its last column: fits the pipeline of that name
    POST /models/{name}/predict  Arrow stream -> Arrow stream, {"columns": {...}} -> JSON
"""
import os

import numpy as np
import pyarrow as pa
from fastapi import FastAPI, Request, Response
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ARROW = "application/vnd.apache.arrow.stream"
CORES = os.cpu_count()
PIPELINES = {
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "linear": lambda: make_pipeline(StandardScaler(), LinearRegression()),
    "forest": lambda: RandomForestClassifier(n_estimators=100, max_depth=12, random_state=42, n_jobs=CORES),
    "bayes": lambda: GaussianNB(),
    "neighbors": lambda: KNeighborsClassifier(n_jobs=CORES),
    "kmeans": lambda: KMeans(8, random_state=42),
}
MODELS = {}
app = FastAPI(title="Models over Arrow")


def matrix(table):
    """A copy that is contiguous by columns, which scikit-learn takes as it is and NumPy makes fastest."""
    return np.array([column.to_numpy() for column in table.columns]).T


def answers(model, x):
    """Predictions, or of classifiers their codes and the probabilities that they are of: nothing is computed twice."""
    if not hasattr(model, "predict_proba"):
        return model.predict(x), None
    probabilities = model.predict_proba(x)
    return probabilities.argmax(axis=1), probabilities


@app.post("/models/{name}")
async def fit(name: str, request: Request):
    table = pa.ipc.open_stream(pa.py_buffer(await request.body())).read_all()
    features = table.select(table.column_names[:-1])
    target = table.column(-1).to_pandas().to_numpy()
    MODELS[name] = PIPELINES[name]().fit(matrix(features), target), features.column_names
    return {"rows": table.num_rows}


@app.post("/models/{name}/predict")
async def predict(name: str, request: Request):
    model, names = MODELS[name]
    body = await request.body()
    if request.headers["content-type"] != ARROW:
        return in_json(model, names, await request.json())
    table = pa.ipc.open_stream(pa.py_buffer(body)).read_all().select(names)
    predictions, probabilities = answers(model, matrix(table))
    columns = {"predictions": pa.array(predictions)}
    if probabilities is not None:
        codes = pa.array(predictions.astype(np.int32))
        columns["predictions"] = pa.DictionaryArray.from_arrays(codes, pa.array(model.classes_))
        for value, column in zip(model.classes_, np.ascontiguousarray(probabilities.T)):
            columns[f"probabilities_{value}"] = pa.array(column)
    answer = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, answer.schema) as writer:
        writer.write_table(answer)
    return Response(sink.getvalue().to_pybytes(), media_type=ARROW)


def in_json(model, names, body):
    x = np.array([body["columns"][name] for name in names], dtype=np.float64).T
    predictions, probabilities = answers(model, x)
    results = {"predictions": predictions.tolist()}
    if probabilities is not None:
        results["predictions"] = model.classes_[predictions].tolist()
        results["probabilities"] = {"classes": model.classes_.tolist(), "values": probabilities.tolist()}
    return {"status": "success", "results": results}
