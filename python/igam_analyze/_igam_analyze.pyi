from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias, TypedDict, final, overload

from numpy import float64
from numpy.typing import ArrayLike, NDArray

from ._results import Amounts, Losses, QueueSize, Table

_Estimator: TypeAlias = Literal[
    "mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf", "oas"
]
_Estimators: TypeAlias = Literal["all"] | list[_Estimator] | tuple[_Estimator, ...]
_Precision: TypeAlias = Literal["f64", "f32"]
_Normalization: TypeAlias = Literal["printed", "printed-mean", "softmax"]
_Loss: TypeAlias = Literal[
    "cosine",
    "igam",
    "igam-signed",
    "igam-transposed",
    "softmax",
    "logit-adjustment",
    "ldam",
    "seesaw",
    "focal",
]
_Finding: TypeAlias = Literal["helps", "hurts", "mixed", "no-difference"]
_ApFormat: TypeAlias = Literal[
    "table",
    "array",
    "ultralytics",
    "detectron2",
    "mmdetection",
    "torchmetrics",
    "pycocotools",
    "faster-coco-eval",
    "hotcoco",
    "supervision",
    "transformers",
    "fiftyone",
    "tensorflow",
    "roboflow",
    "darknet",
    "yolox",
    "nanodet",
]
_Numbering: TypeAlias = Literal["names", "ids", "positions", "file-order"]
_BackgroundRow: TypeAlias = Literal["first", "last", "none"] | int
_Path: TypeAlias = str | PathLike[str]
_ClassNames: TypeAlias = _Path | Sequence[str] | Mapping[int, str]
# By class: a mapping, a Series of pandas, a list in class order, a path, an evaluator's result.
_ByClass: TypeAlias = Any
_Reason = TypedDict(
    "_Reason",
    {
        "run": str,
        "token": str,
        "with": str | None,
        "weight": Literal["shown", "likely", "weak"],
        "sentence": str,
        "next_step": str,
    },
)

__all__ = [
    "ClassCard",
    "Comparison",
    "Figure",
    "Geometry",
    "MarginReadings",
    "Moments",
    "Probe",
    "Study",
    "_Amounts",
    "_Cells",
    "__version__",
    "_by_class",
    "_figure3",
    "_joined",
    "_main",
    "compare",
    "correlate",
    "geometry",
    "igam_loss",
    "information",
    "losses",
    "margin_readings",
    "margins",
    "probe",
    "queue_size",
    "replay",
    "report",
]

__version__: str

@overload
def information(
    embeddings: ArrayLike,
    labels: ArrayLike,
    estimator: _Estimator = "mp-floor",
    precision: _Precision = "f64",
    class_names: _ClassNames | None = None,
    background_label: int | str | None = None,
    label_numbering: _Numbering | None = None,
) -> Amounts: ...
@overload
def information(
    embeddings: ArrayLike,
    labels: ArrayLike,
    estimator: _Estimators,
    precision: _Precision = "f64",
    class_names: _ClassNames | None = None,
    background_label: int | str | None = None,
    label_numbering: _Numbering | None = None,
) -> list[Amounts]: ...
@final
class Moments:
    def __new__(
        cls, precision: _Precision = "f64", class_names: _ClassNames | None = None
    ) -> Moments: ...
    def push(self, embeddings: ArrayLike, labels: ArrayLike) -> None: ...
    def merge(self, other: Moments) -> None: ...
    @overload
    def information(self, estimator: _Estimator = "mp-floor") -> Amounts: ...
    @overload
    def information(self, estimator: _Estimators) -> list[Amounts]: ...
    def save(self, path: _Path) -> None: ...
    @classmethod
    def load(cls, path: _Path) -> Moments: ...
    @property
    def dim(self) -> int | None: ...
    @property
    def instances(self) -> int: ...
    def __reduce__(self) -> tuple[type[Moments], tuple[()], dict[str, Any]]: ...
    def __setstate__(self, state: dict[str, Any]) -> None: ...

@final
class Figure:
    def __new__(cls, name: str, svg: str) -> Figure: ...
    @property
    def name(self) -> str: ...
    @property
    def svg(self) -> str: ...
    def save(
        self, path: _Path, width: int | None = None, theme: Literal["light", "dark"] = "light"
    ) -> None: ...
    def _repr_svg_(self) -> str: ...
    def __reduce__(self) -> tuple[type[Figure], tuple[str, str]]: ...

@final
class Study:
    @property
    def verdict(self) -> str: ...
    @property
    def finding(self) -> str | None: ...
    @property
    def pearson(self) -> float | None: ...
    @property
    def partial(self) -> float | None: ...
    @property
    def partial_interval(self) -> tuple[float, float] | None: ...
    @property
    def warnings(self) -> list[str]: ...
    @property
    def runs(self) -> list[str]: ...
    @property
    def tables(self) -> dict[str, Table]: ...
    @property
    def figures(self) -> list[str]: ...
    def table(self, name: str) -> Table: ...
    def figure(self, name: str) -> Figure: ...
    @overload
    def explain(self, name: None = None, *, run: str | None = None) -> Table: ...
    @overload
    def explain(self, name: str | int, *, run: str | None = None) -> ClassCard: ...
    def _repr_html_(self) -> str: ...

@final
class ClassCard:
    @property
    def name(self) -> str: ...
    @property
    def table(self) -> Table: ...
    @property
    def reasons(self) -> list[_Reason]: ...
    def _repr_html_(self) -> str: ...

@final
class Geometry:
    @property
    def distances(self) -> NDArray[float64] | None: ...
    @property
    def held_out(self) -> bool: ...

