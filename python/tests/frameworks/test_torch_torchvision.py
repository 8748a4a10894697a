"""FastRCNNIGAMPredictor in torchvision's own Faster R-CNN."""

import copy
import json
import subprocess
import sys

import igam_analyze as ig
import numpy as np
import pytest
from drawn import CATEGORIES, draw
from installed import framework

torch = framework("torch")
framework("torchvision")
framework("pycocotools")

from igam_analyze import collect  # noqa: E402
from igam_analyze.torch import FastRCNNIGAMPredictor, _fastrcnn_loss  # noqa: E402
from torch.nn import functional  # noqa: E402
from torchvision.datasets import CocoDetection, wrap_dataset_for_transforms_v2  # noqa: E402
from torchvision.models.detection import FasterRCNN, roi_heads  # noqa: E402
from torchvision.models.detection.anchor_utils import AnchorGenerator  # noqa: E402
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor  # noqa: E402
from torchvision.ops import MultiScaleRoIAlign  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

CLASSES = max(CATEGORIES) + 1
pytestmark = pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    """Images with objects and their targets, in batches of four."""
    folder = draw(tmp_path_factory.mktemp("drawn"), images=17)
    floats = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    dataset = CocoDetection(folder / "images", folder / "train.json", transforms=floats)
    dataset = wrap_dataset_for_transforms_v2(dataset, target_keys=("boxes", "labels"))
    dataset = torch.utils.data.Subset(dataset, range(1, len(dataset)))  # the first has no box
    return list(torch.utils.data.DataLoader(dataset, 4, collate_fn=lambda batch: tuple(zip(*batch))))


