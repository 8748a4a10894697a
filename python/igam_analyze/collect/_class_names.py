"""Names of the labels that a torchvision data set gives."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

ClassNames: TypeAlias = Mapping[int, str] | Sequence[str] | str | os.PathLike[str]

BACKGROUND = {"__background__", "background"}
GIVE = "give class_names={label: name, …}, or the path of the COCO annotation file"


def names_of(given: ClassNames | None, loader: Any, outputs: int | None) -> dict[int, str]:
    """Label to name, without the background; `outputs` are the scores that the classifier gives a box.

    Raises `ValueError` where names cannot be those of the labels.
    """
    if given is None:
        names = _of_loader(loader)
    elif isinstance(given, Mapping):
        names = {int(label): str(name) for label, name in given.items()}
    elif isinstance(given, (str, os.PathLike)):
        names = _of_file(given)
    else:
        names = _of_list(given)
    if names.get(0) in BACKGROUND:
        del names[0]
    if 0 in names:
        raise ValueError(
            f"`class_names` has 0: {names[0]!r}, but 0 is torchvision's background; "
            "give class_names={label: name, …} with the labels that targets have"
        )
    last = max(names, default=0)
    if outputs is not None and last >= outputs:
        raise ValueError(
            f"`class_names` has {last}: {names[last]!r}, but the classifier knows labels to "
            f"{outputs - 1}: the data set uses other numbers; give class_names={{label: name, …}} "
            "with the labels that targets have"
        )
    return names


def annotations_of(loader: Any) -> list[dict[str, Any]]:
    """Annotations of the CocoDetection data sets behind the loader."""
    return [each for coco in _cocos(loader) for each in coco.anns.values()]


def _of_loader(loader: Any) -> dict[int, str]:
    names: dict[int, str] = {}
    for coco in _cocos(loader):
        for id, name in _classes(coco.cats.values(), coco.anns.values()).items():
            if names.setdefault(id, name) != name:
                raise ValueError(
                    f"the data sets of the loader name class {id} {names[id]!r} and {name!r}; {GIVE}"
                )
    if not names:
        raise ValueError(f"the loader's data set does not say the names of its labels: {GIVE}")
    return names


def _of_file(path: str | os.PathLike[str]) -> dict[int, str]:
    with open(path, encoding="utf-8") as file:
        try:
            known = json.load(file)
            return _classes(known["categories"], known.get("annotations", []))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{os.fspath(path)}: not a COCO annotation file, which has categories with id and name"
            ) from error


def _classes(categories: Iterable[Any], annotations: Iterable[Any]) -> dict[int, str]:
    """Id to name, without a category 0 that has no box: Roboflow writes the name of the project so."""
    names = {int(each["id"]): str(each["name"]) for each in categories}
    if 0 in names and not any(int(each["category_id"]) == 0 for each in annotations):
        del names[0]
    return names


def _of_list(names: Sequence[str]) -> dict[int, str]:
    if not names or names[0] not in BACKGROUND:
        raise ValueError(
            "a list of `class_names` must begin with '__background__', the name of label 0; "
            "or give {label: name, …}"
        )
    # torchvision's own lists say "N/A" of numbers that are no class.
    return {label: name for label, name in enumerate(names) if name != "N/A"}


def _cocos(loader: Any) -> list[Any]:
    """The pycocotools indices behind the loader, through tqdm, Subset, ConcatDataset and the like."""
    if hasattr(loader, "iterable"):
        loader = loader.iterable
    return list(_search(getattr(loader, "dataset", None)))


def _search(dataset: Any) -> Iterator[Any]:
    if dataset is None:
        return
    coco = getattr(dataset, "coco", None)
    if hasattr(coco, "cats") and hasattr(coco, "anns"):
        yield coco
        return
    for inner in [getattr(dataset, "dataset", None), *getattr(dataset, "datasets", [])]:
        yield from _search(inner)
