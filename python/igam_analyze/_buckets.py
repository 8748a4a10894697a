"""Moments by bucket of classes: what the tasks of Ray and of Spark have in common.

The classes are dealt out to buckets. A task that has a block of rows divides it by bucket: of a class with many rows it gives
moments, of the others the rows, which are less. Another task takes what there is of one bucket together (Eq. 8). So no task
holds more than a block and a bucket.
"""

from __future__ import annotations

import os
import shutil
import uuid
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from igam_analyze import Amounts, IgamWarning, Moments

from ._igam_analyze import _joined

# More buckets take less memory each, but make more objects.
BUCKETS = 32


class Part(NamedTuple):
    """What some rows have of a bucket: the rows of each class of which there are at most p, with their labels; and the moments
    of the others, as they are pickled. A task need not copy plain arrays from the store that all tasks of a node share."""

    rows: list[tuple[np.ndarray, np.ndarray]]
    moments: tuple[Any, ...] | None


def parts(
    batches: Sequence[pa.RecordBatch], embedding_column: str, label_column: str, precision: str
) -> Iterator[Part | None]:
    """What these rows have of each bucket, if they have anything."""
    pairs = [(rows(batch, embedding_column), labels(batch, label_column)) for batch in batches if len(batch) > 0]
    if not pairs:
        yield from [None] * BUCKETS
        return
    classes, codes = np.unique(np.concatenate([y for _, y in pairs]), return_inverse=True)
    many = np.bincount(codes) > pairs[0][0].shape[-1]
    bucket = np.array([bucket_of(label, BUCKETS) for label in classes])
    of_pairs = np.split(codes, np.cumsum([len(y) for _, y in pairs])[:-1])

    def own(wanted: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for (x, y), codes in zip(pairs, of_pairs):
            at = np.flatnonzero(wanted[codes])
            if len(at) > 0:
                yield x[at], y[at]

    for number in range(BUCKETS):
        of_bucket = bucket == number
        moments = Moments(precision)
        for x, y in own(of_bucket & many):
            moments.push(x, y)
        packed = moments.__reduce__() if moments.dim else None
        yield Part(list(own(of_bucket & ~many)), packed) if of_bucket.any() else None


def add(moments: Moments, part: Part) -> None:
    """Eq. 8: takes a part into the moments of its bucket."""
    for x, y in part.rows:
        moments.push(x, y)
    if part.moments is not None:
        make, arguments, state = part.moments
        more = make(*arguments)
        more.__setstate__(state)
        moments.merge(more)


def bucket_of(label: object, buckets: int) -> int:
    """The bucket of a class, the same in every process."""
    return zlib.crc32(str(label).encode()) % buckets


def information_of_bucket(moments: Moments, estimator: str) -> Amounts:
    """Eq. 2 for the classes of a bucket."""
    with warnings.catch_warnings():
        # They are raised where the user sees them, of all buckets together.
        warnings.simplefilter("ignore", IgamWarning)
        amounts: Amounts = moments.information(estimator)
    return amounts


def joined(parts: list[Amounts], stacklevel: int) -> Amounts:
    """The information amounts of all buckets, with their warnings."""
    if not parts:
        raise ValueError("the dataset has no rows")
    result = _joined(parts)
    for sentence in result.warnings:
        warnings.warn(sentence, IgamWarning, stacklevel=stacklevel + 1)
    return result


@contextmanager
def new_folder(folder: str | os.PathLike[str]) -> Iterator[str]:
    """A folder to write to, which becomes `folder` when all is written, and is gone if it never is."""
    folder = os.path.abspath(folder)
    if os.path.exists(folder) and os.listdir(folder):
        raise ValueError(f"{folder} is not empty: give a new folder")
    unfinished = f"{folder}.{uuid.uuid4().hex}"
    os.makedirs(unfinished)
    try:
        yield unfinished
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def save(bucket: int, moments: Moments, folder: str) -> tuple[str, int | None]:
    """Writes the moments file of a bucket; returns its name and the number of dimensions. A task that runs again writes the
    same one again."""
    if not os.path.isdir(folder):
        raise ValueError(f"{os.path.dirname(folder)} is another folder on a node: give one that all nodes share")
    name = f"bucket-{bucket:02}.parquet"
    moments.save(os.path.join(folder, name))
    return name, moments.dim


def check_saved(saved: list[tuple[str, int | None]], new: str) -> None:
    """Checks that the files of the buckets are all there, and go together."""
    if not saved:
        raise ValueError("the dataset has no rows")
    if not all(os.path.exists(os.path.join(new, name)) for name, _ in saved):
        raise ValueError(f"{os.path.dirname(new)} is another folder on a node: give one that all nodes share")
    dims = sorted({dim for _, dim in saved if dim is not None})
    if len(dims) > 1:
        raise ValueError(f"some embeddings have {dims[0]} dimensions, others {dims[1]}: they do not belong together")


def files(folder: str | os.PathLike[str], saved: list[tuple[str, int | None]]) -> list[Path]:
    """The files where they are in the end."""
    return sorted(Path(folder, name) for name, _ in saved)


def rows(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """A column of embeddings as (n, p), copied only where it is a tensor whose rows lie apart."""
    column = batch[name]
    refuse_nulls(column, name)
    if isinstance(column, pa.FixedShapeTensorArray):
        return column.to_numpy_ndarray()
    if isinstance(column, pa.ExtensionArray):
        return column.to_numpy(zero_copy_only=False)  # A tensor of Ray.
    if not hasattr(column, "value_lengths"):
        raise ValueError(f"column {name!r} holds {column.type}: embeddings are lists of floats")
    lengths = pc.min_max(column.value_lengths()).as_py()
    if lengths["min"] != lengths["max"]:
        raise ValueError(
            f"column {name!r} holds lists of {lengths['min']} and of {lengths['max']} values: they do "
            "not belong together"
        )
    values = column.flatten()
    refuse_nulls(values, name)
    return values.to_numpy(zero_copy_only=False).reshape(len(column), lengths["max"])


def labels(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """A column of ids or class names."""
    column = batch[name]
    refuse_nulls(column, name)
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    return column.to_numpy(zero_copy_only=False)


def refuse_nulls(array: pa.Array, name: str) -> None:
    """Checks that no value is missing."""
    if array.null_count > 0:
        raise ValueError(f"column {name!r} holds nulls: remove such rows first")
