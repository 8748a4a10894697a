"""collect.torchvision, against torchvision's own layers."""

import json
import pathlib

import numpy as np
import pytest
from drawn import CATEGORIES, draw
from installed import framework
from pages import run_page

torch = framework("torch")
framework("torchvision")
framework("pycocotools")

import igam_analyze as ig  # noqa: E402
from igam_analyze import collect  # noqa: E402
from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2  # noqa: E402
from torchvision.models import detection  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

FRAMEWORKS = pathlib.Path(__file__).parent
ORDER = sorted(CATEGORIES)
NAMES = {id: CATEGORIES[id] for id in ORDER}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("drawn"), images=7)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=max(CATEGORIES) + 1
    )
    # Otherwise nothing of an image is left where the boxes are pooled.
    with torch.no_grad():
        for _ in range(20):
            model.backbone(torch.randn(2, 3, 96, 128))
    return model


def loader_of(data, keys=("image_id", "boxes", "labels", "iscrowd"), file="train.json", batch=3):
    floats = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    dataset = CocoDetection(data / "images", data / file, transforms=floats)
    dataset = wrap_dataset_for_transforms_v2(dataset, target_keys=keys)
    return torch.utils.data.DataLoader(dataset, batch, collate_fn=lambda batch: tuple(zip(*batch)))


def truth_of(data):
    """Boxes x₁, y₁, x₂, y₂ and category ids of each image, from the file itself."""
    document = json.loads((data / "train.json").read_text())
    of = {image["id"]: ([], []) for image in document["images"]}
    for each in document["annotations"]:
        x, y, w, h = each["bbox"]
        of[each["image_id"]][0].append([x, y, x + w, y + h])
        of[each["image_id"]][1].append(each["category_id"])
    return list(of.values())


def read(folder):
    kinds = ["embeddings", "labels"]
    return [np.concatenate([np.load(path) for path in sorted(folder.glob(f"{kind}/*"))]) for kind in kinds]


def by_hand(model, data, batch=3):
    """What the box head gives for the boxes of the file, and the scores of it, by torchvision's forward."""
    truth, embeddings, scores = truth_of(data), [], []
    model.eval()
    with torch.no_grad():
        images = [image for images, _ in loader_of(data, batch=1) for image in images]
        for start in range(0, len(images), batch):
            part = slice(start, start + batch)
            targets = [{"boxes": torch.tensor(boxes).reshape(-1, 4).float()} for boxes, _ in truth[part]]
            listed, targets = model.transform(images[part], targets)
            features = model.backbone(listed.tensors)
            boxes = [target["boxes"] for target in targets]
            pooled = model.roi_heads.box_roi_pool(features, boxes, listed.image_sizes)
            embeddings.append(model.roi_heads.box_head(pooled))
            scores.append(model.roi_heads.box_predictor(embeddings[-1])[0])
    return torch.cat(embeddings).numpy(), torch.cat(scores).numpy()


def test_is_what_the_head_gets(model, data, tmp_path):
    model.train()
    model.backbone.eval()
    done = collect.torchvision(model, loader_of(data), tmp_path / "dump")
    assert model.training and model.roi_heads.training and not model.backbone.training
    assert not model.roi_heads.box_predictor.cls_score._forward_pre_hooks
    x, y = read(tmp_path / "dump")
    expected, scores = by_hand(model, data)
    np.testing.assert_array_equal(y, [label for _, labels in truth_of(data) for label in labels])
    np.testing.assert_allclose(x, expected, atol=1e-6)
    assert x.std(0).max() > 1e-3, "embeddings differ"
    assert (done.rows, done.dim, done.left_out) == (len(y), 1024, {})
    # The background, torchvision's first row, is the last one.
    weights, bias = (np.load(tmp_path / f"dump/{name}.npy") for name in ["weights", "bias"])
    np.testing.assert_allclose(x @ weights.T + bias, scores[:, [*ORDER, 0]], atol=1e-4)
    csv = (tmp_path / "dump/class_names.csv").read_text().split()
    assert csv == ["class,id", *(f"{name},{id}" for id, name in NAMES.items())]
    said = json.loads((tmp_path / "dump/collected.json").read_text())
    assert said["framework"] == "torchvision" and "cls_score" in said["embedding"]
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]


