"""Makes evidence.json beside it, independently of the Rust code: SciPy, statsmodels, NumPy.

    pip install numpy scipy statsmodels
    python tests/golden/evidence.py
"""

import csv
import json
import pathlib

import numpy as np
import statsmodels.api as sm
from scipy import interpolate, stats
from statsmodels.stats.outliers_influence import variance_inflation_factor

HERE = pathlib.Path(__file__).parent
FOD_A = HERE.parent.parent / "data" / "fod-a"


def partial(x, y, *controls):
    """From the inverse of the correlation matrix, with Fisher's interval and Student's p."""
    n, k = len(x), len(controls)
    correlations = np.corrcoef(np.vstack([x, y, *controls]))
    if n == 3 and k == 1:  # no inverse: the two residuals are on one line
        r = np.sign(correlations[0, 1] - correlations[0, 2] * correlations[1, 2])
    else:
        inverse = np.linalg.inv(correlations)
        r = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    result = {"r": r, "p": None, "low": None, "high": None}
    if n - k > 2:
        result["p"] = 2 * stats.t.sf(abs(r) * np.sqrt((n - k - 2) / (1 - r * r)), n - k - 2)
    if n - k > 3:
        half = stats.norm.ppf(0.975) / np.sqrt(n - k - 3)
        result["low"], result["high"] = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    return result


def regression(y, *columns):
    if len(y) < len(columns) + 2:
        return None
    design = sm.add_constant(np.column_stack(columns))
    fit = sm.OLS(y, design).fit()
    return {
        "params": list(fit.params),
        "bse": list(fit.bse),
        "tvalues": list(fit.tvalues),
        "pvalues": list(fit.pvalues),
        "rsquared": fit.rsquared,
        "standardized": [b * np.std(c) / np.std(y) for b, c in zip(fit.params[1:], columns)],
        "vif": [variance_inflation_factor(design, j + 1) for j in range(len(columns))],
    }


def given_spline(x, y, z, knots):
    """Partial given all natural cubic splines of z at these knots, by their cardinal basis."""
    ranks = np.linspace(0.05, 0.95, knots) * (len(z) - 1)
    at = np.unique(np.sort(z)[np.floor(ranks + 0.5).astype(int)])
    basis = []
    for unit in np.eye(len(at)):
        spline = interpolate.CubicSpline(at, unit, bc_type="natural")
        low, high = spline(at[0]) + spline(at[0], 1) * (z - at[0]), spline(at[-1]) + spline(at[-1], 1) * (z - at[-1])
        basis.append(np.where(z < at[0], low, np.where(z > at[-1], high, spline(z))))
    basis = np.column_stack(basis)  # its sum is 1: the constant is among them
    left = [v - basis @ np.linalg.lstsq(basis, v, rcond=None)[0] for v in (x - x.mean(), y - y.mean())]
    return float(left[0] @ left[1] / np.sqrt((left[0] @ left[0]) * (left[1] @ left[1])))


def case(name, x, y, m):
    x, y, m = (np.asarray(values, dtype=float) for values in (x, y, m))
    log = np.log(m)
    result = {
        "name": name,
        "information": list(x),
        "ap": list(y),
        "instances": list(m),
        "spearman": stats.spearmanr(x, y).statistic,
        "kendall": stats.kendalltau(x, y).statistic,
        "partial_information": partial(x, y, log),
        "partial_instances": partial(log, y, x),
        "regression": regression(y, x, log),
    }
    if len(x) > 4:
        result["partial_two"] = partial(x, y, log, log**2)
    if len(x) >= 20 and len(set(m)) >= 20:
        result["given_spline"] = given_spline(x, y, log, 6)
    return result


def cases():
    golden = json.loads((HERE / "golden.json").read_text())["fod_a"]
    counts = [int(row["instances"]) for row in csv.DictReader(open(FOD_A / "counts.csv"))]
    for run, expected in golden.items():
        ap = [float(row["ap50"]) for row in csv.DictReader(open(FOD_A / run / "ap.csv"))]
        for estimator in ("mp-floor", "sample"):
            yield case(f"{run} {estimator}", expected[estimator], ap, counts)
    rng = np.random.default_rng(11)
    for n in (3, 4, 5, 6, 7, 20, 1203):
        m = np.round(np.exp(rng.uniform(1, 9, n)))
        x = 100 + 5 * np.log(m) + rng.normal(0, 20, n)
        y = 0.5 - 0.004 * (x - 100) + 0.02 * np.log(m) + rng.normal(0, 0.1, n)
        yield case(f"random {n}", x.round(3), y.round(4), m)
    for n in (6, 20, 60):
        x, y, m = rng.integers(0, 4, n), rng.integers(0, 3, n), rng.integers(1, 6, n)
        yield case(f"ties {n}", x, y, m)


def studentized(x, y):
    """Fisher's z and its standard error; rows are data sets."""
    unit = lambda v: (v - v.mean(axis=-1, keepdims=True)) / v.std(axis=-1, keepdims=True)
    u, v = unit(x), unit(y)
    r = (u * v).mean(axis=-1, keepdims=True)
    influence = (u * v - r * (u * u + v * v) / 2) / (1 - r * r)
    return np.arctanh(r)[..., 0], np.sqrt((influence**2).mean(axis=-1) / x.shape[-1])


def resampled(one, rng, chunks, bca):
    """Permutation p (SciPy), studentized bootstrap (NumPy), BCa (SciPy)."""
    x, y = np.array(one["information"]), np.array(one["ap"])
    n = len(x)
    r = lambda a, b, axis=-1: stats.pearsonr(a, b, axis=axis).statistic
    absolute = lambda a, axis=-1: abs(r(a, np.broadcast_to(y, a.shape), axis))
    p = stats.permutation_test(
        (x,), absolute, permutation_type="pairings", alternative="greater",
        n_resamples=np.inf if n <= 7 else 99_999, vectorized=True, batch=2_000, rng=rng,
    ).pvalue
    result = {"name": one["name"], "permutation_p": p}
    if n > 7:
        z, error = studentized(x, y)
        distances = []
        with np.errstate(all="ignore"):
            for _ in range(chunks):
                picks = rng.integers(0, n, (2_000, n))
                zs, errors = studentized(x[picks], y[picks])
                distances.append(abs(zs - z) / errors)
        c = np.quantile(np.concatenate(distances), 0.95)
        result["low"], result["high"] = np.tanh(z - c * error), np.tanh(z + c * error)
    if bca:
        interval = stats.bootstrap((x, y), r, paired=True, vectorized=True, method="BCa", n_resamples=9_999,
                                   batch=1_000, rng=rng).confidence_interval
        result["bca_low"], result["bca_high"] = interval
    return result


def resampling(every):
    rng = np.random.default_rng(12)
    chosen = {one["name"]: one for one in every}
    small = [resampled(chosen[name], rng, 0, False) for name in ("random 5", "random 6", "random 7", "ties 6")]
    real = [resampled(chosen[name], rng, 100, True) for name in ("effnet-lite2-ce mp-floor", "effnet-lite0-ce sample")]
    return small + real + [resampled(chosen["ties 60"], rng, 50, True), resampled(chosen["random 1203"], rng, 20, True)]


every = list(cases())
golden = {"cases": every, "resampling": resampling(every)}
(HERE / "evidence.json").write_text(json.dumps(golden) + "\n")
