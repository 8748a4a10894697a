"""docs/columns.md has every column of every table, and no other."""

import csv
import json
import re

import pyarrow.parquet as pq
import pytest
from conftest import ROOT

PAGE = ROOT / "docs/columns.md"
FOD_A, FOD_A2 = ROOT / "data/fod-a", ROOT / "data/fod-a2"
DUMP = ["--embeddings", FOD_A2 / "cos/embeddings.npy", "--labels", FOD_A2 / "labels.npy"]
NAMED = [*DUMP, "--class-names", FOD_A2 / "classes.txt"]
RUNS = FOD_A2 / "runs.toml"
NAMES = ["EfficientNet-Lite0 CE", "EfficientNet-Lite0 Cosine"]

# Together they write every table.
COMMANDS = [
    ["information", *NAMED],
    ["correlate", "--runs", FOD_A / "runs.toml", "--groups", "20,100", "--estimator", "all"],
    ["explain", "--runs", ROOT / "data/shapes/runs.toml"],
    ["compare", RUNS, RUNS, "--run", *NAMES],
    ["margins", *NAMED],
    ["loss", *NAMED, "--weights", FOD_A2 / "cos/weights.npy"],
    ["probe", *NAMED, "--losses", "igam", "--normalization", "softmax", "--seeds", "3", "--folds", "2"],
    ["queue-size", *DUMP, "--memory-budget", "1MiB", "--replay"],
]


def documented():
    """The names in the first column of each section's table."""
    sections = re.findall(r"^## `([\w.]+)`\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    assert len(dict(sections)) == len(sections)
    cells = {file: re.findall(r"^\| (`[^|]*) \|", text, re.M) for file, text in sections}
    return {file: re.findall(r"`(\w+)`", " ".join(rows)) for file, rows in cells.items()}


@pytest.fixture
def written(command, tmp_path):
    """The columns of each table that the commands write."""
    for arguments in COMMANDS:
        done = command(*arguments)
        assert done.returncode == 0, done.stderr
    columns = {}
    for path in (tmp_path / "reports").glob("*.csv"):
        with open(path, newline="") as file:
            columns[path.name] = next(csv.reader(file))
    for path in (tmp_path / "reports").glob("*.parquet"):
        columns[path.name] = pq.read_schema(path).names
    return columns


def test_every_column_is_on_the_page(written):
    page = documented()
    assert page.keys() == written.keys()
    for file, columns in written.items():
        assert sorted(page[file]) == sorted(columns), file


def test_every_figure_is_on_the_page(written, tmp_path):
    section = PAGE.read_text().split("\n## Figures\n")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `(\w+)`", section, re.M))
    # A second run's figure has a number.
    figures = {re.sub(r"-\d+$", "", path.stem) for path in (tmp_path / "reports").glob("*.svg")}
    assert listed == figures


def test_every_table_of_the_sources_is_on_the_page():
    """Each file in `src/output/tables` begins with the names of its tables."""
    sources = (ROOT / "src/output/tables").glob("*.rs")
    heads = [line for path in sources for line in path.read_text().splitlines() if line.startswith("//!")]
    named = set(re.findall(r"`(\w+\.csv)`", " ".join(heads)))
    assert len(named) >= 10
    assert named <= documented().keys()


def test_every_name_in_json_is_on_the_page(command):
    text = PAGE.read_text()
    for arguments in COMMANDS:
        done = command(*arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        for table, rows in json.loads(done.stdout).items():
            names = [table, *(name for row in rows if isinstance(row, dict) for name in row)]
            for name in set(names):
                assert f"`{name}`" in text or f"`{name}.csv`" in text, (arguments[0], table, name)
