"""What docs/scale.md says: sizes of moments files, rates, network volume, and the way to 10⁹ rows.

    pip install numpy pyarrow './python[ray,spark]'
    cargo build --release
    python benches/scale.py

Sizes are exact, from instance counts, and checked against files that are written. Rates are measured on dumps of
against_numpy.py; one thread of `moments`, since a cluster multiplies that. The least of three times, in turn.
Ray has all processors; what the program takes with all of them is the least that `information` can take there.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from against_numpy import LVIS, REPOSITORY, SHAPES, class_counts, make_dump

BINARY = REPOSITORY / "target/release/igam-analyze"
SETS = {
    "VOC": (55_800, ("voc_counts.csv", "voc0712_trainval")),
    "COCO": (849_949, ("coco_counts_and_ap.csv", "instances")),
    "LVIS": (1_270_141, LVIS),
}
# Dumps to measure: rows, and shards that they are cut into.
MEASURED = {128: (1_270_141, 16), 1024: (200_000, 8)}
BILLION, SHARDS, FAN_IN = 10**9, 1000, 10
# MiB of a block of Ray Data: by default, and of one that sends less.
BLOCKS = 128, 1024


def size(counts, dim):
    """Bytes of the vectors in a moments file of float32 embeddings: rows while m ≤ p, else T, Q and packed S."""
    rows = counts * dim * 4
    folded = 8 * (dim * (dim + 1) // 2 + dim + 1)
    return int(np.where(counts <= dim, rows, folded).sum() + 8 * dim * (counts > 0).sum())


def seconds(*arguments, repeat=3):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run([BINARY, *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)


def make_shards(folder, rows, dim, table, shards):
    SHAPES["scale"] = rows, dim, table
    make_dump(folder, "scale", "npy")
    x, y = np.load(folder / "embeddings.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    for shard, of in enumerate(np.array_split(np.arange(rows), shards)):
        np.save(folder / f"x{shard}.npy", x[of])
        np.save(folder / f"y{shard}.npy", y[of])
        lists = pa.FixedSizeListArray.from_arrays(pa.array(x[of].reshape(-1)), dim)
        (folder / "parquet").mkdir(exist_ok=True)
        shard = pa.table({"embedding": lists, "label": y[of]})
        path = folder / f"parquet/{of[0]:08}.parquet"
        pq.write_table(shard, path, row_group_size=8192, compression="none")
    return np.bincount(y)


def measure(dim):
    """Rows/s of `moments` in one thread and bytes/s of `merge`; prints rows/s of Ray; checks `size`."""
    rows, shards = MEASURED[dim]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        counts = make_shards(folder, rows, dim, LVIS, shards)
        files = [folder / f"m{shard}.parquet" for shard in range(shards)]
        took = 0
        for shard, file in enumerate(files):
            shard = ["--embeddings", folder / f"x{shard}.npy", "--labels", folder / f"y{shard}.npy"]
            took += seconds("moments", *shard, "--out", file, "--threads", "1")
        merging = seconds("merge", *files, "--out", folder / "all.parquet")
        read = sum(file.stat().st_size for file in files)
        written = (folder / "all.parquet").stat().st_size
        exact = size(counts, dim)
        print(
            f"p = {dim}: {rows:,} rows of LVIS's proportions in {shards} shards\n"
            f"  moments: {rows / took:,.0f} rows/s in one thread\n"
            f"  merge: {read / 2**20:.0f} MiB of moments in {merging:.2f} s, {read / merging / 1e9:.2f} GB/s\n"
            f"  the file of all: {written:,} bytes, {written / exact - 1:+.2%} of {exact:,} computed"
        )
        rate = rows / took
        alone, reading, information, moments = (rows / seconds for seconds in side_by_side(folder))
        print(
            f"  information: {alone:,.0f} rows/s with {os.cpu_count()} threads\n"
            f"  Ray, {os.cpu_count()} processors, from Parquet:\n"
            f"    Ray Data's reading alone: {reading:,.0f} rows/s\n"
            f"    moments: {moments:,.0f} rows/s, {moments / rate:.2f} of one thread's\n"
            f"    information: {information:,.0f} rows/s, {information / alone:.2f} of the program's, "
            f"{information / rate:.2f} of one thread's moments"
        )
        measure_spark(folder, rows, alone)
    return rate, read / merging


def side_by_side(folder):
    """Seconds of `information` of the program; of Ray Data's reading, of `information` and of moments files on Ray; in turn."""
    import ray

    import igam_analyze.ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    dump = ["--embeddings", folder / "embeddings.npy", "--labels", folder / "labels.npy"]

    def program():
        subprocess.run([BINARY, "information", *dump, "--out", folder / "out", "--quiet"], check=True, stdout=subprocess.DEVNULL)

    def reading():
        two = ray.data.read_parquet(str(folder / "parquet")).select_columns(["embedding", "label"])
        for _ in two.iter_internal_ref_bundles():
            pass

    def information():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            igam_analyze.ray.information(ray.data.read_parquet(str(folder / "parquet")))

    def moments():
        shutil.rmtree(folder / "moments", ignore_errors=True)
        igam_analyze.ray.moments(ray.data.read_parquet(str(folder / "parquet")), folder / "moments")

    times = {work: [] for work in (program, reading, information, moments)}
    for _ in range(3):
        for work, of_work in times.items():
            start = time.perf_counter()
            work()
            of_work.append(time.perf_counter() - start)
    return [min(of_work) for of_work in times.values()]


