"""Training with the IGAM loss (Eq. 6 of arXiv 2502.03852) in PyTorch.

PyTorch is optional: `import igam_analyze` does not import it. docs/training.md shows how to train with
torchvision, with mmdetection and with a loop of your own, and what such training has gained so far.

Examples
--------
>>> from igam_analyze.torch import CosineClassifier, IGAMLoss, InformationTracker
>>> classifier = CosineClassifier(128, 31)
>>> loss, tracker = IGAMLoss(31), InformationTracker(31, normalization="softmax")
>>> for epoch in range(epochs):
...     for x, y in loader:
...         features = backbone(x)
...         tracker.push(features, y)
...         optimizer.zero_grad()
...         loss(classifier(features), y).backward()
...         optimizer.step()
...     loss.set_margins(tracker.update())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._classifier import CosineClassifier
from ._loss import IGAMLoss, shifted_cosines
from ._margins import margins
from ._tracker import InformationTracker

if TYPE_CHECKING:
    from ._torchvision import FastRCNNIGAMPredictor

__all__ = [
    "CosineClassifier",
    "FastRCNNIGAMPredictor",
    "IGAMLoss",
    "InformationTracker",
    "margins",
    "shifted_cosines",
]


def __getattr__(name: str) -> Any:
    # Its module imports torchvision.
    if name != "FastRCNNIGAMPredictor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._torchvision import FastRCNNIGAMPredictor

    return FastRCNNIGAMPredictor


def __dir__() -> list[str]:
    return sorted(__all__)
