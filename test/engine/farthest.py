"""farthest.json: the order in which numpy.argpartition leaves the largest distances (NumPy 1.26)."""
import json
import pathlib

import numpy as np


def killer(n, count):
    """Distances that make every median of three of this selection a bad pivot (McIlroy 1999, "A killer adversary for
    quicksort"): each is decided only when it is compared, so that the depth limit is reached."""
    gas = n
    values = [gas] * n
    state = {"solid": 0, "candidate": 0}

    def less(x, y):
        if values[x] == gas and values[y] == gas:
            frozen = x if x == state["candidate"] else y
            values[frozen] = state["solid"]
            state["solid"] += 1
        if values[x] == gas:
            state["candidate"] = x
        elif values[y] == gas:
            state["candidate"] = y
        return values[x] < values[y]

    order = list(range(n))

    def swap(i, j):
        order[i], order[j] = order[j], order[i]

    kth, low, high = n - count, 0, n - 1
    while low + 1 < high:
        mid = low + (high - low) // 2
        if less(order[high], order[mid]):
            swap(high, mid)
        if less(order[high], order[low]):
            swap(high, low)
        if less(order[low], order[mid]):
            swap(low, mid)
        swap(mid, low + 1)
        pivot, left, right = order[low], low + 1, high
        while True:
            left += 1
            while less(order[left], pivot):
                left += 1
            right -= 1
            while less(pivot, order[right]):
                right -= 1
            if right < left:
                break
            swap(left, right)
        swap(low, right)
        if right >= kth:
            high = right - 1
        if right <= kth:
            low = left
    return np.array(values)


def cases():
    rng = np.random.RandomState(20240918)
    for n in list(range(1, 41)) + [47, 64, 65, 99, 100, 127, 150, 177, 199, 200]:
        for distinct in (1, 2, 3, 5, n):
            count = int(rng.randint(1, min(n, 10) + 1))
            yield rng.randint(0, distinct, n), count
    for n in (24, 60, 100, 160, 200):
        for count in (2, 5, 10):
            values = killer(n, count)
            yield values, count
            yield values // 4, count
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
