"""collect.ultralytics, against the network's own outputs."""

import json
import pathlib

import numpy as np
import pytest
from drawn import CATEGORIES, draw
from installed import framework
from pages import run_page

torch = framework("torch")
framework("ultralytics")

import igam_analyze as ig  # noqa: E402
import ultralytics  # noqa: E402
import yaml  # noqa: E402
from igam_analyze import collect  # noqa: E402
from PIL import Image  # noqa: E402
from ultralytics import YOLO  # noqa: E402
from ultralytics.nn.tasks import yaml_model_load  # noqa: E402

NAMES = list(CATEGORIES.values())
SIDE = 128


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Half of the boxes are large, so that levels share them."""
    return draw(tmp_path_factory.mktemp("drawn"), images=9, sides=(8, 90))


def untrained(folder, kind="yolov8n"):
    settings = {**yaml_model_load(f"{kind}.yaml"), "nc": len(NAMES)}
    path = folder / f"{kind}.yaml"
    path.write_text(yaml.safe_dump(settings))
    torch.manual_seed(0)
    yolo = YOLO(path)
    # Otherwise nothing of an image is left where classes are told.
    yolo.model.train()
    for module in yolo.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        yolo.model(torch.rand(8, 3, 16, 16).repeat_interleave(8, 2).repeat_interleave(8, 3))
    yolo.model.eval()
    # Boxes of about three cells, so that large ones are for large strides.
    head = yolo.model.model[-1]
    for level in [*head.cv2, *getattr(head, "one2one_cv2", [])]:
        bins = level[-1].bias.data.view(4, -1)
        bins[:] = 1.5 if head.reg_max == 1 else -2 * (torch.arange(head.reg_max) - 1.5).abs()
    return yolo


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("model"))


def take(model, data, out, **options):
    return collect.ultralytics(model, data / "data.yaml", out, imgsz=SIDE, workers=0, **options)


def read(folder):
    kinds = ["embeddings", "labels"]
    return [np.concatenate([np.load(path) for path in sorted(folder.glob(f"{kind}/*"))]) for kind in kinds]


def rows_of(path):
    return np.array([line.split() for line in path.read_text().splitlines()], float).reshape(-1, 5)


def truth_of(data, split="train"):
    """Of each image the labels and the boxes x₁, y₁, x₂, y₂ within the square, from the label files."""
    for path in sorted((data / "labels" / split).glob("*.txt")):
        rows = rows_of(path)
        x, y, w, h = (rows[:, 1:] * [128, 96, 128, 96]).T
        # The image is 96 high: 16 rows above it are filled.
        yield path.stem, rows[:, 0].astype(int), np.stack([x - w / 2, y - h / 2 + 16, x + w / 2, y + h / 2 + 16], 1)


def raw(model, data, name, branch):
    """Features before the last class layer and boxes of an image, a row a cell, and strides."""
    picture = np.full((SIDE, SIDE, 3), 114, np.uint8)
    picture[16:112] = np.asarray(Image.open(data / f"images/train/{name}.png"))
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    head, seen = model.model.model[-1], []
    hooks = [
        level[-1].register_forward_hook(lambda *call: seen.append(call)) for level in getattr(head, branch)
    ]
    with torch.no_grad():
        decoded = model.model(image)[0][0]
    for hook in hooks:
        hook.remove()
    features = [inputs[0][0].flatten(1).T.numpy() for _, inputs, _ in seen]
    scores = [outputs[0].flatten(1).T.sigmoid().numpy() for _, _, outputs in seen]
    strides = np.repeat(head.stride.numpy(), [len(each) for each in features]).astype(int)
    x, y, w, h = decoded[:4].numpy()
    boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)
    return np.concatenate(features), np.concatenate(scores), boxes, strides


def overlap(box, boxes):
    """CIoU of one box and others (arXiv 1911.08287), no less than 0."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    sides, side = boxes[:, 2:] - boxes[:, :2], box[2:] - box[:2]
    iou = shared / (sides.prod(1) + side.prod() - shared)
    around = np.maximum(box[2:], boxes[:, 2:]) - np.minimum(box[:2], boxes[:, :2])
    apart = (((box[:2] + box[2:] - boxes[:, :2] - boxes[:, 2:]) / 2) ** 2).sum(1) / (around**2).sum(1)
    v = 4 / np.pi**2 * (np.arctan(side[0] / side[1]) - np.arctan(sides[:, 0] / sides[:, 1])) ** 2
    return np.clip(iou - apart - v * v / (v - iou + 1 + 1e-7), 0, None)


