"""Moments over the ranks of torch.distributed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from torch import distributed

from igam_analyze import Moments

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

Result = TypeVar("Result")


def from_first(
    moments: Moments, compute: Callable[[Moments], Result], group: ProcessGroup | None
) -> Result:
    """What rank 0 computes from the moments of all ranks; every rank returns it, or raises what was refused.

    `moments` do not change. Without `torch.distributed` there is one rank.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return compute(moments)
    # All have to take part to the end: an error is sent like a result.
    all_moments = _merged(moments, group)
    outcome: Any = None
    if distributed.get_rank(group) == 0:
        outcome = all_moments
        if isinstance(all_moments, Moments):
            try:
                outcome = compute(all_moments)
            except ValueError as error:
                outcome = error
    outcomes = [outcome]
    distributed.broadcast_object_list(outcomes, src=_global(0, group), group=group)
    if isinstance(outcomes[0], ValueError):
        raise outcomes[0]
    result: Result = outcomes[0]
    return result


def _merged(moments: Moments, group: ProcessGroup | None) -> Moments | ValueError:
    """On rank 0 the moments of all ranks, merged by Eq. 8 in pairs: 0 and 1, 2 and 3; then 0 and 2, …

    The order does not depend on time, so neither does rounding. A rank holds those of two at once.
    """
    rank, ranks = distributed.get_rank(group), distributed.get_world_size(group)
    merged: Moments | ValueError = moments
    step = 1
    while step < ranks:
        if rank % (2 * step) == step:
            distributed.send_object_list([merged], dst=_global(rank - step, group), group=group)
            break
        if rank + step < ranks:
            received: list[Any] = [None]
            distributed.recv_object_list(received, src=_global(rank + step, group), group=group)
            merged = _sum(merged, received[0], own=merged is not moments)
        step *= 2
    return merged


def _sum(ours: Moments | ValueError, theirs: Moments | ValueError, own: bool) -> Moments | ValueError:
    """Eq. 8, or the error of one of them. `own`: these moments are no caller's, and may change."""
    for one in (ours, theirs):
        if isinstance(one, ValueError):
            return one
    assert isinstance(ours, Moments) and isinstance(theirs, Moments)
    try:
        merged = ours if own else copy.deepcopy(ours)
        merged.merge(theirs)
        return merged
    except ValueError as error:
        return error


def _global(rank: int, group: ProcessGroup | None) -> int:
    return rank if group is None else distributed.get_global_rank(group, rank)
