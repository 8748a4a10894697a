"""Prints what a dump of make.py shows of the reasons that were built in, a row a class.

    pip install numpy pycocotools tidecv
    python check.py [FOLDER] [--plan reasons.csv]
"""

import argparse
import collections
import contextlib
import csv
import io
import json
import pathlib

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from tidecv import TIDE, Data

HERE = pathlib.Path(__file__).parent
TYPES = ["Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"]


def average_precision(folder):
    """AP at 0.5:0.95 and at 0.5 by category id, by pycocotools."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(folder / "val.json")
        run = COCOeval(truth, truth.loadRes(str(folder / "detections.json")), "bbox")
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, 2]
    return {c: (precision[:, :, k].mean(), precision[0, :, k].mean()) for k, c in enumerate(run.params.catIds)}


def tide_errors(folder):
    """TIDE's errors at IoU 0.5 by category id: of a detection's class, or of the missed object's."""
    truth = json.loads((folder / "val.json").read_text())
    objects, found = Data("objects"), Data("found")
    for annotation in truth["annotations"]:
        objects.add_ground_truth(annotation["image_id"], annotation["category_id"], annotation["bbox"])
    for d in json.loads((folder / "detections.json").read_text()):
        found.add_detection(d["image_id"], d["category_id"], d["score"], d["bbox"])
    run = TIDE().evaluate(objects, found, mode=TIDE.BOX)
    counts = collections.defaultdict(collections.Counter)
    for kind, errors in run.error_dict.items():
        for error in errors:
            one = error.gt if kind.short_name == "Miss" else error.pred
            counts[one["class"]][kind.short_name] += 1
    cost = {kind.short_name: value for kind, value in run.fix_main_errors().items()}
    return counts, cost


