"""Makes probe.json beside it, independently of the Rust code: float64 PyTorch, SciPy and scikit-learn.

    pip install numpy scipy torch scikit-learn
    python tests/golden/probe.py

`rows` holds losses of single rows and their gradients by autograd, each written as its paper has it. `optimum`
holds the layers with the least loss on data/fod-a2/cos, all rows weighing the same. `ranked` holds weighted
average precision and recall with tied scores.
"""

import json
import math
import pathlib

import numpy as np
import torch
from scipy.optimize import minimize
from sklearn.metrics import average_precision_score, recall_score

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "data" / "fod-a2"
C = 31
SCALE = 30.0
DECAY = 1e-4
torch.set_default_dtype(torch.float64)


# Losses of logits z (B, C): s·cosθ of the losses of cosines, those of a linear layer of the others.


def softmax(z, y, **_):
    """Eq. 3, and Eq. 5 where z = s·cosθ."""
    return torch.nn.functional.cross_entropy(z, y, reduction="none")


def igam(z, y, *, margins, scale, **_):
    """Eq. 6, with θ_j + m_ij at most π."""
    theta = torch.arccos(z / scale)
    others = scale * torch.cos(torch.clamp(theta + margins[y], max=math.pi))
    own = torch.nn.functional.one_hot(y, z.shape[1]).bool()
    return softmax(torch.where(own, z, others), y)


def balanced_softmax(z, y, *, counts, **_):
    """Ren et al. 2020, Eq. 4: p_j = n_j·e^{z_j} / Σ_k n_k·e^{z_k}."""
    shifted = counts * torch.exp(z - z.max(1, keepdim=True).values)
    return -torch.log(shifted.gather(1, y[:, None])[:, 0] / shifted.sum(1))


def ldam(z, y, *, counts, scale, **_):
    """Cao et al. 2019, Eq. 12–13, on cosines: Δ_j = K/n_j^(1/4), the largest 0.5."""
    delta = counts**-0.25
    delta = 0.5 * delta / delta.max()
    own = torch.nn.functional.one_hot(y, z.shape[1])
    return softmax(scale * (z / scale - own * delta), y)


def seesaw(z, y, *, counts, **_):
    """Wang et al. 2021, Eq. 2–6: e^{z_y} / (Σ_{j≠y} M·C·e^{z_j} + e^{z_y}), p = 0.8, q = 2.

    The paper writes i for the true class. M = (N_j/N_i)^p where N_i > N_j, and C = (σ_j/σ_i)^q where σ_j > σ_i.
    """
    sigma = torch.softmax(z, 1)
    own = sigma.gather(1, y[:, None])
    mitigation = torch.clamp(counts[None] / counts[y][:, None], max=1.0) ** 0.8
    compensation = torch.clamp(sigma / own, min=1.0) ** 2.0
    return -torch.log(own[:, 0] / (mitigation * compensation * sigma).sum(1))


def focal(z, y, **_):
    """Lin et al. 2017, Eq. 4 with the softmax's probability: −(1 − p)²·ln p."""
    p = torch.softmax(z, 1).gather(1, y[:, None])[:, 0]
    return -((1 - p) ** 2) * torch.log(p)


LOSSES = {
    "cosine": softmax,
    "igam": igam,
    "igam-signed": igam,
    "igam-transposed": igam,
    "softmax": softmax,
    "logit-adjustment": balanced_softmax,
    "ldam": ldam,
    "seesaw": seesaw,
    "focal": focal,
}
COSINE = {"cosine", "igam", "igam-signed", "igam-transposed", "ldam"}


def margins_of(logarithms, name):
    """m_ij = max(0, ln(I'_i/I'_j)/π); signed without the maximum, transposed m_ji."""
    margins = (logarithms[:, None] - logarithms[None]) / math.pi
    if name != "igam-signed":
        margins = np.maximum(margins, 0)
    return margins.T.copy() if name == "igam-transposed" else margins


def rows():
    """Single rows of five classes: near and far from their class, with margins of every size."""
    random = np.random.default_rng(21)
    cases = []
    for name, loss in LOSSES.items():
        for spread in [0.3, 2.0, 6.0, 30.0]:
            counts = np.exp(random.uniform(0, 8, 5))
            logarithms = random.normal(size=5) * spread / 3
            margins = margins_of(logarithms, name)
            scale = float(random.choice([1.0, 10.0, 30.0, 64.0]))
            cosines = 0.999 * np.tanh(random.normal(size=5) * spread)
            z = scale * cosines if name in COSINE else random.normal(size=5) * spread
            for y in [0, 3]:
                leaf = torch.tensor(z[None], requires_grad=True)
                given = {"counts": torch.tensor(counts), "margins": torch.tensor(margins), "scale": scale}
                value = loss(leaf, torch.tensor([y]), **given).sum()
                value.backward()
                cases.append({"loss": name, "scale": scale, "counts": counts.tolist(), "y": y, "z": z.tolist()})
                if loss is igam:
                    cases[-1]["margins"] = margins.tolist()
                cases[-1].update(value=value.item(), gradient=leaf.grad[0].tolist())
    return cases


