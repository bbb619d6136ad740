"""Reference values of profiles: pandas for a table, Evidently itself for drift.

    pip install evidently==0.6.7 pandas==2.2.3 numpy==1.26.4 scipy==1.13.1
    python profile.py

Tables are cut from the files of vega-datasets in node_modules, or drawn here; each case is a file of profile/.
Rows are [start, stop, step] of the file. Non-finite numbers are null.
"""
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from evidently.metrics import DataDriftTable
from evidently.report import Report

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "node_modules" / "vega-datasets" / "data"
warnings.simplefilter("ignore")


def load(name):
    path = DATA / name
    return pd.read_csv(path) if path.suffix == ".csv" else pd.DataFrame(json.loads(path.read_text()))


def number(value):
    value = float(value)
    return value if math.isfinite(value) else None


def column(values):
    present = values.dropna()
    found = {"count": int(values.count()), "missing": int(values.isna().sum()), "n_unique": int(values.nunique())}
    if values.dtype == bool:
        return {"type": "boolean", **found, "true": int(values.sum()), "false": int((~values).sum())}
    if values.dtype == object:
        lengths = present.str.len()
        counts = present.value_counts()
        return {
            "type": "string",
            **found,
            "top_counts": [int(count) for count in counts[:10]],
            "lengths": [int(lengths.min()), float(lengths.mean()), int(lengths.max())],
        }
    quantiles = {f"{round(q * 100)}%": number(present.quantile(q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
    counts, edges = np.histogram(present, bins="auto")
    if len(counts) > 50:
        counts, edges = np.histogram(present, bins=50)
    return {
        "type": "number",
        **found,
        "mean": number(present.mean()),
        "std": number(present.std()),
        "min": number(present.min()),
        **quantiles,
        "max": number(present.max()),
        "variance": number(present.var()),
        "skew": number(present.skew()),
        "kurtosis": number(present.kurt()),
        "sem": number(present.sem()),
        "mode": number(present.mode()[0]),
        "zeros": int((present == 0).sum()),
        "negative": int((present < 0).sum()),
        "histogram": {"counts": counts.tolist(), "edges": edges.tolist()},
    }


def matrix(frame, method):
    found = frame.select_dtypes("number").corr(method=method)
    return [[number(value) for value in row] for row in found.to_numpy()]


def profile(frame):
    return {
        "rows": len(frame),
        "duplicates": int(frame.duplicated().sum()),
        "columns": {name: column(frame[name]) for name in frame},
        "pearson": matrix(frame, "pearson"),
        "spearman": matrix(frame, "spearman"),
    }


def drift(reference, data):
    report = Report(metrics=[DataDriftTable()])
    report.run(reference_data=reference, current_data=data)
    (metric,) = report.as_dict()["metrics"]
    result = metric["result"]
    columns = {
        name: {
            "test": found["stattest_name"],
            "score": float(found["drift_score"]),
            "threshold": found["stattest_threshold"],
            "drifted": bool(found["drift_detected"]),
        }
        for name, found in result["drift_by_columns"].items()
    }
    return {
        "dataset_drift": bool(result["dataset_drift"]),
        "share": result["share_of_drifted_columns"],
        "columns": columns,
    }


def cut(frame, rows):
    start, stop, step = rows
    return frame.iloc[start:stop:step].reset_index(drop=True)


FILES = [
    # name, file, rows of the data, rows of the reference
    ("penguins", "penguins.json", [0, None, 1], None),
    ("penguins-halves", "penguins.json", [1, None, 2], [0, None, 2]),
    ("penguins-islands", "penguins.json", [150, None, 1], [0, 150, 1]),
    ("penguins-few", "penguins.json", [0, 60, 1], [0, 60, 7]),
    ("flights-2k", "flights-2k.json", [0, None, 1], None),
    ("flights-5k", "flights-5k.json", [0, 2000, 1], [2000, None, 1]),
    ("flights-few", "flights-5k.json", [0, 1500, 1], [1500, 2400, 1]),
    ("weather", "seattle-weather.csv", [0, 730, 1], [730, None, 1]),
    ("weather-seasons", "seattle-weather.csv", [0, 90, 1], [0, None, 1]),
]


def drawn():
    """What the files do not have: booleans, integers of few values, constants, many duplicates."""
    random = np.random.RandomState(7)

    def frame(rows, shift):
        made = {
            "flag": random.random_sample(rows) < 0.3 + shift,
            "grade": random.randint(1, 6, rows),
            "half": random.randint(0, 4, rows) / 2,
            "wide": random.randint(0, 12, rows),
            "normal": np.round(random.standard_normal(rows) + shift, 3),
            "same": np.full(rows, 4),
            "word": np.array(["a", "b", "c", "dd"])[random.randint(0, 4, rows)],
            "two": np.array(["yes", "no"])[(random.random_sample(rows) < 0.5 + shift).astype(int)],
        }
        return pd.DataFrame(made)

    yield "drawn-few", frame(300, 0.2), frame(250, 0)
    yield "drawn-many", frame(700, 0.0), frame(1200, 0)
    low = frame(200, 0)
    low["normal"] = low["normal"].round()
    yield "drawn-duplicates", pd.concat([low, low.iloc[::3]], ignore_index=True)[["flag", "two", "grade", "same"]], None


def write(name, source, data, reference):
    case = {"name": name, "made_with": {"pandas": pd.__version__, "numpy": np.__version__, "evidently": "0.6.7"}}
    expected = profile(data)
    if reference is not None:
        expected["drift"] = drift(reference, data)
    text = json.dumps({**case, **source, "expected": expected}, allow_nan=False)
    (HERE / "profile" / f"{name}.json").write_text(text + "\n")


for name, file, rows, other in FILES:
    whole = load(file)
    reference = None if other is None else cut(whole, other)
    source = {"file": file, "data": rows, "reference": other}
    write(name, source, cut(whole, rows), reference)
for name, data, reference in drawn():
    source = {
        "columns": data.to_dict(orient="list"),
        "reference_columns": None if reference is None else reference.to_dict(orient="list"),
    }
    write(name, source, data, reference)
