"""The classifier of Eq. 5: logits are scaled cosines."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._loss import SCALE, checked_scale


class CosineClassifier(nn.Linear):
    """Logits s·cosθ between each feature vector and each row of the weights, both at unit length (Eq. 5).

    It has no bias. Under autocast it computes in float32, because s multiplies the rounding of the cosines.
    At test time use the logits as they are: Eq. 6 has margins in training only.

    Parameters
    ----------
    in_features : int
        Number of dimensions p of a feature vector.
    out_features : int
        Number of classes C, that of the background included. The background is a class like any other.
    scale : float
        s.
    device, dtype : as for `torch.nn.Linear`

    Examples
    --------
    >>> logits = CosineClassifier(1024, 81)(features)  # (n, 1024) to (n, 81), between -30 and 30
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        scale: float = SCALE,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(in_features, out_features, bias=False, device=device, dtype=dtype)
        self.scale = checked_scale(scale)

    def forward(self, input: Tensor) -> Tensor:
        """Logits (…, C) of features (…, p), in [−s, s]. A vector of zeros has the cosine 0 with every class."""
        with torch.autocast(input.device.type, enabled=False):
            dtype = torch.promote_types(input.dtype, self.weight.dtype)
            dtype = torch.promote_types(dtype, torch.float32)
            unit = functional.normalize(input.to(dtype), dim=-1)
            weights = functional.normalize(self.weight.to(dtype), dim=-1)
            return self.scale * functional.linear(unit, weights)

    def extra_repr(self) -> str:
        """The shape and the scale."""
        return f"in_features={self.in_features}, out_features={self.out_features}, scale={self.scale}"