def load(path):
    return np.load(DATA / path).astype(np.float64)


def normalized(bits):
    """ln I' as `printed-mean`: I' = C·e^{e^x}/Σe^x + 1, x = I/(Ī√C), Ī the mean."""
    x = bits / (bits.mean() * math.sqrt(len(bits)))
    return np.log1p(len(bits) * np.exp(np.exp(x)) / np.exp(x).sum())


def information(x, labels):
    """½·Σ log₂(1 + max(λ, λ₋)), λ₋ = (1 − √(p/m))², of each class."""
    bits = []
    for c in range(C):
        of_class = x[labels == c]
        m, p = of_class.shape
        eigenvalues = np.linalg.eigvalsh(np.cov(of_class.T, bias=True))
        bits.append(0.5 * np.log2(1 + np.maximum(eigenvalues, (1 - math.sqrt(p / m)) ** 2)).sum())
    return np.array(bits)


def optimum():
    x, labels = load("cos/embeddings.npy"), np.load(DATA / "labels.npy")
    test, test_labels = load("cos/test_embeddings.npy"), np.load(DATA / "test_labels.npy")
    bits = information(x, labels)
    logarithms = normalized(bits)
    counts = np.bincount(labels, minlength=C).astype(float)
    y = torch.tensor(labels)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    sums = np.array([unit[labels == c].sum(0) for c in range(C)])
    found = []
    for name, loss in LOSSES.items():
        given = {
            "counts": torch.tensor(counts),
            "margins": torch.tensor(margins_of(logarithms, name)),
            "scale": SCALE,
        }
        is_cosine = name in COSINE
        # A linear layer is trained on centred rows; its weight decay knows nothing of the shift.
        shift = np.zeros(x.shape[1]) if is_cosine else x.mean(0)
        features = torch.tensor(unit if is_cosine else x - shift)

        def logits(features, parameters):
            if is_cosine:
                weights = parameters.reshape(C, -1)
                return SCALE * features @ (weights / weights.norm(dim=1, keepdim=True)).T
            weights, bias = parameters[:-C].reshape(C, -1), parameters[-C:]
            return features @ weights.T + bias

        def objective(parameters):
            leaf = torch.tensor(parameters, requires_grad=True)
            value = loss(logits(features, leaf), y, **given).mean()
            if not is_cosine:
                value = value + DECAY / 2 * (leaf[:-C] ** 2).sum()
            value.backward()
            return value.item(), leaf.grad.numpy()

        if is_cosine:
            start = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).ravel()
        else:
            start = np.zeros(C * (x.shape[1] + 1))
        options = {"maxiter": 20000, "maxfun": 40000, "ftol": 0, "gtol": 1e-9, "maxcor": 50}
        best = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
        seen = test / np.linalg.norm(test, axis=1, keepdims=True) if is_cosine else test - shift
        chosen = logits(torch.tensor(seen), torch.tensor(best.x)).argmax(1).numpy()
        right = [int((chosen[test_labels == c] == c).sum()) for c in range(C)]
        found.append({"loss": name, "start": objective(start)[0], "value": best.fun, "right": right})
        slope = abs(best.jac).max()
        print(f"{name}: {best.fun:.8f}, slope {slope:.1e}, {best.nfev} evaluations, {sum(right)} right: {best.message}")
    return {"information": bits.tolist(), "losses": found}


def ranked():
    """Rows drawn from 40 different ones, so that many tie; the scores are the softmax's probabilities."""
    random = np.random.default_rng(5)
    kinds = random.normal(size=(40, 4))
    rows = random.integers(0, 40, size=150)
    labels = random.integers(0, 4, size=150)
    labels[labels == 3] = 2 * (random.random((labels == 3).sum()) < 0.8)
    weights = random.exponential(size=150)
    scores = torch.softmax(torch.tensor(kinds), 1).numpy()[rows]
    classes = [0, 1, 2]
    return {
        "logits": kinds[rows].tolist(),
        "labels": labels.tolist(),
        "weights": weights.tolist(),
        "ap": [average_precision_score(labels == c, scores[:, c], sample_weight=weights) for c in classes],
        "recall": recall_score(
            labels, scores.argmax(1), labels=classes, average=None, sample_weight=weights, zero_division=0
        ).tolist(),
    }


def main():
    result = {"rows": rows(), "optimum": optimum(), "ranked": ranked()}
    (HERE / "probe.json").write_text(json.dumps(result, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
