"""Makes detections.json beside it, and the data sets in detections/, independently of the Rust code:
pycocotools, lvis-api and tidecv.

    pip install numpy pycocotools lvis tidecv
    python tests/golden/detections.py
"""

import contextlib
import io
import json
import pathlib

import numpy as np
from lvis import LVIS, LVISEval, LVISResults
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from tidecv import TIDE, Data

# lvis-api 0.5.3 is older than NumPy 1.24.
np.float = float

HERE = pathlib.Path(__file__).parent / "detections"
# In no order; 90 has no objects, and nothing is detected of 13.
CATEGORIES = [5, 1, 90, 2, 13, 3, 8]
WIDTH, HEIGHT = 320, 240


def box(random):
    width, height = random.uniform(15, 90, 2)
    left, top = random.uniform(0, WIDTH - width), random.uniform(0, HEIGHT - height)
    return [left, top, width, height]


def moved(random, bbox, by):
    left, top, width, height = bbox
    left, top = left + random.normal(0, by) * width, top + random.normal(0, by) * height
    return [left, top, width * np.exp(random.normal(0, by)), height * np.exp(random.normal(0, by))]


def data_set(seed, crowds, ties, most=None):
    """Annotations and results: found, badly placed, confused, doubled, missed and invented boxes."""
    random = np.random.default_rng(seed)
    images = [{"id": int(id), "width": WIDTH, "height": HEIGHT} for id in random.permutation(200)[:40]]
    annotations, results = [], []
    objects = [one for one in CATEGORIES if one != 90]
    shares = np.array([6, 12, 3, 1, 2, 2]) / 26

    def detect(image, category, bbox, score):
        score = round(score, 2) if ties else score
        bbox = [round(side, 2) for side in bbox]
        results.append({"image_id": image, "category_id": category, "bbox": bbox, "score": score})

    for place, image in enumerate(images):
        id = image["id"]
        for _ in range(0 if place % 8 == 0 else random.integers(1, 7)):
            category, bbox = int(random.choice(objects, p=shares)), [round(x, 2) for x in box(random)]
            crowd = crowds and random.random() < 0.12
            annotations.append({
                "id": 1000 + len(annotations), "image_id": id, "category_id": category, "bbox": bbox,
                "area": round(bbox[2] * bbox[3] * random.uniform(0.5, 1), 2), "iscrowd": int(crowd),
            })
            if place % 9 == 1 or random.random() < 0.2:
                continue
            for _ in range(random.choice([1, 1, 1, 2, 3])):
                said = category if random.random() < 0.75 else int(random.choice(CATEGORIES))
                by = random.choice([0.03, 0.1, 0.25])
                if said != 13:
                    detect(id, said, moved(random, bbox, by), random.beta(3, 2))
        for _ in range(0 if place % 9 == 1 else random.poisson(2)):
            category = int(random.choice([one for one in CATEGORIES if one != 13]))
            detect(id, category, box(random), random.beta(2, 4))
    if most:
        # More detections on an image than are looked at.
        for _ in range(most):
            detect(images[1]["id"], 1, box(random), random.uniform(0.05, 0.3))
    order = random.permutation(len(results))
    names = {1: "bolt", 2: "nut", 3: "key", 5: "washer", 8: "luggage tag", 13: "wrench", 90: "pliers"}
    truth = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": one, "name": names[one]} for one in CATEGORIES],
    }
    return truth, [results[at] for at in order]


def federated(truth, seed):
    """The same as in LVIS: only some categories were looked for on each image."""
    random = np.random.default_rng(seed)
    for image in truth["images"]:
        there = {one["category_id"] for one in truth["annotations"] if one["image_id"] == image["id"]}
        absent = [one for one in CATEGORIES if one not in there]
        image["neg_category_ids"] = [one for one in absent if random.random() < 0.4]
        image["not_exhaustive_category_ids"] = [one for one in sorted(there) if random.random() < 0.25]
    for category in truth["categories"]:
        category.update(frequency="f", image_count=1, synset="x.n.01", def_="", synonyms=[])
        del category["def_"]
    for annotation in truth["annotations"]:
        annotation["segmentation"] = []
    return truth


def quietly(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments)


def of_thresholds(precision):
    """AP over all thresholds, at 0.5 and at 0.75; none where there is no object."""
    def mean(values):
        values = values[values > -1]
        return float(np.mean(values)) if values.size else None
    return [mean(precision), mean(precision[:1]), mean(precision[5:6])]


