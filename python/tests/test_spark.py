"""igam_analyze.spark on a running cluster: two executors, some of which are killed.

    python -m pytest python/tests/test_spark.py
"""

import csv
import os
import pathlib
import shutil
import signal
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import igam_analyze

pyspark = pytest.importorskip("pyspark")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)

from pyspark.ml.linalg import SparseVector, Vectors  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

from igam_analyze import spark as igam_spark  # noqa: E402

FOD_A = pathlib.Path(__file__).parents[2] / "data/fod-a/effnet-lite0-ce"
CLASSES, DIM = 40, 128


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_WORKER_DIR"] = str(folder / "work")
    settings = {
        "spark.ui.enabled": "false",
        "spark.local.dir": folder / "local",
        "spark.sql.warehouse.dir": folder / "warehouse",
        # Many tasks and batches of little data.
        "spark.sql.files.maxPartitionBytes": 2 << 20,
        "spark.sql.files.openCostInBytes": 0,
        "spark.sql.execution.arrow.maxRecordsPerBatch": 1000,
        # A refusal is tried again, and an executor is killed once.
        "spark.task.maxFailures": 2,
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]")
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    # This module is known to no worker.
    pyspark.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield spark
    spark.stop()


@pytest.fixture(scope="module")
def dump():
    """Post-ReLU embeddings of long-tailed classes: one has fewer than p, some hold most."""
    rng = np.random.default_rng(0)
    share = np.arange(1, CLASSES + 1) ** -1.5
    labels = rng.choice(CLASSES, 100_000, p=share / share.sum())
    mixing = rng.standard_normal((CLASSES, DIM)).astype(np.float32)
    noise = rng.standard_normal((len(labels), DIM), dtype=np.float32)
    return np.maximum(mixing[labels] + noise, 0), labels


def in_shards(spark, folder, embeddings, labels, shards=8, names=("embedding", "label")):
    """A DataFrame of Parquet shards, which have another column."""
    for shard in range(shards):
        x, y = embeddings[shard::shards], labels[shard::shards]
        lists = pa.ListArray.from_arrays(np.arange(0, x.size + 1, x.shape[1], dtype=np.int32), x.reshape(-1))
        table = pa.table([lists, pa.array(y), pa.array(range(len(y)))], [*names, "image"])
        pq.write_table(table, folder / f"shard-{shard}.parquet", row_group_size=2048)
    return spark.read.parquet(str(folder))


def assert_same(ours, theirs):
    assert list(ours) == list(theirs)
    assert ours["class"] == theirs["class"]
    np.testing.assert_array_equal(ours["instances"], theirs["instances"])
    np.testing.assert_allclose(ours["information"], theirs["information"], rtol=1e-9, atol=0)


@pytest.fixture
def fod_a(spark, tmp_path):
    embeddings, labels = np.load(FOD_A / "embeddings.npy"), np.load(FOD_A / "labels.npy")
    (tmp_path / "shards").mkdir()
    return in_shards(spark, tmp_path / "shards", embeddings, labels), embeddings, labels


@pytest.mark.parametrize("estimator", ["mp-floor", "ledoit-wolf"])
def test_real_dump_as_in_one_process(fod_a, estimator):
    df, embeddings, labels = fod_a
    ours = igam_spark.information(df, estimator=estimator)
    assert_same(ours, igam_analyze.information(embeddings, labels, estimator=estimator))


@pytest.mark.parametrize("kind", ["float", "double", "dense", "sparse", "byte", "short", "names", "odd names"])
def test_every_kind_of_column(spark, tmp_path, dump, kind):
    x, y = dump[0][:4_000], dump[1][:4_000]
    if kind == "names":
        y = np.array([f"class {label:02}" for label in y])
    names = ("a.b`c", "d e") if kind == "odd names" else ("x", "y")
    if kind in ("dense", "sparse"):

        def vector(row):
            [places] = np.nonzero(row)
            return SparseVector(DIM, places, row[places]) if kind == "sparse" else Vectors.dense(row)

        df = spark.createDataFrame([(vector(row.astype(float)), int(label)) for row, label in zip(x, y)], list(names))
    else:
        types = {"double": (np.float64, y.dtype), "byte": (x.dtype, np.int8), "short": (x.dtype, np.int16)}
        of_x, of_y = types.get(kind, (x.dtype, y.dtype))
        df = in_shards(spark, tmp_path, x.astype(of_x), y.astype(of_y), shards=3, names=names)
    assert_same(igam_spark.information(df, *names), igam_analyze.information(x, y))


