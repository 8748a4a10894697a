"""Information amount of a Ray Dataset, as an aggregation of Ray Data.

The task that has a block computes its moments, and only moments are sent on. They are merged a few at a time
(Eq. 8) before Ray aggregates them, because its one reduce task would load the moments of all blocks together.
So a worker holds only a few of them, for any number of blocks.
"""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ray.data.aggregate import AggregateFnV2
from ray.exceptions import RayTaskError

from igam_analyze import Amounts, IgamWarning, Moments

if TYPE_CHECKING:
    from ray.data import DataContext, Dataset

__all__ = ["information"]

# Moments that one task merges: what bounds the memory of a worker.
FAN_IN = 4


def information(
    dataset: Dataset,
    embedding_column: str = "embedding",
    label_column: str = "label",
    estimator: str = "mp-floor",
    precision: str = "f64",
) -> Amounts:
    """Information amount of each class of a Ray Dataset: what `igam_analyze.information` returns.

    Blocks are merged in no fixed order: that moves I in rounding alone, at most 1e-9 relative.

    Parameters
    ----------
    dataset : one embedding per row; only these two columns are read
    embedding_column : p floats per row: lists, lists of fixed size, or tensors of Ray or Arrow
    label_column : integers or class names
    estimator, precision : as for `igam_analyze.information`

    Raises
    ------
    ValueError : if the dataset has no such column or no rows, or for what `igam_analyze.Moments` refuses
    """
    Moments(precision).information(estimator)  # An unknown name is refused now, not after the work.
    columns = dataset.columns()
    if not columns:
        raise ValueError("the dataset has no rows")
    for column in (embedding_column, label_column):
        if column not in columns:
            raise ValueError(f"the dataset has no column {column!r}, but {columns}")
    with own_exceptions(dataset.context):
        moments = dataset.select_columns([embedding_column, label_column]).map_batches(
            fold,
            fn_args=(embedding_column, label_column, precision),
            batch_size=None,
            batch_format="pyarrow",
        )
        moments = merged(moments, precision)
        while moments.count() > FAN_IN:
            moments = merged(moments, precision)
        result = moments.aggregate(InformationAmount(estimator, precision))
    result = pickle.loads(result["information"])
    if not result["class"]:
        raise ValueError("the dataset has no rows")
    for sentence in result.warnings:
        warnings.warn(sentence, IgamWarning, stacklevel=2)
    return result


class InformationAmount(AggregateFnV2[Moments, bytes]):
    """Eq. 8 and Eq. 2 over a column of moments."""

    def __init__(self, estimator: str, precision: str):
        super().__init__("information", lambda: Moments(precision), on="moments", ignore_nulls=False)
        self.estimator, self.precision = estimator, precision

    def aggregate_block(self, block: pa.Table) -> Moments:
        return sum_of(block, self.precision)

    def combine(self, current_accumulator: Moments, new: Moments) -> Moments:
        current_accumulator.merge(new)
        return current_accumulator

    def finalize(self, accumulator: Moments) -> bytes:
        with warnings.catch_warnings():
            # They are raised where the user sees them.
            warnings.simplefilter("ignore", IgamWarning)
            # Of a dict Ray would make a struct of lists.
            return pickle.dumps(accumulator.information(self.estimator))


def merged(moments: Dataset, precision: str) -> Dataset:
    """The same moments in a fourth of the rows."""
    return moments.map_batches(
        merge,
        fn_args=(precision,),
        batch_size=FAN_IN,
        batch_format="pyarrow",
        # The default, said: tasks of equal arguments are fused, and within `fold`'s is one block to merge.
        max_calls=0,
    ).materialize()


def merge(block: pa.Table, precision: str) -> pa.Table:
    """Eq. 8 for a block of moments."""
    return table(sum_of(block, precision))


def fold(block: pa.Table, embedding_column: str, label_column: str, precision: str) -> pa.Table:
    """The moments of a block of embeddings."""
    # One processor is what Ray counts for this task. Read when a worker does its first work.
    os.environ["RAYON_NUM_THREADS"] = "1"
    moments = Moments(precision)
    for batch in block.to_batches():
        if len(batch) > 0:
            moments.push(rows(batch, embedding_column), labels(batch, label_column))
    return table(moments)


def sum_of(block: pa.Table, precision: str) -> Moments:
    """Eq. 8 for a column of moments, of which one at a time is unpacked."""
    moments = Moments(precision)
    for each in block["moments"]:
        moments.merge(pickle.loads(each.as_buffer()))
    return moments


def table(moments: Moments) -> pa.Table:
    """Moments as a row."""
    return pa.table({"moments": pa.array([pickle.dumps(moments, protocol=5)], pa.large_binary())})


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
        raise ValueError(f"column {name!r} holds nulls: remove such rows with Dataset.filter")


@contextmanager
def own_exceptions(context: DataContext) -> Iterator[None]:
    """Raises what a task refused as its one sentence, without the worker's traceback and Ray's advice."""
    before = context.raise_original_map_exception
    context.raise_original_map_exception = True
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, ValueError):
            raise ValueError(str(error.cause).partition("\n")[0]) from None
        raise
    finally:
        context.raise_original_map_exception = before
