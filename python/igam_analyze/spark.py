"""Information amount and moments of a Spark DataFrame.

The task that reads a part of the rows divides it by bucket of classes, with moments in place of rows where they are less. What
there is of a bucket meets in one task, which takes it together, one part at a time (Eq. 8). So a worker holds a block of rows or a bucket of classes, for any number of rows.
"""

from __future__ import annotations

import builtins
import os
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, count, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyspark import TaskContext
from pyspark.errors import PythonException
from pyspark.ml.functions import vector_to_array
from pyspark.sql import functions

from igam_analyze import Amounts, Moments

from ._buckets import add, check_saved, files, information_of_bucket, joined, new_folder, parts, save

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["information", "moments"]

# Bytes of embeddings that a task divides at once: more of them send less, and take more memory.
BLOCK = 128 << 20
# Bytes of a piece of what is pickled. It is as small as a row of embeddings, because Spark counts what it hands over in rows.
PIECE = 16 << 10


def information(
    df: DataFrame,
    embedding_column: str = "embedding",
    label_column: str = "label",
    estimator: str = "mp-floor",
    precision: str = "f64",
) -> Amounts:
    """Information amount of each class of a DataFrame: what `igam_analyze.information` returns.

    Parameters
    ----------
    df : one embedding per row; only these two columns are read
    embedding_column : p floats per row: arrays, or vectors of Spark's ML
    label_column : integers or class names
    estimator, precision : as for `igam_analyze.information`

    Raises
    ------
    ValueError : if the DataFrame has no such column or no rows, or for what `igam_analyze.Moments` refuses
    """
    Moments(precision).information(estimator)  # An unknown name is refused now, not after the work.
    parts = by_bucket(
        df, embedding_column, label_column, precision, lambda _, moments: information_of_bucket(moments, estimator)
    )
    return joined(parts, stacklevel=2)


def moments(
    df: DataFrame,
    folder: str | os.PathLike[str],
    embedding_column: str = "embedding",
    label_column: str = "label",
    precision: str = "f64",
) -> list[Path]:
    """Writes the moments of each class of a DataFrame into a folder: a moments file for each bucket of classes.

    `igam_analyze.Moments.load` and `igam-analyze --moments` read the folder. It appears when all its files are there.

    Parameters
    ----------
    df, embedding_column, label_column, precision : as for `information`
    folder : one that all executors share, new or empty

    Returns
    -------
    list of Path : the files

    Raises
    ------
    ValueError : if the folder is not empty or not shared, or for what `information` refuses
    OSError : if a file cannot be written
    """
    with new_folder(folder) as new:
        saved = by_bucket(df, embedding_column, label_column, precision, partial(save, folder=new))
        check_saved(saved, new)
    return files(folder, saved)


def by_bucket(
    df: DataFrame, embedding_column: str, label_column: str, precision: str, finish: Callable[[int, Moments], Any]
) -> list[Any]:
    """What `finish` makes of the moments of each bucket of classes.

    This is `groupBy("bucket").applyInArrow`, step by step. Before Spark 4.1 that loads all of a group, and it promises no order.
    """
    x = column(df, embedding_column)
    if df.schema[embedding_column].dataType.simpleString() == "vector":
        # It refuses nulls in words of its own.
        x = functions.when(x.isNotNull(), vector_to_array(x))
    # Spark would not find a name with a dot again.
    two = df.select(x.alias("x"), column(df, label_column).alias("y"))
    names = {"embedding_column": embedding_column, "label_column": label_column, "precision": precision}
    pieces = two.mapInArrow(partial(split, **names), "bucket int, task int, part int, start int, piece binary")
    # How many tasks merge them is Spark's choice, from their size.
    together = pieces.repartition("bucket").sortWithinPartitions("bucket", "task", "part", "start")
    results = together.mapInArrow(partial(merge, precision=precision, finish=finish), "result binary")
    with own_exceptions():
        return [pickle.loads(row.result) for row in results.collect()]


def column(df: DataFrame, name: str) -> Column:
    """A column by its name, whatever characters that has."""
    if name not in df.columns:
        raise ValueError(f"the dataset has no column {name!r}, but {df.columns}")
    return df["`" + name.replace("`", "``") + "`"]


def split(
    batches: Iterator[pa.RecordBatch], embedding_column: str, label_column: str, precision: str
) -> Iterator[pa.RecordBatch]:
    """What a part of the rows has of each bucket of classes, in pieces."""
    use_processors_of_task()
    task, names = TaskContext.get().partitionId(), [embedding_column, label_column]
    named = (pa.RecordBatch.from_arrays(batch.columns, names) for batch in batches)
    for part in count():
        first = next(named, None)
        if first is None:
            return
        # Nothing else holds the block, so it is gone before the next one.
        of_block = parts(list(block(chain([first], named))), embedding_column, label_column, precision)
        for bucket, of_bucket in enumerate(of_block):
            if of_bucket is None:
                continue
            pickled = pickle.dumps(of_bucket, protocol=5)
            starts = np.arange(0, len(pickled), PIECE, dtype=np.int32)
            offsets = pa.py_buffer(np.append(starts, np.int32(len(pickled))))
            columns = [np.full(len(starts), number, np.int32) for number in (bucket, task, part)]
            pieces = pa.BinaryArray.from_buffers(pa.binary(), len(starts), [None, offsets, pa.py_buffer(pickled)])
            yield pa.record_batch(
                [*map(pa.array, columns), pa.array(starts), pieces], ["bucket", "task", "part", "start", "piece"]
            )


def block(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The next batches, up to a block of bytes."""
    size = 0
    for batch in batches:
        yield batch
        size += batch.nbytes
        if size >= BLOCK:
            return


def merge(
    batches: Iterator[pa.RecordBatch], precision: str, finish: Callable[[int, Moments], Any]
) -> Iterator[pa.RecordBatch]:
    """What `finish` makes of each bucket, whose pieces come in the order of tasks: so I has the same bits again."""
    use_processors_of_task()
    rows = (
        row
        for batch in batches
        for row in zip(*(batch[name].to_pylist() for name in ("bucket", "task", "part")), batch["piece"])
    )
    for bucket, of_bucket in groupby(rows, key=itemgetter(0)):
        moments = Moments(precision)
        for _, of_part in groupby(of_bucket, key=itemgetter(1, 2)):
            add(moments, pickle.loads(b"".join(piece.as_buffer() for *_, piece in of_part)))
        yield pa.record_batch([pa.array([pickle.dumps(finish(bucket, moments))], pa.binary())], ["result"])


def use_processors_of_task() -> None:
    """One thread for each processor that Spark counts for a task. Read when a worker process does its first work."""
    os.environ["RAYON_NUM_THREADS"] = str(TaskContext.get().cpus())


@contextmanager
def own_exceptions() -> Iterator[None]:
    """Raises what a task refused as its one sentence, without the tracebacks of worker and driver."""
    try:
        yield
    except PythonException as error:
        for name, sentence in re.findall(r"^(\w+): (.+)$", str(error), re.M):
            kind = getattr(builtins, name, None)
            if isinstance(kind, type) and issubclass(kind, (ValueError, OSError)):
                raise kind(sentence) from None
        raise
