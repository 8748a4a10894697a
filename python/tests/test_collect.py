"""The folder that collectors write; collectors themselves are tested in frameworks/."""

import csv
import json
import os
import subprocess
import sys

import igam_analyze as ig
import numpy as np
import pytest
from igam_analyze import collect
from igam_analyze.collect import _dump

NAMES = {2: "bolt", 7: "nut, large", 4: "key"}


@pytest.fixture
def arrays():
    rng = np.random.default_rng(3)
    return rng.normal(size=(1000, 6)).astype(np.float32), rng.choice(list(NAMES), 1000)


def write(out, embeddings, labels, **options):
    with collect.Dump(out, NAMES, **options) as dump:
        at = 0
        for size in [0, 1, 127, 300, 17, 555]:
            dump.add(embeddings[at : at + size], labels[at : at + size])
            at += size
        return dump.finish("test", "values", "ids", np.ones((3, 6)), np.zeros(3), {"crowds": 4})


def test_shards_are_the_whole(arrays, tmp_path, monkeypatch, command):
    monkeypatch.setattr(_dump, "ROWS", 128)
    done = write(tmp_path / "dump", *arrays)
    assert done == collect.Collected(str(tmp_path / "dump"), "values", 1000, 6, "ids", {"crowds": 4})
    for kind, whole in zip(["embeddings", "labels"], arrays):
        shards = [np.load(path) for path in sorted((tmp_path / "dump" / kind).iterdir())]
        assert [len(shard) for shard in shards] == 7 * [128] + [104]
        assert {shard.dtype for shard in shards} == {np.dtype("f4" if kind == "embeddings" else "i8")}
        np.testing.assert_array_equal(np.concatenate(shards), whole)
        np.save(tmp_path / f"{kind}.npy", whole)
    of = {}
    for name, files in [("dump", "dump/{}"), ("whole", "{}.npy")]:
        x, y = files.format("embeddings"), files.format("labels")
        arguments = ["--embeddings", x, "--labels", y, "--class-names", "dump/class_names.csv", "--out", name]
        done = command("information", *arguments)
        assert done.returncode == 0, done.stderr
        of[name] = (tmp_path / name / "information.csv").read_text()
    assert of["dump"] == of["whole"]
    assert '"nut, large"' in of["dump"]


def test_folder(arrays, tmp_path):
    write(tmp_path / "new/dump", *arrays)
    files = {path.name for path in (tmp_path / "new/dump").iterdir()}
    files -= {"embeddings", "labels"}
    assert files == {"class_names.csv", "weights.npy", "bias.npy", "collected.json"}
    with open(tmp_path / "new/dump/class_names.csv", newline="") as file:
        assert list(csv.reader(file)) == [["class", "id"], ["bolt", "2"], ["key", "4"], ["nut, large", "7"]]
    said = json.loads((tmp_path / "new/dump/collected.json").read_text())
    assert said["rows"] == 1000 and said["left_out"] == {"crowds": 4} and said["framework"] == "test"
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "new/dump").stat().st_mode & 0o777 == 0o777 & ~mask


def test_the_folder_is_the_last_layer_too(tmp_path, command):
    rng = np.random.default_rng(5)
    centres = 4 * rng.normal(size=(3, 6)).astype(np.float32)
    labels = rng.choice([2, 4, 7], 300)
    embeddings = centres[np.searchsorted([2, 4, 7], labels)] + rng.normal(size=(300, 6)).astype(np.float32)
    # The background's row would take all rows of "key", if it were taken for a class.
    weights = np.vstack([centres, 3 * centres[1:2]])
    with collect.Dump(tmp_path / "dump", NAMES) as dump:
        dump.add(embeddings, labels)
        dump.finish("test", "values", "ids", weights, [0.5, 0, 0, 9])
    (tmp_path / "ap.csv").write_text('class,ap\nbolt,0.5\nkey,0.25\n"nut, large",0.75\n')
    # Other numbers than the collector's: classes go by name.
    (tmp_path / "counts.csv").write_text('class,id,instances\n"nut, large",1,9\nbolt,2,5\nkey,3,7\n')
    every = ["explain", "--ap", "ap.csv", "--counts", "counts.csv", "--embeddings", "dump", "--format", "json"]
    layer = ["dump/weights.npy", "--bias", "dump/bias.npy", "--background-row", "last"]
    said = [command(*every, "--weights", *one) for one in (["dump"], layer)]
    assert all(done.returncode == 0 for done in said), said[0].stderr
    assert json.loads(said[0].stdout) == json.loads(said[1].stdout)
    rows = list(csv.DictReader(open(tmp_path / "reports/classes.csv", newline="")))
    assert [(row["class"], row["instances"]) for row in rows] == [("bolt", "5"), ("key", "7"), ("nut, large", "9")]


def test_moments_say_the_same(arrays, tmp_path):
    write(tmp_path / "dump", *arrays, moments=True)
    assert not (tmp_path / "dump/embeddings").exists()
    ours = ig.Moments.load(tmp_path / "dump/moments.parquet").information()
    theirs = ig.information(*arrays, class_names=NAMES)
    assert ours["class"] == theirs["class"]
    np.testing.assert_allclose(ours["information"], theirs["information"], rtol=1e-9)


@pytest.mark.parametrize(
    "x, y, sentence",
    [
        (np.ones((2, 3)), [2], r"\(2, 3\) embeddings for \(1,\) labels"),
        (np.ones(3), [2, 2, 2], r"n×p and n are expected"),
        (np.ones((1, 4)), [2], "embeddings of 4 values after some of 3"),
        (np.ones((1, 3)), [3], "label 3 has no name; `class_names` has 2: 'bolt', 4: 'key', 7: 'nut, large'"),
        (np.array([[1, np.nan, 3]]), [2], "not finite"),
    ],
)
def test_bad_batches(tmp_path, x, y, sentence):
    with pytest.raises(ValueError, match=sentence), collect.Dump(tmp_path / "dump", NAMES) as dump:
        dump.add(np.ones((1, 3)), [2])
        dump.add(x, y)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_write(tmp_path):
    with pytest.raises(ValueError, match="no ground-truth box"), collect.Dump(tmp_path / "dump", NAMES) as dump:
        dump.finish("test", "values", "ids")
    with pytest.raises(ValueError, match="has no class"):
        collect.Dump(tmp_path / "dump", {})
    with pytest.raises(ValueError, match="'a' 2 times"):
        collect.Dump(tmp_path / "dump", {1: "a", 2: "a"})
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept(arrays, tmp_path):
    (tmp_path / "dump").mkdir()
    write(tmp_path / "dump", *arrays)
    (tmp_path / "file").write_text("mine")
    for name in ["dump", "file"]:
        with pytest.raises(FileExistsError, match="remove it, or choose another"):
            collect.Dump(tmp_path / name, NAMES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump", "file"]


def test_no_framework_is_imported():
    code = """
import sys
from igam_analyze import collect
print({"torch", "torchvision", "ultralytics", "transformers"} & set(sys.modules), dir(collect))
try:
    collect.tensorflow
except AttributeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        f"set() {sorted(collect.__all__)}",
        "module 'igam_analyze.collect' has no attribute 'tensorflow'",
    ], done.stderr
