"""torchvision's `roi_heads.fastrcnn_loss`, replaced so that it knows the predictors with the IGAM loss.

Its annotations are evaluated, because `torch.jit.script` reads them in every R-CNN of torchvision.
"""

from typing import Any

import torch
from torch import Tensor
from torchvision.models.detection import roi_heads

# The attribute of logits that says which predictor they are of, and from which features.
ORIGIN = "_igam_origin"

torchvisions: Any = roi_heads.fastrcnn_loss


@torch.jit.unused
def fastrcnn_loss(
    class_logits: Tensor,
    box_regression: Tensor,
    labels: list[Tensor],
    regression_targets: list[Tensor],
) -> tuple[Tensor, Tensor]:
    """Classification and box loss of proposals, by the predictor that their logits are of."""
    predictor, features = getattr(class_logits, ORIGIN, (None, None))
    losses: tuple[Tensor, Tensor]
    if predictor is None:
        losses = torchvisions(class_logits, box_regression, labels, regression_targets)
    else:
        losses = predictor.losses(
            class_logits, features, box_regression, labels, regression_targets
        )
    return losses


roi_heads.fastrcnn_loss = fastrcnn_loss
