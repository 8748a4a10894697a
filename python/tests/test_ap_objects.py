"""AP, counts, covariates, groups and names as Python has them, against the same in files."""

import collections
import json
import pathlib
import types

import numpy as np
import pandas as pd
import pytest
from igam_analyze._igam_analyze import _by_class

ROOT = pathlib.Path(__file__).parents[2]
FILES = ROOT / "tests/golden/ecosystem"

NAMES = ["cat", "dog", "a b"]
VALUES = [0.5, None, 0.25]
STRINGS = (NAMES, None)
NUMBERS = (None, [3, 1, 7])
IN_ORDER = (None, [0, 1, 2])


def ap(object, **options):
    """The only column: its keys, values and scale."""
    [(_, _, scale, keys, values, _)] = _by_class("ap", object, **options)
    return keys, values, scale


def refused(what, object, *words, **options):
    with pytest.raises(ValueError) as raised:
        _by_class(what, object, **options)
    sentence = str(raised.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence, sentence


class Tensor:
    """What a framework's tensor shows of itself."""

    def __init__(self, array):
        self.array = np.asarray(array)
        self.ndim, self.shape = self.array.ndim, self.array.shape

    def tolist(self):
        return self.array.tolist()

    def __float__(self):
        return float(self.array)


PLAIN = [
    dict(zip(NAMES, VALUES)),
    collections.UserDict(zip(NAMES, VALUES)),
    types.MappingProxyType(dict(zip(NAMES, VALUES))),
    dict(zip(NAMES, [np.float64(0.5), np.nan, np.float16(0.25)])),
    dict(zip(NAMES, [np.array(0.5), Tensor(-1.0), Tensor(0.25)])),
    dict(zip(NAMES, [0.5, pd.NA, 0.25])),
    dict(zip(map(np.str_, [" cat", "dog", "a b\ufeff"]), [0.5, -1, 0.25])),
    pd.Series([0.5, None, 0.25], NAMES),
    pd.Series([0.5, pd.NA, 0.25], NAMES, dtype="Float64"),
]


@pytest.mark.parametrize("object", PLAIN, ids=str)
def test_classes_by_name(object):
    assert ap(object) == (STRINGS, VALUES, "fraction")


@pytest.mark.parametrize(
    "object",
    [
        {3: 0.5, 1: None, 7: 0.25},
        {np.int32(3): 0.5, np.uint8(1): -1, 7.0: 0.25},
        pd.Series([0.5, np.nan, 0.25], [3, 1, 7]),
        pd.Series([0.5, None, 0.25], [3, 1, 7], dtype=object),
    ],
)
def test_classes_by_id(object):
    assert ap(object) == (NUMBERS, VALUES, "fraction")


@pytest.mark.parametrize(
    "object",
    [
        VALUES,
        tuple(VALUES),
        np.array([0.5, np.nan, 0.25]),
        np.array([0.5, -1, 0.25], "f2")[::1],
        Tensor([0.5, -1, 0.25]),
        collections.UserList(VALUES),
        memoryview(np.array([0.5, -1, 0.25])),
    ],
    ids=lambda object: type(object).__name__,
)
def test_classes_in_order(object):
    assert ap(object) == (IN_ORDER, VALUES, "fraction")


def test_scale():
    assert ap({"a": 50, "b": 25, "c": -100}) == ((["a", "b", "c"], None), [50, 25, None], "percent")
    assert ap([0.5, 0.2], scale="percent")[1:] == ([0.5, 0.2], "percent")
    assert ap([1 + 1e-12, 0.2])[1:] == ([1.0, 0.2], "fraction")
    refused("ap", [0.5, 0.2, 30], "ap: mixes the scales 0–1 and 0–100: 2 values are at most 1, 1 are above")
    refused("ap", {"a": 50}, 'ap: the AP of "a" is 50, which is not within 0–1', scale="fraction")
    refused("ap", {"a": 101}, 'the AP of "a" is 101, which is not within 0–100')
    refused("ap", {"a": float("inf")}, "is inf, which is not within")
    refused("ap", {4: -0.5}, 'the AP of "4" is -0.5')


def test_refused():
    refused("ap", {}, "ap: is empty: it names no class")
    refused("ap", [], "is empty")
    refused("ap", np.array([]), "is empty")
    refused("ap", {"a": "0.5"}, 'ap: the AP of "a" is a text, not a number')
    refused("ap", {"a": True}, "is true or false")
    refused("ap", [np.True_], 'the AP of "0" is true or false')
    refused("ap", {"a": object()}, "something else")
    refused("ap", {"a": 0.5, 3: 0.5}, 'gives one class as "a" and one as 3: use names only or ids only')
    refused("ap", {"a": 0.5, " a": 0.5}, 'names the class "a" twice')
    refused("ap", pd.Series([0.5, 0.25], [2, 2]), "has two rows for the class id 2")
    refused("ap", {"": 0.5}, "there is no class")
    refused("ap", {"a\nb": 0.5}, "control character")
    refused("ap", {"a\udc81": 0.5}, "half a character")
    refused("ap", {("a", "b"): 0.5}, "('a', 'b') is neither a class name nor an id")
    refused("ap", {True: 0.5}, "True is neither")
    refused("ap", {1.5: 0.5}, "1.5 is neither")
    refused("ap", np.zeros((2, 2)), "shape [2, 2]")
    refused("ap", pd.DataFrame({"ap": [0.5]}), "give one of its columns")
    refused("ap", b"ap.csv", "is of type bytes: give a file")
    refused("ap", {0.5}, "is of type set")
    refused("ap", None, "is of type NoneType")
    refused("ap", {"a": 0.5}, 'has no column "b"', wanted=["b"])
    refused("ap", {"a": 0.5}, "--ap-iou", iou="0.5")
    refused("ap", {"a": 0.5}, "neither an array of pycocotools", format="pycocotools")
    refused("ap", [0.5], "holds no AP per class as detectron2 writes it", format="detectron2")
    metric = types.SimpleNamespace(compute=None, update=None)
    refused("ap", metric, "is a metric: give the result of its compute()")
    endless = {}
    endless["a"] = endless
    refused("ap", endless, "without end")


def test_files():
    assert _by_class("ap", str(FILES / "ap.csv")) == _by_class("ap", FILES / "ap.csv")
    with pytest.raises(FileNotFoundError):
        _by_class("ap", "none.csv")


# Evaluators' results.


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("torchmetrics.json", {}),
        ("detectron2_results.json", {}),
        ("detectron2_results.json", {"wanted": ["segm", "bbox"]}),
        ("detectron2_metrics.json", {"wanted": ["segm", "bbox"]}),
        ("mmdetection_scalars.json", {}),
        ("mmdetection_2.log.json", {}),
    ],
)
def test_results_as_their_files(name, options):
    text = (FILES / name).read_text()
    try:
        objects = [json.loads(text)]
    except json.JSONDecodeError:
        objects = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    # The last that has AP per class; the others are of training, or of an evaluation before it.
    marks = ("map_per_class", "AP-", "_precision")
    object = [object for object in objects if any(mark in str(object) for mark in marks)][-1]
    of_file = _by_class("ap", FILES / name, **options)
    found = _by_class("ap", object, **options)
    assert [column[:5] for column in found] == [column[:5] for column in of_file]
    [format] = {column[1] for column in found}
    assert name.startswith(format)
    assert _by_class("ap", object, format=format, **options) == found


