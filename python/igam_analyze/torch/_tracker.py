"""Information amounts of an epoch, and the margins of the next one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from igam_analyze import Amounts, IgamWarning, Moments, margin_readings

from . import _ranks
from ._margins import margins

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

    from igam_analyze._igam_analyze import _Estimator, _Normalization, _Precision


class InformationTracker(nn.Module):
    """Collects the features of an epoch, and computes the margins of the next one from them (§3.3, Eq. 6).

    There is no queue: it has an `igam_analyze.Moments`, in the memory of the CPU. That is up to p features
    of a class, then their mean and scatter: at most about C·p²/2 numbers (docs/paper.md, "How long the queue
    should be"). Information amounts and margins are those of `igam_analyze`.

    Under `torch.distributed` each rank pushes its own features, and `update` merges them (Eq. 8). The
    order of merging is always the same. All ranks get the same margins.

    `state_dict` has the margins and the moments. So a run that is resumed within an epoch goes on with the
    same numbers, to the last bit. The moments are state that `DistributedDataParallel` does not broadcast: each rank has its
    own. Save after `update`: then the moments are empty, and the state of rank 0 is that of all.

    Parameters
    ----------
    num_classes : int
        C, the columns of the logits, that of the background included.
    background : int, optional
        The label of the background. Its features are skipped, and its margins are 0.
    class_names : dict of int to str, or list of str, optional
        The name of each label, for warnings and for `igam_analyze.correlate`. A list has C names.
    normalization : {"printed", "printed-mean", "softmax"}
        As for `margins`.
    signed : bool
        As for `margins`.
    estimator : str
        Of the covariance, as for `igam_analyze.information`.
    precision : {"f64", "f32"}
        As for `igam_analyze.Moments`.

    Attributes
    ----------
    margins : Tensor
        (C, C) radians, row i the true class; 0 before the first `update`. A buffer.
    moments : igam_analyze.Moments
        Of the features since the last `update`.
    amounts : igam_analyze.Amounts or None
        Information amounts at the last `update`; not in the `state_dict`.

    Examples
    --------
    >>> tracker = InformationTracker(81, background=0, normalization="softmax")
    >>> tracker.push(features, labels)  # at each step
    >>> loss.set_margins(tracker.update())  # at the end of an epoch
    """

    margins: Tensor

    def __init__(
        self,
        num_classes: int,
        *,
        background: int | None = None,
        class_names: Mapping[int, str] | Sequence[str] | None = None,
        normalization: _Normalization = "printed",
        signed: bool = False,
        estimator: _Estimator = "mp-floor",
        precision: _Precision = "f64",
    ) -> None:
        super().__init__()
        if background is not None and not 0 <= background < num_classes:
            raise ValueError(f"the background {background} is not one of {num_classes} classes")
        # An unknown name is refused now, not after an epoch.
        Moments(precision).information(estimator)
        margins([1.0], normalization)
        self.num_classes = num_classes
        self.background = background
        self.normalization = normalization
        self.signed = signed
        self.estimator = estimator
        self.precision = precision
        self.class_names = self._names(class_names)
        self.amounts: Amounts | None = None
        self.moments = self._empty()
        self.register_buffer("margins", torch.zeros(num_classes, num_classes))

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    @torch.no_grad()
    def push(self, features: Tensor, labels: Tensor) -> None:
        """Adds features (n, p) of any type and device with their labels (n,), without gradients.

        Rows of the background and of negative labels are skipped. Rows with NaN or infinite values are
        skipped with a warning: with mixed precision, such a step is not taken either.

        Raises
        ------
        ValueError
            If shapes do not fit together or to earlier features, or a label is not a class.
        """
        if features.dim() != 2 or labels.shape != features.shape[:1]:
            raise ValueError(
                f"{tuple(features.shape)} features for {tuple(labels.shape)} labels: n×p and n are expected"
            )
        known = labels >= 0
        if self.background is not None:
            known &= labels != self.background
        features, labels = features.detach()[known].cpu(), labels[known].cpu()
        if features.dtype == torch.bfloat16:
            features = features.float()
        finite = features.isfinite().all(dim=1)
        if not finite.all():
            sentence = "features with NaN or infinite values are skipped: did the training diverge?"
            warnings.warn(sentence, IgamWarning, stacklevel=2)
            features, labels = features[finite], labels[finite]
        if len(labels):
            self.moments.push(features.numpy(), labels.numpy())

    def update(self, group: ProcessGroup | None = None) -> Tensor:
        """Computes the margins from the features since the last call, over all ranks, and begins anew.

        Call it on every rank. The first call raises the warnings about the amounts and margins; later
        ones are in `amounts.warnings` alone.

        Parameters
        ----------
        group : ProcessGroup, optional
            The ranks. By default all, where `torch.distributed` is initialized.

        Returns
        -------
        Tensor
            (C, C) radians, row i the true class: the buffer `margins`.

        Raises
        ------
        ValueError
            If no class has an information amount, so that there are no margins. Then nothing changes.
        """
        amounts, matrix, sentences = _ranks.from_first(self.moments, self._margins_of, group)
        if self.amounts is None:
            for sentence in sentences:
                warnings.warn(sentence, IgamWarning, stacklevel=2)
        self.amounts = amounts
        self.moments = self._empty()
        self.margins.copy_(torch.from_numpy(matrix))
        return self.margins

    def _margins_of(self, moments: Moments) -> tuple[Amounts, Any, list[str]]:
        with warnings.catch_warnings():
            # They are raised where the user sees them, and once.
            warnings.simplefilter("ignore", IgamWarning)
            amounts = moments.information(self.estimator)
            matrix = margins(
                amounts,
                self.normalization,
                self.signed,
                background=self.background,
                dtype=torch.float64,
            )
            small = margin_readings(amounts, self.normalization, self.signed).warnings
        return amounts, matrix.numpy(), [*amounts.warnings, *small]

    def _names(self, given: Mapping[int, str] | Sequence[str] | None) -> dict[int, str]:
        """The name of each class but the background."""
        labels = [label for label in range(self.num_classes) if label != self.background]
        if given is None:
            return {label: str(label) for label in labels}
        if isinstance(given, str):
            raise TypeError("class_names is a string: give a dict of labels to names, or a list of names")
        if not isinstance(given, Mapping):
            if len(given) != self.num_classes:
                raise ValueError(f"{len(given)} class names for {self.num_classes} classes")
            given = dict(enumerate(given))
        for label in given:
            if label not in labels and label != self.background:
                raise ValueError(f"label {label} of class_names is not one of {self.num_classes} classes")
        return {label: str(given.get(label, label)) for label in labels}

    def _empty(self) -> Moments:
        return Moments(self.precision, self.class_names)

    def get_extra_state(self) -> dict[str, Any]:
        """The moments as tensors and plain values, which `torch.load` reads with `weights_only=True`."""
        state = self.moments.__reduce__()[2]
        # Rows of an unfinished block are folded in the state: fold them here too, so that this run and one
        # that is resumed round alike.
        self.moments = _restored(state)
        return {name: _as_tensor(value) for name, value in state.items()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Takes the moments of a checkpoint.

        Raises
        ------
        ValueError
            If they are of other classes or another precision, or damaged.
        """
        names = dict(zip(state["class_id"], state["class"]))
        if names != self.class_names or state["precision"] != self.precision:
            raise ValueError(
                "the moments in the checkpoint are of other class names or another precision than those of "
                "this InformationTracker: build it as the one that was saved"
            )
        self.moments = _restored({name: _as_array(name, value) for name, value in state.items()})

    def extra_repr(self) -> str:
        """What was given."""
        background = "" if self.background is None else f", background={self.background}"
        how = f"normalization={self.normalization!r}, estimator={self.estimator!r}"
        return f"num_classes={self.num_classes}{background}, {how}"


def _restored(state: dict[str, Any]) -> Moments:
    moments = Moments()
    moments.__setstate__(state)
    return moments


def _as_tensor(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return torch.from_numpy(value.astype(np.int64) if value.dtype == np.uint64 else value)


def _as_array(name: str, value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value
    array = value.cpu().numpy()
    return array.astype(np.uint64) if name == "instances" else array
