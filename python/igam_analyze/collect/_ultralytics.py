"""Embeddings out of Ultralytics' YOLO."""

from __future__ import annotations

import copy
import importlib
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from ultralytics.cfg import get_cfg
from ultralytics.data import build_dataloader, build_yolo_dataset
from ultralytics.data.utils import check_det_dataset
from ultralytics.engine.model import Model
from ultralytics.models import YOLO

from igam_analyze import IgamWarning

from ._dump import Collected, Dump

# Not where it is defined, which depends on the version.
TQDM = importlib.import_module("ultralytics.utils").TQDM


def ultralytics(
    model: Any,
    data: str | os.PathLike[str] = "data.yaml",
    out: str | os.PathLike[str] = "dump",
    *,
    split: str = "train",
    stride: int | None = None,
    moments: bool = False,
    imgsz: int | None = None,
    batch: int = 16,
    workers: int = 2,
) -> Collected:
    """Writes the embeddings of ground-truth boxes from a YOLO detector.

    The embedding of a box is the input of the last convolution of the class branch
    (`model.model.model[-1].cv3[level][-1]`), at one cell. The task-aligned assigner of the training loss
    chooses the cell; of several cells, the one with the highest target score is used. Images are loaded as for
    validation: without augmentation, letterboxed to a square. The model is not changed.

    Each level of the head (strides 8, 16, 32) has its own class branch, and their values cannot be
    compared. So the folder has the boxes of one level; a warning says how many are on others.

    Parameters
    ----------
    model : str, path or ultralytics.YOLO
        The trained detector: YOLOv8, YOLO11, YOLO26 and others with this head.
    data : path
        The data set's `data.yaml`. Labels are 0, 1, … in the order of its `names`.
    out : path
        The folder to write. It must be new or empty.
    split : str
        Which part of the data set: "train", "val" or "test".
    stride : int, optional
        The level. By default the one with most boxes.
    moments : bool
        Write `moments.parquet` (for `--moments`) in place of embeddings and labels.
    imgsz : int, optional
        Side of the images in pixels. By default that of the training.
    batch : int
        Images at a time.
    workers : int
        Processes that load images.

    Returns
    -------
    Collected
        What was written, and how many boxes were skipped. `weights.npy` and `bias.npy` are those of the
        level's convolution, one row per class: scores are sigmoids, and there is no background.

    Raises
    ------
    ValueError
        The model has no such class branch, or knows other classes than `data`; no level has this `stride`.
    FileExistsError
        `out` exists and is not empty.

    Examples
    --------
    >>> collect.ultralytics("runs/detect/train/weights/best.pt", data="data.yaml")
    """
    yolo = model if isinstance(model, Model) else YOLO(os.fspath(model))
    head = _Head(yolo, imgsz)
    found = check_det_dataset(os.fspath(data))
    if not found.get(split):
        raise ValueError(f"{data} has no {split!r} images")
    names = head.names_with(found["names"], data)
    wanted = head.strides if stride is None else [stride]
    if stride not in [None, *head.strides]:
        raise ValueError(f"no level of this model has stride {stride}: it has {head.strides}")
    counts: Counter[tuple[int | None, int]] = Counter()
    with ExitStack() as stack:
        # Which level has most boxes is known when all were seen.
        dumps = {one: stack.enter_context(Dump(out, names, moments)) for one in wanted}
        for images in TQDM(head.images_of(found, split, batch, workers), desc="collect"):
            for level, embeddings, labels in head.see(images):
                counts.update((level, label) for label in labels.tolist())
                if level in dumps:
                    dumps[level].add(embeddings, labels)
        chosen = stride or max(head.strides, key=lambda one: _boxes(counts, one))
        at, left_out = head.strides.index(chosen), _left_out(counts, head.strides, chosen)
        if left_out and not _boxes(counts, chosen):
            listed = ", ".join(f"{why} {n}" for why, n in left_out.items())
            raise ValueError(f"no ground-truth box is on stride {chosen}: {listed}")
        done = dumps[chosen].finish(
            "ultralytics",
            f"input of {head.branch}[{at}][-1] (stride {chosen}), at the cell that the assigner "
            "gives to the ground-truth box",
            "0, 1, … in the order of the names in data.yaml",
            head.layers[at].weight.flatten(1),
            head.layers[at].bias,
            left_out,
        )
    for sentence in _sentences(counts, head.strides, chosen, names):
        warnings.warn(sentence, IgamWarning, 2)
    return done


