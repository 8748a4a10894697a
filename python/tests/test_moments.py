"""Moments: batches, merging, pickles and files."""

import pickle
import threading

import igam_analyze
import numpy as np
import pytest
from test_information import ESTIMATORS, NAMES, equal


def pushed(x, y, size, **options):
    moments = igam_analyze.Moments(**options)
    for start in range(0, len(y), size):
        moments.push(x[start : start + size], y[start : start + size])
    return moments


def close(ours, theirs):
    """That both have the same classes and, but for rounding, the same information."""
    assert ours["class"] == theirs["class"]
    np.testing.assert_array_equal(ours["class_id"], theirs["class_id"])
    np.testing.assert_array_equal(ours["instances"], theirs["instances"])
    np.testing.assert_allclose(ours["information"], theirs["information"], rtol=1e-9, atol=0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_batches_are_the_whole(dump, table, estimator):
    embeddings, labels, x, y = dump
    arguments = ["--embeddings", embeddings, "--labels", labels, "--estimator", estimator]
    theirs = table("information.csv", "information", *arguments)
    for size in [1, 100, len(y)]:
        moments = pushed(x, y, size)
        equal(moments.information(estimator), theirs)
    assert (moments.dim, moments.instances) == (128, len(y))
    # It may be asked in between, and goes on.
    moments = pushed(x[:1000], y[:1000], 100)
    moments.information(estimator)
    moments.push(x[1000:], y[1000:])
    equal(moments.information(estimator), theirs)


def test_wider_rows_widen_those_before(long_tail):
    x, y = long_tail
    narrow = x.astype("f4")
    mixed = np.concatenate([narrow[:500], x[500:]])
    moments = pushed(narrow[:500], y[:500], 130)
    moments.push(x[500:700], y[500:700])
    moments.push(x[700:], y[700:])
    equal(moments.information(), igam_analyze.information(mixed, y))
    # And narrow ones are widened from then on.
    moments = pushed(x[:500], y[:500], 130)
    moments.push(narrow[500:], y[500:])
    equal(moments.information(), igam_analyze.information(np.concatenate([x[:500], narrow[500:]]), y))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_merged_in_any_order(long_tail, estimator):
    x, y = long_tail
    whole = igam_analyze.information(x, y, estimator)
    rng = np.random.default_rng(1)
    for _ in range(3):
        shards = np.array_split(rng.permutation(len(y)), 16)
        # f32 would be other numbers: only the store may be of either width.
        parts = [pushed(x[shard], y[shard], 50) for shard in shards]
        one = igam_analyze.Moments()
        for part in parts:
            one.merge(part)
        close(one.information(estimator), whole)
        while len(parts) > 1:
            for left, right in zip(parts[::2], parts[1::2]):
                left.merge(right)
            parts = parts[::2]
        close(parts[0].information(estimator), whole)


def test_labels_that_are_names(long_tail):
    x, y = long_tail
    names = np.array([f"class {label:02}" for label in y])
    whole = igam_analyze.information(x, names)
    assert whole["class"] == [f"class {label:02}" for label in [3, 5, 8, 13, 21]]
    np.testing.assert_array_equal(whole["information"], igam_analyze.information(x, y)["information"])
    backwards = pushed(x[::-1], names[::-1], 200)
    backwards.merge(igam_analyze.Moments())
    close(backwards.information(), whole)
    for kind in [list, lambda names: names.astype(object)]:
        equal(igam_analyze.information(x, kind(names)), whole)


def test_pickle(long_tail):
    x, y = long_tail
    for moments in [
        igam_analyze.Moments("f32"),
        igam_analyze.Moments(class_names=["a", "b"]),
        pushed(x, y, 100),
        pushed(x.astype("f4"), y, 100),
        pushed(x, y.astype(str), 100),
    ]:
        buffers = []
        body = pickle.dumps(moments, protocol=5, buffer_callback=buffers.append)
        again = pickle.loads(body, buffers=buffers)
        equal(again.information(), moments.information())
        assert (again.dim, again.instances) == (moments.dim, moments.instances)
        # What is large goes beside it: nothing but names lies in the pickle itself.
        assert len(body) < 2000 and len(buffers) <= 4
    assert sum(buffer.raw().nbytes for buffer in buffers) < x.nbytes
    again.merge(pushed(x, y.astype(str), 100))
    assert again.instances == 2 * len(y)
    with pytest.raises(ValueError, match="damaged"):
        state = moments.__reduce__()[2]
        igam_analyze.Moments().__setstate__(state | {"rows": state["rows"][1:]})


def test_files_are_the_programs(dump, cli, table, tmp_path):
    embeddings, labels, x, y = dump
    direct = table("information.csv", "information", "--embeddings", embeddings, "--labels", labels)
    pushed(x, y, 64).save(tmp_path / "ours.parquet")
    equal(table("information.csv", "information", "--moments", "ours.parquet"), direct)
    assert cli("moments", "--embeddings", embeddings, "--labels", labels, "--out", "theirs.parquet").returncode == 0
    theirs = igam_analyze.Moments.load(tmp_path / "theirs.parquet")
    equal(theirs.information(), direct)
    # The same embeddings by another way are known as such.
    done = cli("merge", "ours.parquet", "theirs.parquet", "--out", "both.parquet")
    assert done.returncode == 1 and "merge each shard once" in done.stderr
    for other in [pushed(x, y, 100), igam_analyze.Moments.load(tmp_path / "ours.parquet")]:
        with pytest.raises(ValueError, match="merge each shard once"):
            theirs.merge(other)
        with pytest.raises(ValueError, match="merge each shard once"):
            other.merge(theirs)
    assert theirs.instances == len(y)


def test_shards_of_both_kinds(dump, cli, table, tmp_path):
    _, _, x, y = dump
    names = NAMES.read_text().splitlines()
    (tmp_path / "moments").mkdir()
    pushed(x[:1500], y[:1500], 64, class_names=names).save(tmp_path / "moments/0.parquet")
    np.save(tmp_path / "x.npy", x[1500:])
    np.save(tmp_path / "y.npy", y[1500:])
    arguments = ["--embeddings", "x.npy", "--labels", "y.npy", "--class-names", NAMES]
    assert cli("moments", *arguments, "--out", "moments/1.parquet").returncode == 0
    whole = igam_analyze.information(x, y, class_names=names)
    close(table("information.csv", "information", "--moments", "moments"), whole)
    loaded = igam_analyze.Moments.load(tmp_path / "moments")
    close(loaded.information(), whole)
    first = igam_analyze.Moments.load(tmp_path / "moments/0.parquet")
    first.push(x[1500:], y[1500:])
    close(first.information(), whole)
    first.save(tmp_path / "all.parquet")
    close(table("information.csv", "information", "--moments", "all.parquet"), whole)


def test_classes_without_embeddings_have_a_row(long_tail):
    x, y = long_tail
    moments = igam_analyze.Moments(class_names=[f"class {i}" for i in range(30)])
    assert np.isnan(moments.information()["information"]).all()
    moments.push(np.empty((0, 40)), [])
    moments.push(x, y)
    result = moments.information()
    assert np.flatnonzero(result["instances"]).tolist() == [3, 5, 8, 13, 21]
    margins = igam_analyze.margins(result["information"])
    assert margins.shape == (30, 30) and margins[0].max() == 0 and margins[21].max() > 0


def test_a_refused_batch_changes_nothing(long_tail):
    x, y = long_tail
    moments = pushed(x, y, 100)
    before = moments.information()
    bad = x.copy()
    bad[3, 1] = np.nan
    for embeddings, labels in [(bad, y), (x, y[1:]), (x[:, 1:], y), (x, [f"class {i}" for i in y]), (x, y - 4)]:
        with pytest.raises(ValueError):
            moments.push(embeddings, labels)
    equal(moments.information(), before)


def test_many_threads_use_one(long_tail):
    x, y = long_tail
    shared, others = igam_analyze.Moments(), [pushed(x, y, 100) for _ in range(4)]

    def work(other):
        shared.push(x, y)
        other.merge(shared)
        shared.merge(other)
        shared.information()

    threads = [threading.Thread(target=work, args=[other], daemon=True) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    # Each push, and each of what the others held when they were merged, is there.
    assert shared.instances >= 8 * len(y)
    assert shared.instances % len(y) == 0
