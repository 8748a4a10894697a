"""Makes expected.json beside it, independently of the Rust code: each class is really left out.

    pip install numpy scipy statsmodels
    python tests/golden/expected.py
"""

import csv
import json
import pathlib

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "data"
PRIOR = 0.3


def table(path):
    with open(DATA / path, newline="") as file:
        return {row["class"]: row for row in csv.DictReader(file)}


def natural(x, knots):
    """Columns that span, with 1 and x, the natural cubic splines with these knots."""
    knots = np.asarray(knots, float)

    def d(k):
        return (np.maximum(x - knots[k], 0) ** 3 - np.maximum(x - knots[-1], 0) ** 3) / (
            knots[-1] - knots[k]
        )

    return [d(k) - d(len(knots) - 2) for k in range(len(knots) - 2)]


def ranks(x, count):
    """Values of x at evenly spaced ranks from the 5th to the 95th percentile."""
    x = np.sort(x)
    at = (0.05 + 0.9 * np.arange(count) / (count - 1)) * (len(x) - 1)
    return [x[int(np.floor(rank + 0.5))] for rank in at]


def slope(squares, x):
    """The b at which the posterior density of variance s² exp(b x) is greatest, s² profiled out."""

    def derivative(b):
        part = squares * np.exp(-b * x)
        return len(x) / 2 * ((part * x).sum() / part.sum() - x.mean()) - b / PRIOR**2

    return optimize.brentq(derivative, -2, 2, xtol=1e-15, rtol=1e-14)


def left_out(y, design, i, noise):
    others = np.arange(len(y)) != i
    weights, freedom = np.ones(len(y)), len(y) - 1 - design.shape[1]
    if noise is not None:
        fit = sm.OLS(y[others], design[others]).fit()
        squares = fit.get_influence().resid_studentized_internal ** 2
        x = noise - noise[others].mean()
        weights = np.exp(-slope(squares, x[others]) * x)
        uncertainty = 1 / ((x[others] ** 2).sum() / 2 + 1 / PRIOR**2)
        freedom = 2 / (2 / freedom + x[i] ** 2 * uncertainty)
    fit = sm.WLS(y[others], design[others], weights=weights[others]).fit()
    seen = fit.get_prediction(design[i : i + 1], weights=weights[i : i + 1])
    error = float(np.asarray(seen.se_obs)[0])
    value = float(seen.predicted_mean[0])
    half = stats.t.ppf(0.975, freedom) * error
    t = (y[i] - value) / error
    return [value, value - half, value + half, y[i] - value, t, 2 * stats.t.sf(abs(t), freedom)]


def case(name, y, columns, noise=None):
    y = np.asarray(y, float)
    design = sm.add_constant(np.column_stack(columns), has_constant="add")
    rows = np.array([left_out(y, design, i, noise) for i in range(len(y))])
    if noise is None:
        influence = sm.OLS(y, design).fit().get_influence()
        assert np.allclose(rows[:, 4], influence.resid_studentized_external, rtol=1e-9)
    flagged = multipletests(rows[:, 5], 0.05, "fdr_bh")[0]
    return {
        "name": name,
        "y": y.tolist(),
        "columns": [np.asarray(column).tolist() for column in columns],
        "noise": None if noise is None else noise.tolist(),
        "value": rows[:, 0].tolist(),
        "low": rows[:, 1].tolist(),
        "high": rows[:, 2].tolist(),
        "residual": rows[:, 3].tolist(),
        "deleted_residual": rows[:, 4].tolist(),
        "p_value": rows[:, 5].tolist(),
        "flagged": [bool(flag) for flag in flagged],
    }


def cases():
    coco = table("tables/coco_counts_and_ap.csv").values()
    log = np.log([float(row["instances"]) for row in coco])
    ap = [float(row["ap"]) for row in coco]
    curve = [log, *natural(log, ranks(log, 4))]
    yield case("coco", ap, curve)
    yield case("coco, noise by log m", ap, curve, log)

    ap, counts = table("tables/table6_voc_ap.csv"), table("tables/voc_counts.csv")
    log = np.log([float(counts[name]["voc0712_trainval"]) for name in ap])
    ap = [float(row["R50-CE"]) for row in ap.values()]
    yield case("voc, noise by log m", ap, [log, *natural(log, ranks(log, 3))], log)

    random = np.random.default_rng(18)
    x = random.normal(size=(2, 9))
    yield case("nine", random.normal(size=9), x)
    yield case("nine, noise", random.normal(size=9), x, x[0])
    x = np.linspace(1, 8, 40)
    y = 10 * x + random.normal(size=40)
    y[[3, 30]] -= 8, -9
    yield case("two off", y, [x])
    yield case("two off, noise", y, [x], x)
    x = np.linspace(0, 4, 60)
    yield case("steep noise", random.normal(size=60) * np.exp(x), [x], x)


def main():
    p = np.random.default_rng(5).uniform(size=30) ** 3
    result = {
        "cases": list(cases()),
        "discovery": {
            "p": p.tolist(),
            "flagged": {
                str(level): [bool(flag) for flag in multipletests(p, level, "fdr_bh")[0]]
                for level in (0.01, 0.05, 0.2, 0.5)
            },
        },
    }
    with open(HERE / "expected.json", "w") as file:
        json.dump(result, file)
        file.write("\n")


if __name__ == "__main__":
    main()
