"""igam-analyze against NumPy on the same long-tailed dump, in turn, in the same minutes.

    pip install numpy pyarrow
    cargo build --release
    python benches/against_numpy.py [--shape voc|coco|lvis-300k|lvis|lvis-eighth|tail] [--repeat 3] [--format npy|parquet]

Compared are (a) the paper's Listing 1 as printed, but for its determinant, which overflows and is
taken through slogdet; (b) NumPy done well: the rows of a class gathered once, X.T @ X (SYRK) or the
Gram matrix where it is smaller, eigvalsh; in float64, and (b) and igam-analyze in float32 too. Printed
are the medians of wall time, CPU time and peak resident memory, the ratios to igam-analyze, and the
largest relative difference of the information amounts.

At 1024 dimensions (a) takes ten minutes, half a second a class: only every eighth class, by size, is
computed then, and the times printed are eight times as long.

Shapes: rows x dimensions / classes, with the class proportions of Pascal VOC 2007+2012, COCO and
LVIS v1.0 (data/tables); `lvis-eighth` has every eighth class of LVIS, by size, from the largest on; `tail` is
log-normal with a median of 91 instances a class. Features are
rectified Gaussians whose covariance eigenvalues fall as j^-1.3, as those of the networks in
data/fod-a do.
"""

import argparse
import csv
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

REPOSITORY = pathlib.Path(__file__).parent.parent
LVIS = ("lvis_v1_train_counts.csv", "instances")
SHAPES = {
    "voc": (55_800, 128, ("voc_counts.csv", "voc0712_trainval")),
    "coco": (605_638, 128, ("coco_counts_and_ap.csv", "instances")),
    "lvis-300k": (300_000, 1024, LVIS),
    "lvis": (1_270_141, 1024, LVIS),
    "lvis-eighth": (None, 1024, LVIS),
    "tail": (182_000, 1024, None),
}


# (a) computes every eighth class beyond so many dimensions.
LARGE, SAMPLE = 256, 8


def class_counts(rows, table):
    if table is None:
        normal = statistics.NormalDist()
        weights = np.exp([normal.inv_cdf((c + 0.5) / 1200) for c in range(1200)])
    else:
        with open(REPOSITORY / "data/tables" / table[0]) as file:
            weights = np.array([int(row[table[1]]) for row in csv.DictReader(file)])
    if rows is None:
        return np.sort(weights)[::-8]
    counts = np.maximum(1, (weights * (rows / weights.sum())).astype(int))
    counts[counts.argmax()] += rows - counts.sum()
    return counts


def make_dump(folder, shape, kind):
    rows, dim, table = SHAPES[shape]
    rng = np.random.default_rng(0)
    counts = class_counts(rows, table)
    rows = int(counts.sum())
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    np.save(folder / "labels.npy", labels)
    mean = rng.standard_normal((len(counts), dim), dtype=np.float32)
    directions = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    mixing = (np.sqrt(40 * np.arange(1, dim + 1) ** -1.3)[:, None] * directions).astype(np.float32)
    x = np.lib.format.open_memmap(folder / "embeddings.npy", "w+", np.float32, (rows, dim))
    for start in range(0, rows, 10_000):
        of = labels[start : start + 10_000]
        noise = rng.standard_normal((len(of), dim), dtype=np.float32) @ mixing
        x[start : start + 10_000] = np.maximum(mean[of] + noise, 0)
    x.flush()
    if kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        column = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), dim)
        path = folder / "embeddings.parquet"
        pq.write_table(pa.table({"embedding": column}), path, row_group_size=8192, compression="none")


def embeddings(folder, kind):
    if kind == "npy":
        return np.load(folder / "embeddings.npy", mmap_mode="r")
    import pyarrow.parquet as pq

    column = pq.read_table(folder / "embeddings.parquet")["embedding"].combine_chunks()
    return column.values.to_numpy().reshape(len(column), -1)


def by_class(x, labels):
    for rows in rows_by_class(labels):
        yield x[rows]


def rows_by_class(labels):
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(labels))[:-1])


