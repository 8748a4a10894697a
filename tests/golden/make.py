"""Makes the golden files beside it, independently of the Rust code: float64 NumPy, SciPy, PyArrow.

    pip install numpy scipy pyarrow
    python tests/golden/make.py
"""

import csv
import json
import pathlib

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


golden = {"fod_a": fod_a(), "post_relu": post_relu(), "formats": formats()}
(HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