def geometry(
    embeddings: ArrayLike | Moments,
    labels: ArrayLike | None = None,
    *,
    validation_embeddings: ArrayLike | None = None,
    validation_labels: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    background_row: _BackgroundRow | None = None,
    cosine: bool = False,
    precision: _Precision = "f64",
    class_names: _ClassNames | None = None,
    label_numbering: _Numbering | None = None,
    background_label: int | str | None = None,
) -> Geometry: ...
def correlate(
    detectors: Amounts | Sequence[Amounts] | Moments | Sequence[Study] | _Path | None,
    ap: _ByClass = None,
    *,
    detections: _Path | None = None,
    ground_truth: _Path | Sequence[_Path] | None = None,
    name: str = "",
    backbone: str = "",
    loss: str = "",
    instances: _ByClass = None,
    covariates: _ByClass = None,
    class_groups: _ByClass = None,
    groups: Literal["lvis", "coco-lt"] | Sequence[int] | None = None,
    estimator: _Estimator | _Estimators | None = None,
    ap_column: str | Sequence[str] | None = None,
    ap_format: _ApFormat | None = None,
    ap_iou: str | None = None,
    ap_numbering: _Numbering | None = None,
    ap_scale: Literal["fraction", "percent"] | None = None,
    geometry: Geometry | None = None,
) -> Study: ...
def report(study: Study, path: _Path, *, probe: Probe | None = None) -> None: ...
@final
class Probe:
    @property
    def verdict(self) -> str: ...
    @property
    def findings(self) -> dict[str, _Finding]: ...
    @property
    def warnings(self) -> list[str]: ...
    @property
    def tables(self) -> dict[str, Table]: ...
    def table(self, name: str) -> Table: ...
    def figure(self) -> Figure: ...
    def _repr_html_(self) -> str: ...

def probe(
    embeddings: ArrayLike,
    labels: ArrayLike,
    *,
    validation_embeddings: ArrayLike | None = None,
    validation_labels: ArrayLike | None = None,
    images: ArrayLike | None = None,
    validation_images: ArrayLike | None = None,
    class_names: _ClassNames | None = None,
    label_numbering: _Numbering | None = None,
    background_label: int | str | None = None,
    losses: _Loss | Sequence[_Loss] | None = None,
    normalization: _Normalization | Sequence[_Normalization] | None = None,
    estimator: _Estimator | _Estimators = "mp-floor",
    scale: float | Sequence[float] = 30.0,
    groups: Literal["coco-lt"] | Sequence[int] | None = None,
    seeds: int = 10,
    folds: int = 5,
    epochs: int = 1000,
    memory_limit: int | str | None = None,
) -> Probe: ...
@final
class Comparison:
    @property
    def names(self) -> tuple[str, str]: ...
    @property
    def table(self) -> Table: ...
    @property
    def reasons(self) -> Table | None: ...
    @property
    def warnings(self) -> list[str]: ...
    def figure(self) -> Figure: ...
    def _repr_html_(self) -> str: ...

def compare(
    before: Amounts | Study | _Path,
    after: Amounts | Study | _Path,
    *,
    run: str | tuple[str, str] | None = None,
    estimator: _Estimator | None = None,
) -> Comparison: ...
@final
class MarginReadings:
    @property
    def matrix(self) -> NDArray[float64]: ...
    @property
    def table(self) -> Table: ...
    @property
    def warnings(self) -> list[str]: ...
    def figure(self) -> Figure: ...
    def _repr_html_(self) -> str: ...

def margin_readings(
    information: Amounts | Study | _Path,
    normalization: _Normalization = "printed",
    signed: bool = False,
    *,
    run: str | None = None,
) -> MarginReadings: ...
def margins(
    information: ArrayLike,
    normalization: _Normalization = "printed",
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
def losses(
    embeddings: ArrayLike,
    labels: ArrayLike,
    weights: ArrayLike,
    margins: ArrayLike,
    scale: float = 30.0,
    class_names: _ClassNames | None = None,
    background_row: _BackgroundRow | None = None,
    bias: ArrayLike | None = None,
) -> Losses: ...
def queue_size(
    instances: int | Sequence[int] | NDArray[Any],
    dim: int,
    classes: int | None = None,
    bytes_per_value: Literal[2, 4, 8] = 4,
    *,
    memory_budget: int | str | None = None,
) -> QueueSize: ...
def replay(
    embeddings: ArrayLike,
    labels: ArrayLike,
    queue_length: int | None = None,
    class_names: _ClassNames | None = None,
    bytes_per_value: Literal[2, 4, 8] = 4,
) -> Table: ...
@final
class _Amounts:
    def __new__(cls, text: str, listed: bool, no_background: str | None) -> _Amounts: ...
    def __reduce__(self) -> tuple[type[_Amounts], tuple[str, bool, str | None]]: ...

@final
class _Cells:
    def __new__(cls, csv: str, html: str) -> _Cells: ...
    def csv(self) -> str: ...
    def html(self) -> str: ...
    def __reduce__(self) -> tuple[type[_Cells], tuple[str, str]]: ...

def _by_class(
    what: str,
    object: object,
    wanted: Sequence[str] = ...,
    format: str | None = None,
    iou: str | None = None,
    scale: str | None = None,
) -> Any: ...
def _figure3(
    instances: Any, dim: int, classes: int | None, bytes_per_value: int
) -> Figure: ...
def _joined(parts: Sequence[Amounts]) -> Amounts: ...
def _main(typed: Sequence[str]) -> int: ...
