"""collect.transformers with tiny models of transformers, against a matching of the test's own, and against the
matching that each model's loss makes."""

import csv
import json
import pathlib
import types

import numpy as np
import pytest
from igam_analyze import Moments, information
from installed import framework
from pages import run_page

framework("torch")
framework("scipy")
framework("transformers")

import torch  # noqa: E402
from igam_analyze import collect  # noqa: E402
from scipy.optimize import linear_sum_assignment  # noqa: E402
from transformers import (  # noqa: E402
    ConditionalDetrConfig,
    ConditionalDetrForObjectDetection,
    DabDetrConfig,
    DabDetrForObjectDetection,
    DeformableDetrConfig,
    DeformableDetrForObjectDetection,
    DetrConfig,
    DetrForObjectDetection,
    DFineConfig,
    DFineForObjectDetection,
    HGNetV2Config,
    ResNetConfig,
    RTDetrConfig,
    RTDetrForObjectDetection,
    RTDetrResNetConfig,
    RTDetrV2Config,
    RTDetrV2ForObjectDetection,
    TableTransformerConfig,
    TableTransformerForObjectDetection,
    YolosConfig,
    YolosForObjectDetection,
)

FRAMEWORKS = pathlib.Path(__file__).parent
NAMES = {0: "cat", 1: "dog", 2: "N/A", 3: "owl", 4: "bee"}
NAMED = [0, 1, 3, 4]
QUERIES = 9


def backbone(of=ResNetConfig, **more):
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}
    return of(**sizes | {"out_features": ["stage2", "stage3", "stage4"]} | more)


def model(kind):
    """A model of random weights with few dimensions, whose queries differ more than those of a model just made."""
    torch.manual_seed(3)
    detector = made(kind)
    with torch.no_grad():
        for name, weight in detector.named_parameters():
            if "quer" in name or "reference_points" in name or "refpoint" in name or "detection_tokens" in name:
                weight.normal_(0, 1)
            if "lqe" in name or "class_" in name or "bbox_" in name:
                weight.normal_(0, 0.3)
    return detector


