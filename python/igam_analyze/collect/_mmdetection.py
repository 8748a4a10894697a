"""Embeddings of mmdetection's two-stage detectors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ._dump import Collected, Dump
from ._model import calls_of, evaluating, framework, in_order


def mmdetection(
    config: Any,
    checkpoint: str | os.PathLike[str] | None,
    out: str | os.PathLike[str] = "dump",
    *,
    split: str = "train",
    device: str | None = None,
    moments: bool = False,
) -> Collected:
    """Collects the embeddings of all boxes from a two-stage detector of mmdetection 3.

    The embedding of a box is the input of the box head's `fc_cls` (of a cascade: of the last stage),
    with the ground-truth boxes as proposals, and the images resized as the config's test
    pipeline does.

    Parameters
    ----------
    config : path or mmengine.Config
        The config that the detector was trained with.
    checkpoint : path
        Its checkpoint.
    out : path
        The folder to write. It must be new or empty.
    split : str
        The images: "train", "val" or "test", those of the config's `train_dataloader` and so on.
    device : str, optional
        By default `cuda:0` where there is one, else `cpu`.
    moments : bool
        Whether to write the moments of each class in place of embeddings and labels.

    Returns
    -------
    Collected
        What was written, and what was taken as the embedding.

    Raises
    ------
    TypeError
        The detector has no box head with `fc_cls`, or one that needs more than the boxes.
    ValueError
        The head has other classes than the data set.
    """
    model = _model(config, checkpoint, device)
    heads, cascade = _heads(model)
    head = heads.bbox_head[-1] if cascade else heads.bbox_head
    data = _datasets(model.cfg, split)
    numbers, names = _classes(data)
    if head.num_classes != len(numbers):
        raise ValueError(
            f"the head has {head.num_classes} classes, the data set {len(numbers)} of the config's classes"
        )
    boxes_to_rois = framework("mmdet.structures.bbox", "mmdetection").bbox2roi
    with Dump(out, names, moments) as dump, evaluating(model), calls_of([head.fc_cls]) as seen:
        for batch in _batches(model, data, split):
            truth = [sample.gt_instances for sample in batch["data_samples"]]  # without crowds
            rois = boxes_to_rois([one.bboxes for one in truth])
            if not len(rois):
                continue
            maps = model.extract_feat(batch["inputs"])
            seen.clear()
            if cascade:
                heads._bbox_forward(len(heads.bbox_head) - 1, maps, rois)
            else:
                heads._bbox_forward(maps, rois)
            [call] = seen
            labels = np.concatenate([one.labels.cpu().numpy() for one in truth])
            dump.add(call.input, np.asarray(numbers)[labels])
        weights, bias = _layer(head.fc_cls, numbers)
        return dump.finish(
            "mmdetection",
            _said(model, head, cascade),
            _numbered(data),
            weights,
            bias,
            cosine=_normed(head.fc_cls),
        )


def _model(config: Any, checkpoint: Any, device: str | None) -> Any:
    apis = framework("mmdet.apis", "mmdetection 3 (mmdet, mmengine, mmcv)")
    if isinstance(config, os.PathLike):
        config = os.fspath(config)
    if checkpoint is not None:
        checkpoint = os.fspath(checkpoint)
    if device is None:
        device = "cuda:0" if framework("torch", "PyTorch").cuda.is_available() else "cpu"
    return apis.init_detector(config, checkpoint, device=device)


def _heads(model: Any) -> tuple[Any, bool]:
    """The RoI head, and whether it is a cascade."""
    known = framework("mmdet.models.roi_heads", "mmdetection")
    heads = getattr(model, "roi_head", None)
    if heads is None:
        raise TypeError(
            f"{type(model).__name__} has no roi_head: only two-stage detectors can be "
            "collected, whose heads take the ground-truth boxes as proposals"
        )
    cascade = type(heads) is known.CascadeRoIHead
    if not cascade and not isinstance(heads, known.StandardRoIHead):
        raise TypeError(f"{type(heads).__name__} needs more than boxes, or is not supported")
    head = heads.bbox_head[-1] if cascade else heads.bbox_head
    if not hasattr(getattr(head, "fc_cls", None), "weight"):
        raise TypeError(f"{type(head).__name__} has no linear layer fc_cls")
    return heads, cascade


def _datasets(cfg: Any, split: str) -> list[Any]:
    """The data sets of a split with all images, unaugmented, out of RepeatDataset, ConcatDataset and
    their like."""
    loader = cfg.get(f"{split}_dataloader")
    if not loader:
        raise ValueError(f"the config has no {split}_dataloader")
    registry = framework("mmdet.registry", "mmdetection").DATASETS
    pipeline = _pipeline(cfg)
    built = []
    for leaf in _leaves(loader.dataset):
        leaf = {key: value for key, value in leaf.items() if key != "filter_cfg"}
        data = registry.build(leaf | {"pipeline": pipeline, "test_mode": True})
        data.full_init()
        built.append(data)
    return built


def _leaves(dataset: Any) -> Iterator[Any]:
    if "datasets" in dataset:
        for one in dataset["datasets"]:
            yield from _leaves(one)
    elif "dataset" in dataset:
        yield from _leaves(dataset["dataset"])
    else:
        yield dataset


def _pipeline(cfg: Any) -> list[Any]:
    """The test pipeline with the boxes loaded right behind the image, so that they are resized with it."""
    steps = [
        step for step in cfg.test_dataloader.dataset.pipeline if _type(step) != "LoadAnnotations"
    ]
    at = next((at + 1 for at, step in enumerate(steps) if _type(step).startswith("LoadImage")), 0)
    return [*steps[:at], {"type": "LoadAnnotations", "with_bbox": True}, *steps[at:]]


def _type(step: Any) -> str:
    kind = step["type"]
    return kind if isinstance(kind, str) else str(kind.__name__)


def _classes(data: list[Any]) -> tuple[list[int], dict[int, str]]:
    """The number of each label, and names by number: category ids where the annotation file has them,
    else the labels themselves."""
    [first, *others] = [_classes_of(one) for one in data]
    if any(one != first for one in others):
        raise ValueError(
            "the split's data sets number their classes differently: collect them one by one"
        )
    return first


def _classes_of(data: Any) -> tuple[list[int], dict[int, str]]:
    ids = getattr(data, "cat_ids", None)
    if ids is None:
        names = list(data.metainfo["classes"])
        return list(range(len(names))), dict(enumerate(names))
    load = framework("mmengine.fileio", "mmengine").load
    categories = load(data.ann_file, backend_args=getattr(data, "backend_args", None))["categories"]
    names_of = {one["id"]: str(one["name"]) for one in categories}
    return [int(id) for id in ids], {int(id): names_of[id] for id in ids}


def _numbered(data: list[Any]) -> str:
    if getattr(data[0], "cat_ids", None) is None:
        return "positions in the config's classes"
    return "category ids of the annotation file"


def _batches(model: Any, data: list[Any], split: str) -> Iterator[Any]:
    build = framework("mmengine.runner", "mmengine").Runner.build_dataloader
    workers = model.cfg.get(f"{split}_dataloader").get("num_workers", 0)
    for one in data:
        sampler = {"type": "DefaultSampler", "shuffle": False}
        loader = build(
            {"batch_size": 1, "num_workers": workers, "sampler": sampler, "dataset": one}
        )
        for batch in loader:
            yield model.data_preprocessor(batch, False)


def _layer(layer: Any, numbers: list[int]) -> tuple[Any, Any]:
    """Weights and bias in order of category id, the background's last. Of a layer with more rows, as
    the Seesaw loss has them, only the classes'; of a normed one no bias."""
    count = len(numbers)
    rows = count + 1 if len(layer.weight) == count + 1 else count
    bias = None if layer.bias is None or _normed(layer) else in_order(numbers, layer.bias[:rows])
    return in_order(numbers, layer.weight[:rows]), bias


def _normed(layer: Any) -> bool:
    return type(layer).__name__.startswith("Normed")


def _said(model: Any, head: Any, cascade: bool) -> str:
    stage = " of the last stage" if cascade else ""
    return (
        f"the input of fc_cls of {type(head).__name__}{stage} of {type(model).__name__}, with the "
        "ground-truth boxes as proposals"
    )
