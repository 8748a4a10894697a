"""collect.detectron2 against the layers called by hand: with detectron2 itself where it is there, else with the
part of it that detectron2_shapes.py rebuilds. `.ci/run` has only the latter."""

import csv
import json

import numpy as np
import pytest
from installed import framework

framework("torch")
framework("torchvision")

import detectron2_shapes  # noqa: E402

REAL = detectron2_shapes.install()

import torch  # noqa: E402
import torchvision  # noqa: E402
from detectron2.checkpoint import DetectionCheckpointer  # noqa: E402
from detectron2.config import get_cfg  # noqa: E402
from detectron2.data import DatasetCatalog, MetadataCatalog  # noqa: E402
from detectron2.data.datasets import register_coco_instances  # noqa: E402
from detectron2.modeling import build_model  # noqa: E402
from drawn import CATEGORIES, HEIGHT, WIDTH, draw  # noqa: E402
from igam_analyze import Moments, collect, information  # noqa: E402
from PIL import Image  # noqa: E402

IDS = sorted(CATEGORIES)
MEAN, STD = [103.53, 116.28, 123.675], [57.375, 57.12, 58.395]
TIMES = 1.5
FPN = ["p2", "p3", "p4", "p5"]


@pytest.fixture
def data(tmp_path, request):
    """Drawn images of which one box is a crowd; the name of the registered data set. detectron2 cuts the resized
    box to whole pixels if those of the file are integers, so they are none."""
    draw(tmp_path, images=6)
    path = tmp_path / "train.json"
    file = json.loads(path.read_text())
    file["annotations"][2]["iscrowd"] = 1
    for one in file["annotations"]:
        one["bbox"] = [side + 0.25 for side in one["bbox"]]
    path.write_text(json.dumps(file))
    name = request.node.name
    register_coco_instances(name, {}, str(path), str(tmp_path / "images"))
    single = [one for one in file["annotations"] if not one["iscrowd"]]
    return name, file["images"], single


def config(name, folder, heads="StandardROIHeads"):
    """A config, and a checkpoint of random weights."""
    cfg = get_cfg()
    common = ["MODEL.DEVICE", "cpu", "MODEL.META_ARCHITECTURE", "GeneralizedRCNN", "MODEL.WEIGHTS", ""]
    common += ["MODEL.PIXEL_MEAN", MEAN, "MODEL.PIXEL_STD", STD, "INPUT.FORMAT", "BGR"]
    common += ["INPUT.MIN_SIZE_TEST", int(TIMES * HEIGHT), "DATASETS.TRAIN", (name,)]
    common += ["DATALOADER.NUM_WORKERS", 0, "MODEL.ROI_HEADS.NAME", heads]
    common += ["MODEL.ROI_HEADS.NUM_CLASSES", len(IDS), "MODEL.ROI_BOX_HEAD.FC_DIM", 32]
    cfg.merge_from_list(common)
    if REAL:
        cfg.merge_from_list(["MODEL.RESNETS.DEPTH", 18, "MODEL.RESNETS.RES2_OUT_CHANNELS", 64])
    if REAL and heads != "Res5ROIHeads":
        features = ["res2", "res3", "res4", "res5"]
        more = ["MODEL.BACKBONE.NAME", "build_resnet_fpn_backbone", "MODEL.RESNETS.OUT_FEATURES", features]
        more += ["MODEL.FPN.IN_FEATURES", features, "MODEL.ROI_HEADS.IN_FEATURES", FPN]
        more += ["MODEL.ANCHOR_GENERATOR.SIZES", [[32], [64], [128], [256], [512]]]
        more += ["MODEL.RPN.IN_FEATURES", [*FPN, "p6"], "MODEL.ROI_BOX_HEAD.NAME", "FastRCNNConvFCHead"]
        more += ["MODEL.ROI_BOX_HEAD.NUM_FC", 2, "MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION", 7]
        more += ["MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG", heads == "CascadeROIHeads"]
        cfg.merge_from_list(more)
    torch.manual_seed(2)
    model = build_model(cfg)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "cls_score" in key:
                weight.normal_(0, 0.2)
    DetectionCheckpointer(model, str(folder)).save("random")
    cfg.merge_from_list(["MODEL.WEIGHTS", str(folder / "random.pth")])
    return cfg, model.eval()


