"""The table of docs/training.md: what the losses change in data/fod-a2/seeds.csv."""

import csv
import os
import re

import numpy as np
import pytest
from conftest import ROOT

PAGE = ROOT / "docs/training.md"
HEAD = "| Loss | Seeds | mAP50 | AP50 of the tail | Recall of the tail | Largest margin |\n"
LOSSES = {
    "igam-printed-floor": "IGAM, `printed`",
    "igam-printed-sample": "IGAM, `printed`, `sample`",
    "igam-softmax-floor": "IGAM, `softmax`",
    "igam-softmax-sample": "IGAM, `softmax`, `sample`",
    "igam-printed-mean-floor": "IGAM, `printed-mean`",
    "igam-printed-mean-sample": "IGAM, `printed-mean`, `sample`",
    "igam-transposed-floor": "transposed, `printed-mean`",
    "igam-transposed-sample": "transposed, `printed-mean`, `sample`",
    "ce": "softmax cross-entropy (Eq. 3)",
    "focal": "focal loss",
    "seesaw": "seesaw loss",
    "logit-adjust": "logit adjustment",
}
# Student's t that 95% of the probability lies within, by degrees of freedom.
STUDENT = {9: 2.262157, 19: 2.093024}


@pytest.fixture(scope="module")
def runs():
    """The columns of each run on Lite0, by loss and seed."""
    with open(ROOT / "data/fod-a2/seeds.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["backbone"] == "lite0"]
    return {(row["loss"], int(row["seed"])): row for row in rows}


def changes(runs, loss, column, reference="cos"):
    """The change against the reference of each seed that both have."""
    seeds = [seed for name, seed in runs if name == loss and (reference, seed) in runs]
    value = lambda name, seed: float(runs[name, seed][column])  # noqa: E731
    return np.array([value(loss, seed) - value(reference, seed) for seed in sorted(seeds)])


def cell(values):
    """Mean and 95% interval, in points."""
    half = STUDENT[len(values) - 1] * values.std(ddof=1) / np.sqrt(len(values))
    low, mean, high = (f"{value:+.1f}".replace("-", "−") for value in values.mean() + half * np.array([-1, 0, 1]))
    return f"{mean} ({low} to {high})"


def table(runs):
    lines = [HEAD, "| --- | --- | --- | --- | --- | --- |\n"]
    for loss, name in LOSSES.items():
        seeds = len(changes(runs, loss, "map50"))
        of = {column: changes(runs, loss, column) for column in ["map50", "ap50_tail", "recall_tail"]}
        cells = [cell(of["map50"]), cell(of["ap50_tail"]), cell(100 * of["recall_tail"])]
        largest = np.mean([float(runs[key]["margin_max"]) for key in runs if key[0] == loss])
        margin = f"{largest:.3f} rad" if largest else ""
        lines.append(f"| {name} | {seeds} | {' | '.join(cells)} | {margin} |\n".replace("|  |", "| |"))
    return "".join(lines)


def test_table_is_of_the_seeds(runs):
    """UPDATE_DOCS=1 writes the table into the page."""
    text, new = PAGE.read_text(), table(runs)
    before, _, after = text.partition(HEAD)
    if os.environ.get("UPDATE_DOCS"):
        rest = after[after.index("\n\n") :]
        PAGE.write_text(before + new.rstrip("\n") + rest)
    else:
        assert new in text


def test_sentences_are_of_the_seeds(runs):
    """What the page says below the table."""
    of = lambda loss, column: changes(runs, loss, column).mean()  # noqa: E731
    assert max(float(run["margin_max"]) for (loss, _), run in runs.items() if "igam-printed-floor" in loss) < 0.005
    assert of("igam-printed-floor", "recall_tail") == pytest.approx(-0.01, abs=0.0005)
    assert of("igam-printed-mean-floor", "map50") == pytest.approx(-1.7, abs=0.05)
    assert of("igam-printed-mean-floor", "ap50_tail") == pytest.approx(-4, abs=0.1)
    assert of("igam-transposed-floor", "recall_tail") == pytest.approx(0.06, abs=0.005)
    assert of("igam-transposed-floor", "ap50_tail") < 0 and of("igam-transposed-floor", "map50") < 0
    assert of("ce", "map50") == pytest.approx(-1.1, abs=0.05) and of("ce", "ap50_tail") == pytest.approx(1.7, abs=0.05)
    assert of("logit-adjust", "recall_tail") == pytest.approx(0.125, abs=0.0005)
    better = [loss for loss in LOSSES if "igam" in loss and not cell(changes(runs, loss, "map50")).split("(")[1].startswith("−")]
    assert better == [], "no interval of mAP50 is above 0"


def test_it_can_be_computed_by_hand(runs):
    """The cell of one loss, from the file by other code."""
    text = (ROOT / "data/fod-a2/seeds.csv").read_text().splitlines()
    cells = [line.split(",") for line in text if line.startswith("lite0,")]
    ap = {loss: {row[2]: float(row[3]) for row in cells if row[1] == loss} for loss in ["cos", "focal"]}
    found = [ap["focal"][seed] - ap["cos"][seed] for seed in ap["focal"]]
    mean = sum(found) / 10
    half = 2.262157 * (sum((one - mean) ** 2 for one in found) / 9 / 10) ** 0.5
    assert cell(changes(runs, "focal", "map50")) == f"{mean:+.1f} ({mean - half:+.1f} to {mean + half:+.1f})".replace("-", "−")


@pytest.fixture(scope="module")
def agreement():
    """The tables of docs/probe.md by title: of each loss the changes, in trained heads and in two probes."""
    page = (ROOT / "docs/probe.md").read_text()
    found = {}
    for title, rows in re.findall(r"^\*\*(.+)\*\*, points:\n\n\| Loss .*\n.*\n((?:\|.*\n)+)", page, re.M):
        rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]
        found[title] = {name: [numbers(cell) for cell in cells] for name, *cells in rows}
    return found


