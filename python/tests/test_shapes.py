"""The drawn shapes of data/shapes: they are drawn the same anew, and what their table says of them is so."""

import csv
import importlib.util
import json
from collections import Counter

import numpy as np
import pytest
from conftest import ROOT

FOLDER = ROOT / "data/shapes"
SEED = 18


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_shapes", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def plan(make):
    return make.read_plan(FOLDER / "reasons.csv")


@pytest.fixture(scope="module")
def annotations():
    return {split: json.loads((FOLDER / f"{name}.json").read_text()) for split, name in enumerate(["train", "val"])}


def reason(row):
    return row["reason"]


def of_reason(name):
    with open(FOLDER / "reasons.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["reason"] == name]
    assert rows
    return rows


def boxes(document, category):
    return np.array([a["bbox"] for a in document["annotations"] if a["category_id"] == int(category)])


def drawn(document):
    """How many boxes of each category were drawn, whatever their label says."""
    return Counter(a.get("drawn_category_id", a["category_id"]) for a in document["annotations"])


def test_a_disc_has_the_box_and_the_area_of_a_disc(make):
    alpha, left, top, box = make.coverage(lambda u, v: make.disc(u, v), 0.7, 100.3, 60.8, 20)
    assert np.allclose(box, [80.3, 40.8, 40, 40], atol=0.51)
    assert alpha.sum() == pytest.approx(np.pi * 20**2, rel=0.005)
    assert (left, top) == (100 - len(alpha) // 2, 60 - len(alpha) // 2)


def test_images_are_drawn_the_same_anew(make, plan, annotations):
    for split in [make.TRAINING, make.TEST]:
        layout = make.layout(plan, split, SEED)
        document = annotations[split]
        assert len(layout) == len(document["images"])
        for index in range(0, len(layout), 40):
            pixels, found = make.draw_image(plan, layout[index], split, index, SEED)
            again, _ = make.draw_image(plan, layout[index], split, index, SEED)
            assert pixels.tobytes() == again.tobytes()
            image = document["images"][index]["id"]
            kept = [a for a in document["annotations"] if a["image_id"] == image]
            assert [a["category_id"] for a in found] == [a["category_id"] for a in kept]
            # A quarter of a pixel is a sample: sines differ in the last place from machine to machine.
            for one, other in zip(found, kept):
                assert np.allclose(one["bbox"], other["bbox"], atol=0.5)


def test_another_seed_draws_other_images(make, plan):
    first, second = (make.draw_image(plan, make.layout(plan, 0, s)[0], 0, 0, s)[0] for s in (SEED, SEED + 1))
    assert (first != second).any()


def test_counts_are_those_of_the_table(make, plan, annotations):
    instances = {row["category_id"]: row["instances"] for row in plan}
    assert drawn(annotations[make.TRAINING]) == instances
    assert drawn(annotations[make.TEST]) == dict.fromkeys(instances, make.TEST_INSTANCES)
    for document in annotations.values():
        named = {category["id"]: category["name"] for category in document["categories"]}
        assert named == {row["category_id"]: row["class"] for row in plan}
    assert {row["reason"] for row in plan} == set(make.REASONS)


def test_wrong_labels_are_those_of_the_table(annotations):
    wrong = Counter(
        (a["drawn_category_id"], a["category_id"]) for a in annotations[0]["annotations"] if "drawn_category_id" in a
    )
    (noisy,), (taker,) = of_reason("label-noise"), of_reason("takes-labels")
    assert noisy["other"] == taker["class"] and taker["other"] == noisy["class"]
    ((pair, count),) = wrong.items()
    assert pair == (int(noisy["category_id"]), int(taker["category_id"]))
    assert f"{count} of its training boxes" in noisy["note"] and f"the {count} wrong labels" in taker["note"]
    assert not any("drawn_category_id" in a for a in annotations[1]["annotations"])


def test_boxes_are_small_or_sloppy_where_the_table_says_so(make, plan, annotations):
    training, test = (
        {row["category_id"]: np.median(np.sqrt(boxes(document, row["category_id"])[:, 2:].prod(1))) for row in plan}
        for document in annotations.values()
    )
    for row in plan:
        category = row["category_id"]
        assert (test[category] < 8) == (reason(row) == "small"), row
        ratio = training[category] / test[category]
        assert (ratio < 0.8) == (reason(row) == "sloppy-boxes"), (row, ratio)


def test_clutter_is_drawn_and_not_annotated(make, plan):
    for split, count in [(make.TRAINING, None), (make.TEST, make.TEST_INSTANCES)]:
        hidden = Counter(row["class"] for image in make.layout(plan, split, SEED) for row, seen in image if not seen)
        assert hidden == {row["class"]: count or int(row["instances"]) for row in of_reason("clutter")}


def test_faint_shapes_are_faint(make, plan):
    """The mean of a shape's pixels against that of the ground around it, in units of the noise."""
    layout = make.layout(plan, make.TEST, SEED)
    contrast = {"faint": [], "none": []}
    for index, shapes in enumerate(layout[:100]):
        if not any(reason(row) == "faint" for row, _ in shapes):
            continue
        pixels, found = make.draw_image(plan, shapes, make.TEST, index, SEED)
        for (row, _), annotation in zip([s for s in shapes if s[1]], found):
            if reason(row) in contrast:
                x, y, w, h = np.rint(annotation["bbox"]).astype(int)
                inside, corner = pixels[y : y + h, x : x + w], pixels[max(y - 4, 0) : y, x : x + w]
                contrast[reason(row)].append(np.abs(inside.mean((0, 1)) - corner.mean((0, 1))).max() / make.NOISE)
    assert max(contrast["faint"]) < 2 < np.median(contrast["none"])


def test_the_dump_is_of_these_boxes_and_this_classifier(annotations, plan):
    weights, bias = np.load(FOLDER / "weights.npy"), np.load(FOLDER / "bias.npy")
    assert weights.shape == (len(plan), 64) and bias.shape == (len(plan),)
    ids = np.array([row["category_id"] for row in plan])
    healthy = [row["category_id"] for row in plan if reason(row) == "none"]
    for split, prefix in enumerate(["", "validation_"]):
        embeddings, labels = (np.load(FOLDER / f"{prefix}{name}.npy") for name in ["embeddings", "labels"])
        assert labels.tolist() == [a["category_id"] for a in annotations[split]["annotations"]]
        assert embeddings.shape == (len(labels), 64) and embeddings.dtype == np.float16
        said = ids[(embeddings.astype(float) @ weights.T + bias).argmax(1)]
        right = np.isin(labels, healthy)
        assert (said == labels)[right].mean() > 0.99