def test_batches_do_not_matter(model, data, tmp_path):
    """Images of one size: the batch is not padded."""
    for batch in [1, 4]:
        collect.torchvision(model, loader_of(data, batch=batch), tmp_path / f"{batch}")
    (x, y), (again, labels) = (read(tmp_path / f"{batch}") for batch in [1, 4])
    np.testing.assert_array_equal(y, labels)
    np.testing.assert_allclose(x, again, atol=1e-5)


@pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
def test_moments_say_the_same(model, data, tmp_path):
    collect.torchvision(model, loader_of(data), tmp_path / "dump")
    collect.torchvision(model, loader_of(data), tmp_path / "moments", moments=True)
    names = {path.name for path in (tmp_path / "moments").iterdir()}
    assert names == {"moments.parquet", "class_names.csv", "weights.npy", "bias.npy", "collected.json"}
    ours = ig.Moments.load(tmp_path / "moments/moments.parquet").information("oas")
    theirs = ig.information(*read(tmp_path / "dump"), "oas", class_names=NAMES)
    assert ours["class"] == theirs["class"] == list(NAMES.values())
    np.testing.assert_allclose(ours["information"], theirs["information"], rtol=1e-9)


def test_shards(data, model, tmp_path, monkeypatch):
    from igam_analyze.collect import _dump

    collect.torchvision(model, loader_of(data), tmp_path / "one")
    monkeypatch.setattr(_dump, "ROWS", 5)
    collect.torchvision(model, loader_of(data), tmp_path / "several")
    assert len(list((tmp_path / "several/labels").iterdir())) == 5
    for one, several in zip(read(tmp_path / "one"), read(tmp_path / "several")):
        np.testing.assert_array_equal(one, several)


def test_crowds_are_left_out(model, data, tmp_path):
    document = json.loads((data / "train.json").read_text())
    document["annotations"][2]["iscrowd"] = 1
    (data / "crowds.json").write_text(json.dumps(document))
    done = collect.torchvision(model, loader_of(data, file="crowds.json"), tmp_path / "dump")
    _, y = read(tmp_path / "dump")
    assert done.left_out == {"crowds": 1}
    ids = [each["category_id"] for each in document["annotations"]]
    np.testing.assert_array_equal(y, ids[:2] + ids[3:])
    with pytest.raises(ValueError, match='targets have no "iscrowd"'):
        without = loader_of(data, ("boxes", "labels"), "crowds.json")
        collect.torchvision(model, without, tmp_path / "other")


def test_names_of_every_kind(model, data, tmp_path):
    batches = list(loader_of(data))
    with pytest.raises(ValueError, match="does not say the names of its labels: give class_names"):
        collect.torchvision(model, batches, tmp_path / "none")
    listed = ["__background__", *(NAMES.get(id, "N/A") for id in range(1, 14))]
    subset = loader_of(data)
    subset = torch.utils.data.DataLoader(
        torch.utils.data.Subset(subset.dataset, range(7)), 3, collate_fn=subset.collate_fn
    )
    cases = [(batches, NAMES), (batches, data / "train.json"), (batches, listed), (subset, None)]
    for at, (loader, names) in enumerate(cases):
        collect.torchvision(model, loader, tmp_path / f"{at}", class_names=names)
        csv = (tmp_path / f"{at}/class_names.csv").read_text()
        assert csv.split() == ["class,id", *(f"{name},{id}" for id, name in NAMES.items())]


def test_project_name_of_roboflow_is_no_class(model, data, tmp_path):
    document = json.loads((data / "train.json").read_text())
    document["categories"].append({"id": 0, "name": "my-project"})
    (data / "roboflow.json").write_text(json.dumps(document))
    collect.torchvision(model, loader_of(data, file="roboflow.json"), tmp_path / "dump")
    assert "my-project" not in (tmp_path / "dump/class_names.csv").read_text()


def wrong(change):
    """One image whose target is changed."""
    target = {"boxes": torch.tensor([[5.0, 5, 30, 40]]), "labels": torch.tensor([7])}
    change(target)
    return [([torch.rand(3, 96, 128)], [target])]