def test_torchmetrics_tensors():
    both = {
        "map": Tensor(0.4),
        "ious": {},
        "classes": Tensor([1, 7]),
        "bbox_map_per_class": Tensor([-1, 0.5]),
        "segm_map_per_class": Tensor([0, 1]),
    }
    [column] = _by_class("ap", both)
    assert column[:5] == ("bbox_map_per_class", "torchmetrics", "fraction", (None, [1, 7]), [None, 0.5])
    [column] = _by_class("ap", both, wanted=["segm_map_per_class"])
    assert column[4] == [0, 1]
    # The tensors of a single class have no axis.
    [column] = _by_class("ap", {"classes": Tensor(3), "map_per_class": Tensor(0.5)})
    assert column[3:5] == ((None, [3]), [0.5])
    refused("ap", {"map": 0.1, "map_per_class": Tensor(-1), "classes": Tensor([1, 7])}, "class_metrics=True")
    refused("ap", {"map_per_class": Tensor([0.5])}, 'without "classes"')


def test_detectron2_nested():
    results = collections.OrderedDict(bbox={"AP": 40.0, "AP50": 60.0, "AP-a": 40.0, "AP-b/c": float("nan")})
    [column] = _by_class("ap", results)
    assert column[:5] == ("bbox", "detectron2", "percent", (["a", "b/c"], None), [40, None])
    # One task's dictionary alone.
    assert _by_class("ap", results["bbox"])[0][:5] == column[:5]
    refused("ap", {"bbox": {"AP": 40.0, "AP50": 60.0}}, "holds AP of all classes together", "evaluate by class")
    refused("ap", {"AP": 40.0, "AP50": 60.0}, "holds no AP per class")
    refused("ap", {"a": {"AP-x": 1.0, "AP": 1}, "b": {"AP-x": 2, "AP": 1}}, 'ap: has several kinds of AP, "a", "b"')
    refused("ap", {"bbox": {"AP-a": 140.0, "AP": 1}}, 'ap: the AP of "a" is 140, which is not within 0–100')
    refused("ap", {"bbox": {"AP-a": 40.0, "AP": 1}}, "--ap-scale", scale="fraction")