def made(kind):
    labels = {"num_labels": len(NAMES), "id2label": NAMES, "label2id": {name: id for id, name in NAMES.items()}}
    plain = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
    plain |= {"d_model": 32, "encoder_layers": 1, "decoder_layers": 2, "num_queries": QUERIES}
    plain |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    plain |= {"encoder_ffn_dim": 24, "decoder_ffn_dim": 24} | labels
    one = plain | {"backbone_config": backbone(out_features=["stage4"])}
    if kind == "detr":
        return DetrForObjectDetection(DetrConfig(**one, class_cost=2, bbox_cost=4, giou_cost=3))
    if kind == "detr with auxiliary loss":
        return DetrForObjectDetection(DetrConfig(**one, auxiliary_loss=True))
    if kind == "table":
        return TableTransformerForObjectDetection(TableTransformerConfig(**one))
    if kind == "conditional":
        return ConditionalDetrForObjectDetection(ConditionalDetrConfig(**one))
    if kind == "dab":
        sizes = {key: value for key, value in one.items() if key != "d_model"}
        return DabDetrForObjectDetection(DabDetrConfig(**sizes, hidden_size=32))
    if kind.startswith("deformable"):
        more = {"two_stage": True, "with_box_refine": True, "two_stage_num_proposals": QUERIES} if "two stages" in kind else {}
        config = DeformableDetrConfig(**plain, **more, backbone_config=backbone(), num_feature_levels=3)
        return DeformableDetrForObjectDetection(config)
    if kind == "yolos":
        sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
        sizes |= {"image_size": [64, 64], "patch_size": 16, "num_detection_tokens": QUERIES}
        return YolosForObjectDetection(YolosConfig(**sizes, **labels))
    sizes = {"d_model": 32, "encoder_hidden_dim": 32, "encoder_in_channels": [8, 16, 16]}
    sizes |= {"feat_strides": [8, 16, 32], "encoder_ffn_dim": 24, "encoder_attention_heads": 2}
    sizes |= {"decoder_in_channels": [32, 32, 32], "decoder_ffn_dim": 24, "decoder_attention_heads": 2}
    sizes |= {"decoder_layers": 2, "num_queries": QUERIES, "num_denoising": 5} | labels
    if kind == "rt-detr":
        config = RTDetrConfig(**sizes, backbone_config=backbone(RTDetrResNetConfig))
        return RTDetrForObjectDetection(config)
    if kind == "rt-detr v2":
        config = RTDetrV2Config(**sizes, backbone_config=backbone(RTDetrResNetConfig))
        return RTDetrV2ForObjectDetection(config)
    assert kind == "d-fine"
    stages = {"stem_channels": [3, 8, 8], "stage_in_channels": [8, 8, 16, 16], "stage_mid_channels": [8, 8, 8, 8]}
    stages |= {"stage_out_channels": [8, 16, 16, 16], "stage_num_blocks": [1, 1, 1, 1]}
    stages |= {"stage_numb_of_layers": [1, 1, 1, 1], "hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1]}
    stages |= {"stage_downsample": [False, True, True, True], "stage_light_block": [False, False, True, True]}
    stages |= {"stage_kernel_size": [3, 3, 5, 5], "embedding_size": 8}
    config = HGNetV2Config(**stages, out_features=["stage2", "stage3", "stage4"])
    sizes |= {"encoder_in_channels": [16, 16, 16]}
    return DFineForObjectDetection(DFineConfig(**sizes, backbone_config=config))


KINDS = ["detr", "detr with auxiliary loss", "table", "conditional", "dab", "deformable"]
KINDS += ["deformable with two stages", "yolos", "rt-detr", "rt-detr v2", "d-fine"]
SOFTMAX = {"detr", "detr with auxiliary loss", "table", "yolos"}


def batches(counts=(3, 0, 5, 2, 4)):
    """Images with boxes, two at a time, as an image processor and the collate of the Trainer give them."""
    rng = np.random.default_rng(8)
    images = []
    for count in counts:
        corner, size = rng.uniform(0, 0.5, (count, 2)), rng.uniform(0.1, 0.5, (count, 2))
        boxes = torch.tensor(np.hstack([corner + size / 2, size]), dtype=torch.float32).reshape(-1, 4)
        labels = torch.tensor(rng.choice(NAMED, count), dtype=torch.int64)
        pixels = torch.tensor(rng.normal(size=(3, 64, 64)), dtype=torch.float32)
        images.append((pixels, {"class_labels": labels, "boxes": boxes}))
    for at in range(0, len(images), 2):
        pixels, labels = zip(*images[at : at + 2])
        mask = torch.ones((len(pixels), 64, 64), dtype=torch.int64)
        yield {"pixel_values": torch.stack(pixels), "pixel_mask": mask, "labels": list(labels)}


def corners(boxes):
    return np.concatenate([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)


def costs(kind, config, logits, boxes, truth):
    """Queries × boxes, by eq. 1 of DETR and, with sigmoids, the focal cost of Deformable DETR, in float64."""
    labels, wanted = truth["class_labels"].numpy(), truth["boxes"].numpy().astype(float)
    logits, boxes = logits.astype(float), boxes.astype(float)
    if kind in SOFTMAX:
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        by_class = -(shares / shares.sum(-1, keepdims=True))[:, labels]
    else:
        p = 1 / (1 + np.exp(-logits[:, labels]))
        by_class = 0.25 * (1 - p) ** 2 * -np.log(p) - 0.75 * p**2 * -np.log(1 - p)
    apart = np.abs(boxes[:, None] - wanted[None]).sum(-1)
    a, b = corners(boxes)[:, None], corners(wanted)[None]
    area = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    both = (np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])).clip(0).prod(-1)
    hull = (np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])).prod(-1)
    giou = both / (area - both) - (hull - (area - both)) / hull
    prefix = "matcher_" if kind in {"rt-detr", "rt-detr v2", "d-fine"} else ""
    weight = {name: getattr(config, f"{prefix}{name}_cost") for name in ["class", "bbox", "giou"]}
    return weight["class"] * by_class + weight["bbox"] * apart - weight["giou"] * giou


def hidden(kind, found, detector, batch):
    """What goes into the class layer, by the model's outputs alone: no hook."""
    if kind == "yolos":
        # The MLP but for its last layer.
        state = found.last_hidden_state[:, -QUERIES:]
        for layer in detector.class_labels_classifier.layers[:-1]:
            state = torch.relu(layer(state))
        return state
    if kind == "dab":
        return detector.model(batch["pixel_values"], batch["pixel_mask"]).intermediate_hidden_states[-1]
    return found.last_hidden_state


def read(folder):
    embeddings = np.load(folder / "embeddings/00000.npy")
    return embeddings, np.load(folder / "labels/00000.npy")


