"""Makes the golden files beside it, independently of the Rust code: float64 NumPy, SciPy, PyArrow.

    pip install numpy scipy pyarrow mpmath
    python tests/golden/make.py
"""

import csv
import json
import pathlib

import mpmath
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

HERE = pathlib.Path(__file__).parent
FOD_A = HERE.parent.parent / "data" / "fod-a"


def information(x, floor):
    """Eq. 2 on the spectrum of the 1/m covariance, with or without Listing 1's floor."""
    m, p = x.shape
    x = x.astype(np.float64)
    x = x - x.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(x.T @ x / m).clip(0)
    if floor:
        eigenvalues = np.maximum(eigenvalues, (1 - np.sqrt(p / m)) ** 2)
    return 0.5 * np.log2(1 + eigenvalues).sum()


def normalized(i):
    """I' as printed after Eq. 6."""
    x = i / (i.sum() * np.sqrt(len(i)))
    return len(i) * np.exp(np.exp(x)) / np.exp(x).sum() + 1


def per_class(x, labels, floor):
    return np.array([information(x[labels == c], floor) for c in np.unique(labels)])


def correlation(x, y):
    result = stats.pearsonr(x, y)
    low, high = result.confidence_interval(0.95)
    return {"r": result.statistic, "low": low, "high": high, "p": result.pvalue}


def fod_a():
    runs = {}
    for directory in sorted(FOD_A.glob("effnet-*")):
        x, labels = np.load(directory / "embeddings.npy"), np.load(directory / "labels.npy")
        ap = np.array([float(row["ap50"]) for row in csv.DictReader(open(directory / "ap.csv"))])
        floored, sample = per_class(x, labels, True), per_class(x, labels, False)
        runs[directory.name] = {
            "mp-floor": list(floored),
            "sample": list(sample),
            "normalized": list(normalized(floored)),
            "r_mp-floor": correlation(floored, ap),
            "r_sample": correlation(sample, ap),
            "r_instances": correlation(np.bincount(labels), ap),
        }
    return runs


def post_relu():
    """Features whose mean is 1000 times their spread: two classes with m > p, one below, one m = 1."""
    rng = np.random.default_rng(7)
    counts, p = [300, 90, 20, 1], 40
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    mean = rng.uniform(500, 1500, (len(counts), p))
    mixing = rng.normal(0, 1, (p, p)) / np.sqrt(p)
    x = np.maximum(mean[labels] + rng.normal(0, 1, (len(labels), p)) @ mixing, 0).astype(np.float32)
    np.save(HERE / "post_relu.npy", x)
    np.save(HERE / "post_relu_labels.npy", labels)
    return {"mp-floor": list(per_class(x, labels, True)), "sample": list(per_class(x, labels, False))}


