"""igam-analyze against the paper's Listing 1 in NumPy, on one long-tailed dump.

    pip install numpy
    cargo build --release
    python benches/against_numpy.py [--rows 300000] [--dim 1024] [--folder DIR]

The dump has the class proportions of LVIS v1.0 and post-ReLU-like features. Both programs read the
same file in the same minutes; wall time, peak resident memory and the ratio are printed, and the
information amounts of the two are compared.
"""

import argparse
import csv
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np

REPOSITORY = pathlib.Path(__file__).parent.parent


def make_dump(folder, rows, dim):
    """Embeddings and labels of 1203 classes: a random rectified Gaussian each."""
    rng = np.random.default_rng(0)
    table = csv.DictReader(open(REPOSITORY / "data/tables/lvis_v1_train_counts.csv"))
    lvis = np.array([int(row["instances"]) for row in table])
    counts = np.maximum(1, lvis * rows // lvis.sum())
    counts[counts.argmax()] += rows - counts.sum()
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    np.save(folder / "labels.npy", labels)
    mean = rng.standard_normal((len(counts), dim), dtype=np.float32)
    mixing = rng.standard_normal((dim, dim), dtype=np.float32) / np.float32(np.sqrt(dim))
    scale = np.linspace(1.5, 0.05, dim, dtype=np.float32)
    x = np.lib.format.open_memmap(folder / "embeddings.npy", "w+", np.float32, (rows, dim))
    for start in range(0, rows, 10_000):
        of = labels[start : start + 10_000]
        noise = rng.standard_normal((len(of), dim), dtype=np.float32) * scale
        x[start : start + 10_000] = np.maximum(mean[of] + noise @ mixing, 0)
    x.flush()


def listing1(folder):
    """The paper's Listing 1, class by class: covariance, eigenvectors, floor, the covariance again,
    its volume. The determinant is taken through slogdet, because as printed it overflows."""
    x, labels = np.load(folder / "embeddings.npy"), np.load(folder / "labels.npy")
    dim = x.shape[1]
    information = []
    for c in np.unique(labels):
        of = x[labels == c].astype(np.float64)
        centred = of - of.mean(axis=0)
        covariance = centred.T @ centred / len(of)
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, (1 - np.sqrt(dim / len(of))) ** 2)
        covariance = vectors @ np.diag(values) @ vectors.T
        information.append(0.5 * np.linalg.slogdet(np.eye(dim) + covariance)[1] / np.log(2))
    return np.array(information)


def measured(work):
    """Wall seconds and peak resident MiB of a child process that does `work`."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--folder", type=pathlib.Path, help="keeps the dump here, and uses it if it is there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        if not (folder / "embeddings.npy").exists():
            folder.mkdir(exist_ok=True)
            measured(lambda: make_dump(folder, arguments.rows, arguments.dim))
        command = [REPOSITORY / "target/release/igam-analyze", "information", "--quiet"]
        command += ["--embeddings", folder / "embeddings.npy", "--labels", folder / "labels.npy", "--out", folder]
        ours = measured(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
        print(f"igam-analyze {ours[0]:8.1f} s {ours[1]:8.0f} MiB", flush=True)
        theirs = measured(lambda: np.save(folder / "listing1.npy", listing1(folder)))
        print(f"Listing 1    {theirs[0]:8.1f} s {theirs[1]:8.0f} MiB")
        size = (folder / "embeddings.npy").stat().st_size
        print(f"the dump                {size / 2**20:8.0f} MiB")
        print(f"time: 1 / {theirs[0] / ours[0]:.1f}")
        table = csv.DictReader(open(folder / "information.csv"))
        information = np.array([float(row["information"]) for row in table])
        reference = np.load(folder / "listing1.npy")
        print(f"largest relative difference {np.abs(information / reference - 1).max():.1e}")


main()
