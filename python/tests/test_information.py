"""information() against the program, to the last bit, and against NumPy."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import igam_analyze
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

ESTIMATORS = ["mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf", "oas"]
NAMES = ROOT / "data/fod-a/classes.txt"


def equal(ours, theirs):
    """That all columns that both have are the same, bit for bit."""
    assert len(set(ours) & set(theirs)) >= 7
    for name in set(ours) & set(theirs):
        np.testing.assert_array_equal(np.asarray(ours[name]), np.asarray(theirs[name]), name)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_is_the_program(dump, table, estimator):
    embeddings, labels, x, y = dump
    arguments = ["--embeddings", embeddings, "--labels", labels, "--estimator", estimator]
    equal(igam_analyze.information(x, y, estimator), table("information.csv", "information", *arguments))


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("precision", ["f64", "f32"])
def test_is_the_program_in_every_type(tmp_path, table, long_tail, kind, precision):
    x, y = long_tail[0].astype(kind), long_tail[1]
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    arguments = ["information", "--embeddings", "x.npy", "--labels", "y.npy", "--precision", precision]
    theirs = table("information.csv", *arguments)
    for layout in [x, np.asfortranarray(x), x.astype(x.dtype.newbyteorder()), np.repeat(x, 2, axis=0)[::2]]:
        equal(igam_analyze.information(layout, y, precision=precision), theirs)
    moments = igam_analyze.Moments(precision)
    for start in range(0, len(y), 77):
        moments.push(x[start : start + 77], y[start : start + 77])
    equal(moments.information(), theirs)


def test_class_names_and_background(dump, tmp_path, table):
    embeddings, _, x, y = dump
    y = np.where(y == 4, -1, y)
    np.save(tmp_path / "y.npy", y)
    arguments = ["--embeddings", embeddings, "--labels", "y.npy", "--background-label", "-1"]
    named = table("information.csv", "information", *arguments, "--class-names", NAMES)
    names = NAMES.read_text().splitlines()
    ours = igam_analyze.information(x, y, class_names=names, background_label=-1)
    equal(ours, named)
    assert np.isnan(ours["information"][4]) and ours["instances"][4] == 0
    by_id = igam_analyze.information(x, y, class_names=dict(enumerate(names)), background_label=-1)
    equal(by_id, named)
    unnamed = table("information.csv", "information", *arguments)
    equal(igam_analyze.information(x, y, background_label=-1), unnamed)
    # Labels that are names have them in alphabetical order.
    text = igam_analyze.information(x, np.array([*names, "ground"])[y], background_label="ground")
    assert text["class"] == sorted(set(names) - {names[4]})
    bits = dict(zip(ours["class"], ours["information"]))
    np.testing.assert_array_equal(text["information"], [bits[name] for name in text["class"]])


def test_against_numpy(long_tail):
    x, y = long_tail
    frame = pd.DataFrame(igam_analyze.information(x, y, "sample")).set_index("class_id")
    for label, of_class in frame.iterrows():
        rows = x[y == label]
        covariance = np.cov(rows.T, bias=True)
        bits = np.linalg.slogdet(np.eye(40) + covariance)[1] / 2 / np.log(2)
        assert of_class["information"] == pytest.approx(bits, rel=1e-12)
        assert of_class["instances"] == len(rows)
        assert of_class["dim_per_instance"] == 40 / len(rows)
    floor = pd.DataFrame(igam_analyze.information(x, y)).set_index("class_id")
    for label, of_class in floor.iterrows():
        rows = x[y == label]
        edge = (1 - np.sqrt(40 / len(rows))) ** 2
        values = np.maximum(np.linalg.eigvalsh(np.cov(rows.T, bias=True)), edge)
        assert of_class["information"] == pytest.approx(np.log2(1 + values).sum() / 2, rel=1e-12)
        assert of_class["floor"] == pytest.approx(edge, rel=1e-12)


PEAK = """
import json, re, sys
import igam_analyze, numpy as np
def peak():
    # Not ru_maxrss: a new program inherits it from the process that starts it.
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
kind, copied = sys.argv[1], sys.argv[2] == "copied"
x = np.ones((200_000, 256), kind)
x += np.arange(256, dtype=kind) / 256
y = np.zeros(len(x), int)
before = peak()
igam_analyze.information(np.asfortranarray(x) if copied else x, y)
json.dump([x.nbytes, peak() - before], sys.stdout)
"""


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_no_copy(kind):
    def run(how):
        done = subprocess.run([sys.executable, "-c", PEAK, kind, how], capture_output=True, check=True)
        return json.loads(done.stdout)

    size, grown = run("as it is")
    # Beside labels and row numbers, the moments of one class.
    assert grown < size / 4
    size, grown = run("copied")
    assert grown > size


def test_others_work_meanwhile():
    """The interpreter is free: another thread goes on while a long computation runs."""
    x = np.random.default_rng(0).normal(size=(3_000, 2_500))
    done = threading.Event()

    def compute():
        igam_analyze.information(x, np.zeros(len(x), int), "qis")
        done.set()

    thread = threading.Thread(target=compute)
    started = last = time.perf_counter()
    longest, turns = 0.0, 0
    thread.start()
    while not done.is_set():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, last, turns = max(longest, now - last), now, turns + 1
    thread.join()
    took = time.perf_counter() - started
    assert took > 0.2 and turns > 20
    assert longest < took / 4


def in_child(queue):
    queue.put(float(igam_analyze.information(np.eye(6), [0] * 6)["information"][0]))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_after_a_fork():
    """A parent's threads are not there after a fork, as in a data loader's workers."""
    expected = igam_analyze.information(np.eye(6), [0] * 6)["information"][0]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=30) == expected
    finally:
        child.kill()
        child.join()


def test_threads_do_not_matter(dump):
    _, _, x, y = dump
    code = (
        "import sys, igam_analyze, numpy as np; x, y = map(np.load, sys.argv[1:]);"
        "sys.stdout.buffer.write(igam_analyze.information(x, y)['information'].tobytes())"
    )
    one, three = (
        subprocess.run(
            [sys.executable, "-c", code, *dump[:2]],
            env=os.environ | {"RAYON_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ["1", "3"]
    )
    assert one == three == igam_analyze.information(x, y)["information"].tobytes()
