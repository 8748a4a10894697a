"""Information amount and moments of a Ray Dataset, class by class on all nodes.

A task that has blocks of rows divides them by bucket of classes, with moments in place of rows where they are less. Another one
takes together what there is of a bucket (Eq. 8), and computes its spectra where it lies. So a worker holds no more than its blocks or a bucket, and only
information amounts come back. Tasks keep nothing: Ray runs those again whose results it has lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import ray
from ray.data.block import Block, BlockAccessor
from ray.exceptions import RayTaskError

from igam_analyze import Amounts, Moments

from ._buckets import BUCKETS, Part, add, check_saved, files, information_of_bucket, joined, new_folder, parts, save

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.data import Dataset

__all__ = ["information", "moments"]

# What there is of a bucket; none of one without classes.
Some: TypeAlias = "Part | None"

# A task merges so many parts at once: of a bucket, they take together about as much as one block.
MOST_PARTS = BUCKETS
# When what is not merged yet is of blocks that took this part of the cluster's object store, it is waited for.
SHARE_OF_STORE = 0.3


def information(
    dataset: Dataset,
    embedding_column: str = "embedding",
    label_column: str = "label",
    estimator: str = "mp-floor",
    precision: str = "f64",
) -> Amounts:
    """Information amount of each class of a Ray Dataset: what `igam_analyze.information` returns.

    Blocks are merged in the order in which they come: that moves I in rounding alone, at most 1e-9 relative.

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
    with own_exceptions():
        buckets = split_and_merged(dataset, embedding_column, label_column, precision)
        amounts = ray.get(of_each(buckets, finish, [precision] * BUCKETS, [estimator] * BUCKETS))
    return joined([part for part in amounts if part is not None], stacklevel=2)


def moments(
    dataset: Dataset,
    folder: str | os.PathLike[str],
    embedding_column: str = "embedding",
    label_column: str = "label",
    precision: str = "f64",
) -> list[Path]:
    """Writes moments files of a Ray Dataset (docs/moments.md): one for each bucket of classes, all at once.

    `igam_analyze.Moments.load` and `igam-analyze --moments` read the folder. It appears when all its files are there.

    Parameters
    ----------
    folder : one that all nodes share, new or empty
    dataset, embedding_column, label_column, precision : as for `information`

    Returns
    -------
    list of Path : the files

    Raises
    ------
    ValueError : if the folder is not empty or not shared, or for what `information` refuses
    OSError : if a file cannot be written
    """
    Moments(precision)
    with new_folder(folder) as new:
        with own_exceptions():
            buckets = split_and_merged(dataset, embedding_column, label_column, precision)
            written = ray.get(of_each(buckets, write, [precision] * BUCKETS, range(BUCKETS), [new] * BUCKETS))
        saved = [one for one in written if one is not None]
        check_saved(saved, new)
    return files(folder, saved)


def split_and_merged(
    dataset: Dataset, embedding_column: str, label_column: str, precision: str
) -> list[list[ObjectRef[Some]]]:
    """What there is of each bucket of classes, in a few parts that are still to be merged."""
    columns = dataset.columns()
    if not columns:
        raise ValueError("the dataset has no rows")
    for column in (embedding_column, label_column):
        if column not in columns:
            raise ValueError(f"the dataset has no column {column!r}, but {columns}")
    work = remote(split, num_returns=BUCKETS + 1)
    buckets: list[list[ObjectRef[Some]]] = [[] for _ in range(BUCKETS)]
    running: list[ObjectRef[None]] = []
    taken = 0
    for blocks, size in groups(dataset.select_columns([embedding_column, label_column])):
        # Ray Data reads no faster than its blocks are worked on.
        while len(running) >= 2 * ray.cluster_resources()["CPU"]:
            running = waited_for(running)
        full = taken > SHARE_OF_STORE * ray.cluster_resources()["object_store_memory"]
        if full or len(buckets[0]) == MOST_PARTS:
            merged = of_each(buckets, merge, [precision] * BUCKETS)
            buckets = [[one] for one in merged]  # Ray frees the others.
            if full:
                ray.wait(merged, num_returns=BUCKETS, fetch_local=False)
                taken = 0
        *parts, done = work.remote(embedding_column, label_column, precision, *blocks)
        for bucket, part in zip(buckets, parts):
            bucket.append(part)
        running.append(done)
        taken += size
    while running:
        running = waited_for(running)
    return buckets


