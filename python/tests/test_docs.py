"""The blocks of the pages run as they are written, in order, from a directory that sees the data."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT


def run_page(folder):
    # A Ray of its own: the address of one that has died may still lie about on this machine.
    environment = {**os.environ, "RAY_ADDRESS": "local", "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "page.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("page", ["dump", "python", "moments", "scale"])
def test_blocks_run(page, tmp_path):
    path = ROOT / f"docs/{page}.md"
    if page == "scale":
        pytest.importorskip("ray")
        pytest.importorskip("pyspark")
    blocks = re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.M | re.S)
    assert blocks
    (tmp_path / "data").symlink_to(ROOT / "data")
    # A file of its own: Ray's workers import what they run.
    (tmp_path / "page.py").write_text("\n".join(blocks))
    run_page(tmp_path)


def test_prints_what_is_shown(tmp_path):
    """UPDATE_DOCS=1 writes into the page what its blocks print now."""
    page = ROOT / "docs/python.md"
    text = page.read_text()
    parts = re.findall(r"^```(python|text)\n(.*?)^```$", text, re.M | re.S)
    shown = [block for kind, block in parts if kind == "text"]
    assert len(shown) >= 9
    (tmp_path / "data").symlink_to(ROOT / "data")
    mark = "\nprint('=====')\n"
    (tmp_path / "page.py").write_text("".join(block if kind == "python" else mark for kind, block in parts))
    done = run_page(tmp_path)
    *printed, end = done.stdout.split("=====\n")
    assert end == "" and len(printed) == len(shown)
    if os.environ.get("UPDATE_DOCS"):
        blocks = iter(printed)
        page.write_text(re.sub(r"^```text\n.*?^```$", lambda _: f"```text\n{next(blocks)}```", text, flags=re.M | re.S))
    else:
        assert printed == shown
    assert {path.name for path in tmp_path.glob("figures/*")} == {"figure3.svg", "probe.svg", "scatter.svg", "scatter.png", "slope.pdf"}
    assert (tmp_path / "report.html").exists()


def shortened(lines, shown):
    """The lines of which a page shows so many: all, or where it has a line `…`, the first and the last ones."""
    if "…" not in shown:
        return lines
    first = shown.index("…")
    last = len(shown) - first - 1
    return [*lines[:first], "…", *lines[len(lines) - last :]]


@pytest.mark.parametrize("name, least", [("tutorial", 7), ("options", 7), ("probe", 2)])
def test_commands_print_what_is_shown(name, least, tmp_path):
    """Each command prints what is shown below it. UPDATE_DOCS=1 writes into the page what they print now."""
    page = ROOT / f"docs/{name}.md"
    text = page.read_text()
    (tmp_path / "data").symlink_to(ROOT / "data")
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    steps = re.findall(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", text, re.M | re.S)
    assert len(steps) == len(re.findall("^```(?:sh|text)$", text, re.M)) / 2 >= least
    now = text
    for command, shown in steps:
        done = subprocess.run(
            ["bash", "-eu", "-c", command],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": path},
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout
        printed = "\n".join(shortened(done.stdout.splitlines(), shown.splitlines())) + "\n"
        now = now.replace(f"```sh\n{command}```\n\n```text\n{shown}", f"```sh\n{command}```\n\n```text\n{printed}")
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(now)
    else:
        assert now == text
    assert name != "tutorial" or (tmp_path / "reports/report.html").exists()


def test_options_has_every_command(command):
    listed = re.search(r"^Commands:\n(.*?)\n\n", command("--help").stdout, re.M | re.S)[1]
    names = set(re.findall(r"^  (\S+)  ", listed, re.M)) - {"completions", "man", "help"}
    text = (ROOT / "docs/options.md").read_text()
    assert set(re.findall(r"^igam-analyze (\S+) --help$", text, re.M)) == names


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


USER = """
import pathlib

import igam_analyze as ig
import numpy as np

x, y = np.zeros((4, 2)), np.array([0, 0, 1, 1])
one: ig.Amounts = ig.information(x, y, class_names=["a", "b"])
several: list[ig.Amounts] = ig.information(x, y, "all", class_names={0: "a", 1: "b"})
study: ig.Study = ig.correlate(one, ap={"a": 0.5, "b": 0.25}, groups=[20, 400])
more: ig.Study = ig.correlate(several, ap=[0.5, 0.25], instances=[4, 5], ap_scale="fraction")
both: ig.Study = ig.correlate([study, more], groups="coco-lt")
files: ig.Study = ig.correlate(pathlib.Path("runs.toml"), estimator=["qis", "oas"])
figure: ig.Figure = study.figure("scatter")
figure.save(pathlib.Path("scatter.svg"), theme="dark", width=300)
ig.report(study, "report.md")
interval: tuple[float, float] | None = study.partial_interval
table: ig.Table = study.table("bias")
text: str = table.to_csv() + study.verdict + ig.compare(one, study).figure().svg
geometry: ig.Geometry = ig.geometry(x, y, validation_embeddings=x, validation_labels=y, weights=x[:2], cosine=True)
known: ig.Study = ig.correlate(one, ap=[0.5, 0.25], geometry=geometry)
card: ig.ClassCard = known.explain("a", run="ap")
by_id: str = known.explain(0).reasons[0]["next_step"]
classes: list[str | None] = known.explain(run="ap")["taken_for"]
came: ig.Table | None = ig.compare(study, known).reasons
probe: ig.Probe = ig.probe(x, y, images=["a", "a", "b", "b"], losses=["igam", "ldam"], scale=[10, 30], groups=[3])
helps: bool = probe.findings["igam"] == "helps"
ig.report(study, "report.html", probe=ig.probe(x, y, losses="focal", normalization="softmax", estimator="all", memory_limit="1GiB"))
changes: str = probe.verdict + probe.table("probe").to_csv() + probe.tables["probe"].to_csv() + probe.figure().svg
margin: float = ig.margin_readings(study, "softmax").matrix.max()
size: ig.QueueSize = ig.queue_size([5, 6], 4, memory_budget="1MiB")
mean: float | None = ig.losses(x, y, x, x).mean["igam_loss"]
moments = ig.Moments(class_names="classes.txt")
amounts: ig.Amounts = moments.information("qis")
"""

WRONG = [
    'ig.information(x, y, "qiss")',
    "study.partial + 1",
    'ig.correlate("runs.toml", "ap.csv", "name")',
    'figure.save("a.svg", theme="blue")',
    "ig.compare(one, 3)",
    "ig.geometry(x, y, x)",
    'ig.probe(x, y, losses=["ce"])',
    "ig.probe(x, y, None, y)",
    'probe.findings["igam"] == "improves"',
    'study.explain("a").to_csv()',
    'card.reasons[0]["because"]',
    "ig.compare(one, study).reasons.to_csv()",
]


def test_user_is_typed(tmp_path):
    def mypy(text):
        (tmp_path / "user.py").write_text(text)
        command = [sys.executable, "-m", "mypy", "--strict", "user.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    done = mypy(USER)
    assert done.returncode == 0, done.stdout
    done = mypy(USER + "\n".join(WRONG))
    assert f"Found {len(WRONG)} errors" in done.stdout, done.stdout


def test_results_are_typed(tmp_path):
    modules = [word for name in ["__main__", "_command", "_results"] for word in ("-m", f"igam_analyze.{name}")]
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", *modules]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ["collect", "torch"])
def test_packages_are_typed(package, tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "-p", f"igam_analyze.{package}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