def numbers(cell):
    """Mean and interval, and whether the cell is bold."""
    return *map(float, re.findall(r"[+-]\d+\.\d", cell.replace("−", "-"))), cell.startswith("**")


def test_agreement_has_the_trained_heads(runs, agreement):
    columns = {"Recall of the tail": "recall_tail", "AP of the tail": "ap50_tail", "Mean AP": "map50"}
    assert agreement.keys() == columns.keys()
    for title, column in columns.items():
        unit = 100 if column == "recall_tail" else 1
        assert len(agreement[title]) == len(LOSSES)
        for (loss, name), of in zip(LOSSES.items(), agreement[title].items()):
            assert name == of[0]
            assert of[1][0][:3] == numbers(cell(unit * changes(runs, loss, column)))[:3]


def test_sentences_of_the_agreement(agreement):
    """What docs/probe.md says below its tables. If the numbers moved, read its words again."""
    page = " ".join((ROOT / "docs/probe.md").read_text().split())
    order = lambda values: np.argsort(np.argsort(values))  # noqa: E731
    said = {}
    for title, losses in agreement.items():
        means = np.array([[one[0] for one in of] for of in losses.values()])
        said[title] = [np.corrcoef(order(means[:, 0]), order(means[:, at]))[0, 1] for at in (1, 2)]
    assert "rank correlation of {:.1f} (`cos`) and {:.1f} (`ce`)".format(*said["Recall of the tail"]) in page
    of_tail = agreement["Recall of the tail"].values()
    shows = [sum(of[0][3] and of[at][3] for of in of_tail) for at in (0, 1, 2)]
    assert "Of the {} changes that show in the trained heads, {} show on `cos` and {} on `ce`".format(*shows) in page
    opposite = [
        (title, name, at)
        for title, losses in agreement.items()
        for name, of in losses.items()
        for at in (1, 2)
        if of[0][3] and of[at][3] and of[0][0] * of[at][0] < 0
    ]
    assert opposite == [("AP of the tail", "focal loss", 1)]
    igam, linear = np.split(np.array(list(LOSSES.values())), [8])
    shown = [{name for name in igam if agreement["Recall of the tail"][name][at][3]} for at in (1, 2)]
    larger = {"IGAM, `softmax`", "IGAM, `printed-mean`", "transposed, `printed-mean`"}
    assert shown == [larger, larger - {"IGAM, `softmax`"}]
    mean_ap = agreement["Mean AP"]
    assert all(mean_ap[name][0][3] and mean_ap[name][1][3] and not mean_ap[name][2][3] for name in linear)
    assert not [name for name in igam for of in mean_ap[name] if of[3] and of[0] > 0]