def groups(dataset: Dataset) -> Iterator[tuple[list[ObjectRef[Block]], int]]:
    """The blocks of a dataset with their size; small ones together, since each task makes an object for each bucket."""
    enough = dataset.context.target_max_block_size or 1 << 27
    blocks, size = [], 0
    for bundle in dataset.iter_internal_ref_bundles():
        blocks += bundle.block_refs
        size += bundle.size_bytes()
        if size > enough / 2:
            yield blocks, size
            blocks, size = [], 0
    if blocks:
        yield blocks, size


def waited_for(running: list[ObjectRef]) -> list[ObjectRef]:
    """Waits for one of these to end well; returns the others."""
    [done], others = ray.wait(running)
    ray.get(done)
    return others


def of_each(
    buckets: list[list[ObjectRef[Some]]], work: Callable[..., Any], *arguments: Sequence[Any]
) -> list[ObjectRef[Any]]:
    """What `work` returns of each bucket, which may have arguments of its own before its parts.

    The parts are arguments themselves. A task that asked for those that a node has lost would wait on a processor
    that they need.
    """
    task = remote(work)
    return [task.remote(*own, *bucket) for bucket, *own in zip(buckets, *arguments)]


def remote(function: Callable[..., Any], **options: Any) -> Any:
    """As a task of one processor, which Ray runs again for as often as its worker or node dies."""
    return ray.remote(num_cpus=1, max_retries=-1, **options)(function)


def split(embedding_column: str, label_column: str, precision: str, *blocks: Block) -> Iterator[Some]:
    """What these blocks have of each bucket of classes; then nothing, to say that all is done."""
    one_thread()
    tables: list[pa.Table] = [BlockAccessor.for_block(block).to_arrow() for block in blocks]
    batches = [batch for table in tables for batch in table.to_batches()]
    yield from parts(batches, embedding_column, label_column, precision)
    yield None


def merge(precision: str, *parts: Some) -> Some:
    """Eq. 8 for the classes of a bucket, if it has any."""
    whole = whole_of(precision, parts)
    return None if whole is None else Part([], whole.__reduce__())


def finish(precision: str, estimator: str, *parts: Some) -> Amounts | None:
    """Eq. 2 for the classes of a bucket, if it has any."""
    whole = whole_of(precision, parts)
    return None if whole is None else information_of_bucket(whole, estimator)


def write(precision: str, bucket: int, folder: str, *parts: Some) -> tuple[str, int | None] | None:
    """The moments file of a bucket, if it has any classes."""
    whole = whole_of(precision, parts)
    return None if whole is None else save(bucket, whole, folder)


def whole_of(precision: str, parts: tuple[Some, ...]) -> Moments | None:
    """Eq. 8: the moments of a bucket from its parts, of which one at a time is unpacked."""
    one_thread()
    whole = Moments(precision)
    for part in parts:
        if part is not None:
            add(whole, part)
    return whole if whole.dim else None


def one_thread() -> None:
    """One processor is what Ray counts for a task. Read when a worker does its first work."""
    os.environ["RAYON_NUM_THREADS"] = "1"


@contextmanager
def own_exceptions() -> Iterator[None]:
    """Raises what a task refused as its one sentence, without the worker's traceback."""
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, (ValueError, OSError)):
            kind = ValueError if isinstance(error.cause, ValueError) else OSError
            raise kind(str(error.cause).partition("\n")[0]) from None
        raise