def test_mmdetection_flat():
    results = {"coco/bbox_mAP": 0.4, "coco/person_precision": 0.5, "coco/a/b_precision": float("nan")}
    [column] = _by_class("ap", results)
    assert column[:5] == ("coco", "mmdetection", "fraction", (["person", "a/b"], None), [0.5, None])
    refused("ap", {"coco/bbox_mAP": 0.4, "coco/bbox_mAP_50": 0.6}, "evaluate by class")


def test_classes_that_look_like_keys():
    # Nothing but what evaluators write beside the classes tells them from classes called so.
    for weapons in [{"AP-7": 0.3}, {"AP-7": 0.3, "AK-47": 0.2}]:
        refused("ap", weapons, 'detectron2 would write for a class "7"', 'or "table" if each key is a class')
        assert ap(weapons, format="table") == ((list(weapons), None), list(weapons.values()), "fraction")
    [column] = _by_class("ap", {"AP-7": 0.3}, format="detectron2")
    assert column[2:5] == ("percent", (["7"], None), [0.3])
    refused("ap", {"a_precision": 0.3, "b_precision": 0.3}, "mmdetection would write for a class")
    refused("ap", pd.Series({"AP-7": 0.3}), "detectron2 would write")
    refused("ap", {"a_precision": 0.3, "a_recall": 0.2}, "this precision is not the AP")
    # LVIS has these.
    assert ap({"map": 0.5, "recall": 0.5, "precision": 0.25})[0] == (["map", "recall", "precision"], None)
    assert ap({"a/b": 0.5, "AP50mm": 0.5})[0] == (["a/b", "AP50mm"], None)


# Evaluations.


def evaluation(precision, ids, names=None, **params):
    """What pycocotools' COCOeval shows after accumulate()."""
    params = types.SimpleNamespace(catIds=ids, useCats=1, areaRngLbl=["all", "small"], **params)
    truth = types.SimpleNamespace(cats={id: {"id": id, "name": name} for id, name in names or []})
    eval = {"precision": precision, "params": params}
    return types.SimpleNamespace(eval=eval, params=params, cocoGt=truth)


