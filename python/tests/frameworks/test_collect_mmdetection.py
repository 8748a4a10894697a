"""collect.mmdetection with mmdetection 3 itself, but for mmcv's compiled operations (mmcv_extension.py), against
the layers called by hand."""

import csv
import json
import pathlib

import numpy as np
import pytest
from igam_analyze import Moments, information
from installed import framework
from pages import run_page

framework("torch")
framework("torchvision")
framework("cv2")
framework("mmengine")
framework("mmcv")

import mmcv_extension  # noqa: E402

mmcv_extension.install()
mmdet = framework("mmdet")

import cv2  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402
from igam_analyze import collect  # noqa: E402
from mmdet.apis import init_detector  # noqa: E402
from mmdet.utils import register_all_modules  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.runner import save_checkpoint  # noqa: E402

FRAMEWORKS = pathlib.Path(__file__).parent
BASE = pathlib.Path(mmdet.__file__).parent / ".mim/configs/_base_"
# The order of the file is neither that of the ids nor that of the config's classes.
CATEGORIES = [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}, {"id": 12, "name": "owl"}]
CLASSES = ("owl", "cat", "dog")
IDS = sorted(category["id"] for category in CATEGORIES)
MEAN, STD = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])

SMALL = """
_base_ = ["{base}/models/{model}.py", "{base}/datasets/coco_detection.py", "{base}/default_runtime.py",
          "{base}/schedules/schedule_1x.py"]
small = dict(roi_layer=dict(use_torchvision=True), out_channels=16)
model = dict(
    backbone=dict(depth=18, init_cfg=None), neck=dict(in_channels=[64, 128, 256, 512], out_channels=16),
    rpn_head=dict(in_channels=16, feat_channels=16), roi_head=dict(bbox_roi_extractor=small, {heads}))
data = dict(data_root="{root}/", ann_file="a.json", data_prefix=dict(img=""), metainfo=dict(classes={classes}))
steps = [
    dict(type="LoadImageFromFile"), dict(type="Resize", scale=(150, 120), keep_ratio=True),
    dict(type="LoadAnnotations", with_bbox=True), dict(type="PackDetInputs")]
plain = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(batch_size=4, dataset=data, **plain)
val_dataloader = dict(dataset=data | dict(pipeline=steps), **plain)
test_dataloader = dict(dataset=data | dict(pipeline=steps), **plain)
val_evaluator = dict(ann_file="{root}/a.json", classwise=True)
test_evaluator = dict(ann_file="{root}/a.json", classwise=True)
work_dir = "{root}/work"
"""
FASTER = "bbox_head=dict(in_channels=16, fc_out_channels=32, num_classes=3)"
CASCADE = "bbox_head=[dict(type='Shared2FCBBoxHead', in_channels=16, fc_out_channels=32, num_classes=3, "
CASCADE += "roi_feat_size=7, reg_class_agnostic=True, bbox_coder=dict(type='DeltaXYWHBBoxCoder'))] * 3"


def images(folder, count=6):
    """Images of rectangles whose colour is their class, beside a crowd, a box outside and one of another class."""
    rng = np.random.default_rng(4)
    pictures, truth = [], []
    for id in range(count):
        picture = rng.integers(0, 60, (80, 100, 3), dtype=np.uint8)
        pictures.append({"id": id, "file_name": f"{id}.png", "width": 100, "height": 80})
        for number in range(id % 4):
            at = int(rng.integers(3))
            x, y, w, h = (int(each) for each in rng.integers([0, 0, 20, 20], [50, 40, 50, 40]))
            picture[y : y + h, x : x + w, at] = 200
            one = {"id": len(truth) + 1, "image_id": id, "category_id": CATEGORIES[at]["id"], "iscrowd": 0}
            one |= {"bbox": [x, y, w, h], "area": w * h}
            truth.append(one)
        cv2.imwrite(str(folder / f"{id}.png"), picture)
    crowd = {"image_id": 5, "category_id": 7, "bbox": [10, 10, 30, 30], "area": 900}
    other = {"id": 99, "name": "not taught"}
    truth += [crowd | {"id": 900, "iscrowd": 1}, crowd | {"id": 901, "iscrowd": 0, "category_id": 99}]
    truth.append(crowd | {"id": 902, "iscrowd": 0, "bbox": [200, 10, 30, 30]})
    file = {"images": pictures, "annotations": truth, "categories": [*CATEGORIES, other]}
    (folder / "a.json").write_text(json.dumps(file))
    return pictures, [one for one in truth if one["id"] < 900]


