"""Makes bias.json beside it: model bias and mean AP of Table 6, and mean AP by group, by NumPy.

    pip install numpy
    python tests/golden/bias.py
"""

import csv
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
TABLES = HERE.parent.parent / "data" / "tables"


def columns(name):
    rows = list(csv.DictReader(open(TABLES / name)))
    return {key: [row[key] for row in rows] for key in rows[0]}


def numbers(cells):
    return np.array([float(cell) for cell in cells])


def table6():
    table = columns("table6_voc_ap.csv")
    runs = {name: numbers(cells) for name, cells in table.items() if name != "class"}
    return {name: {"mean": ap.mean(), "bias": ap.var()} for name, ap in runs.items()}


def by_group(ap, group, groups):
    members = [ap[group == k] for k in range(groups)]
    return [{"classes": len(m), "mean": m.mean() if len(m) else None} for m in members]


def coco():
    """Mean AP of COCO's 80 classes in COCO-LT's bins, and between other cut points."""
    table = columns("coco_counts_and_ap.csv")
    ap, instances = numbers(table["ap"]), numbers(table["instances"])
    cuts = {"coco-lt": [20, 400, 8000], "1000,5000,5001,7056": [1000, 5000, 5001, 7056]}
    return {k: by_group(ap, np.digitize(instances, c), len(c) + 1) for k, c in cuts.items()}


golden = {"table6": table6(), "coco": coco()}
(HERE / "bias.json").write_text(json.dumps(golden, indent=1) + "\n")