@pytest.mark.parametrize("kind", KINDS)
def test_equals_a_matching_of_the_test(kind, tmp_path):
    detector = model(kind).train()
    frozen = next(module for module in detector.modules() if isinstance(module, torch.nn.Conv2d))
    frozen.eval()
    modes = [module.training for module in detector.modules()]
    done = collect.transformers(detector, batches(), tmp_path / "dump")
    assert [module.training for module in detector.modules()] == modes
    assert not any(module._forward_hooks for module in detector.modules())

    detector.eval()
    rows, labels, logits = [], [], []
    for batch in batches():
        inputs = {key: batch[key] for key in ["pixel_values", "pixel_mask"]}
        if kind == "yolos":
            del inputs["pixel_mask"]
        with torch.no_grad():
            found = detector(**inputs, output_hidden_states=True)
            state = hidden(kind, found, detector, batch)
        for image, truth in enumerate(batch["labels"]):
            boxes = found.pred_boxes[image].numpy()
            if kind == "d-fine":
                boxes = boxes.clip(0, 1)
            queries, at = linear_sum_assignment(costs(kind, detector.config, found.logits[image].numpy(), boxes, truth))
            order = np.argsort(at)
            labels += truth["class_labels"].tolist()
            rows.append(state[image, queries[order]].numpy())
            logits.append(found.logits[image, queries[order]].numpy())
    embeddings, numbers = read(tmp_path / "dump")
    rows, logits = np.concatenate(rows), np.concatenate(logits)
    assert numbers.tolist() == labels and done.rows == len(labels) == 14
    np.testing.assert_allclose(embeddings, rows, rtol=0, atol=1e-6)
    assert np.ptp(embeddings, 0).max() > 1e-3

    # The rows of the layer: those with a name, and no-object last.
    weights, bias = np.load(tmp_path / "dump/weights.npy"), np.load(tmp_path / "dump/bias.npy")
    kept = NAMED + [len(NAMES)] * (kind in SOFTMAX)
    again = embeddings @ weights.T + bias
    rest = logits[:, kept] - again
    if kind == "d-fine":
        # One score of the query is added to all classes.
        assert "adds one score" in done.embedding
        rest -= rest[:, :1]
    np.testing.assert_allclose(rest, 0, atol=1e-5)
    with open(tmp_path / "dump/class_names.csv", newline="") as file:
        assert list(csv.reader(file)) == [["class", "id"]] + [[NAMES[id], str(id)] for id in NAMED]
    said = json.loads((tmp_path / "dump/collected.json").read_text())
    assert said["framework"] == "transformers" and type(detector).__name__ in said["embedding"]


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_matching_of_the_loss(kind, tmp_path):
    """The first matching that the model's own loss makes is that of its last layer."""
    detector = model(kind).eval()
    collect.transformers(detector, batches(), tmp_path / "dump")
    matched = []

    def watch(module, inputs, output):
        if type(module).__name__.endswith("HungarianMatcher"):
            matched.append(output)

    rows, state = [], []
    for batch in batches():
        inputs = dict(batch)
        if kind == "yolos":
            del inputs["pixel_mask"]
        matched.clear()
        hook = torch.nn.modules.module.register_module_forward_hook(watch)
        try:
            with torch.no_grad():
                found = detector(**inputs, output_hidden_states=True)
                state = hidden(kind, found, detector, batch)
        finally:
            hook.remove()
        for image, (queries, at) in enumerate(matched[0]):
            rows.append(state[image, queries[at.argsort()]].numpy())
    embeddings, _ = read(tmp_path / "dump")
    np.testing.assert_allclose(embeddings, np.concatenate(rows), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("kind", "last"), [("d-fine", 1.0), ("rt-detr", 1.5)])
def test_boxes_out_of_the_image_are_matched_as_by_the_loss(kind, last):
    """The loss of D-FINE cuts predicted boxes to the image before it matches them, that of RT-DETR does not."""
    from igam_analyze.collect._transformers import _predicted

    boxes = torch.tensor([[[0.5, 0.5, 0.2, 1.5]]])
    found = types.SimpleNamespace(logits=torch.zeros(1, 1, 5), pred_boxes=boxes)
    assert _predicted(model(kind), found)["pred_boxes"][0, 0, -1] == last


