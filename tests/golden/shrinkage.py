"""Makes shrinkage.json beside it, from implementations that are not the Rust code:

- linear shrinkage: scikit-learn's LedoitWolf and OAS;
- analytical nonlinear shrinkage: the formulas of Ledoit and Wolf (2020) as printed, to 50 digits,
  because in float64 they cancel (see `analytical`); held to the package non-linear-shrinkage where
  that keeps its digits;
- quadratic-inverse shrinkage: the formulas of Ledoit and Wolf (2022) in float64 NumPy;
- the plain volume: the package perceptual-manifold-geometry.

    pip install numpy scikit-learn mpmath non-linear-shrinkage
    pip install --no-deps perceptual-manifold-geometry
    python tests/golden/shrinkage.py
"""

import importlib.util
import json
import pathlib
import warnings

import mpmath
import nonlinshrink
import numpy as np
from sklearn.covariance import OAS, LedoitWolf

HERE = pathlib.Path(__file__).parent
FOD_A = HERE.parent.parent / "data" / "fod-a"
mpmath.mp.dps = 50
# One embedding in a class; numpy.matlib in a package.
warnings.simplefilter("ignore")

# Of the volume's package only this file: the rest needs packages for topology.
package = importlib.util.find_spec("perceptual_manifold_geometry").submodule_search_locations[0]
spec = importlib.util.spec_from_file_location("density", pathlib.Path(package) / "density.py")
density = importlib.util.module_from_spec(spec)
spec.loader.exec_module(density)


def analytical(values, p, n):
    """Eq. 4.3, 4.7–4.9 and, for p > n, C.4, C.5 and C.8, of the min(p, n) nonnull eigenvalues."""
    mp = mpmath.mp
    values = [mpmath.mpf(float(value)) for value in values]
    h, root, count = mpmath.mpf(n) ** (-mpmath.mpf(1) / 3), mpmath.sqrt(5), len(values)
    shrunk = []
    for a in values:
        f = transform = mpmath.mpf(0)
        for b in values:
            x = (a - b) / (h * b)
            f += 3 / (4 * root) * max(1 - x * x / 5, 0) / (h * b)
            logarithm = mpmath.log(abs((root - x) / (root + x)))
            transform += (-3 * x / (10 * mp.pi) + 3 / (4 * root * mp.pi) * (1 - x * x / 5) * logarithm) / (h * b)
        f, transform = f / count, transform / count
        if p <= n:
            c = mpmath.mpf(p) / n
            shrunk.append(a / ((mp.pi * c * a * f) ** 2 + (1 - c - mp.pi * c * a * transform) ** 2))
        else:
            shrunk.append(a / (mp.pi**2 * a**2 * (f**2 + transform**2)))
    if p > n:
        logarithm = mpmath.log((1 + root * h) / (1 - root * h))
        at_zero = 3 / (10 * h**2) + 3 / (4 * root * h) * (1 - 1 / (5 * h**2)) * logarithm
        at_zero *= sum(1 / a for a in values) / count / mp.pi
        shrunk += [1 / (mp.pi * mpmath.mpf(p - n) / n * at_zero)] * (p - n)
    return np.array([float(value) for value in shrunk])


def quadratic_inverse(values, p, n):
    """Section 4.5 of the min(p, n) nonnull eigenvalues."""
    c = p / n
    h = min(c, 1 / c) ** 0.7 / p**0.35
    inverse = 1 / values
    gap = inverse[:, None] - inverse
    weight = inverse[:, None] / (gap**2 + (h * inverse[:, None]) ** 2)
    theta, conjugate = (weight * gap).mean(axis=0), (weight * h * inverse[:, None]).mean(axis=0)
    amplitude = theta**2 + conjugate**2
    if p <= n:
        shrunk = 1 / (inverse * ((1 - c) ** 2 + 2 * c * (1 - c) * theta + c**2 * amplitude))
    else:
        null = 1 / ((c - 1) * inverse.mean())
        shrunk = np.concatenate([1 / (inverse * amplitude), np.full(p - n, null)])
    return shrunk * values.sum() / shrunk.sum()


def nonlinear(x, formula, least):
    """The formula on the spectrum of S/(m-1); None where it does not exist."""
    m, p = x.shape
    n = m - 1
    if m < least:
        return None
    y = x - x.mean(axis=0)
    values, vectors = np.linalg.eigh(y.T @ y / n)
    rank = int((values > values[-1] * p * np.finfo(float).eps).sum())
    if p > n:
        if rank < n:
            return None
        rank = p
    elif rank < p:
        # r-dimensional data, and p-r eigenvalues that stay 0.
        y = y @ vectors[:, p - rank :]
        values = np.linalg.eigvalsh(y.T @ y / n)
    shrunk = formula(values[max(0, rank - n) :], rank, n) if rank else np.array([])
    if formula is analytical and rank == p and values[-1] < 300 * values[max(0, p - n)]:
        theirs = np.linalg.eigvalsh(nonlinshrink.shrink_cov(x))
        np.testing.assert_allclose(np.sort(shrunk), theirs, rtol=1e-9)
    return np.concatenate([shrunk, np.zeros(p - rank)])


