"""Makes verdict.json beside it, independently of the Rust code: NumPy, SciPy, statsmodels.

    pip install numpy scipy statsmodels
    python tests/golden/verdict.py

Every standard error is checked by a second route (explicit hat matrices), HC2 by statsmodels, and CR2 with its
degrees of freedom also by the package diff-diff (version 3.13.0, itself tested against R's clubSandwich), if it is
installed.
"""

import csv
import itertools
import json
import pathlib
import warnings
from fractions import Fraction

import numpy as np
import statsmodels.api as sm
from scipy import interpolate, linalg, stats

try:
    from diff_diff.linalg import compute_robust_vcov
except ImportError:
    compute_robust_vcov = None

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
Z = stats.norm.ppf(0.975)


# Controls


def knots(x):
    """Values of x at evenly spaced ranks, in exact fractions."""
    n = len(x)
    count = min(max(n // 6, 4), 10)
    ranks = [(Fraction(1, 20) + Fraction(9, 10) * k / (count - 1)) * (n - 1) for k in range(count)]
    return np.unique(np.sort(x)[[int(rank + Fraction(1, 2)) for rank in ranks]])


def cardinal(x):
    """All natural cubic splines of x at its knots: the one that is 1 at a knot and 0 at the others, of each knot."""
    at = knots(x)
    if len(at) < 3:
        return []
    columns = []
    for unit in np.eye(len(at)):
        spline = interpolate.CubicSpline(at, unit, bc_type="natural")
        low, high = spline(at[0]) + spline(at[0], 1) * (x - at[0]), spline(at[-1]) + spline(at[-1], 1) * (x - at[-1])
        columns.append(np.where(x < at[0], low, np.where(x > at[-1], high, spline(x))))
    return columns


def truncated(x):
    """The same space of splines by truncated powers (Harrell 2015, §2.4.5)."""
    at = knots(x)
    cube = lambda knot: np.maximum(x - knot, 0) ** 3
    tail = lambda knot: (cube(at[-2]) * (at[-1] - knot) - cube(at[-1]) * (at[-2] - knot)) / (at[-1] - at[-2])
    return [(cube(knot) - tail(knot)) / (at[-1] - at[0]) ** 2 for knot in at[:-2]]


def floor_bits(dim, embeddings):
    """Bits of a class that is all floor."""
    return dim / 2 * np.log2(1 + (1 - np.sqrt(dim / embeddings)) ** 2)


def raised(embeddings):
    """Bits of the eigenvalues that Listing 1 raises to the edge."""
    m, dim = embeddings.shape
    edge = (1 - np.sqrt(dim / m)) ** 2
    values = np.linalg.eigvalsh(np.cov(embeddings.T, bias=True))
    return float(np.sum(values < edge) * np.log2(1 + edge) / 2)


def controls(run, curve, spline=cardinal, covariates=True):
    m, d = np.array(run["instances"], float), np.array(run["embeddings"] or run["instances"], float)
    # A count of its own: log m leaves more than a hundredth of the variance of log d.
    known = np.column_stack([np.ones(len(m)), np.log(m)])
    rest = np.log(d) - known @ np.linalg.lstsq(known, np.log(d), rcond=None)[0]
    differ = bool(rest @ rest > 0.01 * np.sum((np.log(d) - np.log(d).mean()) ** 2) + 1e-18)
    columns = [np.log(m)] + [np.log(d)] * differ
    if run["floor"]:
        columns.append(floor_bits(run["dim"], d))
    if covariates:
        columns += [np.array(column, float) for column in run["covariates"]]
    if curve:
        columns += spline(np.log(m)) + (spline(np.log(d)) if differ else [])
    return columns


# Linear algebra, in extended precision where it matters


def left(v, basis):
    """What an orthonormal basis leaves of v; twice, for orthogonality to the last digit."""
    v = np.asarray(v, np.longdouble)
    for _ in range(2):
        v = v - basis @ (basis.T @ v)
    return v


def orthonormal(columns, n):
    """Of [1, columns]: a column that is constant, or of which those before leave less than 1e-12 of its variance,
    is dropped."""
    basis = np.full((n, 1), 1 / np.sqrt(np.longdouble(n)))
    for column in columns:
        centred = left(column, basis[:, :1])
        if centred @ centred <= (1e-13 * np.abs(column).max()) ** 2 * n:
            continue
        rest = left(centred, basis)
        share = float(rest @ rest / (centred @ centred))
        assert share < 1e-18 or share > 1e-10, f"in doubt: {share}"
        if share > 1e-12:
            basis = np.column_stack([basis, rest / np.sqrt(rest @ rest)])
    return basis


def unit(v):
    return np.asarray(v / np.sqrt(v @ v), float)


def r_squared(y, basis):
    centred, rest = left(y, basis[:, :1]), left(y, basis)
    return float(1 - rest @ rest / (centred @ centred))


# Standard errors


def root_inverse(matrix):
    """Symmetric; eigenvalues below 1e-9 are 0, and stay 0."""
    values, vectors = np.linalg.eigh(matrix)
    roots = [1 / np.sqrt(value) if value >= 1e-9 else 0.0 for value in values]
    assert all(value < 1e-12 or value > 1e-7 for value in values), f"in doubt: {values}"
    return vectors @ np.diag(roots) @ vectors.T


def cr2(design, y, clusters):
    """The last column's coefficient, its CR2 standard error and Satterthwaite degrees of freedom (Bell and
    McCaffrey 2002; Pustejovsky and Tipton 2018), both under equal and independent errors."""
    inverse = np.linalg.inv(design.T @ design)
    maker = np.eye(len(y)) - design @ inverse @ design.T
    residuals = maker @ y
    members = [np.flatnonzero(clusters == cluster) for cluster in dict.fromkeys(clusters)]
    scores, vectors = [], []
    for rows in members:
        weights = root_inverse(maker[np.ix_(rows, rows)]) @ design[rows] @ inverse[:, -1]
        scores.append(weights @ residuals[rows])
        vectors.append(maker[:, rows] @ weights)
    products = np.array([[a @ b for b in vectors] for a in vectors])
    df = np.trace(products) ** 2 / np.sum(products**2)
    return inverse[-1] @ design.T @ y, np.sqrt(np.sum(np.square(scores))), df


def cr2_again(design, y, clusters):
    """The second route, from the design as it comes: hat matrix by pseudo-inverse, every sum a loop, the degrees of
    freedom from the eigenvalues of the quadratic form."""
    scale = np.sqrt((design**2).sum(axis=0))
    design = design / scale
    solve = np.linalg.pinv(design, rcond=1e-13)
    coefficients = solve @ y
    maker = np.eye(len(y)) - design @ solve
    variance, form = 0.0, np.zeros((len(y), len(y)))
    for cluster in set(clusters):
        pick = np.eye(len(y))[[i for i, one in enumerate(clusters) if one == cluster]]
        part = pick @ maker
        spread = part @ part.T  # of the residuals, under the working model
        u, values, v = np.linalg.svd(np.linalg.pinv(spread, rcond=1e-9))
        weights = part.T @ (u @ np.diag(np.sqrt(values)) @ v) @ (pick @ solve[-1])
        variance += (weights @ y) ** 2
        form += np.outer(weights, weights)
    values = np.linalg.eigvalsh(form)
    return coefficients[-1] / scale[-1], np.sqrt(variance) / scale[-1], values.sum() ** 2 / (values**2).sum()


def close(a, b, tolerance=1e-7):
    assert np.allclose(a, b, rtol=tolerance, atol=1e-12), np.abs(np.subtract(a, b)).max()


def tested(value, se, df):
    half = stats.t.ppf(0.975, df) * se
    t = value / se
    return {"se": se, "df": df, "t": t, "p": 2 * stats.t.sf(abs(t), df), "low": value - half, "high": value + half}


def clustered(design, raw, y, clusters, factor=1.0):
    """`factor` is that of the raw design's coefficient, to have it in the units of the other."""
    clusters = np.array(clusters)
    value, se, df = cr2(design, y, clusters)
    again = cr2_again(raw, y, clusters)
    close([value, se, df], [again[0] * factor, again[1] * factor, again[2]])
    if compute_robust_vcov is not None:
        residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has none for some of the controls' coefficients
            vcov, dof = compute_robust_vcov(
                design, residuals, cluster_ids=clusters, vcov_type="hc2_bm", return_dof=True
            )
        close([se, df], [np.sqrt(vcov[-1, -1]), dof[-1]])
    return {**tested(value, se, df), "clusters": len(set(clusters))}


def hc2(design, raw, y):
    """HC2 with the degrees of freedom of Bell and McCaffrey (Imbens and Kolesár 2016): residuals e = Mε, variance
    e'De, under normal errors a sum of χ² with the eigenvalues of MDM as weights."""
    inverse = np.linalg.inv(design.T @ design)
    maker = np.eye(len(y)) - design @ inverse @ design.T
    weights = design @ inverse[:, -1]
    unexplained = np.diag(maker)
    diagonal = np.array([w * w / u if u >= 1e-9 else 0.0 for w, u in zip(weights, unexplained)])
    residuals = maker @ y
    se = np.sqrt(residuals @ (diagonal * residuals))
    values = np.linalg.eigvalsh(maker @ np.diag(diagonal) @ maker)
    df = values.sum() ** 2 / (values**2).sum()
    value, same, freedom = cr2(design, y, np.arange(len(y)))
    close([se, df], [same, freedom], 1e-10)
    if unexplained.min() > 1e-9:
        fit = sm.OLS(y, raw / np.abs(raw).max(axis=0)).fit().get_robustcov_results("HC2", use_t=True)
        close(value / se, fit.tvalues[-1])
    return tested(value, se, df)


# One run


def partial(run, curve):
    n = len(run["ap"])
    information, ap = np.array(run["information"], float), np.array(run["ap"], float)
    columns = controls(run, curve)
    basis = orthonormal(columns, n)
    k = basis.shape[1] - 1
    other = orthonormal(controls(run, curve, spline=truncated), n)
    assert other.shape == basis.shape
    close(np.asarray(basis @ basis.T, float), np.asarray(other @ other.T, float), 1e-9)
    e, u = unit(left(information, basis)), unit(left(ap, basis))
    r = float(e @ u)
    residual_df = n - k - 2
    result = {"controls": k, "residual_df": residual_df, "r": r, "p": None, "low": None, "high": None}
    if residual_df > 0:
        result["p"] = 2 * stats.t.sf(abs(r) * np.sqrt(residual_df / (1 - r * r)), residual_df)
    if residual_df > 1:
        half = Z / np.sqrt(residual_df - 1)
        result["low"], result["high"] = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    design = np.column_stack([np.asarray(basis, float), e])
    raw = np.column_stack([np.ones(n), *columns, information])
    length = float(np.sqrt(left(information, basis) @ left(information, basis)))
    result["robust"] = hc2(design, independent_of(raw), u)
    result["clustered"] = clustered(design, raw, u, run["groups"], length) if run["groups"] else None
    return result


def independent_of(raw):
    """The raw design without its dropped columns, for statsmodels."""
    kept = raw[:, :1]
    for column in raw.T[1:]:
        wider = np.column_stack([kept, column])
        if np.linalg.matrix_rank(wider / np.sqrt((wider**2).sum(axis=0)), tol=1e-11) == wider.shape[1]:
            kept = wider
    return kept


def concentration(rest):
    """The fewest classes whose squared residuals make at least half of their sum, largest first."""
    squares = np.asarray(rest * rest, float)
    order = sorted(range(len(squares)), key=lambda i: (-squares[i], i))
    sums = np.cumsum(squares[order])
    size = int(np.flatnonzero(sums >= squares.sum() / 2)[0]) + 1
    return order[:size]


def commonality(run):
    """R² of AP by each set of blocks, and the part that each set shares and no other explains (Möbius)."""
    n = len(run["ap"])
    blocks = {"count": controls(run, True, covariates=False), "information": [np.array(run["information"], float)]}
    if run["covariates"]:
        blocks["covariates"] = [np.array(column, float) for column in run["covariates"]]
    sets = [s for size in range(len(blocks) + 1) for s in itertools.combinations(blocks, size)]
    explained = {s: r_squared(run["ap"], orthonormal(sum((blocks[b] for b in s), []), n)) for s in sets}
    rest = lambda s: tuple(b for b in blocks if b not in s)
    lost = {s: explained[tuple(blocks)] - explained[rest(s)] for s in sets}
    parts = {
        s: sum((-1) ** (len(s) - len(t)) * lost[t] for t in sets if set(t) <= set(s)) for s in sets if s
    }
    for s in sets:
        close(explained[s], sum(part for t, part in parts.items() if set(t) & set(s)), 1e-9)
    name = "+".join
    return {
        "r_squared": {name(s): value for s, value in explained.items() if s},
        "parts": {name(s): value for s, value in parts.items()},
    }


def single(name, run):
    n = len(run["ap"])
    line, curve = partial(run, False), partial(run, True)
    basis = orthonormal(controls(run, True), n)
    of_count = orthonormal(controls(run, True, covariates=False), n)
    k, information = curve["controls"], run["information"]
    adjusted = lambda b: 1 - (1 - r_squared(information, b)) * (n - 1) / (n - b.shape[1])
    centred, rest = left(information, basis[:, :1]), left(information, basis)
    heavy = concentration(rest)
    spaced = n - k - 3
    return {
        "name": name,
        "run": run,
        "line": line,
        "curve": curve,
        "count_share": adjusted(of_count),
        "left_share": float(rest @ rest / (centred @ centred)),
        "concentration": {"count": len(heavy), "indices": heavy, "names": [run["names"][i] for i in heavy]},
        "floor_share": sum(run["floor_bits"]) / sum(information) if run["floor_bits"] else None,
        "detectable": np.tanh((Z + stats.norm.ppf(0.80)) / np.sqrt(spaced)) if spaced > 0 else None,
        "largest_share": max(curve["low"] ** 2, curve["high"] ** 2) if spaced > 0 else None,
        "commonality": commonality(run),
    }


# Several runs


def together(runs, columns_of, x_of, key):
    """The common coefficient of x, each run's columns held constant, residuals at length 1."""
    bases, es, us, raws, raw_xs, clusters, rs = [], [], [], [], [], [], []
    for run in runs:
        n, x = len(run["ap"]), np.array(x_of(run), float)
        columns = columns_of(run)
        basis = orthonormal(columns, n)
        rest = left(x, basis)
        e, u = unit(rest), unit(left(run["ap"], basis))
        bases.append(np.asarray(basis, float))
        es.append(e)
        us.append(u)
        raws.append(np.column_stack([np.ones(n), *columns]))
        raw_xs.append(x / float(np.sqrt(rest @ rest)))
        clusters += run[key]
        rs.append(e @ u)
    design = np.column_stack([linalg.block_diag(*bases), np.concatenate(es)])
    raw = np.column_stack([linalg.block_diag(*raws), np.concatenate(raw_xs)])
    y = np.concatenate(us)
    value = float(np.mean(rs))
    close(value, cr2(design, y, np.array(clusters))[0], 1e-10)
    return {"value": value, "of_runs": rs, **clustered(design, raw, y, clusters)}


def pooled(name, runs):
    result = {"name": name, "runs": runs}
    nothing, information = (lambda run: []), (lambda run: run["information"])
    for part, key in (("by_class", "names"), ("by_group", "groups")):
        if any(run[key] is None for run in runs):
            result[part] = None
            continue
        line = together(runs, lambda run: controls(run, False), information, key)
        curve = together(runs, lambda run: controls(run, True), information, key)
        ends = [min(1.0, max(-1.0, curve[end])) for end in ("low", "high")]
        result[part] = {
            "line": line,
            "curve": curve,
            "information": together(runs, nothing, information, key),
            "instances": together(runs, nothing, lambda run: np.log(run["instances"]), key),
            "detectable": (stats.t.ppf(0.975, curve["df"]) + stats.t.ppf(0.80, curve["df"])) * curve["se"],
            "largest_share": max(end**2 for end in ends),
        }
    tables = [dict(zip(run["names"], run["ap"])) for run in runs]
    correlations = []
    for a, b in itertools.combinations(tables, 2):
        common = [one for one in a if one in b]
        correlations.append(stats.pearsonr([a[one] for one in common], [b[one] for one in common]).statistic)
    alone = [single(name, run) for run in runs]
    squares = {}
    for run in runs:
        n = len(run["ap"])
        basis = orthonormal(controls(run, True), n)
        centred, rest = left(run["information"], basis[:, :1]), left(run["information"], basis)
        for one, square in zip(run["names"], rest * rest / (centred @ centred)):
            squares[one] = squares.get(one, 0.0) + float(square)
    order = sorted(squares, key=lambda one: (-squares[one], one))
    sums = np.cumsum([squares[one] for one in order])
    half = order[: int(np.flatnonzero(sums >= sum(squares.values()) / 2)[0]) + 1]
    every = [run["floor_bits"] for run in runs]
    result["together"] = {
        "classes": len(squares),
        "controls": max(one["curve"]["controls"] for one in alone),
        "count_share": float(np.mean([one["count_share"] for one in alone])),
        "left_share": float(np.mean([one["left_share"] for one in alone])),
        "half": half,
        "floor_share": sum(map(sum, every)) / sum(sum(run["information"]) for run in runs) if all(every) else None,
    }
    mean = float(np.mean(correlations))
    result["agreement"] = {
        "pairs": correlations,
        "least": min(correlations),
        "greatest": max(correlations),
        "mean": mean,
        "effective_runs": len(runs) / (1 + (len(runs) - 1) * mean),
    }
    return result


# Cases


def run_of(names, information, instances, ap, dim=128, floor=False, floor_bits=None, embeddings=None, covariates=(),
           groups=None):
    plain = lambda values, kind: None if values is None else [kind(value) for value in values]
    return {
        "dim": dim,
        "floor": floor,
        "names": plain(names, str),
        "information": plain(information, float),
        "floor_bits": plain(floor_bits, float),
        "instances": plain(instances, int),
        "embeddings": plain(embeddings, int),
        "ap": plain(ap, float),
        "covariates": [plain(column, float) for column in covariates],
        "groups": plain(groups, str),
    }


def table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def fod_a(estimator):
    golden = json.loads((HERE / "golden.json").read_text())["fod_a"]
    data = ROOT / "data" / "fod-a"
    counts = {row["class"]: int(row["instances"]) for row in table(data / "counts.csv")}
    runs = {}
    for name, expected in golden.items():
        rows = table(data / name / "ap.csv")
        names = [row["class"] for row in rows]
        part = None
        if estimator == "mp-floor":
            embeddings, labels = (np.load(data / name / f"{what}.npy") for what in ("embeddings", "labels"))
            part = [raised(embeddings[labels == label].astype(float)) for label in range(len(names))]
        runs[name] = run_of(names, expected[estimator], [counts[one] for one in names],
                            [row["ap50"] for row in rows], floor=estimator == "mp-floor", floor_bits=part)
    return runs


def made_up(run, rng):
    """Two covariates, the first of which goes with I, and seven groups."""
    n = len(run["ap"])
    x = np.array(run["information"])
    first = (0.6 * (x - x.mean()) / x.std() + rng.normal(0, 0.8, n)).round(4)
    groups = rng.permutation([f"g{i % 7}" for i in range(n)])
    return {**run, "covariates": [list(map(float, first)), list(map(float, rng.normal(5, 2, n).round(3)))],
            "groups": list(map(str, groups))}


def capped(run):
    return {**run, "embeddings": [min(m, 60) for m in run["instances"]]}


def random_run(rng, n, instances=None, floor=False, **more):
    m = np.round(np.exp(rng.uniform(np.log(4), np.log(5000), n))) if instances is None else np.array(instances, float)
    d = np.array(more.get("embeddings") or m, float)
    floored = 0.7 * floor_bits(128, d) * rng.uniform(0.9, 1, n)
    volume = 20 + 3 * np.log(m) + rng.normal(0, 6, n)
    x = volume + floored if floor else volume
    y = 0.5 - 0.01 * (volume - 30) + 0.05 * np.sqrt(np.log(m)) + rng.normal(0, 0.3, n) / np.sqrt(np.log(m))
    return run_of([f"c{i:03}" for i in range(n)], x.round(3), m, y.round(4), floor=floor,
                  floor_bits=floored.round(3) if floor else None, **more)


def grouped(rng, n, groups):
    """Classes in groups which share part of I and of AP."""
    group = rng.permutation([i % groups for i in range(n)])
    run = random_run(rng, n, floor=True, groups=[f"g{g}" for g in group])
    x, y = rng.normal(0, 5, groups)[group], rng.normal(0, 0.1, groups)[group]
    return {**run, "information": [round(a + b, 3) for a, b in zip(run["information"], x.tolist())],
            "ap": [round(a + b, 4) for a, b in zip(run["ap"], y.tolist())]}


def singles(rng):
    floored, plain = fod_a("mp-floor"), fod_a("sample")
    for run in floored:
        yield single(f"{run} mp-floor", floored[run])
        yield single(f"{run} sample", plain[run])
    yield single("covariates and groups mp-floor", made_up(floored["effnet-lite2-ce"], rng))
    yield single("covariates and groups sample", made_up(plain["effnet-lite0-focal"], rng))
    yield single("embeddings capped mp-floor", capped(floored["effnet-lite0-ce"]))
    yield single("embeddings capped, covariates and groups sample", capped(made_up(plain["effnet-lite2-ce"], rng)))
    yield single("random 12", random_run(rng, 12, floor=True, groups=[f"g{i // 3}" for i in range(12)]))
    yield single("random 20", random_run(rng, 20))
    yield single("random 60", random_run(rng, 60, floor=True, covariates=[rng.normal(0, 1, 60).round(3)]))
    yield single("random 200", random_run(rng, 200, groups=[f"g{i % 40}" for i in range(200)]))
    yield single("ties in m", random_run(rng, 30, instances=rng.integers(3, 9, 30) ** 2, floor=True))
    yield single("few values of m", random_run(rng, 24, instances=rng.permutation([10] * 9 + [50] * 8 + [100] * 7)))
    yield single("two values of m", random_run(rng, 20, instances=[7] * 12 + [300] * 8, floor=True))
    yield single("all m equal", random_run(rng, 25, instances=[100] * 25))
    yield single("all m equal, floor and covariate",
                 random_run(rng, 25, instances=[100] * 25, floor=True, covariates=[rng.normal(0, 1, 25).round(3)]))
    yield single("80 classes in 12 groups", grouped(rng, 80, 12))
    # A class with leverage 1: it alone has d ≠ m. A group with a covariate of its own: I − H is singular there.
    m = [int(v) for v in np.round(np.exp(rng.uniform(2, 8, 30)))]
    yield single("one class is capped", random_run(rng, 30, instances=m, embeddings=m[:4] + [m[4] // 2] + m[5:],
                                                   groups=[f"g{i % 10}" for i in range(30)]))
    groups = [f"g{i % 9}" for i in range(45)]
    yield single("one group is a covariate",
                 random_run(rng, 45, groups=groups, covariates=[[g == "g3" for g in groups]]))
    copy = rng.normal(0, 1, 40).round(3)
    yield single("a covariate twice and a constant",
                 random_run(rng, 40, floor=True, covariates=[copy, 2 * copy - 1, np.full(40, 3.0)]))


def ragged(rng, floors, groups=None, covariate=False):
    """Runs over different classes of 40, which share I, part of the noise, and the group."""
    m = np.round(np.exp(rng.uniform(np.log(4), np.log(5000), 40)))
    shared, volume = rng.normal(0, 1, 40), 20 + 3 * np.log(m) + rng.normal(0, 6, 40)
    runs = []
    for floor, size in zip(floors, (40, 28, 33)):
        rows = np.sort(rng.choice(40, size, replace=False))
        noise = (0.8 * shared + 0.6 * rng.normal(0, 1, 40)) * (0.05 + 0.5 / np.sqrt(m))
        x = volume + rng.normal(0, 2, 40) + (0.7 * floor_bits(128, m) if floor else 0)
        y = 0.5 - 0.01 * (volume - 30) + 0.02 * np.log(m) + noise
        runs.append(run_of([f"c{i:03}" for i in rows], x[rows].round(3), m[rows], y[rows].round(4), floor=floor,
                           covariates=[rng.normal(0, 1, size).round(3)] if covariate else (),
                           groups=[groups[i] for i in rows] if groups else None))
    return runs


def several(rng):
    floored, plain = fod_a("mp-floor"), fod_a("sample")
    yield pooled("fod-a mp-floor", list(floored.values()))
    yield pooled("fod-a sample", list(plain.values()))
    group = [f"g{i}" for i in rng.permutation([i % 10 for i in range(31)])]
    yield pooled("covariates and groups mp-floor",
                 [{**made_up(run, rng), "groups": group} for run in floored.values()])
    yield pooled("embeddings capped sample", [capped(run) for run in list(plain.values())[:3]])
    yield pooled("ragged", ragged(rng, (False, False, False)))
    yield pooled("ragged, floors, covariate and groups",
                 ragged(rng, (True, False, True), [f"g{i % 12}" for i in range(40)], covariate=True))
    run = grouped(rng, 80, 12)
    again = {**run, "ap": [round(v, 4) for v in (np.array(run["ap"]) + rng.normal(0, 0.05, 80)).tolist()],
             "information": [round(v, 3) for v in (np.array(run["information"]) + rng.normal(0, 2, 80)).tolist()]}
    yield pooled("80 classes in 12 groups, twice", [run, again])


if __name__ == "__main__":
    golden = {"single": list(singles(np.random.default_rng(21))), "pooled": list(several(np.random.default_rng(22)))}
    number = lambda value: value.item()  # NumPy's numbers
    (HERE / "verdict.json").write_text(json.dumps(golden, default=number, allow_nan=False) + "\n")