def model_of(predictor=FastRCNNIGAMPredictor, seed=0, **options):
    """A small Faster R-CNN of random weights, without dropout or statistics of batches."""
    torch.manual_seed(seed)
    layers, channels = [], 3
    for width, stride in [(8, 2), (16, 2), (16, 2)]:
        layers += [torch.nn.Conv2d(channels, width, 3, stride, 1), torch.nn.ReLU()]
        channels = width
    backbone = torch.nn.Sequential(*layers)
    backbone.out_channels = channels
    head = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(400, 16), torch.nn.ReLU())
    if predictor is FastRCNNIGAMPredictor:
        options = {"normalization": "softmax"} | options
    return FasterRCNN(
        backbone,
        rpn_anchor_generator=AnchorGenerator(((12, 24, 40),), ((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2),
        box_head=head,
        box_predictor=predictor(16, CLASSES, **options),
        min_size=96,
        max_size=128,
    )


def optimizer_of(model):
    return torch.optim.SGD(model.parameters(), 0.02, momentum=0.9)


def train(model, optimizer, batches, epochs):
    """Trains; the steps of an epoch depend on its number alone. Gives the losses of the classifier."""
    predictor, losses = model.roi_heads.box_predictor, []
    model.train()
    for epoch in epochs:
        torch.manual_seed(100 + epoch)  # of the sampling of proposals
        for images, targets in batches:
            found = model(images, targets)
            optimizer.zero_grad()
            sum(found.values()).backward()
            optimizer.step()
            losses.append(found["loss_classifier"].item())
        if isinstance(predictor, FastRCNNIGAMPredictor):
            predictor.update_margins()
    return losses


def test_trains_and_resumes(batches, tmp_path):
    """Three epochs at once, against one, a checkpoint, and two in a new model."""
    whole = model_of()
    losses = train(whole, optimizer_of(whole), batches, [0, 1, 2])
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])

    first = model_of()
    optimizer = optimizer_of(first)
    before = train(first, optimizer, batches, [0])
    margins = first.roi_heads.box_predictor.loss.margins.clone()
    assert margins.max() > 0.01 and (margins[0] == 0).all() and (margins[:, 0] == 0).all()
    torch.save({"model": first.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "1.pt")
    resumed = model_of(seed=5)
    optimizer = optimizer_of(resumed)
    state = torch.load(tmp_path / "1.pt", weights_only=True)
    resumed.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    after = train(resumed, optimizer, batches, [1, 2])

    assert before + after == losses
    ours, theirs = resumed.state_dict(), whole.state_dict()
    assert ours.keys() == theirs.keys()
    for name in ours:
        if not name.endswith("_extra_state"):
            assert torch.equal(ours[name], theirs[name]), name
    latest = resumed.roi_heads.box_predictor
    assert not torch.equal(latest.loss.margins, margins), "each epoch has its own"
    assert latest.tracker.amounts["instances"].sum() == sum(len(one["labels"]) for _, part in batches for one in part)

    images, _ = batches[0]
    for one, same in zip(resumed.eval()(images), whole.eval()(images)):
        assert torch.equal(one["scores"], same["scores"]) and torch.equal(one["boxes"], same["boxes"])


def test_tracked_features_are_those_that_collect_writes(batches, tmp_path):
    """The ground-truth boxes among the proposals, against the dump of the same model."""
    model = model_of()
    predictor = model.roi_heads.box_predictor
    model.train()
    for images, targets in batches:
        model(images, targets)
    names = {**CATEGORIES}
    collect.torchvision(model, batches, tmp_path / "dump", class_names=names)
    x, y = (np.load(tmp_path / f"dump/{kind}/00000.npy") for kind in ["embeddings", "labels"])
    assert len(y) == predictor.tracker.moments.instances
    theirs = ig.information(x, y, class_names=names)
    ours = predictor.tracker.moments.information()
    ids = theirs["class_id"]
    np.testing.assert_array_equal(ours["instances"][ids - 1], theirs["instances"])
    np.testing.assert_allclose(ours["information"][ids - 1], theirs["information"], rtol=1e-5)
    margins = predictor.update_margins()
    expected = ig.margins(theirs["information"], "softmax")
    np.testing.assert_allclose(margins[ids][:, ids], expected, rtol=1e-4, atol=1e-7)
    said = json.loads((tmp_path / "dump/collected.json").read_text())
    assert said["cosine"] is True and not (tmp_path / "dump/bias.npy").exists()
    assert predictor.training and predictor.tracker.moments.instances == 0, "collecting pushes nothing"


def test_loss_is_equation_6(batches, monkeypatch):
    """The classifier's loss against `igam_loss`, and the box loss against torchvision's."""
    model = model_of(transposed=True)
    predictor = model.roi_heads.box_predictor
    predictor.loss.set_margins(torch.rand(CLASSES, CLASSES))
    seen, ours = [], roi_heads.fastrcnn_loss

    def watched(logits, regression, labels, targets):
        seen.append((logits.detach(), regression.detach(), [*labels], [*targets]))
        return ours(logits, regression, labels, targets)

    monkeypatch.setattr(roi_heads, "fastrcnn_loss", watched)
    found = model(*batches[0])
    [(logits, regression, labels, targets)] = seen
    rows, matrix = logits.double().numpy() / 30, predictor.loss.margins.double().numpy()
    theirs = ig.igam_loss(rows, torch.cat(labels).numpy(), matrix.T)
    np.testing.assert_allclose(found["loss_classifier"].detach(), theirs.mean(), rtol=1e-5)
    flat, goals = torch.cat(labels), torch.cat(targets)
    positive = torch.where(flat > 0)[0]
    assert 0 < len(positive) < len(flat)
    deltas = regression.reshape(len(flat), -1, 4)[positive, flat[positive]]
    box = functional.smooth_l1_loss(deltas, goals[positive], beta=1 / 9, reduction="sum") / len(flat)
    torch.testing.assert_close(found["loss_box_reg"].detach(), box)


def test_other_predictors_are_torchvisions(batches, monkeypatch):
    """The numbers of a model with torchvision's predictor, with and without our function."""
    torchvisions = _fastrcnn_loss.torchvisions
    assert torchvisions.__module__ == "torchvision.models.detection.roi_heads"
    assert roi_heads.fastrcnn_loss is _fastrcnn_loss.fastrcnn_loss
    losses = []
    for function in [roi_heads.fastrcnn_loss, torchvisions]:
        monkeypatch.setattr(roi_heads, "fastrcnn_loss", function)
        model = model_of(FastRCNNPredictor)
        losses.append(train(model, optimizer_of(model), batches[:2], [0]))
    assert losses[0] == losses[1]


@pytest.mark.filterwarnings("ignore")
def test_other_models_can_be_scripted():
    script = torch.jit.script(model_of(FastRCNNPredictor).eval())
    _, found = script([torch.rand(3, 96, 128)])
    assert set(found[0]) == {"boxes", "labels", "scores"}


def test_validation_loss_pushes_nothing(batches):
    model = model_of()
    with torch.no_grad():
        for _ in range(2):
            assert model(*batches[0])["loss_classifier"] > 0
    assert model.roi_heads.box_predictor.tracker.moments.instances == 0


def test_a_loss_that_is_missed_is_said(batches, monkeypatch):
    model = model_of()
    ours = roi_heads.fastrcnn_loss
    stranger = lambda logits, boxes, labels, targets: (logits.sum(), boxes.sum())  # noqa: E731
    monkeypatch.setattr(roi_heads, "fastrcnn_loss", stranger)
    model(*batches[0])
    with pytest.raises(RuntimeError, match="did not reach the IGAM loss"):
        model(*batches[0])
    monkeypatch.setattr(roi_heads, "fastrcnn_loss", ours)
    for _ in range(2):
        model(*batches[0])


def test_copies_and_whole_models(batches, tmp_path):
    """A copy, and a model that was saved whole and is loaded where nothing was imported."""
    model = model_of()
    model(*batches[0])
    twin = copy.deepcopy(model)
    for one in [model, twin]:
        torch.manual_seed(3)
        one(*batches[1])
        one.roi_heads.box_predictor.update_margins()
    assert torch.equal(model.roi_heads.box_predictor.loss.margins, twin.roi_heads.box_predictor.loss.margins)
    torch.save([model, batches[2]], tmp_path / "whole.pt")
    code = "import sys, torch; torch.manual_seed(4)\n"
    code += "model, batch = torch.load(sys.argv[1], weights_only=False)\n"
    code += "print(repr(model(*batch)['loss_classifier'].item()))"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "whole.pt"], capture_output=True, text=True)
    torch.manual_seed(4)
    assert done.stdout.strip() == repr(model(*batches[2])["loss_classifier"].item()), done.stderr


def test_half_precision(batches):
    model = model_of()
    optimizer = optimizer_of(model)
    for _ in range(2):
        for images, targets in batches:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                found = model(images, targets)
            optimizer.zero_grad()
            sum(found.values()).backward()
            optimizer.step()
        assert model.roi_heads.box_predictor.update_margins().max() > 0
    assert found["loss_classifier"].isfinite()