def linear(x, estimator):
    return np.linalg.eigvalsh(estimator.fit(x).covariance_) if len(x) > 1 else None


def shrunk(x):
    return {
        "ledoit-peche": nonlinear(x, analytical, 13),
        "qis": nonlinear(x, quadratic_inverse, 2),
        "ledoit-wolf": linear(x, LedoitWolf()),
        "oas": linear(x, OAS()),
    }


def bits(values):
    return None if values is None else 0.5 * np.log2(1 + values).sum()


def dump(embeddings, labels):
    """Information amounts of each class of a dump, and its plain volume."""
    x, labels = np.load(embeddings), np.load(labels)
    classes = [x[labels == c].astype(np.float64) for c in np.unique(labels)]
    spectra = [shrunk(rows) for rows in classes]
    result = {name: [bits(one[name]) for one in spectra] for name in spectra[0]}
    return result | {"sample": [density.calculate_volume(rows)[0] for rows in classes]}


def uniform(count, seed):
    """The generator of tests/moments.rs."""
    state = (2 * seed + 1) % 2**64
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 11) / 2**53


def case(m, p, seed, halvings=0, common=0.0, mean=0.0, levels=0, dead=0):
    """Random rows, of operations that round alike everywhere.

    `halvings`: over the dimensions, the spread falls by that power of 2; `common`: a part that all
    dimensions share; `levels`: values are integers below it; `dead`: the first dimensions are 0.
    """
    recipe = dict(locals())
    u = np.fromiter(uniform(m * p, seed), float).reshape(m, p)
    shared = np.fromiter(uniform(m, seed + 1), float)[:, None] * common
    scale = 0.5 ** (np.arange(p) * halvings // p)
    x = np.floor(u * levels) if levels else u * scale + shared + mean
    x[:, :dead] = 0.0
    spectra = shrunk(x)
    sample = np.linalg.eigvalsh(np.cov(x.T, ddof=0).reshape(p, p))
    live = sample[sample > sample[-1] * p * np.finfo(float).eps]
    # In float64 an eigenvalue 10⁶ times smaller than the largest has not nine digits; I has.
    wide = live.size and live[-1] > 1e6 * live[0]
    at = np.array([], int) if wide else np.unique(np.linspace(0, p - 1, 12).astype(int))
    some = {name: None if values is None else list(np.sort(values)[at]) for name, values in spectra.items()}
    expected = {name: {"bits": bits(spectra[name]), "eigenvalues": some[name]} for name in spectra}
    return recipe | {"at": at.tolist(), "expected": expected}


cases = [
    case(400, 4, 1),
    case(400, 1, 2),
    case(300, 30, 3, halvings=8),
    case(200, 100, 4, common=5.0),
    case(130, 128, 5),
    case(129, 128, 6, halvings=6, common=1.0),
    case(128, 128, 7, halvings=6, common=1.0),
    case(127, 128, 8),
    case(60, 120, 9, halvings=10),
    case(40, 400, 10, mean=1000.0),
    case(300, 60, 11, mean=1000.0, halvings=3),
    case(13, 650, 12),
    case(12, 20, 13),
    case(4, 200, 14, common=3.0),
    case(2, 7, 15),
    case(2, 1, 16),
    case(1, 5, 17),
    case(250, 50, 18, levels=5),
    case(50, 250, 19, levels=3),
    case(200, 64, 20, dead=9),
    case(60, 64, 21, dead=4),
    case(40, 64, 22, dead=40),
    case(40, 30, 23, dead=30),
    case(600, 140, 24, halvings=12, common=10.0),
    case(600, 140, 25, halvings=6, common=1.0),
]
dumps = [
    (folder / "embeddings.npy", folder / "labels.npy") for folder in sorted(FOD_A.glob("effnet-*"))
] + [(HERE / "post_relu.npy", HERE / "post_relu_labels.npy")]
path = lambda file: str(file.relative_to(HERE.parent.parent))
golden = {
    "cases": cases,
    "dumps": [{"embeddings": path(x), "labels": path(y), "bits": dump(x, y)} for x, y in dumps],
}
(HERE / "shrinkage.json").write_text(json.dumps(golden, indent=1) + "\n")
