"""Margins of Eq. 6 as a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

import igam_analyze

if TYPE_CHECKING:
    from igam_analyze._igam_analyze import _Normalization


def margins(
    information: Any,
    normalization: _Normalization = "printed",
    signed: bool = False,
    *,
    background: int | None = None,
    dtype: torch.dtype | None = None,
    device: Any = None,
) -> Tensor:
    """Margin of each pair of classes as a tensor: m_ij = max(0, ln(I′_i/I′_j)/π), radians.

    These are the margins of `igam_analyze.margins`. Use them where a loss compares two classes.

    Parameters
    ----------
    information : Amounts or array_like
        (K,) I in bits, one value for each class in order of id; NaN where there is none.
    normalization : {"printed", "printed-mean", "softmax"}
        The version of the formula after Eq. 6. "printed" gives margins too small to matter
        (docs/paper.md, "Which normalization to train with").
    signed : bool
        Without the maximum: m_ji = −m_ij.
    background : int, optional
        Where the background is among the classes: a row and a column of zeros are inserted there.
    dtype : torch.dtype, optional
        By default `torch.get_default_dtype()`.
    device : optional
        By default the CPU.

    Returns
    -------
    Tensor
        (K, K), or (K+1, K+1) with a background; row i the true class.

    Raises
    ------
    ValueError
        If no class has an information amount, or the background is outside of the classes.

    Examples
    --------
    >>> margins(igam_analyze.information(x, y), "softmax")[anchor_labels, negative_labels]
    """
    if isinstance(information, igam_analyze.Amounts):
        information = information["information"]
    matrix = igam_analyze.margins(information, normalization, signed)
    if background is not None:
        if not 0 <= background <= len(matrix):
            raise ValueError(f"the background {background} is not one of {len(matrix) + 1} classes")
        matrix = np.insert(np.insert(matrix, background, 0, axis=0), background, 0, axis=1)
    return torch.as_tensor(matrix, dtype=dtype or torch.get_default_dtype(), device=device)
