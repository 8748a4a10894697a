"""Eq. 6: the IGAM loss. It is that of `igam_analyze.igam_loss`, differentiable and for any device."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

# The paper's s.
SCALE = 30.0

# The least sinθ that the gradient divides by: at cosθ = 1 a positive margin has no finite slope.
LEAST_SINE = 1e-7

# How far rounding to bfloat16 may carry s·cosθ beyond s.
ROUNDING = 1.01


def checked_scale(scale: float) -> float:
    """s, if it is one."""
    if not (scale > 0 and math.isfinite(scale)):
        raise ValueError(f"scale {scale} is not a number above 0")
    return float(scale)


def shifted_cosines(cosines: Tensor, labels: Tensor, margins: Tensor) -> Tensor:
    """cos(θ_j + m_ij) of each class j for samples of class i, with θ_j + m_ij at most π: the angles of Eq. 6.

    Use it to give another loss of angles a margin for each pair of classes. At |cosθ| = 1 the gradient
    divides by 10⁻⁷ in place of sinθ.

    Parameters
    ----------
    cosines : Tensor
        (B, C) cosθ. What rounding carried beyond ±1 counts as ±1.
    labels : Tensor
        (B,) integers: the classes i.
    margins : Tensor
        (C, C) radians, row i the true class.

    Returns
    -------
    Tensor
        (B, C), of the type of `cosines`.

    Examples
    --------
    >>> logits = 30 * shifted_cosines(cosines, labels, margins)
    """
    shifted: Tensor = _Shifted.apply(cosines, margins[labels].to(cosines.dtype))
    return shifted


class IGAMLoss(nn.Module):
    """IGAM loss of arXiv 2502.03852 (Eq. 6), in nats:
    −ln(e^{s·cosθ_i} / (e^{s·cosθ_i} + Σ_{j≠i} e^{s·cos(θ_j+m_ij)})), with θ_j+m_ij at most π.

    Without margins it is the cross-entropy of the same logits (Eq. 5). Half-precision logits are computed
    with in float32. `torch.compile` makes one graph of it.

    Parameters
    ----------
    num_classes : int
        C, the columns of the logits, that of the background included.
    margins : Tensor or array_like, optional
        (C, C) radians, row i the true class. A tensor keeps its type; else that of
        `torch.get_default_dtype()`. By default 0. The diagonal is set to 0.
    scale : float
        s of the logits s·cosθ: that of the `CosineClassifier`.
    transposed : bool
        Use m_ji in place of m_ij, which moves the trained boundary the other way
        (docs/paper.md, "Which way a margin moves the boundary").
    background : int, optional
        The class whose row and column of the margins are set to 0.
    weight : Tensor, optional
        (C,) weight of each class, as for `torch.nn.CrossEntropyLoss`.
    ignore_index : int
        Label of samples without loss.
    reduction : {"mean", "sum", "none"}
        As for `torch.nn.CrossEntropyLoss`.

    Attributes
    ----------
    margins : Tensor
        (C, C) radians, not transposed; a buffer.

    Raises
    ------
    ValueError
        If the margins are not C×C or not finite, or the scale is not above 0.

    Examples
    --------
    >>> loss = IGAMLoss(31)
    >>> loss(classifier(features), labels).backward()
    >>> loss.set_margins(tracker.update())
    """

    margins: Tensor
    weight: Tensor | None

    def __init__(
        self,
        num_classes: int,
        margins: Any = None,
        *,
        scale: float = SCALE,
        transposed: bool = False,
        background: int | None = None,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None:
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f'reduction {reduction!r} is not one of "mean", "sum", "none"')
        if background is not None and not 0 <= background < num_classes:
            raise ValueError(f"the background {background} is not one of {num_classes} classes")
        self.num_classes = num_classes
        self.scale = checked_scale(scale)
        self.transposed = transposed
        self.background = background
        self.ignore_index = ignore_index
        self.reduction = reduction
        self._scale_is_checked = False
        self.register_buffer("weight", weight)
        dtype = margins.dtype if isinstance(margins, Tensor) else torch.get_default_dtype()
        self.register_buffer("margins", torch.zeros(num_classes, num_classes, dtype=dtype))
        if margins is not None:
            if isinstance(margins, Tensor):
                self.margins = self.margins.to(margins.device)
            self.set_margins(margins)

    @torch.no_grad()
    def set_margins(self, margins: Any) -> None:
        """Replaces the margins, (C, C) radians, from the next step on. A compiled loss stays compiled."""
        new = torch.as_tensor(margins, dtype=self.margins.dtype, device=self.margins.device)
        if new.shape != self.margins.shape:
            found = "×".join(map(str, new.shape))
            raise ValueError(f"the margins are {found}, but there are {self.num_classes} classes")
        if not new.isfinite().all():
            raise ValueError("the margins have a value that is NaN or infinite")
        self.margins.copy_(new)
        self.margins.fill_diagonal_(0)
        if self.background is not None:
            self.margins[self.background] = 0
            self.margins[:, self.background] = 0

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of logits s·cosθ (B, C) and labels (B,): a scalar, or (B,) without reduction.

        Raises
        ------
        ValueError
            If the logits are not B×C, or are so large that they are not s·cosθ. The latter is checked at
            the first call.
        """
        if logits.dim() != 2 or logits.shape[1] != self.num_classes:
            found = "×".join(map(str, logits.shape))
            raise ValueError(f"the logits are {found}, but must be B×{self.num_classes}")
        if not torch.compiler.is_compiling() and not self._scale_is_checked:
            self._check_scale(logits)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        known = torch.where(labels == self.ignore_index, 0, labels)
        margins = self.margins.T if self.transposed else self.margins
        return functional.cross_entropy(
            self.scale * shifted_cosines(logits / self.scale, known, margins),
            labels,
            None if self.weight is None else self.weight.to(logits.dtype),
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )

    def _check_scale(self, logits: Tensor) -> None:
        if not logits.numel():
            return
        largest = logits.detach().abs().max().item()
        if largest > ROUNDING * self.scale:
            raise ValueError(
                f"a logit is {largest:.4g}, but s·cosθ is at most {self.scale:g}: give the loss the scale of "
                "the classifier, and logits of a cosine classifier"
            )
        self._scale_is_checked = True

    def extra_repr(self) -> str:
        """What was given."""
        background = "" if self.background is None else f", background={self.background}"
        transposed = ", transposed=True" if self.transposed else ""
        return f"num_classes={self.num_classes}, scale={self.scale}{transposed}{background}"