@pytest.mark.parametrize("iou", ["0.5", "0.75", "0.5:0.95"])
@pytest.mark.parametrize("file", ["precision.npy", "lvis_precision.npy"])
def test_precision_as_npy(file, iou):
    precision = np.load(FILES / file)
    theirs = _by_class("ap", FILES / file, iou=iou)
    assert _by_class("ap", precision, iou=iou) == theirs
    swapped = precision.astype(precision.dtype.newbyteorder())
    for layout in [np.asfortranarray(precision), swapped, np.repeat(precision, 2, axis=1)[:, ::2]]:
        assert _by_class("ap", layout, iou=iou) == theirs
    ids = list(range(2, 2 + precision.shape[2]))
    names = [(id, f"name {id}") for id in ids]
    for object, keys in [
        (evaluation(precision, ids), (None, ids)),
        (evaluation(precision, np.array(ids), names), ([name for _, name in names], ids)),
        # A name that is missing, and names that are the ids.
        (evaluation(precision, ids, names[1:]), (None, ids)),
        (evaluation(precision, ids, [(id, str(id)) for id in ids]), (None, ids)),
        (evaluation(precision, ids).eval, (None, ids)),
    ]:
        [column] = _by_class("ap", object, iou=iou)
        assert column[:3] == theirs[0][:3] and column[3] == keys and column[4] == theirs[0][4]


def test_evaluations_refused():
    precision = np.load(FILES / "precision.npy")
    ids = list(range(precision.shape[2]))
    refused("ap", precision[0, 0], "holds an array of shape")
    refused("ap", precision.astype(int), "precisions are floats")
    refused("ap", precision + 2, "it is 0 to 1, or −1")
    refused("ap", precision[:3], "3 IoU thresholds, not COCO's ten", iou="0.5")
    refused("ap", precision, "is an array: --ap-column is for tables and logs", wanted=["bbox"])
    refused("ap", precision, "holds no AP per class as torchmetrics writes it", format="torchmetrics")
    refused("ap", evaluation(precision, ids[1:]), f"{len(ids)} categories and {len(ids) - 1} category ids")
    before = evaluation(precision, ids)
    before.eval = {}
    refused("ap", before, "call evaluate() and accumulate() first")
    as_one = evaluation(precision[:, :, :1], [-1])
    as_one.params.useCats = 0
    refused("ap", as_one, "params.useCats = 1")
    areas = evaluation(precision, ids)
    areas.params.areaRngLbl = ["small", "all"]
    refused("ap", areas, "of which the first must be 'all'")


class Metrics:
    """As Ultralytics' DetMetrics: the classes with ground truth."""

    ap_class_index = np.array([0, 2])

    def summary(self):
        rows = [("a", np.float64(0.25)), ("c", np.float64(0.5))]
        return [
            {"Class": name, "Images": np.int64(3), "Instances": np.int64(4), "mAP50": 0.9, "mAP50-95": ap}
            for name, ap in rows
        ]


class Result:
    """As supervision's MeanAveragePrecisionResult."""

    ap_per_class = np.array([[0.5] * 5 + [0.25] * 5, [-1.0] * 10])
    matched_classes = np.array([0, 2], dtype=np.int32)


def test_results_of_projects():
    for object in [Metrics(), Metrics().summary()]:
        [(name, format, _, keys, values, _)] = _by_class("ap", object)
        assert (name, format) == ("mAP50-95", "ultralytics")
        assert keys == (["a", "c"], None) and values == [0.25, 0.5]
    [(_, _, _, _, values, _)] = _by_class("ap", Metrics(), wanted=["mAP50"])
    assert values == [0.9, 0.9]
    for iou, ap in [(None, 0.375), ("0.5", 0.5), ("0.75", 0.25)]:
        [(_, format, _, keys, values, _)] = _by_class("ap", Result(), iou=iou)
        assert (format, keys, values) == ("supervision", (None, [0, 2]), [ap, None])
    records = [{"name": "a", "ap": 0.5}, {"name": "b", "ap": None}]
    [(_, format, _, keys, values, _)] = _by_class("ap", records)
    assert (format, keys, values) == ("table", (["a", "b"], None), [0.5, None])


# Counts, covariates, groups, names.


def test_counts():
    for object in [{"a": 3, "b": 0}, {"a": 3.0, "b": np.uint8(0)}, pd.Series([3, 0], ["a", "b"])]:
        assert _by_class("instances", object) == ((["a", "b"], None), [3, 0])
    assert _by_class("instances", collections.Counter([5, 5, 2])) == ((None, [5, 2]), [2, 1])
    for object in [[3, 0], np.array([3, 0]), Tensor([3, 0])]:
        assert _by_class("instances", object) == ((None, [0, 1]), [3, 0])
    file = FILES / "instances_train.json"
    assert _by_class("instances", file) == _by_class("instances", str(file))
    refused("instances", {"a": 2.5}, 'instances: "a": 2.5 is not a count of instances')
    refused("instances", {"a": -1}, "-1 is not a count of instances")
    refused("instances", [1, None], 'instances: "1": NaN is not a count')
    refused("instances", {"a": "3"}, 'the number of "a" is a text')


