"""The notebook of examples runs, and shows tables and figures as what they are."""

import getpass
import re
import socket

import pytest
from conftest import ROOT

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

PATH = ROOT / "examples/notebook.ipynb"
SHOWN = ["text/html", "text/html", "image/svg+xml", "text/html", "image/svg+xml"]


def shown(notebook):
    """What the last line of each cell shows."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"execute_result"}
    return [output.data for output in outputs]


def short(text):
    """What is read of it."""
    return re.sub(r' data-value="[^"]*"', "", text)


def test_notebook(tmp_path):
    kept = nbformat.read(PATH, as_version=4)
    nbformat.validate(kept)
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "examples").mkdir()
    notebook = nbformat.read(PATH, as_version=4)
    resources = {"metadata": {"path": str(tmp_path / "examples")}}
    nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()
    for data, before, kind in zip(shown(notebook), shown(kept), SHOWN, strict=True):
        assert kind in data and data[kind]
        if kind == "image/svg+xml" or "dataframe" not in data[kind]:
            # The same on every machine, but for the last digits that a cell keeps for sorting.
            assert short(data[kind]) == short(before[kind])
    assert (tmp_path / "examples/report.html").exists()


def test_names_no_machine():
    text = PATH.read_text()
    assert set(nbformat.read(PATH, as_version=4).metadata) == {"kernelspec", "language_info"}
    for name in [socket.gethostname(), f"/{getpass.getuser()}/", "/home/", "/tmp/", str(ROOT)]:
        assert name not in text
