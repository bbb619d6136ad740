"""Asks a running service by the clients of Triton and of MLServer, as their users do.

    python test/inference/triton.py http://127.0.0.1:8000 [--record test/inference/triton.json]

The models of models.json are stored first. Every call goes through a relay that keeps the bytes, both ways. Prints, or records,
one entry a call: its name, the bytes of the request, and what the client made of the answer. Packages: test/triton/requirements.txt.
"""

import base64
import json
import socket
import sys
import threading
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import tritonclient.http as triton
from mlserver.codecs import NumpyCodec, NumpyRequestCodec, PandasCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse, RequestOutput
from tritonclient.utils import InferenceServerException

HERE = Path(__file__).parent


class Relay:
    """Passes connections on to the service and keeps what goes to it."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.sent = bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            service = socket.create_connection(self.target)
            threading.Thread(target=self.pass_on, args=(client, service, True), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(service, client, False), daemon=True).start()

    def pass_on(self, source, sink, keep):
        try:
            while data := source.recv(65536):
                if keep:
                    self.sent += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def taken(self):
        sent, self.sent = bytes(self.sent), bytearray()
        return sent


def store(url):
    for model in json.loads((HERE / "models.json").read_text()):
        request = urllib.request.Request(
            f"{url}/models", json.dumps(model).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201


def plain(array):
    """A tensor as JSON: its type, shape and values; text decoded, None for NaN."""
    values = [v.decode() if isinstance(v, bytes) else None if v != v else v for v in array.flatten().tolist()]
    return {"dtype": str(array.dtype), "shape": list(array.shape), "values": values}


def tensor(name, array, datatype, binary=True):
    made = triton.InferInput(name, list(array.shape), datatype)
    return made.set_data_from_numpy(array, binary_data=binary)


def wanted(name, binary):
    return triton.InferRequestedOutput(name, binary_data=binary)


ROWS = np.array([[5.0, 1.4], [6.2, 4.3], [6.9, 5.9]])
POINTS = np.array([[1.0, 1.0], [3.0, 8.0]])
CITIES = np.array(["Köln", "Bonn"], dtype=np.object_)


def infer(model, inputs, names, **options):
    def call(client):
        result = client.infer(model, inputs, **options)
        response = result.get_response()
        about = {key: response.get(key) for key in ("model_name", "model_version", "id")}
        return {**about, "outputs": {name: plain(result.as_numpy(name)) for name in names}}

    return call


def later(client):
    """Two requests under way at once."""
    inputs = [tensor("x", ROWS, "FP64")]
    first = client.async_infer("iris", inputs)
    second = client.async_infer("iris", inputs, request_id="b")
    return [plain(one.get_result().as_numpy("predict")) for one in (first, second)]


def refused(call):
    def run(client):
        try:
            call(client)
        except InferenceServerException as error:
            return {"status": error.status(), "error": error.message()}
        raise AssertionError("expected an error")

    return run


def narrow(dtype, datatype):
    return infer("digits", [tensor("x", POINTS.astype(dtype), datatype)], ["predict"])


BOTH = ["predict", "predict_proba"]
PRICE = [
    tensor("area", np.array([60.0, 90.0]), "FP64"),
    tensor("city", CITIES, "BYTES"),
    tensor("new", np.array([True, False]), "BOOL"),
]

TRITON = {
    "is_server_live": lambda c: c.is_server_live(),
    "is_server_ready": lambda c: c.is_server_ready(),
    "is_model_ready": lambda c: c.is_model_ready("iris"),
    "is_model_ready, a version": lambda c: c.is_model_ready("iris", "1"),
    "is_model_ready, a version that is not there": lambda c: c.is_model_ready("iris", "9"),
    "is_model_ready, a model that is not there": lambda c: c.is_model_ready("none"),
    "get_server_metadata": lambda c: c.get_server_metadata(),
    "get_model_metadata": lambda c: c.get_model_metadata("price"),
    "get_model_metadata, of components": lambda c: c.get_model_metadata("parts", "1"),
    "get_model_repository_index": lambda c: c.get_model_repository_index(),
    "infer, a matrix in binary": infer("iris", [tensor("x", ROWS, "FP64")], BOTH, request_id="q-1"),
    "infer, a version": infer("iris", [tensor("x", ROWS, "FP64")], BOTH, model_version="1"),
    "infer, single precision": infer("iris", [tensor("x", ROWS.astype(np.float32), "FP32")], BOTH),
    "infer, half precision": narrow(np.float16, "FP16"),
    "infer, in JSON": infer(
        "iris",
        [tensor("x", ROWS, "FP64", binary=False)],
        BOTH,
        outputs=[wanted("predict", False), wanted("predict_proba", False)],
    ),
    "infer, NaN in JSON": infer(
        "iris",
        [tensor("x", np.array([[5.0, np.nan], [5.0, 1.4]]), "FP64", binary=False)],
        ["predict_proba"],
        outputs=[wanted("predict_proba", True)],
    ),
    "infer, one output of two": infer(
        "iris", [tensor("x", ROWS, "FP64")], ["predict_proba"], outputs=[wanted("predict_proba", True)]
    ),
    "infer, one output in binary and one in JSON": infer(
        "iris",
        [tensor("x", ROWS, "FP64")],
        BOTH,
        outputs=[wanted("predict_proba", True), wanted("predict", False)],
    ),
    "infer, columns by name": infer(
        "iris",
        [tensor("petal_length", ROWS[:, 1].copy(), "FP64"), tensor("sepal_length", ROWS[:, :1].copy(), "FP64")],
        BOTH,
    ),
    "infer, text and truth beside numbers": infer("price", PRICE, ["predict"]),
    "infer, text and truth in JSON": infer(
        "price",
        [
            tensor("area", np.array([60.0, 90.0]), "FP64", binary=False),
            tensor("city", CITIES, "BYTES", binary=False),
            tensor("new", np.array([True, False]), "BOOL", binary=False),
        ],
        ["predict"],
    ),
    "infer, labels that are booleans": infer(
        "passes", [tensor("hours", np.array([[2.0], [5.0]]), "FP64")], ["predict"]
    ),
    "infer, clusters": infer("groups", [tensor("x", np.array([[1.0, 2.0], [9.0, 7.0]]), "FP64")], ["predict"]),
    "infer, components": infer("parts", [tensor("x", np.array([[1.0, 2.0, 3.0]]), "FP64")], ["transform"]),
    "infer, outliers": infer(
        "odd", [tensor("x", np.array([[1.0, 2.0], [9.0, -7.0]]), "FP64")], ["predict", "decision_function"]
    ),
    "infer, compressed": infer(
        "iris",
        [tensor("x", ROWS, "FP64")],
        BOTH,
        request_compression_algorithm="gzip",
        response_compression_algorithm="gzip",
    ),
    "infer, parameters of a sequence": infer(
        "iris", [tensor("x", ROWS, "FP64")], ["predict"], sequence_id=7, sequence_start=True, priority=1, timeout=1000000
    ),
    "async_infer": later,
    "refused: another width": refused(lambda c: c.infer("iris", [tensor("x", np.zeros((2, 3)), "FP64")])),
    "refused: an unknown tensor": refused(
        lambda c: c.infer("price", [*PRICE, tensor("z", np.zeros(2), "FP64")])
    ),
    "refused: an unknown output": refused(
        lambda c: c.infer("iris", [tensor("x", ROWS, "FP64")], outputs=[wanted("margin", True)])
    ),
    "refused: an unknown model": refused(lambda c: c.infer("none", [tensor("x", ROWS, "FP64")])),
    "refused: labels of rows with missing values in binary": refused(
        lambda c: c.infer("iris", [tensor("x", np.array([[np.nan, 1.0]]), "FP64")])
    ),
} | {
    f"infer, {datatype}": narrow(dtype, datatype)
    for dtype, datatype in [
        (np.int8, "INT8"), (np.int16, "INT16"), (np.int32, "INT32"), (np.int64, "INT64"),
        (np.uint8, "UINT8"), (np.uint16, "UINT16"), (np.uint32, "UINT32"), (np.uint64, "UINT64"),
    ]
}  # fmt: skip


def http(url, path, document=None):
    """One request by the standard library, which MLServer's users make by any client of HTTP."""
    data = None if document is None else json.dumps(document.model_dump(mode="json")).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def by_mlserver(model, request):
    def call(url):
        response = InferenceResponse.model_validate_json(http(url, f"/v2/models/{model}/infer", request))
        return {
            "model_name": response.model_name,
            "model_version": response.model_version,
            "id": response.id,
            "outputs": {
                output.name: StringCodec.decode_output(output)
                if output.datatype == "BYTES"
                else plain(NumpyCodec.decode_output(output))
                for output in response.outputs
            },
        }

    return call