def test_covariates():
    by_name = ((["a", "b", "c"], None), [("x", [1, 2.5, None]), ("y", [None, 4, 3])], [])
    assert _by_class("covariates", {"x": {"a": 1, "b": 2.5}, "y": {"b": 4, "c": 3}}) == by_name
    frame = pd.DataFrame({"x": [1, 2.5, np.nan], "y": [None, 4, 3]}, ["a", "b", "c"])
    assert _by_class("covariates", frame) == by_name
    assert _by_class("covariates", dict(frame)) == by_name
    in_order = ((None, [0, 1]), [("x", [1, 2]), ("y", [3, None])], [])
    assert _by_class("covariates", {"x": [1, 2], "y": np.array([3, np.nan])}) == in_order
    # Words, and what is compared, are left out as those of tables are.
    _, columns, notes = _by_class("covariates", frame.assign(word="z", ap=0.5, id=7))
    assert [name for name, _ in columns] == ["x", "y"]
    assert notes == [
        'covariates: columns skipped, because they hold no numbers: "word"',
        'covariates: columns skipped, because they are what is compared: "ap"',
    ]
    refused("covariates", {"ap": [1, 2]}, 'has no column of numbers that could be held constant')
    refused("covariates", {}, "covariates: is empty")
    refused("covariates", {"x": ["a", 1]}, 'the x of "0" is a text, not a number')
    refused("covariates", {"x": [np.inf, 1]}, "is not finite")
    refused("covariates", {"x": [1, 2], "y": [1, 2, 3]}, "give mappings of class to number")
    refused("covariates", {"x": [1, 2], "y": {"a": 1}}, "give mappings of class to number")
    refused("covariates", {"x": {"a": 1}, "y": {3: 1}}, "use names only or ids only")
    refused("covariates", frame.reset_index(names="class"), 'set_index("class")')
    refused("covariates", pd.concat([frame, frame]), 'names the class "a" twice')
    refused("covariates", [1, 2], "is of type list: give a file, a pandas DataFrame")


def test_class_groups():
    by_name = ((["a", "b", "c"], None), ["x", None, "y"])
    assert _by_class("class_groups", {"a": "x", "b": None, "c": " y"}) == by_name
    series = pd.Series(["x", np.nan], [3, 4])
    assert _by_class("class_groups", series) == ((None, [3, 4]), ["x", None])
    assert _by_class("class_groups", ["x", "n/a", "x"]) == (IN_ORDER, ["x", None, "x"])
    assert _by_class("class_groups", [1, 1, 2])[1] == ["1", "1", "2"]
    refused("class_groups", {"a": None}, "class_groups: names no group")
    refused("class_groups", {"a": 0.5}, "0.5 is not the name of a group")


def test_class_names(tmp_path):
    assert _by_class("class_names", ["b", "a"]) == ([0, 1], ["b", "a"], [])
    for object in [{7: "b", 3: "a"}, {"7": "b", "3": "a"}, pd.Series(["b", "a"], [7, 3])]:
        assert _by_class("class_names", object) == ([3, 7], ["a", "b"], [])
    (tmp_path / "names.txt").write_text("b\na\n")
    assert _by_class("class_names", tmp_path / "names.txt") == ([0, 1], ["b", "a"], [])
    # torchvision's list of COCO's categories.
    ids, names, notes = _by_class("class_names", ["__background__", "person", "N/A", "N/A", "cat"])
    assert (ids, names, len(notes)) == ([1, 4], ["person", "cat"], 2)
    refused("class_names", ["a", "a"], 'class_names: names the class "a" twice')
    refused("class_names", ["a", 3], "3 is not the name of a class")
    refused("class_names", {"a": 3}, "give a dict of id to name")
    refused("class_names", [], "class_names: names no class")
