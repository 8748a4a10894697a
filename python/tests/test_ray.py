"""igam_analyze.ray on a running cluster: two nodes of worker processes, some of which are killed.

    python -m pytest python/tests/test_ray.py
"""

import os
import pathlib
import signal
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
    """The same work, but the first task waits halfway, in `folder`, until somebody kills its process."""

    def task(*args):
        name = ray.get_runtime_context().get_task_id()
        with open(folder / "log", "a") as log:
            log.write(f"{name} {os.getpid()}\n")
        if not (folder / "victim").is_symlink():
            work(*half(args))
            try:
                (folder / "victim").symlink_to(str(os.getpid()))
                time.sleep(60)
                raise AssertionError("nobody killed this worker")
            except FileExistsError:
                pass
        return work(*args)

    task.__name__ = work.__name__
    return task


def half_block(args):
    return args[0].slice(0, len(args[0]) // 2), *args[1:]


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


@pytest.mark.parametrize("stage", ["fold", "merge", "aggregate_block", "finalize"])
def test_killed_worker_costs_time_and_nothing_else(cluster, tmp_path, dump, monkeypatch, stage):
    (tmp_path / "shards").mkdir()
    dataset = write_shards(tmp_path / "shards", *dump, shards=8)
    if stage in ("fold", "merge"):
        monkeypatch.setattr(igam_ray, stage, trapped(getattr(igam_ray, stage), tmp_path, half_block))
        name = "ray::MapBatches" if stage == "merge" else "ray::ReadFiles"
    else:

        class Trapped(igam_ray.InformationAmount):
            def __init__(self, *args):
                work = getattr(igam_ray.InformationAmount, stage)
                setattr(self, stage, trapped(work.__get__(self), tmp_path, lambda args: args))
                super().__init__(*args)

        monkeypatch.setattr(igam_ray, "InformationAmount", Trapped)
        name = "ray::HashAggreg"
    killer = Killer(tmp_path)
    killer.start()
    ours = igam_ray.information(dataset)
    killer.join(timeout=0)

    tasks = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    [killed] = [task for task, worker in tasks if worker == killer.worker][-1:]
    again = [worker for task, worker in tasks if task == killed and worker != killer.worker]
    assert killer.task.startswith(name)
    assert len(set(again)) == 1
    assert not pathlib.Path(f"/proc/{killer.worker}").exists()
    assert_same(ours, igam_analyze.information(*dump))


def private_memory():
    """Bytes of their own, without the object store, that each worker process of Ray has."""
    found = {}
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except OSError:
            continue  # It has ended.
        if lines["Name"].strip().startswith("ray::") and "RssAnon" in lines:
            found[status.parent.name] = int(lines["RssAnon"].split()[0]) * 1024
    return found


class Meter(threading.Thread):
    """The most private memory that a worker had at any time."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.over = 0, threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.most = max([self.most, *private_memory().values()])


def most_memory(dataset):
    meter = Meter()
    meter.start()
    information = igam_ray.information(dataset)
    meter.over.set()
    meter.join()
    return meter.most, information


def test_memory_of_a_worker_is_bounded_by_the_store(cluster, tmp_path):
    dim, few, many = 256, 4, 32
    rng = np.random.default_rng(0)
    labels = rng.integers(CLASSES, size=many * CLASSES * dim)
    embeddings = rng.standard_normal((len(labels), dim), dtype=np.float32)
    # All classes are folded: mean, scatter and third moments.
    store = CLASSES * 8 * (dim * (dim + 1) // 2 + 2 * dim)
    most = {}
    for shards in (few, many):
        (tmp_path / str(shards)).mkdir()
        rows = slice(len(labels) * shards // many)
        most[shards], _ = most_memory(write_shards(tmp_path / str(shards), embeddings[rows], labels[rows], shards))
    # The embeddings grow by 27 stores.
    assert most[many] - most[few] < 6 * store, [bytes / store for bytes in most.values()]


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
    blocks = [pa.table({"embedding": [[0.0] * dim] * 2, "label": [0, 1]}) for dim in (2, 3)]
    with pytest.raises(ValueError, match="dimensions"):
        igam_ray.information(ray.data.from_arrow(blocks))


@pytest.mark.parametrize("rows", [0, 4])
def test_no_rows_are_refused(cluster, rows):
    dataset = ray.data.from_arrow(pa.table({"embedding": [[1.0]] * rows, "label": [0] * rows}))
    with pytest.raises(ValueError, match="no rows"):
        igam_ray.information(dataset.filter(lambda row: row["label"] > 0))
