"""Embeddings out of torchvision's detectors with box proposals."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch

from igam_analyze.torch import CosineClassifier

from ._class_names import ClassNames, annotations_of, names_of
from ._dump import Collected, Dump
from ._model import calls_of, evaluating


def torchvision(
    model: Any,
    loader: Iterable[Any],
    out: str | os.PathLike[str] = "dump",
    *,
    class_names: ClassNames | None = None,
    moments: bool = False,
) -> Collected:
    """Writes the embeddings of ground-truth boxes from a Faster, Mask or Keypoint R-CNN.

    The embedding of a box is the input of `model.roi_heads.box_predictor.cls_score`, with the ground-truth
    box as the proposal: p = 1024 in torchvision's own models. Boxes with `iscrowd` are skipped. The
    model is not changed.

    Parameters
    ----------
    model : torchvision.models.detection.FasterRCNN
        The trained detector, or another with the same parts. Those without box proposals (RetinaNet, FCOS,
        SSD) have no layer that gets one vector per box.
    loader : iterable of (images, targets)
        What training gets, but without augmentation: images are a list of float tensors C×H×W, targets a
        list of dicts with "boxes" (n×4: x₁, y₁, x₂, y₂ in pixels) and "labels" (n), and "iscrowd" where
        there are crowds.
    out : path
        The folder to write. It must be new or empty.
    class_names : dict of int to str, list of str, or path, optional
        The name of each label: a dict, a COCO annotation file whose category ids are the labels, or a list
        in order of label that begins with "__background__". By default the categories of the
        `CocoDetection` behind `loader`.
    moments : bool
        Write `moments.parquet` (for `--moments`) in place of embeddings and labels.

    Returns
    -------
    Collected
        What was written. `weights.npy` and `bias.npy` have the rows of the classes in order of id, and then
        that of the background, which is row 0 of torchvision's layer.

    Raises
    ------
    ValueError
        The model has no layer that gets one vector per box; targets are not what training gets; a label has
        no name, or is 0, torchvision's background.
    FileExistsError
        `out` exists and is not empty.

    Examples
    --------
    >>> collect.torchvision(model, loader, class_names="train.json")
    """
    model = model if hasattr(model, "roi_heads") else getattr(model, "module", model)
    layer = _classifier(model)
    outputs = layer.out_features if isinstance(layer, torch.nn.Linear) else None
    names = names_of(class_names, loader, outputs)
    crowds = any(each.get("iscrowd") for each in annotations_of(loader))
    left_out = 0
    with Dump(out, names, moments) as dump, evaluating(model):
        for batch, (images, targets) in enumerate(_batches(loader)):
            truth = [_Truth(target, f"batch {batch}, image {at}") for at, target in enumerate(targets)]
            if crowds and any(one.crowds is None for one in truth):
                raise ValueError(
                    'the annotations have crowds, but targets have no "iscrowd": wrap_dataset_for_'
                    'transforms_v2(…, target_keys=["image_id", "boxes", "labels", "iscrowd"])'
                )
            left_out += sum(one.crowds or 0 for one in truth)
            dump.add(*_embeddings(model, layer, images, truth))
        return dump.finish(
            "torchvision",
            "input of roi_heads.box_predictor.cls_score, the ground-truth box as the proposal",
            "those of the targets; 0 is the background",
            *_last_layer(layer, names),
            left_out={"crowds": left_out} if left_out else None,
            cosine=isinstance(layer, CosineClassifier),
        )


class _Truth:
    """Boxes and labels of an image, without crowds."""

    def __init__(self, target: Any, where: str) -> None:
        if not isinstance(target, Mapping):
            raise ValueError(
                f"{where}: the target is a {type(target).__name__}, not a dict with boxes and labels; "
                "wrap a CocoDetection by torchvision.datasets.wrap_dataset_for_transforms_v2"
            )
        self.crowds: int | None = 0
        self.boxes, self.labels = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
        # So torchvision's wrapper gives an image without objects.
        if set(target) <= {"image_id"}:
            return
        if "boxes" not in target or "labels" not in target:
            raise ValueError(f"{where}: the target has {sorted(target)}, but no boxes and labels")
        self.boxes = torch.as_tensor(target["boxes"]).reshape(-1, 4).cpu()
        self.labels = torch.as_tensor(target["labels"]).reshape(-1).cpu()
        if len(self.boxes) != len(self.labels):
            raise ValueError(f"{where}: {len(self.boxes)} boxes, but {len(self.labels)} labels")
        self._leave_out_crowds(target.get("iscrowd"))
        self._check(where)

    def _leave_out_crowds(self, marks: Any) -> None:
        if marks is None:
            self.crowds = None if len(self.boxes) else 0
            return
        single = torch.as_tensor(marks).reshape(-1).cpu() == 0
        self.crowds = int((~single).sum())
        self.boxes, self.labels = self.boxes[single], self.labels[single]

    def _check(self, where: str) -> None:
        if bool((self.labels == 0).any()):
            raise ValueError(
                f"{where}: a box has label 0, which is torchvision's background: number classes from 1"
            )
        flat = (self.boxes[:, 2:] <= self.boxes[:, :2]).any(1)
        if bool(flat.any()):
            raise ValueError(
                f"{where}: box {self.boxes[flat][0].tolist()} has no width or no height, which "
                "torchvision refuses in training too"
            )


def _classifier(model: Any) -> Any:
    """The layer that gives the class scores of a box."""
    heads = getattr(model, "roi_heads", None)
    if heads is None:
        raise ValueError(
            f"{type(model).__name__} has no roi_heads, so no layer gets one vector per box: "
            "use a detector with box proposals, such as Faster R-CNN or Mask R-CNN"
        )
    layer = getattr(heads.box_predictor, "cls_score", None)
    if not isinstance(layer, torch.nn.Module):
        raise ValueError(
            f"{type(heads.box_predictor).__name__} has no cls_score: let the layer of the box "
            "predictor that gives the class scores have this name"
        )
    return layer


def _batches(loader: Iterable[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    for batch in loader:
        if not (isinstance(batch, (list, tuple)) and len(batch) == 2):
            raise ValueError("`loader` must give pairs of images and targets, as for training")
        images, targets = batch
        if isinstance(targets, Mapping) or len(images) != len(targets):
            raise ValueError(
                "targets must be a list with one dict per image: give the DataLoader "
                "collate_fn=lambda batch: tuple(zip(*batch))"
            )
        yield list(images), list(targets)


def _embeddings(
    model: Any, layer: Any, images: list[Any], truth: list[_Truth]
) -> tuple[torch.Tensor, torch.Tensor]:
    """What `layer` gets for the boxes of a batch, and their labels."""
    labels = torch.cat([one.labels for one in truth])
    if not len(labels):
        return torch.zeros(0, 0), labels
    device = next(model.parameters()).device
    sized, targets = model.transform(
        [image.to(device) for image in images],
        [{"boxes": one.boxes.to(device)} for one in truth],
    )
    features = model.backbone(sized.tensors)
    if isinstance(features, torch.Tensor):
        features = {"0": features}
    kind = next(iter(features.values())).dtype
    boxes = [target["boxes"].to(kind) for target in targets]
    heads = model.roi_heads
    pooled = heads.box_roi_pool(features, boxes, sized.image_sizes)
    with calls_of([layer]) as seen:
        heads.box_predictor(heads.box_head(pooled))
    return seen[-1].input, labels


def _last_layer(layer: Any, names: Mapping[int, str]) -> tuple[Any, Any]:
    """Weights and bias of the classes in order of id, and of the background; of a linear layer only."""
    if not isinstance(layer, torch.nn.Linear):
        return None, None
    rows = [*sorted(names), 0]
    return layer.weight[rows], None if layer.bias is None else layer.bias[rows]
