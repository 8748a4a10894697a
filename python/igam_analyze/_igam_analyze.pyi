from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias, final, overload

from numpy import float64
from numpy.typing import ArrayLike, NDArray

_Estimator: TypeAlias = Literal[
    "mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf", "oas"
]
_Precision: TypeAlias = Literal["f64", "f32"]
_ClassNames: TypeAlias = Sequence[str] | Mapping[int, str]

__all__ = [
    "Moments",
    "__version__",
    "igam_loss",
    "information",
    "margins",
    "queue_size",
]

__version__: str

def information(
    embeddings: ArrayLike,
    labels: ArrayLike,
    estimator: _Estimator = "mp-floor",
    precision: _Precision = "f64",
    class_names: _ClassNames | None = None,
    background_label: int | str | None = None,
) -> dict[str, Any]: ...
@final
class Moments:
    def __new__(
        cls, precision: _Precision = "f64", class_names: _ClassNames | None = None
    ) -> Moments: ...
    def push(self, embeddings: ArrayLike, labels: ArrayLike) -> None: ...
    def merge(self, other: Moments) -> None: ...
    def information(self, estimator: _Estimator = "mp-floor") -> dict[str, Any]: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    @classmethod
    def load(cls, path: str | PathLike[str]) -> Moments: ...
    @property
    def dim(self) -> int | None: ...
    @property
    def instances(self) -> int: ...
    def __reduce__(self) -> tuple[type[Moments], tuple[()], dict[str, Any]]: ...
    def __setstate__(self, state: dict[str, Any]) -> None: ...

def margins(
    information: ArrayLike,
    normalization: Literal["printed", "printed-mean", "softmax"] = "printed",
    signed: bool = False,
) -> NDArray[float64]: ...
@overload
def igam_loss(
    cosines: ArrayLike,
    labels: ArrayLike,
    margins: ArrayLike,
    scale: float = 30.0,
    gradient: Literal[False] = False,
) -> NDArray[float64]: ...
@overload
def igam_loss(
    cosines: ArrayLike,
    labels: ArrayLike,
    margins: ArrayLike,
    scale: float = 30.0,
    *,
    gradient: Literal[True],
) -> tuple[NDArray[float64], NDArray[float64]]: ...
def queue_size(
    instances: int | Sequence[int] | NDArray[Any],
    dim: int,
    classes: int | None = None,
    bytes_per_value: Literal[2, 4, 8] = 4,
) -> dict[str, Any]: ...
