"""The folder that every collector writes: embeddings of ground-truth boxes, their labels, class names, and
the last layer of the classifier."""

from __future__ import annotations

import csv
import json
import os
import pathlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from igam_analyze import Moments

# Rows of a shard: 256 MiB of float32 at p = 1024.
ROWS = 65536


@dataclass(frozen=True)
class Collected:
    """What a collector wrote, and what it took as the embedding."""

    out: str
    """The folder: give it to `--embeddings`, or its `moments.parquet` to `--moments`."""
    embedding: str
    """What the embedding is, in words: the layer and its input."""
    rows: int
    """Ground-truth boxes."""
    dim: int
    """Values p of an embedding."""
    labels: str
    """What the labels are, in words: whose numbers."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Number of ground-truth boxes without a row, by reason."""


class Dump:
    """Collects batches, and writes the folder `out` at the end. A run that fails writes nothing.

    `embeddings/00000.npy`, … (n×p float32) and `labels/00000.npy`, … (n int64), or `moments.parquet`;
    `class_names.csv` (class, id); `weights.npy` and `bias.npy`, rows of the classes in order of id and then
    the background's where there is one; `collected.json`, which says what they are. It holds one shard.

    Parameters
    ----------
    out : path
        The folder. It must be new or empty.
    class_names : dict of int to str
        The name of each label.
    moments : bool
        Write `moments.parquet` in place of embeddings and labels.

    Examples
    --------
    >>> with collect.Dump("dump", {1: "bolt", 2: "nut"}) as dump:
    ...     for embeddings, labels in batches:
    ...         dump.add(embeddings, labels)
    ...     dump.finish("my detector", "input of the last linear layer", "category ids")
    """

    def __init__(
        self, out: str | os.PathLike[str], class_names: Mapping[int, str], moments: bool = False
    ) -> None:
        self.out = pathlib.Path(out)
        if self.out.exists() and not (self.out.is_dir() and not any(self.out.iterdir())):
            raise FileExistsError(
                f"{self.out} exists and is not empty: remove it, or choose another `out`"
            )
        self.class_names = _checked(class_names)
        self.moments = Moments(class_names=self.class_names) if moments else None
        self.out.parent.mkdir(parents=True, exist_ok=True)
        # Beside `out`, so that it is moved there at once.
        made = tempfile.mkdtemp(prefix=f".{self.out.name}-", dir=self.out.parent)
        self.folder = pathlib.Path(made)
        self.batches: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []
        self.waiting = self.shards = self.rows = self.dim = 0

    def __enter__(self) -> Dump:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, embeddings: Any, labels: Any) -> None:
        """Takes n×p embeddings and their n labels: arrays, or tensors of any device and float type."""
        embeddings = _array(embeddings, np.float32)
        labels = _array(labels, np.int64)
        if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1]:
            raise ValueError(
                f"{embeddings.shape} embeddings for {labels.shape} labels: n×p and n are expected"
            )
        if not len(labels):
            return
        if self.rows and embeddings.shape[1] != self.dim:
            raise ValueError(f"embeddings of {embeddings.shape[1]} values after some of {self.dim}")
        unknown = sorted(set(labels.tolist()) - set(self.class_names))
        if unknown:
            raise ValueError(
                f"label {unknown[0]} has no name; `class_names` has {_some(self.class_names)}"
            )
        if not np.isfinite(embeddings).all():
            raise ValueError("an embedding is not finite: did the training diverge?")
        self.dim = embeddings.shape[1]
        self.rows += len(labels)
        if self.moments is not None:
            self.moments.push(embeddings, labels)
            return
        self.batches.append((embeddings, labels))
        self.waiting += len(labels)
        while self.waiting >= ROWS:
            self._write(ROWS)

    def finish(
        self,
        framework: str,
        embedding: str,
        labels: str,
        weights: Any = None,
        bias: Any = None,
        left_out: Mapping[str, int] | None = None,
        cosine: bool = False,
    ) -> Collected:
        """Writes what remains, and moves the folder to `out`.

        `weights` are C×p or, with the background last, (C+1)×p; `bias` has as many values. `cosine` says that
        the layer takes embeddings and weights at unit length.
        """
        if not self.rows:
            raise ValueError("no ground-truth box was found: are there targets with boxes?")
        if self.moments is not None:
            self.moments.save(self.folder / "moments.parquet")
        elif self.waiting:
            self._write(self.waiting)
        _write_names(self.folder / "class_names.csv", self.class_names)
        for name, values in (("weights", weights), ("bias", bias)):
            if values is not None:
                np.save(self.folder / f"{name}.npy", _array(values, np.float32))
        done = Collected(
            str(self.out), embedding, self.rows, self.dim, labels, dict(left_out or {})
        )
        said = {"framework": framework, **asdict(done)}
        del said["out"]
        if weights is not None:
            more = len(weights) > len(self.class_names)
            said |= {"background_row": "last" if more else "none", "cosine": cosine}
        text = json.dumps(said, indent=2, ensure_ascii=False)
        (self.folder / "collected.json").write_text(text + "\n", encoding="utf-8")
        # Made for this user alone, as temporary folders are.
        mask = os.umask(0)
        os.umask(mask)
        self.folder.chmod(0o777 & ~mask)
        if self.out.exists():
            self.out.rmdir()
        self.folder.rename(self.out)
        return done

    def _write(self, rows: int) -> None:
        embeddings = np.concatenate([batch for batch, _ in self.batches])
        labels = np.concatenate([batch for _, batch in self.batches])
        self.batches = [(embeddings[rows:], labels[rows:])]
        self.waiting -= rows
        for name, values in (("embeddings", embeddings), ("labels", labels)):
            (self.folder / name).mkdir(exist_ok=True)
            np.save(self.folder / name / f"{self.shards:05}.npy", values[:rows])
        self.shards += 1


def _checked(class_names: Mapping[int, str]) -> dict[int, str]:
    names = {int(id): str(name) for id, name in sorted(class_names.items())}
    if not names:
        raise ValueError("`class_names` has no class")
    name, times = Counter(names.values()).most_common(1)[0]
    if times > 1:
        raise ValueError(f"`class_names` has {name!r} {times} times: each class needs its own name")
    return names


def _array(values: Any, dtype: Any) -> NDArray[Any]:
    # Tensors of torch: bfloat16 has no type in NumPy.
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float().numpy() if values.is_floating_point() else values.numpy()
    return np.ascontiguousarray(values, dtype=dtype)


def _some(names: Mapping[int, str]) -> str:
    shown = [f"{id}: {name!r}" for id, name in list(names.items())[:3]]
    return ", ".join(shown) + (f", … ({len(names)} classes)" if len(names) > 3 else "")


def _write_names(path: pathlib.Path, names: Mapping[int, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["class", "id"])
        rows.writerows((name, id) for id, name in names.items())