class _Head:
    """A copy of the network that shows what its class branches get for ground-truth boxes."""

    def __init__(self, yolo: Any, imgsz: int | None) -> None:
        self.net = _copied(yolo.model)
        head = self.net.model[-1]
        self.branch = "one2one_cv3" if getattr(head, "end2end", False) else "cv3"
        self.layers = [level[-1] for level in getattr(head, self.branch, None) or [[None]]]
        if not all(
            isinstance(each, torch.nn.Conv2d) and each.out_channels == head.nc for each in self.layers
        ):
            raise ValueError(
                f"{type(head).__name__} has no class branch that ends in a convolution with one "
                "output per class: give a YOLO detector as its training saved it"
            )
        if head.cv3 is None:
            raise ValueError("the model is fused: load it again from its .pt file")
        self.strides = [int(each) for each in head.stride]
        known = self.net.args if isinstance(self.net.args, dict) else vars(self.net.args)
        kept = {key: known[key] for key in ("task", "single_cls") if key in known}
        side, step = imgsz or known.get("imgsz", 640), max(self.strides)
        # Levels fit onto each other where their strides do.
        self.net.args = get_cfg(overrides={**kept, "imgsz": -(-side // step) * step})
        self._hook()

    def _hook(self) -> None:
        self.inputs: dict[int, torch.Tensor] = {}
        for level, layer in enumerate(self.layers):
            layer.register_forward_pre_hook(
                lambda _, inputs, level=level: self.inputs.update({level: inputs[0]})
            )
        self.net.criterion = self.net.init_criterion()
        kind = "one2one" if self.branch == "one2one_cv3" else "one2many"
        loss = getattr(self.net.criterion, kind, self.net.criterion)
        self.assigned: list[tuple[Any, Any]] = []
        loss.assigner.register_forward_hook(lambda _, *both: self.assigned.append(both))

    def names_with(self, listed: Mapping[int, str], data: Any) -> dict[int, str]:
        """The names of the labels, where the model knows the same."""
        own = {int(id): str(name) for id, name in self.net.names.items()}
        if self.net.args.single_cls:
            return own
        names = {int(id): str(name) for id, name in listed.items()}
        if len(names) != len(own):
            raise ValueError(f"{data} has {len(names)} classes, and the model {len(own)}")
        # A model that was never trained has numbers for names.
        other = [id for id in own if own[id] not in (names[id], str(id))]
        if other:
            id = other[0]
            raise ValueError(
                f"class {id} is {names[id]!r} in {data}, but {own[id]!r} in the model: give the data.yaml "
                "of its training"
            )
        return names

    def images_of(self, data: dict[str, Any], split: str, batch: int, workers: int) -> Any:
        """Ultralytics' own loader for validation, of square images."""
        settings: Any = get_cfg(self.net.args, {"split": split, "rect": False})
        dataset = build_yolo_dataset(
            settings, data[split], batch, data, mode="val", stride=max(self.strides)
        )
        return build_dataloader(dataset, batch, workers, shuffle=False)

    def see(
        self, images: Mapping[str, Any]
    ) -> Iterator[tuple[int | None, torch.Tensor, torch.Tensor]]:
        """For each level its stride, embeddings and labels; last, labels of boxes without a cell."""
        device = next(self.net.parameters()).device
        images = {
            key: value.to(device) if isinstance(value, torch.Tensor) else value
            for key, value in images.items()
        }
        images["img"] = images["img"].float() / 255
        self.assigned.clear()
        with torch.no_grad():
            self.net.loss(images, self.net(images["img"]))
        [(given, (_, _, scores, taken, boxes))] = self.assigned
        labels, there = given[3].squeeze(-1).long(), given[5].squeeze(-1).bool()
        cells = _cells(scores.amax(-1) * taken, boxes, labels.shape[1])
        first = 0
        for level, stride in enumerate(self.strides):
            values = self.inputs[level].flatten(2)
            image, box = torch.nonzero(
                there & (cells >= first) & (cells < first + values.shape[2]), as_tuple=True
            )
            cell = cells[image, box] - first
            yield stride, values[image, :, cell], labels[image, box]
            first += values.shape[2]
        yield None, torch.zeros(0), labels[there & (cells < 0)]


def _copied(net: Any) -> Any:
    """A copy to evaluate: the caller's own is neither changed nor hooked."""
    if not isinstance(net, torch.nn.Module):
        raise ValueError(f"{net}: the layers of an exported model cannot be read; give the .pt file")
    return copy.deepcopy(net).float().eval()


def _cells(scores: torch.Tensor, boxes: torch.Tensor, count: int) -> torch.Tensor:
    """Of each of `count` boxes of an image the cell with the highest score among those that have this
    box, or −1 where none has a score above 0.

    `scores` and `boxes`, which box a cell has, are images × cells.
    """
    own = boxes[:, None, :] == torch.arange(count, device=boxes.device)[None, :, None]
    if not count:
        return boxes.new_zeros(len(boxes), 0, dtype=torch.int64)
    best, cells = (own * scores[:, None, :]).max(-1)
    return torch.where(best > 0, cells, -1)


def _boxes(counts: Counter[tuple[int | None, int]], level: int | None) -> int:
    return sum(n for (one, _), n in counts.items() if one == level)


def _left_out(
    counts: Counter[tuple[int | None, int]], strides: list[int], chosen: int
) -> dict[str, int]:
    numbers = {f"stride {one}": _boxes(counts, one) for one in strides if one != chosen}
    numbers["no cell"] = _boxes(counts, None)
    return {why: n for why, n in numbers.items() if n}


def _sentences(
    counts: Counter[tuple[int | None, int]],
    strides: list[int],
    chosen: int,
    names: Mapping[int, str],
) -> Iterator[str]:
    """Warns which boxes were skipped, and why."""
    total, kept = sum(counts.values()), _boxes(counts, chosen)
    lost = _boxes(counts, None)
    if lost:
        yield (
            f"{lost} of {total} ground-truth boxes have no cell: the assigner finds none that predicts any "
            "part of them; they are skipped"
        )
    others = {one: _boxes(counts, one) for one in strides if one != chosen and _boxes(counts, one)}
    if others:
        listed = " and ".join(f"{n} on stride {one}" for one, n in others.items())
        few = [
            name
            for label, name in names.items()
            if 2 * counts[chosen, label] < sum(counts[one, label] for one in strides)
        ]
        yield (
            f"{kept} of {total} ground-truth boxes are on stride {chosen}; {listed} are skipped, because "
            "each level has its own class branch: collect those with `stride`"
            + (f"; fewer than half remain of {_listed(few)}" if few else "")
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