def iou(a, b):
    left, top = np.maximum(a[:2], b[:2])
    right, bottom = np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    both = max(right - left, 0) * max(bottom - top, 0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def confusion(folder):
    """What the strongest detection on each object (IoU 0.5, score 0.1) says, by category id of the object."""
    truth = json.loads((folder / "val.json").read_text())
    found = collections.defaultdict(list)
    for d in json.loads((folder / "detections.json").read_text()):
        found[d["image_id"]].append(d)
    said = collections.defaultdict(collections.Counter)
    for annotation in truth["annotations"]:
        box = np.array(annotation["bbox"])
        on = [d for d in found[annotation["image_id"]] if d["score"] >= 0.1 and iou(box, np.array(d["bbox"])) >= 0.5]
        best = max(on, key=lambda d: d["score"], default={"category_id": None})
        said[annotation["category_id"]][best["category_id"]] += 1
    return said


def inverse_within(x, y, ids, means):
    """The inverse of the pooled covariance within the classes, with a thousandth of its mean variance added."""
    within = sum((x[y == c] - m).T @ (x[y == c] - m) for c, m in zip(ids, means)) / (len(x) - len(ids))
    return np.linalg.inv(within + 1e-3 * np.trace(within) / len(within) * np.eye(len(within)))


def distances(x, y, ids):
    """Mahalanobis distances of the class means by the pooled covariance."""
    means = np.array([x[y == c].mean(0) for c in ids])
    difference = means[:, None] - means[None]
    return np.sqrt(np.einsum("ijk,kl,ijl->ij", difference, inverse_within(x, y, ids, means), difference))


def suspects(x, y, ids):
    """For each class the classes to whose means its training boxes lie nearer than to its own, and how many."""
    means = np.array([x[y == c].mean(0) for c in ids])
    inverse = inverse_within(x, y, ids, means)
    square = np.stack([np.einsum("ij,jk,ik->i", x - mean, inverse, x - mean) for mean in means], axis=1)
    nearest = ids[square.argmin(1)]
    return {c: collections.Counter(nearest[y == c].tolist()) for c in ids}


def recognized(x, y, ids, weights, bias):
    said = ids[(x @ weights.T + bias).argmax(1)]
    return {c: collections.Counter(said[y == c].tolist()) for c in ids}


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print()


def most(counts, own, names):
    """The other class that an object is most often taken for, how often, and how many other classes there are."""
    others = [(n, other) for other, n in counts.items() if other != own]
    if not others:
        return ""
    n, other = max(others, key=lambda pair: pair[0])
    return f"{names[other]} {n}/{counts.total()}" + (f" and {len(others) - 1} more" if len(others) > 1 else "")


def sides(folder):
    """Median over the test boxes of the square root of the area, pixels, by category id."""
    areas = collections.defaultdict(list)
    for annotation in json.loads((folder / "val.json").read_text())["annotations"]:
        areas[annotation["category_id"]].append(annotation["area"])
    return {c: np.sqrt(np.median(a)) for c, a in areas.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, nargs="?", default=HERE)
    parser.add_argument("--plan", type=pathlib.Path, default=HERE / "reasons.csv")
    arguments = parser.parse_args()
    folder = arguments.folder
    with open(arguments.plan, newline="") as file:
        plan = {int(row["category_id"]): row for row in csv.DictReader(file)}
    ids, names = np.array(list(plan)), {None: "nothing"} | {c: row["class"] for c, row in plan.items()}
    detections(folder, plan, names)
    embeddings(folder, plan, ids, names)


def detections(folder, plan, names):
    ap, said, side = average_precision(folder), confusion(folder), sides(folder)
    errors, cost = tide_errors(folder)
    rows = []
    for c, row in plan.items():
        cells = [row["class"], row["instances"], row["reason"], f"{ap[c][0]:.2f}", f"{ap[c][1]:.2f}", f"{side[c]:.0f}"]
        rows.append(cells + [most(said[c], c, names)] + [errors[c][kind] for kind in TYPES])
    table(["class", "instances", "reason", "AP", "AP50", "side", "detected as", *TYPES], rows)
    mean, mean50 = np.mean(list(ap.values()), axis=0)
    costs = ", ".join(f"{kind} {value:.1f}" for kind, value in cost.items())
    print(f"mAP {mean:.3f}, mAP50 {mean50:.3f}; what each type of error costs of mAP50, in points: {costs}\n")


def embeddings(folder, plan, ids, names):
    x, y, v, w = (
        np.load(folder / f"{prefix}{name}.npy").astype(float)
        for prefix in ["", "validation_"]
        for name in ["embeddings", "labels"]
    )
    weights, bias = np.load(folder / "weights.npy").astype(float), np.load(folder / "bias.npy").astype(float)
    held, trained = recognized(v, w, ids, weights, bias), recognized(x, y, ids, weights, bias)
    nearer = suspects(x, y, ids)
    far, near = distances(v, w, ids), distances(x, y, ids)
    variance = {c: v[w == c].var(0).sum() for c in plan}
    middle = np.median(list(variance.values()))
    rows = []
    for k, c in enumerate(plan):
        recall = [f"{counts[c][c] / counts[c].total():.2f}" for counts in (held, trained)]
        closest = []
        for matrix in (far, near):
            distance = np.where(np.arange(len(ids)) == k, np.inf, matrix[k])
            closest.append(f"{names[ids[distance.argmin()]]} {distance.min():.1f}")
        shift = np.linalg.norm(v[w == c].mean(0) - x[y == c].mean(0)) / np.sqrt(variance[c])
        spread = [f"{variance[c] / middle:.1f}", f"{shift:.2f}"]
        taken, wrong = most(held[c], c, names), most(nearer[c], c, names)
        rows.append([names[c], plan[c]["reason"], *recall, taken, *closest, *spread, wrong])
    head = "class,reason,recall,recall training,taken for,closest,closest training,spread,shift,nearer to"
    table(head.split(","), rows)


if __name__ == "__main__":
    main()