@pytest.mark.parametrize(
    "change, sentence",
    [
        (lambda target: target.update(labels=torch.tensor([0])), "label 0, which is torchvision's background"),
        (lambda target: target.update(labels=torch.tensor([4])), "label 4 has no name"),
        (lambda target: target.update(labels=torch.tensor([7, 7])), "1 boxes, but 2 labels"),
        (lambda target: target.update(boxes=torch.tensor([[5.0, 5, 5, 40]])), "has no width or no height"),
        (lambda target: target.pop("boxes"), "no boxes and labels"),
        (dict.clear, "no ground-truth box was found"),
    ],
)
def test_wrong_targets_leave_nothing(model, tmp_path, change, sentence):
    model.train()
    with pytest.raises(ValueError, match=sentence):
        collect.torchvision(model, wrong(change), tmp_path / "dump", class_names=NAMES)
    assert list(tmp_path.iterdir()) == []
    assert all(module.training for module in model.modules())
    assert torch.is_grad_enabled()
    assert not model.roi_heads.box_predictor.cls_score._forward_pre_hooks


def test_error_within_the_head_leaves_nothing(model, data, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(model.roi_heads.box_predictor.bbox_pred, "forward", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        collect.torchvision(model, loader_of(data), tmp_path / "dump")
    assert list(tmp_path.iterdir()) == []
    assert not model.roi_heads.box_predictor.cls_score._forward_pre_hooks


def test_refused(model, data, tmp_path):
    with pytest.raises(ValueError, match="RetinaNet has no roi_heads"):
        dense = detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=3)
        collect.torchvision(dense, loader_of(data), tmp_path / "dump")
    for names, sentence in [
        ({**NAMES, 0: "bolt"}, "0 is torchvision's background"),
        ({**NAMES, 14: "bolt"}, "knows labels to 13: the data set uses other numbers"),
        ({**NAMES, 4: "red"}, "'red' 2 times"),
        (["bolt", "nut"], "must begin with '__background__'"),
        (data / "data.yaml", "not a COCO annotation file"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            collect.torchvision(model, loader_of(data), tmp_path / "dump", class_names=names)
    plain = torch.utils.data.DataLoader(
        CocoDetection(data / "images", data / "train.json", transform=v2.ToImage()),
        collate_fn=lambda batch: tuple(zip(*batch)),
    )
    with pytest.raises(ValueError, match="wrap_dataset_for_transforms_v2"):
        collect.torchvision(model, plain, tmp_path / "dump")
    (tmp_path / "dump").mkdir()
    (tmp_path / "dump/mine").write_text("kept")
    with pytest.raises(FileExistsError, match="not empty"):
        collect.torchvision(model, loader_of(data), tmp_path / "dump")
    assert [path.name for path in tmp_path.rglob("*")] == ["dump", "mine"]


PRELUDE = """
import pathlib
import sys

sys.path.insert(0, FRAMEWORKS)
import torch
from drawn import draw
from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign
from torchvision.transforms import v2

draw(pathlib.Path("."), images=120)
torch.manual_seed(0)


def loader_of(part, shuffle=False):
    floats = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    dataset = wrap_dataset_for_transforms_v2(CocoDetection("images", f"{part}.json", transforms=floats))
    # The first image has no box, which the wrapper does not say as training wants it.
    dataset = torch.utils.data.Subset(dataset, range(1, len(dataset)))
    return torch.utils.data.DataLoader(dataset, 4, shuffle, collate_fn=lambda batch: tuple(zip(*batch)))


layers, channels = [], 3
for width, stride in [(16, 2), (32, 2), (32, 2), (32, 1)]:
    layers += [torch.nn.Conv2d(channels, width, 3, stride, 1), torch.nn.ReLU()]
    channels = width
backbone = torch.nn.Sequential(*layers)
backbone.out_channels = 32
anchors = AnchorGenerator(((12, 24, 40),), ((0.5, 1.0, 2.0),))
pool = MultiScaleRoIAlign(["0"], 5, 2)
head = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(800, 32), torch.nn.ReLU())
model = FasterRCNN(
    backbone,
    rpn_anchor_generator=anchors,
    box_roi_pool=pool,
    box_head=head,
    box_predictor=FastRCNNPredictor(32, 14),
    min_size=96,
    max_size=128,
)
optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
for epoch in range(8):
    for images, targets in loader_of("train", shuffle=True):
        loss = sum(model(images, targets).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
loader, val_loader = loader_of("train"), loader_of("val")
"""


def test_page(tmp_path):
    framework("torchmetrics")
    prelude = PRELUDE.replace("FRAMEWORKS", repr(str(FRAMEWORKS)))
    said = run_page("torchvision.md", prelude, tmp_path)
    assert "6 of 6 classes matched" in said[1], said[1]
    assert (tmp_path / "reports/report.html").exists()