def by_hand(model, heads, folder, images, truth):
    """What the last class layer gets for each box, and its category id: image read, resized and normalised here,
    RoIAlign of torchvision on the level that FPN's equation gives."""
    rows, ids = [], []
    size = (int(TIMES * WIDTH), int(TIMES * HEIGHT))
    for image in images:
        picture = Image.open(folder / "images" / image["file_name"]).resize(size, Image.BILINEAR)
        step = model.backbone.size_divisibility or 1
        padded = np.zeros((-(-size[1] // step) * step, -(-size[0] // step) * step, 3), np.float32)
        padded[: size[1], : size[0]] = (np.asarray(picture)[..., ::-1] - np.array(MEAN)) / np.array(STD)
        maps = model.backbone(torch.tensor(padded.transpose(2, 0, 1)[None]))
        for one in truth:
            if one["image_id"] != image["id"]:
                continue
            x, y, w, h = one["bbox"]
            box = torch.tensor([[x, y, x + w, y + h]], dtype=torch.float32) * TIMES
            if heads == "Res5ROIHeads":
                pooled = torchvision.ops.roi_align(maps["res4"], [box], 14, 1 / 16, 0, aligned=True)
                row = model.roi_heads.res5(pooled).mean(dim=[2, 3])
            else:
                finest, coarsest = (int(model.roi_heads.box_in_features[at][1:]) for at in (0, -1))
                level = np.clip(np.floor(4 + np.log2(np.sqrt(w * h) * TIMES / 224)), finest, coarsest)
                features = maps[f"p{int(level)}"]
                row = torchvision.ops.roi_align(features, [box], 7, 1 / 2**level, 0, aligned=True).flatten(1)
                head = model.roi_heads.box_head
                for layer in (head[-1] if heads == "CascadeROIHeads" else head).children():
                    row = torch.relu(layer(row)) if isinstance(layer, torch.nn.Linear) else row
            rows.append(row)
            ids.append(one["category_id"])
    return torch.cat(rows), ids


@pytest.mark.parametrize("heads", ["StandardROIHeads", "CascadeROIHeads", "Res5ROIHeads"])
def test_equals_the_layers_called_by_hand(heads, data, tmp_path):
    name, images, truth = data
    cfg, model = config(name, tmp_path, heads)
    done = collect.detectron2(cfg, tmp_path / "dump")
    predictor = model.roi_heads.box_predictor
    predictor = predictor[-1] if heads == "CascadeROIHeads" else predictor
    with torch.no_grad():
        rows, ids = by_hand(model, heads, tmp_path, images, truth)
        scores = predictor.cls_score(rows).numpy()
    embeddings = np.load(tmp_path / "dump/embeddings/00000.npy")
    np.testing.assert_allclose(embeddings, rows.numpy(), rtol=1e-4, atol=1e-5)
    assert np.load(tmp_path / "dump/labels/00000.npy").tolist() == ids
    assert done.rows == len(truth) and heads in done.embedding
    with open(tmp_path / "dump/class_names.csv", newline="") as file:
        named = [(int(row["id"]), row["class"]) for row in csv.DictReader(file)]
    assert named == sorted(CATEGORIES.items())
    weights, bias = np.load(tmp_path / "dump/weights.npy"), np.load(tmp_path / "dump/bias.npy")
    # The background is the last row.
    assert weights.shape == (len(IDS) + 1, rows.shape[1])
    np.testing.assert_allclose(embeddings @ weights.T + bias, scores, rtol=1e-4, atol=1e-4)


def test_moments_are_those_of_the_dump(data, tmp_path):
    cfg, _ = config(data[0], tmp_path)
    collect.detectron2(cfg, tmp_path / "dump")
    collect.detectron2(cfg, tmp_path / "moments", moments=True)
    labels = np.load(tmp_path / "dump/labels/00000.npy").tolist()
    names = np.array([CATEGORIES[label] for label in labels])
    whole = information(np.load(tmp_path / "dump/embeddings/00000.npy"), names)
    parts = Moments.load(str(tmp_path / "moments/moments.parquet")).information()
    there = dict(zip(parts["class"], parts["information"]))
    for name, bits in zip(whole["class"], whole["information"]):
        assert there[name] == pytest.approx(bits, rel=1e-9)


@pytest.mark.parametrize(("evaluator", "first"), [(None, 0), ("lvis", 1)])
def test_data_sets_without_a_map_of_ids(evaluator, first, data, tmp_path):
    """Positions in thing_classes; in LVIS, whose loader takes 1 from each id, ids."""
    name, _, truth = data
    cfg, _ = config(name, tmp_path)
    collect.detectron2(cfg, tmp_path / "dump")
    dicts = [dict(one) for one in of(name)]
    bare = f"{name} without a map"
    DatasetCatalog.register(bare, lambda: dicts)
    MetadataCatalog.get(bare).thing_classes = [CATEGORIES[id] for id in IDS]
    if evaluator:
        MetadataCatalog.get(bare).evaluator_type = evaluator
    done = collect.detectron2(cfg, tmp_path / "bare", dataset=bare)
    labels = np.load(tmp_path / "bare/labels/00000.npy").tolist()
    assert labels == [IDS.index(one["category_id"]) + first for one in truth]
    assert ("positions" in done.labels) == (first == 0)
    with pytest.raises(ValueError, match="number their classes differently"):
        collect.detectron2(cfg, tmp_path / "both", dataset=[name, bare])


def two_classes(dicts):
    for one in dicts:
        one["annotations"] = [each | {"category_id": each["category_id"] % 2} for each in one["annotations"]]
    return dicts


def of(name):
    if REAL:
        return DatasetCatalog.get(name)
    return detectron2_shapes.DATASETS[name]()


def test_refused(data, tmp_path):
    name = data[0]
    cfg, _ = config(name, tmp_path)
    with pytest.raises(TypeError, match="not a LazyConfig"):
        collect.detectron2({"model": None}, tmp_path / "dump")
    few = MetadataCatalog.get(f"{name} with two classes")
    few.thing_classes = ["a", "b"]
    DatasetCatalog.register(f"{name} with two classes", lambda: two_classes(of(name)))
    with pytest.raises(ValueError, match="the head has 6 classes, the data set .* has 2"):
        collect.detectron2(cfg, tmp_path / "dump", dataset=f"{name} with two classes")
    DatasetCatalog.register(f"{name} without names", lambda: of(name))
    with pytest.raises(ValueError, match="has no thing_classes"):
        collect.detectron2(cfg, tmp_path / "dump", dataset=f"{name} without names")
    cfg.merge_from_list(["MODEL.META_ARCHITECTURE", "RetinaNet", "MODEL.WEIGHTS", ""])
    if REAL:
        cfg.merge_from_list(["MODEL.RETINANET.IN_FEATURES", FPN, "MODEL.ANCHOR_GENERATOR.SIZES", [[32]] * 4])
    with pytest.raises(TypeError, match="RetinaNet has no roi_heads"):
        collect.detectron2(cfg, tmp_path / "dump")
    assert not (tmp_path / "dump").exists()
