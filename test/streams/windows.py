"""Windows of a stream by pandas, SciPy and scikit-learn: python windows.py > windows.json
pandas 2.2.3, NumPy 1.26.4, SciPy 1.13.1, scikit-learn 1.6.1."""
import json

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.cluster import MiniBatchKMeans

rng = np.random.RandomState(7)
rows = 600
times = np.sort(rng.randint(0, 300_000, rows)) + 1_700_000_000_000
frame = pd.DataFrame(
    {
        "t": times,
        "k": rng.choice(["a", "b"], rows),
        "x": np.round(rng.normal(100, 15, rows), 3),
        "y": np.round(np.exp(rng.normal(0, 2, rows)), 5),
    }
)
frame.loc[rng.rand(rows) < 0.05, "x"] = np.nan


def described(part):
    out = {}
    for name in ["x", "y"]:
        column = part[name].dropna()
        d = column.describe()
        test = stats.ttest_1samp(column, 95, alternative="less")
        interval = test.confidence_interval(0.9)
        out[name] = {
            "describe": {key: (None if np.isnan(value) else value) for key, value in d.items()},
            "extended": {
                "variance": column.var(),
                "skew": column.skew(),
                "kurtosis": column.kurt(),
                "sem": column.sem(),
                "sum": column.sum(),
                "range": column.max() - column.min(),
                "missing": int(part[name].isna().sum()),
                "zeros": int((column == 0).sum()),
            },
            "ttest": [test.statistic, test.pvalue, test.df, None, interval.high],
        }
    return {"records": len(part), "columns": out}


def by(starts, size, keyed=False):
    windows = []
    for start in starts:
        inside = frame[(frame.t >= start) & (frame.t < start + size)]
        groups = inside.groupby("k") if keyed else [(None, inside)]
        for key, part in groups:
            if len(part) > 0:
                windows.append({"key": key, "start": int(start), "end": int(start + size), **described(part)})
    return windows


def sessions(gap):
    windows = []
    for key, part in frame.groupby("k"):
        number = (part.t.diff() > gap).cumsum()
        for _, one in part.groupby(number):
            windows.append(
                {"key": key, "start": int(one.t.min()), "end": int(one.t.max() + gap), "records": len(one), "sum": one.y.sum()}
            )
    return sorted(windows, key=lambda w: (w["start"], w["key"]))


first, last = int(times[0]), int(times[-1])
minutes = range(first // 60_000 * 60_000, last + 1, 60_000)
hops = range((first - 60_000) // 20_000 * 20_000, last + 1, 20_000)
uneven = range((first - 50_000) // 20_000 * 20_000, last + 1, 20_000)


def partial_fits(sizes, k, seed, d, ratio=0.01):
    rng = np.random.RandomState(seed + 100)
    centres = rng.normal(0, 10, (k, d))
    batches = [np.round(centres[rng.randint(0, k, n)] + rng.normal(0, 1, (n, d)), 9) for n in sizes]
    model = MiniBatchKMeans(n_clusters=k, random_state=seed, reassignment_ratio=ratio)
    states = []
    for batch in batches:
        model.partial_fit(batch)
        states.append({"centers": model.cluster_centers_.tolist(), "counts": model._counts.tolist()})
    return {
        "n_clusters": k,
        "random_state": seed,
        "reassignment_ratio": ratio,
        "batches": [batch.tolist() for batch in batches],
        "states": states,
    }


large = partial_fits([3500, 10], 3, 5, 1)
print(
    json.dumps(
        {
            "records": json.loads(frame.to_json(orient="records", double_precision=15)),
            "tumbling": by(minutes, 60_000),
            "keyed": by(minutes, 60_000, True),
            "hopping": by(hops, 60_000),
            "uneven": by(uneven, 50_000),
            "sessions": sessions(1_500),
            "kmeans": [
                partial_fits([40, 1, 25, 100, 7], 4, 0, 2),
                partial_fits([12, 30, 30], 8, 3, 3),
                partial_fits([60] * 8, 6, 11, 2, 0.3),
                large,
            ],
        },
        default=lambda value: value.item(),
    )
)
