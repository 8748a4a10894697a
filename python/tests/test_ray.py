"""igam_analyze.ray on a running cluster: two nodes of worker processes, some of which are killed.

    python -m pytest python/tests/test_ray.py
"""

import csv
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import igam_analyze

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
ray = pytest.importorskip("ray")
from ray.cluster_utils import Cluster  # noqa: E402

from igam_analyze import ray as igam_ray  # noqa: E402

FOD_A = pathlib.Path(__file__).parents[2] / "data/fod-a/effnet-lite0-ce"
CLASSES, DIM = 40, 128


@pytest.fixture(scope="module")
def cluster():
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    cluster.add_node(num_cpus=2)
    ray.init(address=cluster.address, log_to_driver=False)
    # This module is known to no worker.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # Many blocks of little data: 4096 rows of 128 float32.
    context.target_max_block_size = 1 << 21
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def dump():
    """Post-ReLU embeddings of long-tailed classes: one has fewer than p, some hold most."""
    rng = np.random.default_rng(0)
    share = np.arange(1, CLASSES + 1) ** -1.5
    labels = rng.choice(CLASSES, 100_000, p=share / share.sum())
    mixing = rng.standard_normal((CLASSES, DIM)).astype(np.float32)
    noise = rng.standard_normal((len(labels), DIM), dtype=np.float32)
    return np.maximum(mixing[labels] + noise, 0), labels


def write_shards(folder, embeddings, labels, shards):
    """A directory of Parquet shards, with a column that cannot be read."""
    for shard in range(shards):
        x, y = embeddings[shard::shards], labels[shard::shards]
        lists = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x.shape[1])
        table = pa.table({"embedding": lists, "label": y, "image": [f"{shard}-{row}.jpg" for row in range(len(x))]})
        path = folder / f"shard-{shard:02}.parquet"
        pq.write_table(table, path, row_group_size=2048)
        metadata = pq.read_metadata(path)
        with open(path, "r+b") as file:
            for group in range(metadata.num_row_groups):
                image = metadata.row_group(group).column(2)
                file.seek(image.dictionary_page_offset or image.data_page_offset)
                file.write(bytes(image.total_compressed_size))
    return ray.data.read_parquet(str(folder))


def assert_same(ours, theirs):
    assert list(ours) == list(theirs)
    assert ours["class"] == theirs["class"]
    np.testing.assert_array_equal(ours["instances"], theirs["instances"])
    np.testing.assert_allclose(ours["information"], theirs["information"], rtol=1e-9, atol=0)


@pytest.mark.parametrize("estimator", ["mp-floor", "ledoit-wolf"])
def test_real_dump_as_in_one_process(cluster, tmp_path, estimator):
    embeddings, labels = np.load(FOD_A / "embeddings.npy"), np.load(FOD_A / "labels.npy")
    dataset = write_shards(tmp_path, embeddings, labels, shards=7)
    ours = igam_ray.information(dataset, estimator=estimator)
    assert_same(ours, igam_analyze.information(embeddings, labels, estimator=estimator))


def test_large_dump_as_in_one_process(cluster, tmp_path, dump):
    assert_same(igam_ray.information(write_shards(tmp_path, *dump, shards=8)), igam_analyze.information(*dump))


@pytest.mark.parametrize("kind", ["list", "tensor of Ray", "tensor of Arrow", "names"])
def test_every_kind_of_column(cluster, dump, kind):
    x, y = dump[0][:9_000], dump[1][:9_000]
    names = np.array([f"class {label:02}" for label in y])
    if kind == "tensor of Ray":
        shards = [{"x": x[start:][:3000], "y": y[start:][:3000]} for start in range(0, 9000, 3000)]
        dataset = ray.data.from_items(range(3)).map_batches(lambda batch: shards[batch["item"][0]], batch_size=1)
    else:
        column = pa.FixedShapeTensorArray.from_numpy_ndarray(x) if "tensor" in kind else pa.array(list(x))
        table = pa.table({"x": column, "y": names if kind == "names" else y})
        dataset = ray.data.from_arrow([table.slice(start, 3000) for start in range(0, 9000, 3000)])
    assert_same(
        igam_ray.information(dataset, "x", "y"), igam_analyze.information(x, names if kind == "names" else y)
    )


def trapped(work, folder, half):
    """The same work, but one task does half of it first and then waits, in `folder`, until somebody kills its process."""

    def task(*args):
        log(folder)
        try:
            (folder / "trap").mkdir()
        except FileExistsError:
            return work(*args)
        work(*half(args))
        (folder / "victim").symlink_to(str(os.getpid()))
        time.sleep(60)
        raise AssertionError("nobody killed this worker")

    task.__name__ = task.__qualname__ = work.__name__
    return task


def log(folder):
    """Writes down which task runs, in which process of which node."""
    context = ray.get_runtime_context()
    with open(folder / "log", "a") as file:
        file.write(f"{context.get_task_id()} {os.getpid()} {context.get_node_id()}\n")


def read_log(folder):
    return [line.split() for line in (folder / "log").read_text().splitlines()]


SPLIT = igam_ray.split