def coco(truth, results):
    def run():
        ours = COCO()
        ours.dataset = json.loads(json.dumps(truth))
        ours.createIndex()
        evaluation = COCOeval(ours, ours.loadRes(json.loads(json.dumps(results))), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        return evaluation
    evaluation = quietly(run)
    precision = evaluation.eval["precision"]
    ids = [int(one) for one in evaluation.params.catIds]
    return {one: of_thresholds(precision[:, :, k, 0, 2]) for k, one in enumerate(ids)}


def lvis(truth_file, results_file):
    def run():
        truth = LVIS(str(truth_file))
        evaluation = LVISEval(truth, LVISResults(truth, str(results_file)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        return evaluation
    evaluation = quietly(run)
    precision = evaluation.eval["precision"]
    ids = [int(one) for one in evaluation.params.cat_ids]
    return {one: of_thresholds(precision[:, :, k, 0]) for k, one in enumerate(ids)}


def tide(truth, results):
    """Of each category AP at 0.5, and of each type its count and what it costs."""
    def run():
        gt, found = Data("truth"), Data("results")
        for image in truth["images"]:
            gt.add_image(image["id"], str(image["id"]))
        for one in truth["annotations"]:
            gt.add_ground_truth(one["image_id"], one["category_id"], box=one["bbox"])
        for one in results:
            found.add_detection(one["image_id"], one["category_id"], one["score"], box=one["bbox"])
        tide = TIDE()
        tide.evaluate(gt, found, mode=TIDE.BOX, name="run")
        return tide.runs["run"]
    run = quietly(run)
    types = TIDE._error_types
    before = {one: run.ap_data.objs[one].get_ap() / 100 for one in CATEGORIES}
    of_categories = {one: {"ap50": before[one], "counts": [], "costs": []} for one in CATEGORIES}
    order = {"Cls": 0, "Loc": 1, "Both": 2, "Dupe": 3, "Bkg": 4, "Miss": 5}
    for error in sorted(types, key=lambda one: order[one.short_name]):
        fixed = run.fix_errors(lambda one: isinstance(one, error))
        for one in CATEGORIES:
            of = [e.gt if hasattr(e, "gt") and not hasattr(e, "pred") else e.pred for e in run.error_dict[error]]
            of_categories[one]["counts"].append(sum(e["class"] == one for e in of))
            of_categories[one]["costs"].append(fixed.objs[one].get_ap() / 100 - before[one])
    return of_categories


def taken_for(truth, results):
    """What the objects are taken for that no detection of their category found, by plain loops."""
    def iou(a, b):
        width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
        height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
        common = max(width, 0) * max(height, 0)
        return common / (a[2] * a[3] + b[2] * b[3] - common)

    counts = {one: {"found": 0, "taken_for": {}} for one in CATEGORIES}
    for image in truth["images"]:
        objects = [one for one in truth["annotations"] if one["image_id"] == image["id"]]
        boxes = sorted((one for one in results if one["image_id"] == image["id"]), key=lambda one: -one["score"])
        free = {one["id"] for one in objects}
        for found in boxes:
            fit = [(iou(found["bbox"], one["bbox"]), one["id"]) for one in objects
                   if one["id"] in free and one["category_id"] == found["category_id"]]
            best, id = max(fit, default=(0, None))
            if best >= 0.5:
                free.remove(id)
        for one in objects:
            category = one["category_id"]
            if one["id"] not in free:
                counts[category]["found"] += 1
                continue
            others = [found["category_id"] for found in boxes if found["category_id"] != category
                      and iou(found["bbox"], one["bbox"]) >= 0.5]
            if others:
                taken = counts[category]["taken_for"]
                taken[others[0]] = taken.get(others[0], 0) + 1
    return counts


def bootstrap(truth, results, resamples=600):
    """95% intervals of AP: each resample is written out, an image as often as it is drawn."""
    random = np.random.default_rng(5)
    ids = [image["id"] for image in truth["images"]]
    aps = {one: [] for one in CATEGORIES}
    for _ in range(resamples):
        drawn = {"images": [], "annotations": [], "categories": truth["categories"]}
        found = []
        for new, id in enumerate(sorted(random.choice(ids, len(ids)))):
            drawn["images"].append({"id": new})
            for one in truth["annotations"]:
                if one["image_id"] == id:
                    drawn["annotations"].append({**one, "id": len(drawn["annotations"]) + 1, "image_id": new})
            found += [{**one, "image_id": new} for one in results if one["image_id"] == id]
        for one, (ap, _, _) in coco(drawn, found).items():
            aps[one].append(ap)
    there = {one: [ap for ap in all if ap is not None] for one, all in aps.items()}
    images = {one: {of["image_id"] for of in truth["annotations"] if of["category_id"] == one and not of["iscrowd"]}
              for one in CATEGORIES}
    return {one: list(np.quantile(all, [0.025, 0.975])) if len(images[one]) >= 5 else None
            for one, all in there.items()}


def write(name, truth, results):
    HERE.mkdir(exist_ok=True)
    files = HERE / f"{name}_truth.json", HERE / f"{name}_results.json"
    for file, what in zip(files, (truth, results)):
        file.write_text(json.dumps(what, separators=(",", ":")) + "\n")
    return files


def main():
    expected = {}
    truth, results = data_set(1, crowds=True, ties=True, most=105)
    write("coco", truth, results)
    expected["coco"] = {"ap": coco(truth, results), "interval": bootstrap(truth, results)}
    truth, results = data_set(2, crowds=False, ties=False)
    write("tide", truth, results)
    expected["tide"] = {"tide": tide(truth, results), "taken": taken_for(truth, results)}
    truth, results = data_set(3, crowds=False, ties=True, most=310)
    files = write("lvis", federated(truth, 4), results)
    expected["lvis"] = {"ap": lvis(*files)}
    (HERE.parent / "detections.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
