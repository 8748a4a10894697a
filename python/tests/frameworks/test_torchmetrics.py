"""AP of torchmetrics' MeanAveragePrecision, against what it says of one class alone."""

import json

import pytest
from igam_analyze._igam_analyze import _by_class
from installed import framework

torch = framework("torch")
framework("torchvision")
framework("pycocotools")
framework("torchmetrics")

from torchmetrics.detection import MeanAveragePrecision  # noqa: E402

# Class 9 is detected, but not in the ground truth.
DRAWN = [0, 2, 7]
CLASSES = [*DRAWN, 9]


def boxes(random, count):
    corner = 150 * torch.rand(count, 2, generator=random)
    return torch.cat([corner, corner + 40 + 100 * torch.rand(count, 2, generator=random)], 1)


def problem():
    """Boxes on a few images, found with some error, and others where there is nothing."""
    random = torch.Generator().manual_seed(5)
    found, truth = [], []
    for _ in range(8):
        labels = torch.tensor(DRAWN)[torch.randint(len(DRAWN), (6,), generator=random)]
        there = boxes(random, len(labels))
        wrong = torch.tensor([*DRAWN, 9])
        around = there + 8 * torch.randn(there.shape, generator=random)
        found.append(
            {
                "boxes": torch.cat([around, boxes(random, len(wrong))]),
                "scores": torch.rand(len(labels) + len(wrong), generator=random),
                "labels": torch.cat([labels, wrong]),
            }
        )
        truth.append({"boxes": there, "labels": labels})
    return found, truth


def masks(images):
    """The same with the boxes as masks."""
    inside = torch.arange(320)

    def mask(box):
        x, y = ((inside >= box[at]) & (inside < box[at + 2]) for at in (0, 1))
        return y[:, None] & x[None, :]

    return [image | {"masks": torch.stack([mask(box) for box in image["boxes"]])} for image in images]


def only(images, label):
    return [{key: value[image["labels"] == label] for key, value in image.items()} for image in images]


def computed(found, truth, **options):
    metric = MeanAveragePrecision(class_metrics=True, **options)
    metric.update(found, truth)
    return metric, metric.compute()


def as_file(result, path):
    """As docs/formats.md says to save it."""
    with open(path, "w") as file:
        json.dump({key: value.tolist() for key, value in result.items()}, file)
    return path


def test_boxes(tmp_path):
    found, truth = problem()
    metric, result = computed(found, truth)
    [column] = _by_class("ap", result)
    name, format, scale, keys, values, notes = column
    assert (name, format, scale, keys) == ("map_per_class", "torchmetrics", "fraction", (None, CLASSES))
    assert notes == []
    assert values[-1] is None and len(set(values)) == 4
    assert [-1 if ap is None else ap for ap in values] == result["map_per_class"].tolist()
    alone = [computed(only(found, label), only(truth, label))[1]["map"].item() for label in CLASSES]
    assert [-1 if ap is None else ap for ap in values] == pytest.approx(alone, abs=1e-7)
    assert _by_class("ap", as_file(result, tmp_path / "ap.json")) == [column]
    with pytest.raises(ValueError, match="give the result of its compute"):
        _by_class("ap", metric)


def test_one_class(tmp_path):
    """Its tensors have no axis."""
    found, truth = problem()
    _, result = computed(only(found, 7), only(truth, 7))
    [column] = _by_class("ap", result)
    assert column[3:5] == ((None, [7]), [result["map"].item()])
    assert _by_class("ap", as_file(result, tmp_path / "ap.json")) == [column]


def test_boxes_and_masks(tmp_path):
    found, truth = problem()
    _, result = computed(masks(found), masks(truth), iou_type=("bbox", "segm"))
    path = as_file(result, tmp_path / "ap.json")
    for wanted in [[], ["segm_map_per_class"], ["segm_map_per_class", "bbox_map_per_class"]]:
        columns = _by_class("ap", result, wanted=wanted)
        assert columns == _by_class("ap", path, wanted=wanted)
        for column in columns:
            assert column[4] == [None if ap == -1 else ap for ap in result[column[0]].tolist()]
    assert _by_class("ap", result)[0][0] == "bbox_map_per_class"


def test_extended_summary():
    """It holds the precisions too; AP per class is the same."""
    found, truth = problem()
    _, result = computed(found, truth, extended_summary=True)
    [column] = _by_class("ap", result)
    assert column == _by_class("ap", computed(found, truth)[1])[0]
    [(*_, keys, values, _)] = _by_class("ap", result["precision"])
    assert keys == (None, list(range(len(CLASSES))))
    assert values[:-1] == pytest.approx(column[4][:-1], abs=1e-6) and values[-1] is None


def test_not_by_class():
    metric = MeanAveragePrecision()
    metric.update(*problem())
    with pytest.raises(ValueError, match="class_metrics=True"):
        _by_class("ap", metric.compute())


def test_tensor_in_class_order():
    tensor = torch.tensor([0.5, -1, 0.25], dtype=torch.bfloat16, requires_grad=True)
    [(*_, keys, values, _)] = _by_class("ap", tensor)
    assert (keys, values) == ((None, [0, 1, 2]), [0.5, None, 0.25])
