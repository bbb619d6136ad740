"""onnx/*.onnx and onnx/expected.json: exports of scikit-learn and LightGBM, and models made by hand that are refused.

    python -m venv onnx-env
    onnx-env/bin/pip install numpy==1.26.4 scipy==1.13.1 scikit-learn==1.6.1 lightgbm==4.6.0 onnx==1.17.0 \
        skl2onnx==1.18.0 onnxmltools==1.13.0 onnxruntime==1.20.1 pandas==2.2.3 protobuf==4.25.8
    onnx-env/bin/python onnx_models.py

expected.json holds, by file: the rows, what the library itself predicts of them (float64), and what onnxruntime 1.20.1
answers, by output (float32). Files named in `refused` have no answers.
"""
import json
import os
import pathlib
import warnings

import lightgbm
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import skl2onnx
import sklearn
from onnx import TensorProto, helper, numpy_helper
from onnxmltools.convert.common.data_types import FloatTensorType as LightFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import GradientBoostingRegressor, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.simplefilter("ignore")
OUT = pathlib.Path(__file__).parent / "onnx"
OPSET = {"": 15, "ai.onnx.ml": 2}
ROWS = 12
expected = {}


def floats(array):
    return [[float(value) for value in row] for row in np.asarray(array).reshape(len(array), -1)]


def answers(model, feeds):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = session.run(None, feeds)
    return {
        facts.name: floats(values) if values.dtype.kind == "f" else values.tolist()
        for facts, values in zip(session.get_outputs(), outputs)
    }


def keep(name, model, rows, library, feeds=None, **facts):
    model.producer_version = ""
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    feeds = feeds if feeds is not None else {model.graph.input[0].name: np.asarray(rows, np.float32)}
    expected[name] = {"rows": rows, "library": library, "onnxruntime": answers(model, feeds), **facts}


def classified(estimator, rows):
    x = np.asarray(rows, np.float32)
    return {
        "predictions": [label if isinstance(label, str) else int(label) for label in estimator.predict(x).tolist()],
        "probabilities": floats(estimator.predict_proba(x)),
        "classes": estimator.classes_.tolist(),
    }


def no_zipmap(estimator):
    return {id(estimator): {"zipmap": False}}


def exported(estimator, width=4, last=None, zipmap=False):
    options = {id(last if last is not None else estimator): {"zipmap": zipmap}} if hasattr(estimator, "predict_proba") else None
    return to_onnx(
        estimator, initial_types=[("X", FloatTensorType([None, width]))], target_opset=OPSET, options=options
    )


x3, y3 = make_classification(150, 4, n_informative=3, n_redundant=0, n_classes=3, random_state=1)
x2, y2 = make_classification(150, 4, n_informative=3, n_redundant=0, n_classes=2, random_state=2)
xr, yr = make_regression(150, 4, noise=3.0, random_state=3)
x3, x2, xr = (x.astype(np.float32).astype(np.float64) for x in (x3, x2, xr))
rows3, rows2, rowsr = (floats(x[:ROWS]) for x in (x3, x2, xr))

logistic = LogisticRegression().fit(x3, y3)
keep("logistic", exported(logistic), rows3, classified(logistic, rows3))

names = np.array(["setosa", "versicolor", "virginica"])
forest = RandomForestClassifier(8, max_depth=4, random_state=0).fit(x3, names[y3])
keep("forest", exported(forest), rows3, classified(forest, rows3))

scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(x2 * 7 + 3, y2)
keep("scaled", exported(scaled, last=scaled[-1]), floats(x2[:ROWS] * 7 + 3), classified(scaled, floats(x2[:ROWS] * 7 + 3)))

linear = LinearRegression().fit(xr, yr)
keep("linear", exported(linear), rowsr, {"predictions": linear.predict(np.asarray(rowsr)).tolist()})

boosted = GradientBoostingRegressor(n_estimators=12, random_state=0).fit(xr, yr)
keep("boosted", exported(boosted), rowsr, {"predictions": boosted.predict(np.asarray(rowsr)).tolist()})

isolation = IsolationForest(n_estimators=3, max_samples=16, random_state=0).fit(x3)
keep(
    "isolation",
    to_onnx(isolation, initial_types=[("X", FloatTensorType([None, 4]))], target_opset={"": 15, "ai.onnx.ml": 3}),
    rows3,
    {"predictions": isolation.predict(np.asarray(rows3)).tolist(), "scores": isolation.decision_function(rows3).tolist()},
)