def project(folder, model="faster-rcnn_r50_fpn", heads=FASTER, more=""):
    """A config, and a checkpoint of random weights."""
    text = SMALL.format(base=BASE, root=folder, model=model, heads=heads, classes=CLASSES)
    path = folder / "config.py"
    path.write_text(text + more)
    register_all_modules()
    config = Config.fromfile(path)
    torch.manual_seed(6)
    from mmdet.registry import MODELS

    detector = MODELS.build(config.model)
    with torch.no_grad():
        for name, weight in detector.named_parameters():
            if "fc_cls" in name:
                weight.normal_(0, 0.2)
    state = {"state_dict": detector.state_dict(), "meta": {"dataset_meta": {"classes": CLASSES}}}
    save_checkpoint(state, str(folder / "random.pth"))
    return path, folder / "random.pth"


def by_hand(detector, folder, pictures, truth):
    """Pooled maps of the boxes and their category ids: image read, resized and normalised here, RoIAlign of
    torchvision on the level that FPN's equation gives."""
    pooled, ids = [], []
    for picture in pictures:
        mine = [one for one in truth if one["image_id"] == picture["id"]]
        if not mine:
            continue
        image = cv2.resize(cv2.imread(str(folder / picture["file_name"])), (150, 120))[..., ::-1]
        padded = np.zeros((128, 160, 3), np.float32)
        padded[:120, :150] = (image - MEAN) / STD
        maps = detector.neck(detector.backbone(torch.tensor(padded.transpose(2, 0, 1)[None])))
        for one in mine:
            x, y, w, h = one["bbox"]
            box = torch.tensor([[x, y, x + w, y + h]], dtype=torch.float32) * 1.5
            level = int(np.clip(np.floor(np.log2(np.sqrt(w * h) * 1.5 / 56 + 1e-6)), 0, 3))
            aligned = {"spatial_scale": 1 / (4 * 2**level), "sampling_ratio": 0, "aligned": True}
            pooled.append(torchvision.ops.roi_align(maps[level], [box], 7, **aligned))
            ids.append(one["category_id"])
    return torch.cat(pooled), ids


@pytest.mark.parametrize(
    ("model", "heads"), [("faster-rcnn_r50_fpn", FASTER), ("cascade-rcnn_r50_fpn", CASCADE)]
)
def test_equals_the_layers_called_by_hand(model, heads, tmp_path):
    pictures, truth = images(tmp_path)
    config, checkpoint = project(tmp_path, model, heads)
    done = collect.mmdetection(config, checkpoint, tmp_path / "dump", device="cpu")
    detector = init_detector(str(config), str(checkpoint), device="cpu")
    head = detector.roi_head.bbox_head
    head = head if model.startswith("faster") else head[-1]
    with torch.no_grad():
        pooled, ids = by_hand(detector, tmp_path, pictures, truth)
        rows = pooled.flatten(1)
        for layer in head.shared_fcs:
            rows = torch.relu(layer(rows))
        scores, _ = head(pooled)
    embeddings = np.load(tmp_path / "dump/embeddings/00000.npy")
    np.testing.assert_allclose(embeddings, rows.numpy(), rtol=0, atol=1e-5)
    assert np.abs(embeddings).max() > 0.05
    assert np.load(tmp_path / "dump/labels/00000.npy").tolist() == ids and done.rows == len(truth)
    with open(tmp_path / "dump/class_names.csv", newline="") as file:
        named = [(int(row["id"]), row["class"]) for row in csv.DictReader(file)]
    assert named == sorted((one["id"], one["name"]) for one in CATEGORIES)

    # Label i of mmdetection is the i-th category of the file, whatever the order of the config's classes;
    # the background is the last.
    place = {category["id"]: label for label, category in enumerate(CATEGORIES)}
    weights, bias = np.load(tmp_path / "dump/weights.npy"), np.load(tmp_path / "dump/bias.npy")
    expected = scores.numpy()[:, [*(place[id] for id in IDS), 3]]
    np.testing.assert_allclose(embeddings @ weights.T + bias, expected, rtol=0, atol=1e-5)


def test_labels_are_in_the_order_of_the_file(tmp_path):
    """What docs/dump.md says of mmdetection's own labels."""
    from mmdet.registry import DATASETS

    images(tmp_path)
    config, _ = project(tmp_path)
    data = DATASETS.build(Config.fromfile(config).train_dataloader.dataset)
    assert data.metainfo["classes"] == CLASSES
    assert data.cat2label == {category["id"]: label for label, category in enumerate(CATEGORIES)}


def test_moments_are_those_of_the_dump(tmp_path):
    images(tmp_path)
    config, checkpoint = project(tmp_path)
    collect.mmdetection(config, checkpoint, tmp_path / "dump", device="cpu")
    collect.mmdetection(config, checkpoint, tmp_path / "moments", device="cpu", moments=True)
    labels = np.load(tmp_path / "dump/labels/00000.npy").tolist()
    name_of = {category["id"]: category["name"] for category in CATEGORIES}
    names = np.array([name_of[label] for label in labels])
    whole = information(np.load(tmp_path / "dump/embeddings/00000.npy"), names)
    parts = Moments.load(str(tmp_path / "moments/moments.parquet")).information()
    there = {name: bits for name, bits in zip(parts["class"], parts["information"]) if name in whole["class"]}
    assert there == pytest.approx(dict(zip(whole["class"], whole["information"])), rel=1e-9)


