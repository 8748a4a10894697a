"""What the collectors share: importing a framework, and looking into a model that runs."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Call:
    """One call of a layer."""

    layer: Any
    input: Any
    output: Any


def framework(name: str, package: str) -> Any:
    """The module of this name.

    Raises
    ------
    ImportError
        It cannot be imported; the sentence names the package that has it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} cannot be imported: {error}. It is part of {package}") from error


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Runs the model without gradients and as in a test; afterwards each module is in its own mode again."""
    torch = framework("torch", "PyTorch")
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextlib.contextmanager
def calls_of(layers: Iterable[Any]) -> Iterator[list[Call]]:
    """The calls of these layers, in the order in which they happen. The list may be emptied at any time."""
    seen: list[Call] = []

    def watch(layer: Any, inputs: Any, output: Any) -> None:
        seen.append(Call(layer, inputs[0], output))

    with contextlib.ExitStack() as hooks:
        for layer in layers:
            hooks.callback(layer.register_forward_hook(watch).remove)
        yield seen


def names_by_number(class_names: Mapping[int, str] | Sequence[str]) -> dict[int, str]:
    """Names by the number that labels have: a list begins at 0."""
    if isinstance(class_names, (str, os.PathLike)):
        raise TypeError("class_names is a string or path: give a dict of numbers to names, or a list of names")
    pairs = class_names.items() if isinstance(class_names, Mapping) else enumerate(class_names)
    return {int(number): str(name) for number, name in pairs}


def in_order(numbers: Sequence[int], values: Any) -> Any:
    """Rows of a classification layer in order of category id, where row i is that of the category
    `numbers[i]`; rows behind these, of the background, stay the last."""
    rows = [int(row) for row in np.argsort(np.asarray(numbers, np.int64), kind="stable")]
    return values[rows + list(range(len(rows), len(values)))]
