"""The blocks of the pages run as they are written, in order, from a directory that sees the data."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT


@pytest.mark.parametrize("page", ["python", "moments", "scale"])
def test_blocks_run(page, tmp_path):
    path = ROOT / f"docs/{page}.md"
    if page == "scale":
        pytest.importorskip("ray")
    blocks = re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.M | re.S)
    assert blocks
    (tmp_path / "data").symlink_to(ROOT / "data")
    # A file of its own: Ray's workers import what they run.
    (tmp_path / "page.py").write_text("\n".join(blocks))
    done = subprocess.run([sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_stubs():
    stubtest = [sys.executable, "-m", "mypy.stubtest", "igam_analyze._igam_analyze"]
    done = subprocess.run(stubtest, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_pages_are_typed(tmp_path):
    path = ROOT / "docs/python.md"
    blocks = re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.M | re.S)
    (tmp_path / "page.py").write_text("\n".join(blocks))
    done = subprocess.run([sys.executable, "-m", "mypy", "page.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