# LightGBM, with missing values in what it learns from and is asked.
holes = x2.copy()
holes[np.random.RandomState(0).random_sample(holes.shape) < 0.15] = np.nan
light = lightgbm.LGBMClassifier(n_estimators=10, num_leaves=7, verbose=-1, random_state=0).fit(holes, y2)
model = onnxmltools.convert_lightgbm(
    light, initial_types=[("input", LightFloat([None, 4]))], zipmap=False, target_opset=15
)
asked = holes[:ROWS]
keep(
    "lightgbm-classifier",
    model,
    [[None if np.isnan(value) else float(value) for value in row] for row in asked],
    classified(light, asked),
    feeds={"input": asked.astype(np.float32)},
)

light = lightgbm.LGBMRegressor(n_estimators=10, num_leaves=7, verbose=-1, random_state=0).fit(xr, yr)
model = onnxmltools.convert_lightgbm(light, initial_types=[("input", LightFloat([None, 4]))], target_opset=15)
keep("lightgbm-regressor", model, rowsr, {"predictions": light.predict(np.asarray(rowsr, np.float32)).tolist()})

# A column each, one of them of text.
import pandas as pd  # noqa: E402

frame = pd.DataFrame({"age": x2[:, 0], "income": x2[:, 1], "city": np.array(["Oslo", "Bergen", "Tromsø"])[y3[:150]]})
mixed = make_pipeline(
    ColumnTransformer(
        [("numbers", StandardScaler(), ["age", "income"]), ("text", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    ),
    LogisticRegression(),
).fit(frame, y2)
model = to_onnx(
    mixed,
    initial_types=[
        ("age", FloatTensorType([None, 1])),
        ("income", FloatTensorType([None, 1])),
        ("city", StringTensorType([None, 1])),
    ],
    target_opset=OPSET,
    options={id(mixed[-1]): {"zipmap": False}},
)
part = frame.head(ROWS)
keep(
    "columns",
    model,
    [[float(age), float(income), city] for age, income, city in part.itertuples(index=False)],
    {
        "predictions": mixed.predict(part).tolist(),
        "probabilities": floats(mixed.predict_proba(part)),
        "classes": mixed.classes_.tolist(),
    },
    feeds={
        "age": part[["age"]].to_numpy(np.float32),
        "income": part[["income"]].to_numpy(np.float32),
        "city": part[["city"]].to_numpy(object),
    },
)


def graph(nodes, inputs, outputs, initializers=(), opsets=(("", 15),), name="made by hand"):
    model = helper.make_model(
        helper.make_graph(nodes, name, inputs, outputs, list(initializers)),
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in opsets],
    )
    model.ir_version = 8
    return model


def tensor(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


# float64 and int64 graphs.
weights = numpy_helper.from_array(np.array([[0.1], [0.2], [0.3]]), "w")
keep(
    "double",
    graph(
        [helper.make_node("MatMul", ["X", "w"], ["variable"])],
        [tensor("X", ["n", 3], TensorProto.DOUBLE)],
        [tensor("variable", ["n", 1], TensorProto.DOUBLE)],
        [weights],
    ),
    [[1.0, 2.0, 3.0], [1e300, 0.0, 0.0], [0.1, 0.7, -0.3]],
    {"predictions": (np.array([[1.0, 2.0, 3.0], [1e300, 0.0, 0.0], [0.1, 0.7, -0.3]]) @ [0.1, 0.2, 0.3]).tolist()},
    feeds={"X": np.array([[1.0, 2.0, 3.0], [1e300, 0.0, 0.0], [0.1, 0.7, -0.3]])},
)

# Whole numbers, booleans and a vector; one row at a time; any number of columns, classes without names.
keep(
    "whole",
    graph(
        [
            helper.make_node("Cast", ["count"], ["c"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["flag"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["code"], ["d"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["f", "one"], ["g"]),
            helper.make_node("Sum", ["c", "g", "d"], ["variable"]),
        ],
        [
            tensor("count", ["n", 1], TensorProto.INT64),
            tensor("flag", ["n"], TensorProto.BOOL),
            tensor("code", ["n", 1], TensorProto.INT32),
        ],
        [tensor("variable", ["n", 1])],
        [numpy_helper.from_array(np.array([1], np.int64), "one")],
    ),
    [[3, True, -4], [1000000, False, 7]],
    {"predictions": [0.0, 1000007.0]},
    feeds={
        "count": np.array([[3], [1000000]], np.int64),
        "flag": np.array([True, False]),
        "code": np.array([[-4], [7]], np.int32),
    },
)
keep(
    "one-row",
    graph(
        [helper.make_node("ReduceSum", ["X", "one"], ["variable"], keepdims=1)],
        [tensor("X", [1, 3])],
        [tensor("variable", [1, 1])],
        [numpy_helper.from_array(np.array([1], np.int64), "one")],
    ),
    [[1.0, 2.0, 4.0]],
    {"predictions": [7.0]},
)
keep(
    "unnamed",
    graph(
        [
            helper.make_node("Softmax", ["X"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["X"], ["label"], axis=1, keepdims=0),
        ],
        [tensor("X", ["n", None])],
        [tensor("label", ["n"], TensorProto.INT64), tensor("probabilities", ["n", None])],
    ),
    [[1.0, 2.0, 4.0], [0.0, -1.0, -2.0]],
    {"predictions": [2, 0]},
)
keep(
    "several",
    graph(
        [helper.make_node("Neg", ["X"], ["negated"]), helper.make_node("ReduceMax", ["X"], ["most"], axes=[1])],
        [tensor("X", ["n", 2])],
        [tensor("negated", ["n", 2]), tensor("most", ["n", 1])],
    ),
    [[1.0, 2.0], [0.0, -1.0]],
    {},
)

# What is refused.
refused = {
    "zipmap": exported(logistic, zipmap=True),
    "unsupported-domain": graph(
        [helper.make_node("Frobnicate", ["X"], ["Y"], domain="com.example")],
        [tensor("X", [None, 2])],
        [tensor("Y", [None, 2])],
        opsets=(("", 15), ("com.example", 1)),
    ),
    "unsupported-operator": graph(
        [helper.make_node("Frobnicate", ["X"], ["Y"])], [tensor("X", [None, 2])], [tensor("Y", [None, 2])]
    ),
    "half": graph(
        [helper.make_node("Relu", ["X"], ["Y"])],
        [tensor("X", [None, 2], TensorProto.FLOAT16)],
        [tensor("Y", [None, 2], TensorProto.FLOAT16)],
    ),
    "future-opset": graph(
        [helper.make_node("Relu", ["X"], ["Y"])],
        [tensor("X", [None, 2])],
        [tensor("Y", [None, 2])],
        opsets=(("", 99),),
    ),
    "scalar": graph(
        [helper.make_node("ReduceSum", ["X"], ["Y"], keepdims=0)], [tensor("X", [None, 2])], [tensor("Y", [])]
    ),
    "batch-of-32": graph([helper.make_node("Relu", ["X"], ["Y"])], [tensor("X", [32, 2])], [tensor("Y", [32, 2])]),
    "image": graph(
        [helper.make_node("Relu", ["X"], ["Y"])],
        [tensor("X", [None, 3, 8, 8])],
        [tensor("Y", [None, 3, 8, 8])],
    ),
}

outside = graph(
    [helper.make_node("MatMul", ["X", "w"], ["Y"])],
    [tensor("X", [None, 2])],
    [tensor("Y", [None, 1])],
    [numpy_helper.from_array(np.zeros((2, 1), np.float32), "w")],
)
weight = outside.graph.initializer[0]
weight.ClearField("raw_data")
weight.data_location = TensorProto.EXTERNAL
for key, value in (("location", "/etc/passwd"), ("offset", "0"), ("length", "8")):
    weight.external_data.add(key=key, value=value)
refused["external-data"] = outside

# Valid models that do harm when they run: one never ends, one wants 64 GiB for a row.
body = helper.make_graph(
    [
        helper.make_node("Identity", ["go"], ["go_on"]),
        helper.make_node("Mul", ["value", "one"], ["next"]),
    ],
    "body",
    [
        tensor("turn", [], TensorProto.INT64),
        tensor("go", [], TensorProto.BOOL),
        tensor("value", None),
    ],
    [tensor("go_on", [], TensorProto.BOOL), tensor("next", None)],
    [numpy_helper.from_array(np.float32(1), "one")],
)
endless = graph(
    [helper.make_node("Loop", ["", "always", "X"], ["Y"], body=body)],
    [tensor("X", [None, 2])],
    [tensor("Y", [None, 2])],
    [numpy_helper.from_array(np.array(True), "always")],
)
bomb = graph(
    [
        helper.make_node("Shape", ["X"], ["shape"]),
        helper.make_node("Mul", ["shape", "many"], ["large"]),
        helper.make_node("ConstantOfShape", ["large"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
        helper.make_node("Add", ["X", "sum"], ["Y"]),
    ],
    [tensor("X", [None, 1])],
    [tensor("Y", [None, 1])],
    [numpy_helper.from_array(np.array([2**17, 2**17], np.int64), "many")],
)
harmful = {"endless": endless, "bomb": bomb}

for name, model in {**refused, **harmful}.items():
    model.producer_version = ""
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())

made_with = {
    "scikit-learn": sklearn.__version__,
    "lightgbm": lightgbm.__version__,
    "skl2onnx": skl2onnx.__version__,
    "onnxmltools": onnxmltools.__version__,
    "onnx": onnx.__version__,
    "onnxruntime": onnxruntime.__version__,
    "numpy": np.__version__,
}
document = {"made_with": made_with, "models": expected, "refused": list(refused), "harmful": list(harmful)}
(OUT / "expected.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
print(sum(os.path.getsize(OUT / name) for name in os.listdir(OUT)), "bytes")