def by_hand(model, data, branch="cv3", topk=10):
    """For each box of the label files, in their order: label, stride, features and scores, after the task-aligned
    assignment (arXiv 2108.07755): √score × CIoU⁶ of cells within the box, the best `topk` of them; a cell
    of several boxes goes to that which it overlaps most."""
    found = []
    for name, labels, truth in truth_of(data):
        features, scores, boxes, strides = raw(model, data, name, branch)
        grid = [np.stack(np.meshgrid(*[np.arange(SIDE // s) * s + s / 2] * 2), -1).reshape(-1, 2) for s in (8, 16, 32)]
        centres = np.concatenate(grid)
        overlaps = np.array([overlap(box, boxes) for box in truth])
        align = np.zeros_like(overlaps)
        for at, box in enumerate(truth):
            # A side shorter than 16 pixels counts as 16.
            middle, half = (box[:2] + box[2:]) / 2, np.maximum(box[2:] - box[:2], 16) / 2
            within = (np.abs(centres - middle) < half).all(1)
            overlaps[at] *= within
            values = np.sqrt(scores[:, labels[at]]) * overlaps[at] ** 6 * within
            best = np.argsort(-values)[:topk]
            align[at, best] = values[best]
        if not len(truth):
            continue
        owner = np.where((align > 0).sum(0) > 1, overlaps.argmax(0), align.argmax(0))
        for at, label in enumerate(labels):
            values = align[at] * (owner == at)
            cell = values.argmax()
            level = strides[cell] if values[cell] > 0 else None
            found.append((label, level, features[cell], scores[cell]))
    return found


@pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
@pytest.mark.parametrize("stride", [8, 16])
def test_is_what_the_class_branch_gets(model, data, tmp_path, stride):
    done = take(model, data, tmp_path / "dump", stride=stride)
    x, y = read(tmp_path / "dump")
    truth = by_hand(model, data)
    ours = [(label, *cell) for label, level, *cell in truth if level == stride]
    assert len(ours) >= 3 and done.rows == len(ours)
    np.testing.assert_array_equal(y, [label for label, *_ in ours])
    np.testing.assert_allclose(x, [features for _, features, _ in ours], rtol=1e-3, atol=1e-2)
    assert x.std(0).max() > 0.5, "embeddings differ"
    others = {f"stride {s}": n for s in (8, 16, 32) if s != stride and (n := [t[1] for t in truth].count(s))}
    lost = [t[1] for t in truth].count(None)
    assert done.left_out == {**others, **({"no cell": lost} if lost else {})}
    layer = model.model.model[-1].cv3[[8, 16].index(stride)][-1]
    weights, bias = (np.load(tmp_path / f"dump/{name}.npy") for name in ["weights", "bias"])
    np.testing.assert_array_equal(weights, layer.weight.detach()[:, :, 0, 0])
    np.testing.assert_array_equal(bias, layer.bias.detach())
    scores = 1 / (1 + np.exp(-(x @ weights.T + bias)))
    np.testing.assert_allclose(scores, [scores for *_, scores in ours], rtol=1e-2, atol=1e-6)
    csv = (tmp_path / "dump/class_names.csv").read_text().split()
    assert csv == ["class,id", *(f"{name},{id}" for id, name in enumerate(NAMES))]
    assert f"stride {stride}" in json.loads((tmp_path / "dump/collected.json").read_text())["embedding"]


def test_says_what_is_left_out(model, data, tmp_path):
    with pytest.warns(ig.IgamWarning) as warned:
        done = take(model, data, tmp_path / "dump")
    levels = [level for _, level, *_ in by_hand(model, data)]
    most = max((8, 16, 32), key=levels.count)
    assert done.rows == levels.count(most)
    [sentence] = [str(one.message) for one in warned if "on stride" in str(one.message)]
    assert f"{done.rows} of {len(levels)} ground-truth boxes are on stride {most}; " in sentence
    assert done.rows + sum(done.left_out.values()) == len(levels) == 32


@pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
def test_model_is_left_as_it_was(model, data, tmp_path):
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    model.model.train()
    settings, batches = model.model.args, []
    for batch in [1, 5]:
        take(model, data, tmp_path / f"{batch}", batch=batch)
        batches.append(read(tmp_path / f"{batch}"))
    for one, other in zip(*batches):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-2)
    assert model.model.training and model.model.args is settings
    assert getattr(model.model, "criterion", None) is None
    assert all(torch.equal(value, before[name]) for name, value in model.model.state_dict().items())
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in model.model.modules())
    model.model.eval()


@pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
def test_moments_say_the_same(model, data, tmp_path):
    take(model, data, tmp_path / "dump", stride=8)
    take(model, data, tmp_path / "moments", stride=8, moments=True)
    assert not (tmp_path / "moments/embeddings").exists()
    ours = ig.Moments.load(tmp_path / "moments/moments.parquet").information("oas")
    theirs = ig.information(*read(tmp_path / "dump"), "oas", class_names=NAMES)
    assert ours["class"] == theirs["class"] == NAMES
    np.testing.assert_allclose(ours["information"], theirs["information"], rtol=1e-9)


@pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
@pytest.mark.parametrize("kind, end2end", [("yolo11n", False), ("yolo26n", False), ("yolo26n", True)])
def test_other_heads(data, tmp_path, kind, end2end):
    """Of two branches that which predicts, with its own assigner."""
    model, branch = untrained(tmp_path, kind), "one2one_cv3" if end2end else "cv3"
    if end2end:
        for parameter in model.model.model[-1].one2one_cv3.parameters():
            parameter.data += 0.3 * torch.randn_like(parameter) * parameter.data.abs().mean()
        model.model.end2end = True
    done = take(model, data, tmp_path / "dump", stride=8)
    assert done.embedding.startswith(f"input of {branch}[0][-1] (stride 8)")
    # Boxes of all cells are told by the other branch alone; untrained, they are the same.
    model.model.end2end = False
    x, y = read(tmp_path / "dump")
    truth = by_hand(model, data, branch, 7 if end2end else 10)
    ours = [(label, features) for label, level, features, _ in truth if level == 8]
    np.testing.assert_array_equal(y, [label for label, _ in ours])
    np.testing.assert_allclose(x, [features for _, features in ours], rtol=1e-3, atol=1e-2)


@pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
def test_segmentation(tmp_path):
    """Its data set has polygons; the class branch is the same."""
    data = draw(tmp_path / "data", parts=["train", "val"], images=4)
    for path in (data / "labels").rglob("*.txt"):
        corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]]
        text = ""
        for label, x, y, w, h in rows_of(path):
            points = [f"{x + a * w / 2} {y + b * h / 2}" for a, b in corners]
            text += f"{int(label)} {' '.join(points)}\n"
        path.write_text(text)
    done = take(untrained(tmp_path, "yolov8n-seg"), data, tmp_path / "dump", stride=8)
    assert done.rows + sum(done.left_out.values()) == 12


def test_refused(model, data, tmp_path):
    def refused(sentence, model=model, data=data, kind=ValueError, **options):
        with pytest.raises(kind, match=sentence):
            take(model, data, tmp_path / "dump", **options)
        assert not list(tmp_path.glob("*dump*"))


    small = draw(tmp_path / "small", images=3, sides=(8, 12))
    refused("no ground-truth box is on stride 32: stride 8 8", data=small, stride=32)
    refused(r"no level of this model has stride 4: it has \[8, 16, 32\]", stride=4)
    fewer = untrained(tmp_path)
    fewer.model.names = dict(enumerate(NAMES[:-1]))
    refused("has 6 classes, and the model 5", fewer)
    fewer.model.names = dict(enumerate([*NAMES[:2], NAMES[3], NAMES[2], *NAMES[4:]]))
    refused("class 2 is 'blue' in .*data.yaml, but 'yellow' in the model", fewer)
    refused("Classify has no class branch", YOLO("yolov8n-cls.yaml"))
    refused("RTDETRDecoder has no class branch", ultralytics.RTDETR("rtdetr-l.yaml"))
    refused("data.yaml has no 'test' images", split="test")
    refused("nowhere", data=tmp_path / "nowhere", kind=FileNotFoundError)
    (tmp_path / "there").mkdir()
    (tmp_path / "there/mine").write_text("kept")
    with pytest.raises(FileExistsError, match="not empty"):
        take(model, data, tmp_path / "there")


def test_error_leaves_nothing(model, data, tmp_path, monkeypatch):
    import igam_analyze.collect._ultralytics as module

    monkeypatch.setattr(module, "_cells", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take(model, data, tmp_path / "dump")
    assert list(tmp_path.iterdir()) == []


PRELUDE = """
import pathlib
import shutil
import sys

sys.path.insert(0, FRAMEWORKS)
from drawn import draw
from ultralytics import YOLO

draw(pathlib.Path("."), images=60)
model = YOLO("yolov8n.yaml")
model.train(
    data="data.yaml", epochs=15, imgsz=128, batch=4, workers=0, device="cpu", plots=False, val=False,
    optimizer="AdamW", lr0=0.002, warmup_epochs=1, mosaic=0.0, project="runs", name="train", exist_ok=True,
)
shutil.copy(model.trainer.last, "best.pt")
"""


def test_page(tmp_path):
    prelude = PRELUDE.replace("FRAMEWORKS", repr(str(pathlib.Path(__file__).parent)))
    said = run_page("ultralytics.md", prelude, tmp_path)
    assert "6 of 6 classes matched" in said[1], said[1]
    assert (tmp_path / "reports/report.html").exists()
