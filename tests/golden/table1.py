"""Makes table1.json beside it: what examples/table1.rs finds of LVIS's instance counts, by NumPy and SciPy.

    pip install numpy scipy
    python tests/golden/table1.py
"""

import csv
import json
import pathlib

import numpy as np
from scipy.optimize import least_squares

HERE = pathlib.Path(__file__).parent
TABLE = HERE.parent.parent / "data" / "tables" / "lvis_v1_train_counts.csv"
MEANS = np.array([1.1, 16.1, 30.9])
DIMS = [128, 256, 1024]

rows = list(csv.DictReader(open(TABLE)))
m = np.array([float(row["instances"]) for row in rows])
group = np.array(["rcf".index(row["frequency"]) for row in rows])


def r(x, y):
    return np.corrcoef(x, y)[0, 1]


def floor_bits(p):
    return p / 2 * np.log2(1 + (1 - np.sqrt(p / m)) ** 2)


def fit(law, start):
    """The AP of each class under the law whose group means are nearest to MEANS."""
    misses = lambda at: [law(at)[group == g].mean() - MEANS[g] for g in range(3)]
    found = least_squares(misses, start, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=10000)
    return law(found.x)


laws = {
    "group means": MEANS[group],
    "logistic": fit(lambda at: at[0] / (1 + np.exp(at[2] * (at[1] - np.log(m)))), [35, 4, 1]),
    "line": fit(lambda at: np.maximum(0, at[0] * (np.log(m) - at[1])), [6, 2]),
}
numbers = {f"p = {p}": floor_bits(p) for p in DIMS} | {"m": m, "log m": np.log(m)}
golden = {law: {name: r(x, ap) for name, x in numbers.items()} for law, ap in laws.items()}
(HERE / "table1.json").write_text(json.dumps(golden, indent=1) + "\n")