FRAME = pd.DataFrame({"city": pd.Series(["Köln", "Bonn"], dtype=object), "area": [60.0, 90.0], "new": [True, False]})

MLSERVER = {
    "server metadata": lambda url: MetadataServerResponse.model_validate_json(http(url, "/v2")).model_dump(),
    "model metadata": lambda url: MetadataModelResponse.model_validate_json(http(url, "/v2/models/iris")).model_dump(mode="json"),
    "NumpyRequestCodec": by_mlserver("iris", NumpyRequestCodec.encode_request(ROWS)),
    "NumpyCodec, with what is wanted": by_mlserver(
        "iris",
        InferenceRequest(
            id="m",
            inputs=[NumpyCodec.encode_input("x", ROWS)],
            outputs=[RequestOutput(name="predict_proba")],
        ),
    ),
    "PandasCodec": by_mlserver("price", PandasCodec.encode_request(FRAME, use_bytes=False)),
    "PandasCodec, a missing value": by_mlserver(
        "price", PandasCodec.encode_request(FRAME.assign(area=[60.0, np.nan]), use_bytes=False)
    ),
}  # fmt: skip


def main(url, record=None):
    store(url)
    relay = Relay(urlsplit(url).hostname, urlsplit(url).port)
    entries = []
    for name, call in TRITON.items():
        client = triton.InferenceServerClient(f"127.0.0.1:{relay.port}", concurrency=2)
        answer = call(client)
        client.close()
        entries.append({"name": f"tritonclient: {name}", "request": relay.taken(), "answer": answer})
    for name, call in MLSERVER.items():
        answer = call(f"http://127.0.0.1:{relay.port}")
        entries.append({"name": f"mlserver: {name}", "request": relay.taken(), "answer": answer})
    for entry in entries:
        entry["request"] = base64.b64encode(entry["request"]).decode()
    text = json.dumps(entries, indent=1, ensure_ascii=False, allow_nan=False)
    if record is None:
        print(text)
    else:
        Path(record).write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[3] if len(sys.argv) > 3 else None)