def measure_spark(folder, rows, alone):
    """Prints the rows/s of an executor for each processor; the program alone has `alone`."""
    from pyspark.sql import SparkSession

    import igam_analyze.spark

    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_WORKER_DIR": str(folder / "work")}
    builder = SparkSession.builder.master(f"local-cluster[{os.cpu_count()},1,2048]")
    builder = builder.config("spark.executor.memory", "2g").config("spark.local.dir", str(folder / "local"))
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    df = spark.read.parquet(str(folder / "parquet"))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            igam_analyze.spark.information(df)
        times.append(time.perf_counter() - start)
    spark.stop()
    rate = rows / min(times)
    print(
        f"  Spark, {os.cpu_count()} executors, from Parquet:\n"
        f"    information: {rate:,.0f} rows/s, {rate / alone:.2f} of the program's"
    )


def main():
    from igam_analyze._buckets import BUCKETS, bucket_of

    print("Moments files")
    for name, (rows, table) in SETS.items():
        for dim in MEASURED:
            counts = class_counts(rows, table)
            moments, dump = size(counts, dim), rows * dim * 4
            print(f"  {name}, p = {dim}: {moments / 2**20:,.1f} MiB of {dump / 2**20:,.0f}, {moments / dump:.1%}")
            if name == "VOC":
                check_voc(rows, dim, table)
    import ray

    ray.init("local", num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    rates = {dim: measure(dim) for dim in MEASURED}
    ray.shutdown()
    print(f"Projected: {BILLION:,} rows of LVIS's proportions in {SHARDS} shards, merged by {FAN_IN}")
    for dim, (rate, merging) in rates.items():
        # A shard, and what each level of the tree writes.
        levels = [SHARDS // FAN_IN**level for level in range(4)]
        files = [size(class_counts(BILLION // count, LVIS), dim) for count in levels]
        volume = sum(count * file for count, file in zip(levels[:-1], files))
        merge = sum(FAN_IN * file for file in files[:-1]) / merging
        print(
            f"  p = {dim}: {BILLION / rate / 3600:.1f} h of one core; with {SHARDS} jobs "
            f"{BILLION / SHARDS / rate:.1f} s a shard, then {merge:.0f} s in three levels; "
            f"{files[0] / 2**20:,.0f} MiB a shard's file, {files[-1] / 2**20:,.0f} MiB of all, "
            f"{volume / 2**30:,.0f} GiB over the network of {BILLION * dim * 4 / 2**30:,.0f} GiB of embeddings"
        )
        for block in BLOCKS:
            rows = block * 2**20 // (dim * 4)
            buckets = dict.fromkeys(range(BUCKETS), 0.0)
            for label, count in enumerate(class_counts(rows, LVIS)):
                # No mean goes with rows.
                sent = count * dim * 4 if count <= dim else size(np.array([count]), dim)
                buckets[bucket_of(label, BUCKETS)] += sent * BILLION / rows
            volume, most = sum(buckets.values()), max(buckets.values())
            print(
                f"    Ray, blocks of {block} MiB: {volume / 2**30:,.0f} GiB over the network, "
                f"{most / 2**30:,.0f} GiB to the largest of {BUCKETS} buckets, {most / merging:,.0f} s to merge"
            )


def check_voc(rows, dim, table):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        counts = make_shards(folder, rows, dim, table, 1)
        shard = ["--embeddings", folder / "x0.npy", "--labels", folder / "y0.npy"]
        seconds("moments", *shard, "--out", folder / "m.parquet", repeat=1)
        written = (folder / "m.parquet").stat().st_size
        exact = size(counts, dim)
        print(f"    written: {written:,} bytes, {written / exact - 1:+.2%} of {exact:,} computed")


if __name__ == "__main__":
    main()
