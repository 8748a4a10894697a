"""Makes overlap.json beside it, independently of the Rust code: float64 NumPy and SciPy.

    pip install numpy scipy
    python tests/golden/overlap.py
"""

import json
import pathlib

import numpy as np
from scipy.linalg import cho_factor, cho_solve

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "data" / "fod-a2"
C = 31


def load(path):
    return np.load(DATA / path).astype(np.float64)


def pooled(x, labels):
    """Counts, means, W before and after shrinkage, the intensity."""
    counts = np.bincount(labels, minlength=C)
    means = np.array([x[labels == c].mean(axis=0) for c in range(C)])
    z = x - means[labels]
    n, p = z.shape
    sigma = z.T @ z / n
    mean = np.trace(sigma) / p
    # Ledoit and Wolf (2004), Lemma 3.1, with the outer product of each row.
    b2 = sum(((np.outer(row, row) - sigma) ** 2).sum() for row in z) / n**2
    d2 = ((sigma - mean * np.eye(p)) ** 2).sum()
    intensity = min(b2 / d2, 1)
    v = z.T @ z / (n - (counts > 0).sum())
    w = (1 - intensity) * v + intensity * np.trace(v) / p * np.eye(p)
    return counts, means, v, w, intensity


def square(factor, step):
    return step @ cho_solve(factor, step)


def suspects(x, labels, counts, means, w):
    """[row, nearest other class, own distance, its distance] of the rows that lie nearer to another class."""
    factor = cho_factor(w)
    found = []
    for row, (embedding, own) in enumerate(zip(x, labels)):
        others = (means[own] * counts[own] - embedding) / (counts[own] - 1)
        distances = [square(factor, embedding - mean) ** 0.5 for mean in means]
        distances[own] = np.inf
        nearest = int(np.argmin(distances))
        to_own = square(factor, embedding - others) ** 0.5
        if distances[nearest] < to_own:
            found.append([row, nearest, to_own, distances[nearest]])
    return found


def recognized(run, x, labels, cosine):
    weights, bias = load(f"{run}/weights.npy")[:C], load(f"{run}/bias.npy")[:C]
    if cosine:
        weights /= np.linalg.norm(weights, axis=1, keepdims=True)
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
    logits = x @ weights.T + bias
    confusion = np.zeros((C, C), int)
    np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
    mean = np.array([logits[labels == c].mean(axis=0) for c in range(C)])
    # Most often first; of equals the larger mean logit.
    order = np.lexsort((-mean, -confusion), axis=1)
    taken_for = [[int(j) for j in row if j != c and confusion[c, j]] for c, row in enumerate(order)]
    return {"confusion": confusion.tolist(), "taken_for": taken_for}


def spread(x):
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True)).clip(0)
    shares = values / values.sum()
    positive = np.sort(values[values > 1e-12 * values.max()])[::-1]
    half = positive[: len(positive) // 2]
    ranks = np.log(np.arange(1, len(half) + 1))
    entropy = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
    return {
        "total_variance": values.sum(),
        "effective_dimension": values.sum() ** 2 / (values**2).sum(),
        "effective_rank": np.exp(entropy),
        "largest_share": shares.max(),
        "decay": -np.polyfit(ranks, np.log(half), 1)[0] if len(half) >= 5 else None,
    }


def main():
    labels = np.load(DATA / "labels.npy"), np.load(DATA / "test_labels.npy")
    training, held_out = load("ce/embeddings.npy"), load("ce/test_embeddings.npy")
    result = {}
    of = {}
    for name, x, y in [("training", training, labels[0]), ("held_out", held_out, labels[1])]:
        counts, means, v, w, intensity = of[name] = pooled(x, y)
        factor = cho_factor(w)
        steps = means[:, None] - means[None]
        plain = (steps**2).sum(axis=-1)
        np.fill_diagonal(plain, np.inf)
        variance = np.array([((x[y == c] - means[c]) ** 2).sum() / counts[c] for c in range(C)])
        result[name] = {
            "intensity": intensity,
            "distances": [[square(factor, step) ** 0.5 for step in row] for row in steps],
            "variability": ((variance[:, None] + variance) / (2 * plain)).max(axis=1).tolist(),
            "suspects": suspects(x, y, counts, means, w),
        }
    (m_t, mu_t, v_t, w, _), (m_h, mu_h, v_h, _, _) = of["training"], of["held_out"]
    factor = cho_factor(w)
    a_t, a_h = (np.trace(cho_solve(factor, v)) for v in (v_t, v_h))
    result["shift"] = [square(factor, step) ** 0.5 for step in mu_t - mu_h]
    result["shift_by_chance"] = np.sqrt(a_t / m_t + a_h / m_h).tolist()
    result["ce"] = recognized("ce", held_out, labels[1], False)
    result["cos"] = recognized("cos", load("cos/test_embeddings.npy"), labels[1], True)
    result["spread"] = [spread(training[labels[0] == c]) for c in range(C)]
    (HERE / "overlap.json").write_text(json.dumps(result) + "\n")


main()