def test_wrapped_datasets_and_splits(tmp_path):
    """Two data sets in a RepeatDataset: each image once. Another split."""
    _, truth = images(tmp_path)
    nested = """
both = dict(type="ConcatDataset", datasets=[dict(type="CocoDataset", **data), dict(type="CocoDataset", **data)])
train_dataloader = dict(dataset=dict(_delete_=True, type="RepeatDataset", times=3, dataset=both))
"""
    config, checkpoint = project(tmp_path, more=nested)
    done = collect.mmdetection(config, checkpoint, tmp_path / "dump", device="cpu")
    assert done.rows == 2 * len(truth)
    once = collect.mmdetection(config, checkpoint, tmp_path / "val", split="val", device="cpu")
    assert once.rows == len(truth)
    with pytest.raises(ValueError, match="no other_dataloader"):
        collect.mmdetection(config, checkpoint, tmp_path / "no", split="other", device="cpu")


def test_voc_has_positions(tmp_path):
    """Pascal VOC has no category ids: labels are positions in the config's classes."""
    pictures, truth = images(tmp_path)
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "JPEGImages").mkdir()
    name_of = {category["id"]: category["name"] for category in CATEGORIES}
    for picture in pictures:
        (tmp_path / picture["file_name"]).rename(tmp_path / f"JPEGImages/{picture['id']}.jpg")
        objects = ""
        for one in truth:
            if one["image_id"] == picture["id"]:
                x, y, w, h = one["bbox"]
                corners = f"<xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax>"
                name = name_of[one["category_id"]]
                objects += f"<object><name>{name}</name><difficult>0</difficult><bndbox>{corners}</bndbox></object>"
        size = "<size><width>100</width><height>80</height></size>"
        text = f"<annotation>{size}{objects}</annotation>"
        (tmp_path / f"Annotations/{picture['id']}.xml").write_text(text)
    (tmp_path / "train.txt").write_text("\n".join(str(picture["id"]) for picture in pictures))
    voc = """
voc = dict(type="VOCDataset", data_root=data["data_root"], ann_file="train.txt",
           data_prefix=dict(sub_data_root=""), metainfo=data["metainfo"], filter_cfg=dict(filter_empty_gt=True))
train_dataloader = dict(dataset=dict(_delete_=True, **voc))
"""
    config, checkpoint = project(tmp_path, more=voc)
    done = collect.mmdetection(config, checkpoint, tmp_path / "dump", device="cpu")
    labels = np.load(tmp_path / "dump/labels/00000.npy").tolist()
    assert labels == [CLASSES.index(name_of[one["category_id"]]) for one in truth]
    assert "positions" in done.labels
    assert (tmp_path / "dump/class_names.csv").read_text() == "class,id\nowl,0\ncat,1\ndog,2\n"


def test_refused(tmp_path):
    images(tmp_path)
    config, checkpoint = project(tmp_path)
    five = Config.fromfile(config)
    five.train_dataloader.dataset.metainfo = {"classes": ("owl", "cat")}
    with pytest.raises(ValueError, match="the head has 3 classes, the data set 2"):
        collect.mmdetection(five, checkpoint, tmp_path / "dump", device="cpu")
    dense = Config.fromfile(BASE / "models/retinanet_r50_fpn.py")
    dense.merge_from_dict({"default_scope": "mmdet", "test_dataloader": five.test_dataloader})
    dense.model.backbone.init_cfg = None
    with pytest.raises(TypeError, match="RetinaNet has no roi_head"):
        collect.mmdetection(dense, None, tmp_path / "dump", device="cpu")
    sparse = Config.fromfile(BASE.parent / "sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco.py")
    sparse.merge_from_dict({"test_dataloader": {"dataset": five.test_dataloader.dataset}})
    with pytest.raises(TypeError, match="SparseRoIHead needs more than boxes"):
        collect.mmdetection(sparse, None, tmp_path / "dump", device="cpu")
    assert not (tmp_path / "dump").exists()


def test_page(tmp_path):
    """From a detector that mmdetection trains and evaluates to the report."""
    prelude = f"import sys\n\nsys.path.insert(0, {str(FRAMEWORKS)!r})\n"
    prelude += (FRAMEWORKS / "mmdetection_prelude.py").read_text()
    said = run_page("mmdetection.md", prelude, tmp_path)
    assert "6 of 6 classes matched" in said[1], said[1]
    assert (tmp_path / "reports/report.html").exists()
