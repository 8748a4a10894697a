import csv
import io
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]

# Readline, which pytest loads, sets it for the programs that are started: they would cut lines to its width.
os.unsetenv("COLUMNS")


def same_cells(table, text):
    """That each cell of a table is that of the file."""
    assert table.to_csv() == text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(table) == next(csv.reader(io.StringIO(text)))
    for name, column in table.items():
        assert len(column) == len(rows), name
        for ours, row in zip(column, rows):
            if isinstance(column, list):
                assert {None: "", True: "true", False: "false"}.get(ours, ours) == row[name], name
            else:
                theirs = np.float64(row[name] or "nan")
                np.testing.assert_array_equal(np.float64(ours), theirs, name)


def pytest_sessionfinish(session):
    """A skip is a failure where IGAM_ANALYZE_NO_SKIP is set, as `.ci/run` does."""
    skipped = session.config.pluginmanager.get_plugin("terminalreporter").stats.get("skipped")
    if skipped and os.environ.get("IGAM_ANALYZE_NO_SKIP"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def cli(tmp_path):
    """The program, built at the root, in a directory of its own."""

    def run(*arguments):
        program = ROOT / "target/release/igam-analyze"
        return subprocess.run([program, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True)

    return run


@pytest.fixture
def command(tmp_path):
    """The program of the wheel, in a directory of its own."""

    def run(*arguments):
        program = [sys.executable, "-m", "igam_analyze", *map(str, arguments)]
        return subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)

    return run


@pytest.fixture
def table(cli, tmp_path):
    """The columns of a csv file that the program writes: numbers, but for names."""

    def columns(name, *arguments):
        done = cli(*arguments)
        assert done.returncode == 0, done.stderr
        with open(tmp_path / "reports" / name, newline="") as file:
            rows = list(csv.DictReader(file))
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        names = {"run", "class", "dataset", "strategy", "ap_scale", "estimator"}
        return {name: cells if name in names else number(cells) for name, cells in columns.items()}

    def number(cells):
        return np.array([float(cell or "nan") for cell in cells])

    return columns


@pytest.fixture(params=["ce", "focal", "seesaw"])
def dump(request):
    """Paths and arrays of a detector's embeddings and labels."""
    folder = ROOT / "data/fod-a" / f"effnet-lite2-{request.param}"
    paths = folder / "embeddings.npy", folder / "labels.npy"
    return *paths, *map(np.load, paths)


@pytest.fixture
def long_tail():
    """Embeddings of a few classes with m far above, at and far below p = 40, and their labels."""
    rng = np.random.default_rng(9)
    labels = rng.permutation(np.repeat([3, 5, 8, 13, 21], [1000, 41, 40, 7, 1]))
    return rng.normal(3, 2, (len(labels), 40)), labels
