"""The IGAM loss in torchvision's Faster, Mask and Keypoint R-CNN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ._classifier import CosineClassifier
from ._fastrcnn_loss import ORIGIN, torchvisions
from ._loss import SCALE, IGAMLoss
from ._tracker import InformationTracker

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

    from igam_analyze._igam_analyze import _Estimator, _Normalization, _Precision


class FastRCNNIGAMPredictor(nn.Module):
    """Box predictor with the IGAM loss, in place of torchvision's `FastRCNNPredictor`.

    `cls_score` is a `CosineClassifier`, the background in row 0; `bbox_pred` is torchvision's. In training the
    model's `loss_classifier` is the mean of Eq. 6 over the proposals, and the features of the
    ground-truth boxes among them are pushed to `tracker`. Call `update_margins` at the end of each
    epoch. Before the first call the margins are 0, which is Eq. 5. In evaluation there are no margins.

    torchvision computes that loss in the function `roi_heads.fastrcnn_loss`. Importing this class replaces it by
    one that calls torchvision's for all other predictors.

    Parameters
    ----------
    in_channels : int
        Number of dimensions p of a box's features.
    num_classes : int
        C, with the background.
    scale, transposed, weight : as for `IGAMLoss`
    class_names, normalization, signed, estimator, precision : as for `InformationTracker`

    Attributes
    ----------
    loss : IGAMLoss
    tracker : InformationTracker

    Examples
    --------
    >>> heads = model.roi_heads
    >>> heads.box_predictor = FastRCNNIGAMPredictor(1024, 91, normalization="softmax")
    >>> heads.box_predictor.update_margins()  # at the end of an epoch
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        scale: float = SCALE,
        transposed: bool = False,
        weight: Tensor | None = None,
        class_names: Mapping[int, str] | Sequence[str] | None = None,
        normalization: _Normalization = "printed",
        signed: bool = False,
        estimator: _Estimator = "mp-floor",
        precision: _Precision = "f64",
    ) -> None:
        super().__init__()
        self.cls_score = CosineClassifier(in_channels, num_classes, scale)
        self.bbox_pred = nn.Linear(in_channels, num_classes * 4)
        self.loss = IGAMLoss(
            num_classes, scale=scale, transposed=transposed, background=0, weight=weight
        )
        self.tracker = InformationTracker(
            num_classes,
            background=0,
            class_names=class_names,
            normalization=normalization,
            signed=signed,
            estimator=estimator,
            precision=precision,
        )
        self._waits = False

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits s·cosθ (n, C) and box deltas (n, 4C) of features (n, p) or (n, p, 1, 1).

        Raises
        ------
        RuntimeError
            If the logits of the last training step did not reach the IGAM loss.
        """
        x = x.flatten(start_dim=1)
        logits = self.cls_score(x)
        if self.training and torch.is_grad_enabled():
            if self._waits:
                self._waits = False
                raise RuntimeError(
                    "the logits of the last step did not reach the IGAM loss: torchvision's "
                    "roi_heads.fastrcnn_loss was replaced by something else, or the box head is compiled"
                )
            self._waits = True
            setattr(logits, ORIGIN, (self, x.detach()))
        return logits, self.bbox_pred(x)

    def update_margins(self, group: ProcessGroup | None = None) -> Tensor:
        """Computes the margins of the next epoch, as `InformationTracker.update`: (C, C) radians.

        Call it on every rank, also under `DistributedDataParallel`.
        """
        margins = self.tracker.update(group)
        self.loss.set_margins(margins)
        return margins

    def losses(
        self,
        logits: Tensor,
        features: Tensor,
        box_regression: Tensor,
        labels: list[Tensor],
        regression_targets: list[Tensor],
    ) -> tuple[Tensor, Tensor]:
        """The mean IGAM loss and torchvision's box loss; the tracker gets the ground-truth boxes."""
        self._waits = False
        flat = torch.cat(labels)
        # torchvision adds the ground-truth boxes to the proposals: those that need no regression.
        # The tracker skips the background, whose targets say nothing.
        truth = (torch.cat(regression_targets) == 0).all(dim=1)
        self.tracker.push(features[truth], flat[truth])
        _, box_loss = torchvisions(logits.detach(), box_regression, labels, regression_targets)
        return self.loss(logits, flat), box_loss