def trapped(work, folder, sprung):
    """The same work, with a log; the first task that has done a part of it waits until somebody kills its executor."""

    def task(batches, **arguments):
        context = pyspark.TaskContext.get()
        with open(folder / "log", "a") as log:
            log.write(f"{work.__name__} {context.partitionId()} {os.getpid()}\n")
        for result in work(batches, **arguments):
            yield result
            if sprung and not (folder / "victim").is_symlink():
                try:
                    (folder / "victim").symlink_to(str(os.getpid()))
                except FileExistsError:
                    continue
                time.sleep(60)
                raise AssertionError("nobody killed this executor")

    return task


def status(process, name):
    return int(pathlib.Path(f"/proc/{process}/status").read_text().partition(f"\n{name}:")[2].split()[0])


class Killer(threading.Thread):
    """Kills the executor above the worker in the trap."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.victim, self.worker, self.executor = folder / "victim", None, None

    def run(self):
        while not self.victim.is_symlink():
            time.sleep(0.01)
        self.worker = executor = int(os.readlink(self.victim))
        while b"CoarseGrainedExecutorBackend" not in pathlib.Path(f"/proc/{executor}/cmdline").read_bytes():
            executor = status(executor, "PPid")
        os.kill(executor, signal.SIGKILL)
        self.executor = executor


@pytest.mark.parametrize("stage", ["split", "merge"])
def test_killed_executor_costs_time_and_nothing_else(spark, tmp_path, dump, monkeypatch, stage):
    (tmp_path / "shards").mkdir()
    df = in_shards(spark, tmp_path / "shards", *dump)
    before = igam_spark.information(df)
    for name in ("split", "merge"):
        monkeypatch.setattr(igam_spark, name, trapped(getattr(igam_spark, name), tmp_path, sprung=name == stage))
    killer = Killer(tmp_path)
    killer.start()
    ours = igam_spark.information(df)
    killer.join(timeout=0)

    tasks = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    [killed] = [task for work, task, worker in tasks if (work, worker) == (stage, str(killer.worker))][-1:]
    assert len([worker for work, task, worker in tasks if (work, task) == (stage, killed)]) > 1
    if stage == "merge":
        # What the executor had split died with it.
        split = [task for work, task, _ in tasks if work == "split"]
        assert len(split) > len(set(split))
    assert killer.executor and not pathlib.Path(f"/proc/{killer.executor}").exists()
    assert_same(ours, igam_analyze.information(*dump))
    assert ours.to_csv() == before.to_csv()


def test_moments_are_those_of_one_process(fod_a, tmp_path, command):
    df, embeddings, labels = fod_a
    files = igam_spark.moments(df, tmp_path / "moments")
    assert sorted((tmp_path / "moments").iterdir()) == files
    assert len(files) > 1

    loaded, alone = igam_analyze.Moments.load(tmp_path / "moments"), igam_analyze.Moments()
    alone.push(embeddings, labels)
    classes = alone.information()["class"]
    ap = np.random.default_rng(0).uniform(0.1, 0.9, len(classes))
    ours, theirs = (
        igam_analyze.correlate(moments, ap=ap, geometry=igam_analyze.geometry(moments)).explain()
        for moments in (loaded, alone)
    )
    assert list(ours) == list(theirs)
    assert None not in ours["closest_1"]
    for name in ours:
        if isinstance(ours[name], np.ndarray):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=0, err_msg=name)
        else:
            assert ours[name] == theirs[name], name

    (tmp_path / "ap.csv").write_text("".join(f"{name},{value}\n" for name, value in [("class", "ap"), *zip(classes, ap)]))
    done = command("correlate", "--moments", "moments", "--ap", "ap.csv", "--out", "reports")
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "reports/information.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == classes
    ours = np.array([float(row["information"]) for row in rows])
    np.testing.assert_allclose(ours, alone.information()["information"], rtol=1e-9, atol=0)


def test_folder_is_whole_or_not_there(spark, fod_a, tmp_path):
    df, _, _ = fod_a
    with pytest.raises(ValueError, match="no rows"):
        igam_spark.moments(df.limit(0), tmp_path / "new")
    different = in_two_tasks(spark, [([0.0, 0.0], 0), ([0.0, 0.0, 0.0], 1)])
    with pytest.raises(ValueError, match="some embeddings have 2 dimensions, others 3"):
        igam_spark.moments(different, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["shards"]
    with pytest.raises(ValueError, match="shards is not empty"):
        igam_spark.moments(df, tmp_path / "shards")
    with pytest.raises(ValueError, match=f"{tmp_path}/apart is another folder on a node"):
        igam_spark.save(0, igam_analyze.Moments(), tmp_path / "apart/unfinished")


def workers():
    """The processes that a daemon of Spark has forked."""
    parents = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"pyspark.daemon" in path.read_bytes():
                parents[int(path.parent.name)] = status(path.parent.name, "PPid")
        except OSError:
            pass  # It has ended.
    return [process for process, parent in parents.items() if parent in parents]


def most_memory(df):
    """The most that a worker process took at any time."""
    for idle in workers():  # They keep memory, so the next ones are new.
        os.kill(idle, signal.SIGKILL)
    information = igam_spark.information(df)
    return max(status(worker, "VmHWM") * 1024 for worker in workers()), information


@pytest.mark.parametrize("stage", ["split", "merge"])
def test_memory_of_a_worker_is_bounded(spark, stage):
    # A task with many blocks of classes that stay rows; many tasks with moments of one class, which are folded.
    dim, rows, few, many = (8192, 500, 9, 25) if stage == "split" else (1024, 1100, 6, 30)

    def made(batches):
        for batch in batches:
            for number in batch["id"].to_pylist():
                x = np.random.default_rng(number).standard_normal((rows, dim), dtype=np.float32)
                lists = pa.ListArray.from_arrays(np.arange(0, x.size + 1, dim, dtype=np.int32), x.reshape(-1))
                labels = number * rows + np.arange(rows) if stage == "split" else np.zeros(rows, np.int64)
                yield pa.record_batch([lists, pa.array(labels)], ["embedding", "label"])

    most = {}
    for blocks in (few, many):
        tasks = 1 if stage == "split" else blocks
        df = spark.range(0, blocks, 1, tasks).mapInArrow(made, "embedding array<float>, label long")
        most[blocks], information = most_memory(df)
        assert information["instances"].sum() == blocks * rows
    grown = (many - few) * (rows * dim * 4 if stage == "split" else 8 * (dim * (dim + 1) // 2 + 2 * dim))
    print(f"{most[few]:,} bytes, then {most[many]:,}, of {grown:,} more")
    assert most[many] - most[few] < grown / 3


@pytest.mark.parametrize(
    "rows, types, sentence",
    [
        ([([1.0, 2.0], 0), ([3.0, float("nan")], 1)], "array<float>, y long", "is NaN or infinite"),
        ([([1.0, 2.0], 0), (None, 1)], "array<float>, y long", "column 'x' holds nulls"),
        ([([1.0, 2.0], 0), ([3.0, None], 1)], "array<double>, y long", "column 'x' holds nulls"),
        ([([1.0, 2.0], 0), ([3.0, 4.0], None)], "array<double>, y long", "column 'y' holds nulls"),
        ([([1.0, 2.0], 0), ([3.0], 1)], "array<double>, y long", "lists of 1 and of 2 values"),
        ([(1.0, 0), (2.0, 1)], "double, y long", "column 'x' holds double"),
        ([(["1.0"], 0)], "array<string>, y long", "embeddings are f16, f32 or f64"),
        ([([1.0, 2.0], 0.5)], "array<float>, y double", "0.5"),
        ([([1.0, 2.0], 0)], "array<float>, z long", "no column 'y', but ['x', 'z']"),
        ([], "array<float>, y long", "no rows"),
    ],
)
def test_refused_in_one_sentence(spark, rows, types, sentence):
    df = spark.createDataFrame(rows, f"x {types}").coalesce(1)
    with pytest.raises(ValueError) as refusal:
        igam_spark.information(df, "x", "y")
    print(refusal.value)
    assert sentence in str(refusal.value) and "\n" not in str(refusal.value)
    assert refusal.type is ValueError


def test_vectors_that_are_missing_or_do_not_go_together_are_refused(spark):
    for vectors, sentence in [((2, None), "holds nulls"), ((2, 3), "lists of 2 and of 3 values")]:
        rows = [(dim and Vectors.dense([0.0] * dim), 0) for dim in vectors]
        with pytest.raises(ValueError, match=sentence):
            igam_spark.information(spark.createDataFrame(rows, ["embedding", "label"]).coalesce(1))


def test_embeddings_of_different_tasks_that_do_not_go_together_are_refused(spark):
    for label in (0, 1):  # In the same bucket, and in another one.
        with pytest.raises(ValueError, match="dimensions"):
            igam_spark.information(in_two_tasks(spark, [([0.0, 0.0], 0), ([0.0, 0.0, 0.0], label)]))


def in_two_tasks(spark, rows):
    return spark.createDataFrame(spark.sparkContext.parallelize(rows, 2), "embedding array<float>, label long")