def test_moments_are_those_of_the_dump(tmp_path):
    detector = model("detr")
    collect.transformers(detector, batches(), tmp_path / "dump")
    done = collect.transformers(detector, batches(), tmp_path / "moments", moments=True)
    embeddings, labels = read(tmp_path / "dump")
    names = np.array([NAMES[label] for label in labels.tolist()])
    whole = information(embeddings, names)
    parts = Moments.load(done.out + "/moments.parquet").information()
    there = dict(zip(parts["class"], parts["information"]))
    for name, bits in zip(whole["class"], whole["information"]):
        assert there[name] == pytest.approx(bits, rel=1e-9)
    assert not (tmp_path / "moments/embeddings").exists()


def test_more_boxes_than_queries(tmp_path):
    with pytest.warns(UserWarning, match="2 of 14 boxes have no row"):
        done = collect.transformers(model("detr"), batches((QUERIES + 2, 3)), tmp_path / "dump")
    assert done.rows == 12 and done.left_out == {"without a query": 2}


def changed(**changes):
    for batch in batches():
        labels = [one | {key: change(one) for key, change in changes.items()} for one in batch["labels"]]
        yield batch | {"labels": labels}


@pytest.mark.parametrize(
    ("loader", "sentence"),
    [
        (lambda: changed(class_labels=lambda one: one["class_labels"] * 0 + 5), "label 5 is not one of the model's 5"),
        (lambda: changed(class_labels=lambda one: one["class_labels"] * 0 + 2), "label 2 has no name"),
        (lambda: changed(boxes=lambda one: one["boxes"] * 64), "as fractions of the image"),
        (lambda: changed(boxes=lambda one: one["boxes"][:1]), "3 class_labels and 1 boxes"),
        (lambda: [{"pixel_values": torch.zeros(1, 3, 64, 64)}], "pixel_values and labels are expected"),
        (lambda: [], "gave no batch"),
        (lambda: batches((0, 0)), "no ground-truth box"),
    ],
)
def test_wrong_loaders(loader, sentence, tmp_path):
    detector = model("detr").train()
    with pytest.raises(ValueError, match=sentence):
        collect.transformers(detector, loader(), tmp_path / "dump")
    assert detector.training and not any(module._forward_hooks for module in detector.modules())
    assert not list(tmp_path.iterdir())


def test_names(tmp_path):
    detector = model("detr")
    collect.transformers(detector, batches(), tmp_path / "list", class_names=list("abcde"))
    assert (tmp_path / "list/class_names.csv").read_text() == "class,id\na,0\nb,1\nc,2\nd,3\ne,4\n"
    assert len(np.load(tmp_path / "list/weights.npy")) == 6
    for wrong, sentence in [(list("abcdef"), r"class 5 \(f\)"), ({0: "a", 1: "a"}, "has 'a' 2 times")]:
        with pytest.raises(ValueError, match=sentence):
            collect.transformers(detector, batches(), tmp_path / "wrong", class_names=wrong)
    detector.config.id2label = {id: f"LABEL_{id}" for id in NAMES}
    with pytest.raises(ValueError, match="has no names, but LABEL_0"):
        collect.transformers(detector, batches(), tmp_path / "wrong")


def test_other_models(tmp_path):
    from transformers import OwlViTConfig, OwlViTForObjectDetection

    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = OwlViTConfig(text_config=sizes, vision_config=sizes | {"image_size": 32, "patch_size": 16})
    with pytest.raises(TypeError, match="OwlViTForObjectDetection has no Linear layer"):
        collect.transformers(OwlViTForObjectDetection(config), [], tmp_path / "dump")
    with pytest.raises(TypeError, match="Linear has no Linear layer in"):
        collect.transformers(torch.nn.Linear(1, 1), [], tmp_path / "dump")


def test_half_precision(tmp_path):
    whole = collect.transformers(model("detr"), batches(), tmp_path / "whole")
    half = collect.transformers(model("detr").bfloat16(), as_bfloat16(), tmp_path / "half")
    assert half.rows == whole.rows
    assert read(tmp_path / "half")[0].dtype == np.float32


def as_bfloat16():
    for batch in batches():
        yield batch | {"pixel_values": batch["pixel_values"].bfloat16()}


def test_page(tmp_path):
    """From a DETR that the Trainer of transformers trains, for about a minute, to the report."""
    for name in ["torchmetrics", "accelerate"]:
        framework(name)
    prelude = f"import sys\n\nsys.path.insert(0, {str(FRAMEWORKS)!r})\n"
    prelude += (FRAMEWORKS / "transformers_prelude.py").read_text()
    said = run_page("transformers.md", prelude, tmp_path)
    assert "6 of 6 classes matched" in said[1], said[1]
    assert (tmp_path / "reports/report.html").exists()