def list_of_split(*args):
    """`split` does nothing until somebody takes what it yields."""
    return list(SPLIT(*args))


list_of_split.__name__ = SPLIT.__name__


def half_blocks(args):
    return *args[:3], *(block.slice(0, len(block) // 2) for block in args[3:])


def half_parts(args):
    return args[: len(args) // 2]


class Killer(threading.Thread):
    """Kills the worker in the trap, and keeps what it worked on: Ray names a process after its task."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.victim, self.worker, self.task = folder / "victim", None, None

    def run(self):
        while not self.victim.is_symlink():
            time.sleep(0.01)
        self.worker = os.readlink(self.victim)
        self.task = pathlib.Path(f"/proc/{self.worker}/comm").read_text().strip()
        os.kill(int(self.worker), signal.SIGKILL)


@pytest.mark.parametrize(
    "stage, half",
    [
        ("split", half_blocks),
        ("split", tuple),
        ("merge", half_parts),
        ("merge", tuple),
        ("finish", half_parts),
        ("finish", tuple),
    ],
)
def test_killed_worker_costs_time_and_nothing_else(cluster, tmp_path, dump, monkeypatch, stage, half):
    (tmp_path / "shards").mkdir()
    dataset = write_shards(tmp_path / "shards", *dump, shards=8)
    work = list_of_split if stage == "split" else getattr(igam_ray, stage)
    monkeypatch.setattr(igam_ray, stage, trapped(work, tmp_path, half))
    monkeypatch.setattr(igam_ray, "MOST_PARTS", 6)  # So that most are merged before the last.
    killer = Killer(tmp_path)
    killer.start()
    ours = igam_ray.information(dataset)
    killer.join(timeout=0)

    tasks = read_log(tmp_path)
    [killed] = [task for task, worker, _ in tasks if worker == killer.worker][-1:]
    again = [worker for task, worker, _ in tasks if task == killed and worker != killer.worker]
    assert killer.task == f"ray::{stage}"
    assert len(set(again)) == 1
    assert not pathlib.Path(f"/proc/{killer.worker}").exists()
    assert_same(ours, igam_analyze.information(*dump))


def test_killed_node_costs_time_and_nothing_else(cluster, tmp_path, dump, monkeypatch):
    # Moments of larger blocks lie where they were made, not at the driver.
    monkeypatch.setattr(ray.data.DataContext.get_current(), "target_max_block_size", 1 << 24)
    (tmp_path / "shards").mkdir()
    dataset = write_shards(tmp_path / "shards", *dump, shards=8)
    doomed = cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes()

    def logged(*args):
        log(tmp_path)
        return list_of_split(*args)

    def waiting(*args):
        log(tmp_path)
        node = ray.get_runtime_context().get_node_id()
        (tmp_path / node).touch()
        # A worker outlives its node by a moment: there, this never ends.
        while node == doomed_id or not (tmp_path / "the node is dead").exists():
            time.sleep(0.01)
        return finish(*args)

    def kill():
        # All is split, and a bucket is at work there.
        while not (tmp_path / doomed.node_id).exists():
            time.sleep(0.01)
        cluster.remove_node(doomed, allow_graceful=False)
        (tmp_path / "the node is dead").touch()

    finish, remote, doomed_id = igam_ray.finish, igam_ray.remote, doomed.node_id

    def on_all_nodes(work, **options):
        return remote(work, **options).options(scheduling_strategy="SPREAD")

    monkeypatch.setattr(igam_ray, "split", logged)
    monkeypatch.setattr(igam_ray, "finish", waiting)
    monkeypatch.setattr(igam_ray, "remote", on_all_nodes)
    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    ours = igam_ray.information(dataset)
    killer.join(timeout=0)

    tasks = read_log(tmp_path)
    lost = {task for task, _, node in tasks if node == doomed.node_id}
    assert lost & {task for task, _, node in tasks if node != doomed.node_id}
    assert_same(ours, igam_analyze.information(*dump))


class Meter(threading.Thread):
    """The most memory of its own, without the object store, that a worker had at any time."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        nodes = cluster.list_all_nodes()
        self.raylets = {str(node.all_processes["raylet"][0].process.pid) for node in nodes}
        self.most, self.over = 0, threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            for path in pathlib.Path("/proc").glob("[0-9]*/status"):
                try:
                    status = dict(line.split(":\t", 1) for line in path.read_text().splitlines())
                except OSError:
                    continue  # It has ended.
                if status["PPid"] in self.raylets and status["Name"].startswith("ray::"):
                    self.most = max(self.most, int(status.get("RssAnon", "0 kB").split()[0]) * 1024)


def most_memory(cluster, dataset):
    meter = Meter(cluster)
    meter.start()
    information = igam_ray.information(dataset)
    meter.over.set()
    meter.join()
    return meter.most, information


def test_memory_of_a_worker_is_bounded_by_a_block_and_a_bucket(cluster):
    dim, rows = 1024, 1_000

    # Not from Parquet: what Ray's reader takes is its own.
    def block(batch):
        rng = np.random.default_rng(batch["id"])
        return {"embedding": rng.standard_normal((rows, dim), dtype=np.float32), "label": np.zeros(rows, int)}

    # One class is one bucket; from each block it gets rows.
    bucket, part = 8 * (dim * (dim + 1) // 2 + 2 * dim), rows * dim * 4
    most = {}
    for blocks in (8, 8, 48):  # The first warms the workers up.
        dataset = ray.data.range(blocks, override_num_blocks=blocks).map_batches(block, batch_size=None)
        most[blocks], information = most_memory(cluster, dataset)
        assert information["instances"].sum() == blocks * rows
    # What there is to merge grows by 40 parts, what a worker takes by less than ten.
    assert most[48] - most[8] < 2 * bucket + 4 * part, [bytes / part for bytes in most.values()]


@pytest.mark.parametrize("names", [False, True])
def test_moments_files_as_of_one_process(cluster, tmp_path, dump, names):
    embeddings, labels = dump
    if names:
        labels = np.array([f"class {label:02}" for label in labels])
    (tmp_path / "shards").mkdir()
    paths = igam_ray.moments(write_shards(tmp_path / "shards", embeddings, labels, shards=8), tmp_path / "moments")
    assert sorted(paths) == sorted((tmp_path / "moments").iterdir()) and len(paths) > 1

    ours = igam_analyze.Moments.load(tmp_path / "moments")
    assert_same(ours.information(), igam_analyze.information(embeddings, labels))
    alone = igam_analyze.Moments()
    alone.push(embeddings, labels)
    alone.save(tmp_path / "alone.parquet")
    tables = []
    for moments in ("moments", "alone.parquet"):
        command = [sys.executable, "-m", "igam_analyze", "information", "--moments", tmp_path / moments]
        command += ["--out", tmp_path / "out", "--format", "csv"]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        tables.append(list(csv.DictReader(printed.splitlines())))
    for ours, theirs in zip(*tables, strict=True):
        assert (ours["class_id"], ours["class"]) == (theirs["class_id"], theirs["class"])
        assert ours["instances"] == theirs["instances"]
        np.testing.assert_allclose(float(ours["information"]), float(theirs["information"]), rtol=1e-9)


def test_moments_files_of_two_runs_are_not_mixed(cluster, tmp_path):
    dataset = ray.data.from_arrow(pa.table({"embedding": [[1.0, 2.0], [3.0, 4.0]], "label": [0, 1]}))
    [path, _] = igam_ray.moments(dataset, tmp_path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="is not empty"):
        igam_ray.moments(dataset, tmp_path)
    assert path.read_bytes() == before


def test_refused_moments_leave_no_files(cluster, tmp_path):
    # The bucket of class 0 cannot be merged, those of the others can.
    blocks = [pa.table({"embedding": [[0.0] * dim] * 2, "label": [0, dim]}) for dim in (2, 3)]
    with pytest.raises(ValueError, match="dimensions"):
        igam_ray.moments(ray.data.from_arrow(blocks), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "dataset, sentence",
    [
        ({"embedding": [[1.0, 2.0], [3.0, float("nan")]], "label": [0, 1]}, "is NaN or infinite"),
        ({"embedding": [[1.0, 2.0], None], "label": [0, 1]}, "column 'embedding' holds nulls"),
        ({"embedding": [[1.0, 2.0], [3.0, None]], "label": [0, 1]}, "column 'embedding' holds nulls"),
        ({"embedding": [[1.0, 2.0], [3.0, 4.0]], "label": [0, None]}, "column 'label' holds nulls"),
        ({"embedding": [[1.0, 2.0], [3.0]], "label": [0, 1]}, "lists of 1 and of 2 values"),
        ({"embedding": [1.0, 2.0], "label": [0, 1]}, "column 'embedding' holds double"),
        ({"embedding": [[1.0, 2.0]], "label": [0.5]}, "0.5"),
        ({"embedding": [[1.0, 2.0]], "name": [0]}, "no column 'label', but ['embedding', 'name']"),
    ],
)
def test_refused_in_one_sentence(cluster, dataset, sentence):
    with pytest.raises(ValueError) as refusal:
        igam_ray.information(ray.data.from_arrow(pa.table(dataset)))
    print(refusal.value)
    assert sentence in str(refusal.value) and "\n" not in str(refusal.value)
    assert refusal.type is ValueError


def test_blocks_that_do_not_go_together_are_refused(cluster):
    # Neither in one bucket nor in two.
    for labels in ({2: [0, 1], 3: [0, 1]}, {2: [0, 0], 3: [1, 1]}):
        blocks = [pa.table({"embedding": [[0.0] * dim] * 2, "label": labels[dim]}) for dim in (2, 3)]
        with pytest.raises(ValueError, match="dimensions"):
            igam_ray.information(ray.data.from_arrow(blocks))


@pytest.mark.parametrize("rows", [0, 4])
def test_no_rows_are_refused(cluster, rows):
    dataset = ray.data.from_arrow(pa.table({"embedding": [[1.0]] * rows, "label": [0] * rows}))
    with pytest.raises(ValueError, match="no rows"):
        igam_ray.information(dataset.filter(lambda row: row["label"] > 0))
