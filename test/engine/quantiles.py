"""quantiles.json: numpy.quantile(values, q), method "linear" (NumPy 1.26)."""
import json
import pathlib
import warnings

import numpy as np


def cases():
    rng = np.random.RandomState(20240919)
    q = [0, 0.001, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.6, 2 / 3, 0.75, 0.9, 0.95, 0.999, 1]
    for n in (1, 2, 3, 4, 5, 7, 10, 11, 33, 100):
        yield rng.normal(size=n).round(6), q
    for scale in (1e-300, 1e-5, 1e15, 1e300):
        yield rng.normal(size=9) * scale, q
    yield rng.randint(0, 3, 25).astype(float), q
    yield [0.1, 0.1, 0.1], q
    yield [-0.0, 0.0, -0.0], q
    yield [-1.7e308, 1.7e308], q
    yield [5e-324, 1e-323, 2e-323], q
    yield [1.0, 2.0, np.inf], q
    yield [-np.inf, 1.0, 2.0, 3.0, np.inf], q
    yield [-np.inf, np.inf], q
    yield [np.inf, np.inf, np.inf], q
    # Two unsorted, with repeats
    yield [3.0, 1.0, 2.0], [0.5, 0, 1, 0.5, 0.25]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    # A case is a string, "values|q|quantiles", so that infinities have a spelling.
    line = lambda numbers: " ".join(repr(float(x)) for x in numbers)
    lines = [f"{line(values)}|{line(q)}|{line(np.quantile(values, q))}" for values, q in cases()]
    path = pathlib.Path(__file__).parent / "quantiles.json"
    path.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")
    print(len(lines), "cases")