def listing1(x, labels):
    """(a) covariance, eigenvectors, floor, the covariance again, its volume; class by class."""
    dim = x.shape[1]
    by_size = np.argsort(np.bincount(labels), kind="stable")
    sample = set(by_size[:: SAMPLE if dim > LARGE else 1])
    for number, rows in enumerate(rows_by_class(labels)):
        if number not in sample:
            yield np.nan
            continue
        of = x[rows].astype(np.float64)
        centred = of - of.mean(axis=0)
        covariance = centred.T @ centred / len(of)
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, (1 - np.sqrt(dim / len(of))) ** 2)
        covariance = vectors @ np.diag(values) @ vectors.T
        yield 0.5 * np.linalg.slogdet(np.eye(dim) + covariance)[1] / np.log(2)


def done_well(x, labels, dtype=np.float64):
    """(b)"""
    dim = x.shape[1]
    for of in by_class(x, labels):
        of = of.astype(dtype)
        of -= of.mean(axis=0)
        values = np.linalg.eigvalsh((of @ of.T if len(of) < dim else of.T @ of) / len(of))
        floor = (1 - np.sqrt(dim / len(of))) ** 2
        null = (dim - len(values)) * np.log2(1 + floor)
        yield 0.5 * (np.log2(1 + np.maximum(values.astype(np.float64), floor)).sum() + null)


PROGRAMS = {"a": listing1, "b": done_well, "b-float32": lambda x, labels: done_well(x, labels, np.float32)}


class Run:
    """Wall seconds, CPU seconds and peak MiB of a program, a list of each."""

    def __init__(self, name, command):
        self.name, self.command, self.measured = name, [str(word) for word in command], []

    def once(self, times=1):
        # Settings made for other programs would slow NumPy down.
        environment = {name: value for name, value in os.environ.items() if "BLAS" not in name}
        start = time.perf_counter()
        child = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0, self.name
        cpu = usage.ru_utime + usage.ru_stime
        wall = time.perf_counter() - start
        self.measured.append((times * wall, times * cpu, usage.ru_maxrss / 1024))

    def medians(self):
        return [statistics.median(column) for column in zip(*self.measured)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="lvis-300k")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--format", choices=["npy", "parquet"], default="npy")
    parser.add_argument("--folder", type=pathlib.Path, help="keeps the dump here, and uses it if it is there")
    parser.add_argument("--only", choices=["dump", *PROGRAMS], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only == "dump":
        return make_dump(arguments.folder, arguments.shape, arguments.format)
    if arguments.only:
        x, labels = embeddings(arguments.folder, arguments.format), np.load(arguments.folder / "labels.npy")
        return np.save(arguments.folder / f"{arguments.only}.npy", np.array(list(PROGRAMS[arguments.only](x, labels))))
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)

        def python(only):
            options = ["--shape", arguments.shape, "--format", arguments.format, "--folder", folder]
            return Run(only, [sys.executable, __file__, "--only", only, *options])

        if not (folder / f"embeddings.{arguments.format}").exists():
            python("dump").once()
        command = [REPOSITORY / "target/release/igam-analyze", "information", "--quiet"]
        command += ["--embeddings", folder / f"embeddings.{arguments.format}", "--labels", folder / "labels.npy"]
        ours = Run("igam-analyze", [*command, "--out", folder])
        ours32 = Run("in float32", [*command, "--out", folder / "f32", "--precision", "f32"])
        listing, well, well32 = map(python, PROGRAMS)
        dim, rows = SHAPES[arguments.shape][1], len(np.load(folder / "labels.npy"))
        for turn in range(arguments.repeat):
            for run in (ours, ours32, well, well32):
                run.once()
            if dim <= LARGE:
                listing.once()
        if dim > LARGE:
            listing.once(times=SAMPLE)

        def information_amounts(folder):
            with open(folder / "information.csv") as file:
                return np.array([float(row["information"]) for row in csv.DictReader(file)])

        information = information_amounts(folder)
        print(f"{arguments.shape}: {rows} x {dim} / {len(information)} classes, {arguments.format}")
        print("                wall s    CPU s  peak MiB  wall    memory  largest relative difference")
        base = ours.medians()
        for run in (ours, ours32, listing, well, well32):
            wall, cpu, peak = run.medians()
            line = f"{run.name:14} {wall:7.2f} {cpu:8.2f} {peak:9.0f}"
            if run is not ours:
                theirs = information_amounts(folder / "f32") if run is ours32 else np.load(folder / f"{run.name}.npy")
                difference = np.nanmax(np.abs(information / theirs - 1))
                line += f"  {wall / base[0]:6.1f} x {peak / base[2]:5.1f} x  {difference:.1e}"
            print(line)


if __name__ == "__main__":
    main()