def formats():
    """The same 60 x 5 values in every format that a user may have."""
    rng = np.random.default_rng(8)
    # Multiples of 1/8, which f16 holds too.
    x = rng.integers(-40, 40, (60, 5)) / 8
    labels = rng.integers(0, 3, 60)
    folder = HERE / "formats"
    folder.mkdir(exist_ok=True)
    for kind in ("f2", "f4", "f8"):
        np.save(folder / f"little_{kind}.npy", x.astype("<" + kind))
        np.save(folder / f"big_fortran_{kind}.npy", np.asfortranarray(x.astype(">" + kind)))
        for name, array in (("list", pa.list_), ("fixed", lambda inner: pa.list_(inner, 5))):
            inner = {"f2": pa.float16(), "f4": pa.float32(), "f8": pa.float64()}[kind]
            column = pa.array([list(row) for row in x.astype(kind)], type=array(inner))
            table = pa.table({"embedding": column, "label": labels.astype(np.int32)})
            pq.write_table(table, folder / f"{name}_{kind}.parquet", row_group_size=17)
        if kind != "f2":
            small = {"row_group_size": 31, "data_page_size": 40, "write_batch_size": 3}
            plain = {"use_dictionary": False, "data_page_version": "2.0", "compression": "zstd"}
            pq.write_table(table, folder / f"pages_{kind}.parquet", compression="none", **small)
            pq.write_table(table, folder / f"pages_v2_{kind}.parquet", **plain, **small)
    np.savez(folder / "stored.npz", embeddings=x.astype("f4"), labels=labels)
    np.savez_compressed(folder / "deflated.npz", embeddings=x.astype("f4"), labels=labels)
    np.savez_compressed(folder / "fortran.npz", embeddings=np.asfortranarray(x.astype("f8")), labels=labels)
    for kind in ("i1", "u1", "<i2", ">i4", "<u4", ">i8", "<u8"):
        np.save(folder / f"labels_{kind[-2:]}.npy", labels.astype(kind))
    names = np.array(["Crème", "b & <c>", 'say "a"'])[labels]
    with open(folder / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows([["label"], *[[name] for name in names]])
    pq.write_table(pa.table({"label": list(names)}), folder / "labels.parquet")
    return {"mp-floor": list(per_class(x, labels, True))}


mpmath.mp.dps = 60


def log_normalized(information, reading):
    """ln I' to 60 digits."""
    i = [mpmath.mpf(float(value)) for value in information]
    mean = sum(i) if reading == "printed" else sum(i) / len(i)
    x = [value / (mean * mpmath.sqrt(len(i))) for value in i]
    log_sum = mpmath.log(sum(mpmath.exp(value) for value in x))
    exponent = x if reading == "softmax" else [mpmath.exp(value) for value in x]
    logs = [mpmath.log(len(i)) + value - log_sum for value in exponent]
    # ln(1+e^a), for any a: e^a itself may have more digits than there are.
    return [a + mpmath.log1p(mpmath.exp(-a)) if a > 0 else mpmath.log1p(mpmath.exp(a)) for a in logs]


def margins(fod):
    """I' and signed margins of some pairs, in each reading, for amounts from 1e-9 to 1e6 bits."""
    rng = np.random.default_rng(9)
    amounts = {
        "real": fod["effnet-lite0-ce"]["mp-floor"],
        "wide": list(10 ** rng.uniform(-9, 6, 1203)),
        "alike": list(100 + rng.uniform(-1e-7, 1e-7, 20)),
        "dominated": [1e6, 1e-9, 1.0, 3.0, 0.0],
    }
    cases = []
    for name, information in amounts.items():
        pairs = rng.integers(0, len(information), (200, 2)).tolist()
        for reading in ("printed", "printed-mean", "softmax"):
            logs = log_normalized(information, reading)
            cases.append(
                {
                    "name": name,
                    "reading": reading,
                    "log_normalized": [float(value) for value in logs],
                    "pairs": [[i, j, float((logs[i] - logs[j]) / mpmath.pi)] for i, j in pairs],
                }
            )
    return {"amounts": amounts, "cases": cases}


def listing_2(instances, dim, classes):
    """The grid of Listing 2: d as printed, and R."""
    d = np.linspace(1000, instances, 100)
    ratio = (d + classes * (instances // d + 1) * dim) / instances
    return [instances, dim, classes, int(d[ratio.argmin()]), float(ratio.min())]


def storage():
    rng = np.random.default_rng(11)
    shapes = [(55800, 128, 20), (605638, 128, 80), (1270141, 128, 1203), (1270141, 1024, 1203), (1000, 2, 2)]
    for _ in range(100):
        shapes.append((int(10 ** rng.uniform(3.01, 9)), int(rng.integers(1, 2048)), int(rng.integers(1, 1500))))
    return [listing_2(*shape) for shape in shapes]


def igam_loss(cosines, label, margins, scale):
    """Eq. 6 to 60 digits."""
    cosines = [mpmath.mpf(float(c)) for c in cosines]
    own = mpmath.exp(scale * cosines[label])
    angle = lambda j: min(mpmath.acos(cosines[j]) + mpmath.mpf(float(margins[label][j])), mpmath.pi)
    others = [mpmath.exp(scale * mpmath.cos(angle(j))) for j in range(len(cosines)) if j != label]
    return float(-mpmath.log(own / (own + sum(others))))


def loss():
    rng = np.random.default_rng(10)
    cosines = rng.uniform(-1, 1, (12, 7))
    cosines[0, :3], cosines[1] = [1, -1, 0], [1, -1, 1, -1, 1, -1, 1]
    labels = rng.integers(0, 7, 12)
    margins = np.maximum(rng.normal(0, 0.5, (7, 7)), 0) * (1 - np.eye(7))
    margins[2, 3] = 4.0
    result = {"cosines": cosines.tolist(), "labels": labels.tolist(), "margins": margins.tolist()}
    for name, m in (("igam", margins), ("softmax", 0 * margins)):
        for scale in (1, 30, 64):
            result[f"{name}_{scale}"] = [igam_loss(c, y, m, scale) for c, y in zip(cosines, labels)]
    return result


def loss_of_a_run(fod):
    """Mean losses per class of a real classifier, float64 NumPy, margins of the printed-mean reading."""
    folder = FOD_A / "effnet-lite0-ce"
    x, labels, weights = (np.load(folder / f"{name}.npy") for name in ("embeddings", "labels", "weights"))
    unit = lambda rows: rows / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    cosines = np.clip(unit(x) @ unit(weights).T, -1, 1)
    logs = np.array([float(v) for v in log_normalized(fod["effnet-lite0-ce"]["mp-floor"], "printed-mean")])
    margins = np.maximum((logs[:, None] - logs[None]) / np.pi, 0)
    means = []
    for m in (0 * margins, margins):
        logits = 30 * np.cos(np.minimum(np.arccos(cosines) + m[labels], np.pi))
        own = logits[np.arange(len(labels)), labels]
        each = np.log(np.exp(logits - own[:, None]).sum(axis=1))
        means.append([float(each[labels == c].mean()) for c in np.unique(labels)])
    return {"cosine_softmax": means[0], "igam": means[1]}


fod = fod_a()
golden = {
    "fod_a": fod,
    "post_relu": post_relu(),
    "formats": formats(),
    "margins": margins(fod),
    "storage": storage(),
    "loss": loss(),
    "loss_of_a_run": loss_of_a_run(fod),
}
(HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
