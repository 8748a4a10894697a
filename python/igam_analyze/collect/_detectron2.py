"""Embeddings of detectron2's detectors with RoI heads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._dump import Collected, Dump
from ._model import calls_of, evaluating, framework, in_order


def detectron2(
    cfg: Any,
    out: str | os.PathLike[str] = "dump",
    *,
    dataset: str | Sequence[str] | None = None,
    moments: bool = False,
) -> Collected:
    """Collects the embeddings of all boxes from a detector of detectron2 with RoI heads.

    The embedding of a box is the input of the box predictor's `cls_score` (of a cascade: of the last
    stage), with the ground-truth boxes as proposals, and the images resized as for a test.

    Parameters
    ----------
    cfg : detectron2.config.CfgNode
        The config that the detector was trained with; `cfg.MODEL.WEIGHTS` is its checkpoint, and
        `cfg.MODEL.DEVICE` where it runs.
    out : path
        The folder to write. It must be new or empty.
    dataset : str or sequence of str, optional
        Registered data sets. By default `cfg.DATASETS.TRAIN`.
    moments : bool
        Whether to write the moments of each class in place of embeddings and labels.

    Returns
    -------
    Collected
        What was written, and what was taken as the embedding.

    Raises
    ------
    TypeError
        The config is a LazyConfig, or the detector has no box head that takes boxes alone.
    ValueError
        The head has other classes than the data set.
    """
    if not hasattr(cfg, "MODEL"):
        raise TypeError("cfg has no MODEL: give a yaml config (CfgNode), not a LazyConfig")
    model = framework("detectron2.modeling", "detectron2").build_model(cfg)
    framework("detectron2.checkpoint", "detectron2").DetectionCheckpointer(model).load(
        cfg.MODEL.WEIGHTS
    )
    heads = _heads(model)
    data = [dataset] if isinstance(dataset, str) else list(dataset or cfg.DATASETS.TRAIN)
    loader = _loader(cfg, data)  # which registers the names of the classes
    numbers, names, said = _classes(data)
    if heads.num_classes != len(numbers):
        raise ValueError(
            f"the head has {heads.num_classes} classes, the data set {data[0]} has {len(numbers)}"
        )
    layer = _predictor(heads).cls_score
    with Dump(out, names, moments) as dump, evaluating(model), calls_of([layer]) as seen:
        for batch in loader:
            seen.clear()
            features = model.backbone(model.preprocess_image(batch).tensor)
            _predict(heads, features, [one["instances"].gt_boxes.to(model.device) for one in batch])
            [call] = seen
            labels = np.concatenate([one["instances"].gt_classes.cpu().numpy() for one in batch])
            dump.add(call.input, np.asarray(numbers)[labels])
        embedding = (
            f"the input of cls_score of {_name(heads)}, with the ground-truth boxes as proposals"
        )
        weights, bias = (in_order(numbers, values) for values in (layer.weight, layer.bias))
        return dump.finish("detectron2", embedding, said, weights, bias)


def _heads(model: Any) -> Any:
    known = framework("detectron2.modeling.roi_heads", "detectron2")
    heads = getattr(model, "roi_heads", None)
    if heads is None:
        raise TypeError(
            f"{type(model).__name__} has no roi_heads: only detectors with RoI heads can be "
            "collected, which take the ground-truth boxes as proposals"
        )
    rotated = getattr(known, "RROIHeads", ())
    if isinstance(heads, rotated) or not isinstance(
        heads, (known.StandardROIHeads, known.Res5ROIHeads)
    ):
        raise TypeError(
            f"{type(heads).__name__} is not supported: use StandardROIHeads, CascadeROIHeads or Res5ROIHeads"
        )
    if not hasattr(_predictor(heads), "cls_score"):
        raise TypeError(f"{type(_predictor(heads)).__name__} has no layer cls_score")
    return heads


def _cascade(heads: Any) -> bool:
    return isinstance(
        heads, framework("detectron2.modeling.roi_heads", "detectron2").CascadeROIHeads
    )


def _predictor(heads: Any) -> Any:
    return heads.box_predictor[-1] if _cascade(heads) else heads.box_predictor


def _name(heads: Any) -> str:
    stage = " of the last stage" if _cascade(heads) else ""
    return f"{type(_predictor(heads)).__name__}{stage} of {type(heads).__name__}"


def _predict(heads: Any, features: Any, boxes: list[Any]) -> None:
    """What the heads do with proposals: `_forward_box` and `_run_stage`, and `forward` of Res5ROIHeads."""
    if hasattr(heads, "res5"):
        pooled = heads._shared_roi_transform([features[name] for name in heads.in_features], boxes)
        heads.box_predictor(pooled.mean(dim=[2, 3]))
        return
    pooled = heads.box_pooler([features[name] for name in heads.box_in_features], boxes)
    head = heads.box_head[-1] if _cascade(heads) else heads.box_head
    _predictor(heads)(head(pooled))


def _loader(cfg: Any, data: list[str]) -> Any:
    source = framework("detectron2.data", "detectron2")
    augmentation = framework("detectron2.data.detection_utils", "detectron2").build_augmentation(
        cfg, False
    )
    # With annotations, but resized as for a test. It drops crowds.
    mapper = source.DatasetMapper(
        is_train=True, augmentations=augmentation, image_format=cfg.INPUT.FORMAT
    )
    images = source.get_detection_dataset_dicts(data)
    return source.build_detection_test_loader(
        images, mapper=mapper, num_workers=cfg.DATALOADER.NUM_WORKERS
    )


def _classes(data: list[str]) -> tuple[list[int], dict[int, str], str]:
    """The number of each label, names by number, and what the numbers are."""
    [first, *others] = [_classes_of(one) for one in data]
    if any(one != first for one in others):
        raise ValueError(
            f"{', '.join(data)} number their classes differently: collect them one by one"
        )
    return first


def _classes_of(name: str) -> tuple[list[int], dict[int, str], str]:
    metadata = framework("detectron2.data", "detectron2").MetadataCatalog.get(name)
    classes = list(metadata.get("thing_classes") or [])
    if not classes:
        raise ValueError(f"the data set {name} has no thing_classes: set them in MetadataCatalog")
    ids = metadata.get("thing_dataset_id_to_contiguous_id")
    said = "category ids of the annotation file"
    if ids is not None:
        numbers = [int(id) for id, _ in sorted(ids.items(), key=lambda pair: pair[1])]
    elif metadata.get("evaluator_type") == "lvis":
        numbers = list(range(1, len(classes) + 1))  # load_lvis_json takes 1 from each
    else:
        numbers, said = list(range(len(classes))), "positions in the data set's thing_classes"
    if len(numbers) != len(classes):
        raise ValueError(
            f"the data set {name} has {len(classes)} thing_classes and {len(numbers)} category ids"
        )
    return numbers, dict(zip(numbers, classes, strict=True)), said
