"""Embeddings of ground-truth boxes from a trained detector: one function per framework.

Each runs the detector once over the images, without augmentation and without gradients. It writes the
input of the classification layer for each ground-truth box, with labels, class names and the weights of that
layer. It uses your installed framework; importing this module imports none of them. The pages in
docs/frameworks show the way from a trained model to the report.

Examples
--------
>>> from igam_analyze import collect
>>> collect.torchvision(model, loader)
>>> collect.ultralytics("best.pt", data="data.yaml")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._dump import Collected, Dump

if TYPE_CHECKING:
    from ._detectron2 import detectron2
    from ._mmdetection import mmdetection
    from ._torchvision import torchvision
    from ._transformers import transformers
    from ._ultralytics import ultralytics

__all__ = [
    "Collected",
    "Dump",
    "detectron2",
    "mmdetection",
    "torchvision",
    "transformers",
    "ultralytics",
]


def __getattr__(name: str) -> Any:
    # The module of a function imports its framework.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}._{name}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
