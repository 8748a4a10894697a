"""Embeddings of Hugging Face's DETR family."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from igam_analyze import IgamWarning

from ._dump import Collected, Dump
from ._model import Call, calls_of, evaluating, framework, names_by_number

# The matcher of each loss, which `transformers.loss.loss_utils.LOSS_MAPPING` names: module, class.
MATCHERS = {
    "ForObjectDetection": ("loss_for_object_detection", "HungarianMatcher"),
    "ConditionalDetrForObjectDetection": ("loss_deformable_detr", "DeformableDetrHungarianMatcher"),
    "DabDetrForObjectDetection": ("loss_deformable_detr", "DeformableDetrHungarianMatcher"),
    "DeformableDetrForObjectDetection": ("loss_deformable_detr", "DeformableDetrHungarianMatcher"),
    "RTDetrForObjectDetection": ("loss_rt_detr", "RTDetrHungarianMatcher"),
    "RTDetrV2ForObjectDetection": ("loss_rt_detr", "RTDetrHungarianMatcher"),
    "DFineForObjectDetection": ("loss_rt_detr", "RTDetrHungarianMatcher"),
}
# The attributes that hold the layer: a Linear, a list with one for each decoder layer, or an MLP that
# ends in one.
HEADS = {"class_labels_classifier", "class_embed"}

Matcher = Callable[[dict[str, Any], list[dict[str, Any]]], list[tuple[Any, Any]]]


def transformers(
    model: Any,
    loader: Iterable[Mapping[str, Any]],
    out: str | os.PathLike[str] = "dump",
    *,
    class_names: Mapping[int, str] | Sequence[str] | None = None,
    moments: bool = False,
) -> Collected:
    """Collects the embeddings of all boxes from a detector of the DETR family.

    The embedding of a box is the input of the class layer at the query that is matched to the box. The
    model's own Hungarian matcher matches them, with the costs of the model's config.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        `DetrForObjectDetection`, or the same of Conditional, DAB and Deformable DETR, RT-DETR, RT-DETR
        v2, D-FINE, YOLOS, Table Transformer.
    loader : iterable of dict
        The training images without augmentation, as the image processors give them: `pixel_values`,
        `pixel_mask` if there is one, and `labels`. `labels` is a list of dicts with `class_labels` and
        `boxes` (centre, width and height as fractions of the image).
    out : path
        The folder to write. It must be new or empty.
    class_names : mapping or sequence of str, optional
        Names by the numbers of `class_labels`. By default those of `model.config.id2label`.
    moments : bool
        Whether to write the moments of each class in place of embeddings and labels.

    Returns
    -------
    Collected
        What was written, and what was taken as the embedding.

    Raises
    ------
    TypeError
        The model is not of this family.
    ValueError
        The classes have no names, or the loader gives something else.

    Warns
    -----
    IgamWarning
        An image has more boxes than the model has queries: such boxes have no row.
    """
    heads = _heads(model)
    matcher = _matcher(model)
    names = _names(model, class_names)
    takes = inspect.signature(model.forward).parameters
    boxes = rows = 0
    call = shifted = None
    with Dump(out, names, moments) as dump, evaluating(model), calls_of(heads.values()) as seen:
        for batch in loader:
            targets = _targets(batch, model)
            seen.clear()
            inputs = {
                key: batch[key]
                for key in ("pixel_values", "pixel_mask")
                if key in takes and key in batch
            }
            outputs = model(**{key: value.to(model.device) for key, value in inputs.items()})
            call = _last(seen, outputs.logits)
            shifted = _shifted(call, outputs.logits, shifted)
            for image, (queries, at) in enumerate(matcher(_predicted(model, outputs), targets)):
                order = at.argsort()
                labels = targets[image]["class_labels"].cpu()
                dump.add(call.input[image, queries[order].to(call.input.device)], labels[at[order]])
                boxes, rows = boxes + len(labels), rows + len(at)
        if call is None:
            raise ValueError("the loader gave no batch")
        weights, bias = _layer(call.layer, names, model.config.num_labels)
        return dump.finish(
            "transformers",
            _said(model, heads, call, bool(shifted)),
            "class_labels of the loader, the keys of config.id2label",
            weights,
            bias,
            left_out=_left_out(boxes - rows, boxes),
        )


def _matcher(model: Any) -> Matcher:
    loss = getattr(model, "loss_type", None)
    if loss not in MATCHERS:
        known = ", ".join(sorted(MATCHERS))
        raise TypeError(
            f"{type(model).__name__} (loss {loss}) is not a supported DETR: {known}"
        )
    module, name = MATCHERS[loss]
    make = getattr(framework(f"transformers.loss.{module}", "transformers"), name)
    config = model.config
    if name.startswith("RTDetr"):
        return make(config)  # type: ignore[no-any-return]
    costs = {key: getattr(config, key) for key in ("class_cost", "bbox_cost", "giou_cost")}
    return make(**costs)  # type: ignore[no-any-return]


def _heads(model: Any) -> dict[str, Any]:
    linear = framework("torch.nn", "PyTorch").Linear
    heads = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, linear) and HEADS & set(name.split("."))
    }
    if not heads:
        raise TypeError(
            f"{type(model).__name__} has no Linear layer in {' or '.join(sorted(HEADS))}"
        )
    return heads


def _names(model: Any, class_names: Mapping[int, str] | Sequence[str] | None) -> dict[int, str]:
    names = names_by_number(model.config.id2label if class_names is None else class_names)
    if class_names is None:
        if names and all(name == f"LABEL_{number}" for number, name in names.items()):
            raise ValueError(
                "the model's config.id2label has no names, but LABEL_0, LABEL_1, …: give class_names, a dict "
                "from the numbers of class_labels to names"
            )
        # Numbers that COCO leaves out, in the models of facebook.
        names = {number: name for number, name in names.items() if name != "N/A"}
    count = model.config.num_labels
    outside = [number for number in names if not 0 <= number < count]
    if outside:
        raise ValueError(
            f"class {outside[0]} ({names[outside[0]]}) is not one of the model's {count}: 0…{count - 1}"
        )
    return names


def _targets(batch: Mapping[str, Any], model: Any) -> list[dict[str, Any]]:
    if "pixel_values" not in batch or "labels" not in batch:
        raise ValueError(
            f"a batch has {', '.join(map(str, batch))}: pixel_values and labels are expected"
        )
    targets = []
    for one in batch["labels"]:
        if "class_labels" not in one or "boxes" not in one:
            raise ValueError(
                f"labels have {', '.join(map(str, one))}: class_labels and boxes are expected"
            )
        labels, boxes = one["class_labels"].long(), one["boxes"].float().reshape(-1, 4)
        if len(labels) != len(boxes):
            raise ValueError(f"an image has {len(labels)} class_labels and {len(boxes)} boxes")
        # Boxes may stand out of their image a little.
        if len(boxes) and not boxes.abs().max() <= 2:
            box = boxes[boxes.abs().amax(1).argmax()].tolist()
            raise ValueError(
                f"a box is {box}: centre, width and height as fractions of the image are expected, as the "
                "image processor makes them"
            )
        outside = labels[(labels < 0) | (labels >= model.config.num_labels)]
        if len(outside):
            raise ValueError(
                f"label {int(outside[0])} is not one of the model's {model.config.num_labels} classes, "
                f"0…{model.config.num_labels - 1}: class_labels must be keys of config.id2label"
            )
        targets.append({"class_labels": labels.to(model.device), "boxes": boxes.to(model.device)})
    return targets


def _predicted(model: Any, outputs: Any) -> dict[str, Any]:
    boxes = outputs.pred_boxes.float()
    if model.loss_type == "DFineForObjectDetection":
        boxes = boxes.clamp(min=0, max=1)  # as its loss does
    return {"logits": outputs.logits.float(), "pred_boxes": boxes}


def _last(seen: list[Call], logits: Any) -> Call:
    """The last call with as many classes and queries as the logits."""
    calls = [call for call in seen if call.output.shape == logits.shape]
    if not calls:
        raise TypeError("no layer for the classes was called that gives the shape of the logits")
    return calls[-1]


def _shifted(call: Call, logits: Any, before: bool | None) -> bool:
    """Whether the logits are what the layer gives with one number added to all classes of a query, as
    in D-FINE; a TypeError if they are something else."""
    rest = logits.float() - call.output.float()
    scale = 1e-3 * (1 + float(logits.float().abs().max())) if logits.numel() else 1.0
    if float((rest - rest[..., :1]).abs().max()) > scale:
        raise TypeError(
            "the logits are not what the last layer for the classes gives: the head is not alike"
        )
    return bool(before) or float(rest.abs().max()) > scale


def _layer(layer: Any, names: Mapping[int, str], count: int) -> tuple[Any, Any]:
    """Weights and bias: rows of the named classes in order of number, then of no object where there
    is one."""
    if layer.out_features not in (count, count + 1):
        raise TypeError(
            f"the layer for the classes has {layer.out_features} outputs for {count} classes"
        )
    rows = [*sorted(names), *range(count, layer.out_features)]
    return layer.weight[rows], None if layer.bias is None else layer.bias[rows]


def _said(model: Any, heads: Mapping[str, Any], call: Call, shifted: bool) -> str:
    name = next(name for name, layer in heads.items() if layer is call.layer)
    matcher = MATCHERS[model.loss_type][1]
    said = (
        f"the input of {name} of {type(model).__name__} at the query that {matcher}, with the costs of the "
        "model's config, gives to the ground-truth box"
    )
    if shifted:
        said += (
            "; the model adds one score to all logits of a query, which these weights do not give"
        )
    return said


def _left_out(missing: int, boxes: int) -> dict[str, int] | None:
    if not missing:
        return None
    warnings.warn(
        f"{missing} of {boxes} boxes have no row: their images have more boxes than the model has queries",
        IgamWarning,
        stacklevel=3,
    )
    return {"without a query": missing}