class _Shifted(torch.autograd.Function):
    """cos(θ+m) with θ+m at most π, elementwise. The gradient with respect to m is not computed.

    It has a gradient of its own, because that of acos is infinite at ±1.
    """

    @staticmethod
    def forward(cosines: Tensor, margins: Tensor) -> Tensor:
        cosines = cosines.clamp(-1, 1)
        shifted = cosines * margins.cos() - _sine(cosines) * margins.sin()
        return torch.where(_beyond(cosines, margins), -1.0, shifted)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient * _slope(*ctx.saved_tensors), None


def _slope(cosines: Tensor, margins: Tensor) -> Tensor:
    """The derivative of cos(θ+m) by cosθ, sin(θ+m)/sinθ."""
    cosines = cosines.clamp(-1, 1)
    sine = _sine(cosines)
    slope = (sine * margins.cos() + cosines * margins.sin()) / sine.clamp(min=LEAST_SINE)
    slope = torch.where(_beyond(cosines, margins), 0.0, slope)
    return torch.where(margins == 0, 1.0, slope)


def _sine(cosines: Tensor) -> Tensor:
    # (1−c)(1+c) has more digits than 1−c² where c is near ±1.
    return ((1 - cosines) * (1 + cosines)).sqrt()


def _beyond(cosines: Tensor, margins: Tensor) -> Tensor:
    """Whether θ+m is π or more."""
    return (margins > 0) & (cosines <= -margins.clamp(max=math.pi).cos())
