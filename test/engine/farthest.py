"""farthest.json: the order in which numpy.argpartition leaves the largest distances (NumPy 1.26)."""
import json
import pathlib

import numpy as np


def killer(n):
    """A permutation that makes every median of three a bad pivot (Musser 1997): the depth limit is reached."""
    half = n // 2
    values = np.empty(n)
    values[:half:2] = np.arange(1, half + 1, 2)[: len(values[:half:2])]
    values[1:half:2] = half + np.arange(1, half + 1, 2)[: len(values[1:half:2])]
    values[half:] = 2 * np.arange(1, n - half + 1)
    return values


def cases():
    rng = np.random.RandomState(20240918)
    for n in list(range(1, 41)) + [47, 64, 65, 99, 100, 127, 150, 177, 199, 200]:
        for distinct in (1, 2, 3, 5, n):
            count = int(rng.randint(1, min(n, 10) + 1))
            yield rng.randint(0, distinct, n), count
    for n in (24, 60, 100, 160, 200):
        values = killer(n)
        for divisor in (1, 2, 4, 8):
            for turned in (values, values[::-1]):
                yield (turned // divisor).astype(int), int(rng.randint(1, 11))
    ramp = np.arange(200)
    for values in (ramp, ramp[::-1], ramp % 7, np.minimum(ramp, 199 - ramp), ramp // 25):
        for count in (1, 2, 3, 10):
            yield values, count


if __name__ == "__main__":
    rows = []
    for values, count in cases():
        order = np.argpartition(values.astype(float), -count)[: -count - 1 : -1]
        rows.append({"distances": values.tolist(), "count": count, "order": order.tolist()})
    path = pathlib.Path(__file__).parent / "farthest.json"
    # Distances are small whole numbers, so that a case is a string: "distances|count|order".
    lines = [" ".join(map(str, r["distances"])) + f"|{r['count']}|" + " ".join(map(str, r["order"])) for r in rows]
    path.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")
    print(len(rows), "cases")
