"""What functions return: dicts of columns that can be written as csv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

    from ._igam_analyze import Figure, _Amounts, _Cells


class IgamWarning(UserWarning):
    """A warning about a result, with the sentence of the command line."""


class Table(dict[str, Any]):
    """A dict of columns: arrays of numbers, with NaN where there is none, and lists of str, or of bool, with
    None where there is none.

    It is an ordinary dict, and a notebook shows it as a table. Changes to the dict change neither
    `to_csv()` nor what a notebook shows.

    Examples
    --------
    >>> table = study.table("correlations")
    >>> table["pearson"]
    >>> table.to_pandas().sort_values("pearson")
    """

    _cells: _Cells

    def to_csv(self) -> str:
        """The csv text, the same as in the file of the command line.

        Examples
        --------
        >>> pathlib.Path("correlations.csv").write_text(study.table("correlations").to_csv())
        """
        return self._cells.csv()

    def to_pandas(self) -> pandas.DataFrame:
        """The columns as a pandas DataFrame.

        Examples
        --------
        >>> study.table("information").to_pandas().set_index("class")
        """
        import pandas

        return pandas.DataFrame(dict(self))

    def _repr_html_(self) -> str:
        return self._cells.html()


class Amounts(Table):
    """Information amounts of classes, one value per class in order of id.

    The columns: "class_id", "class" (a list of str), "instances" (m), "information" (I, bits),
    "normalized_information" (I′), "floor", "floored_fraction", "floor_bits" (bits of I from the eigenvalue
    floor alone), "dim_per_instance" (p/m). NaN where there is none. `to_csv()` is an `information.csv`.

    `correlate`, `compare` and `margin_readings` use the original amounts: changes to
    the dict have no effect on them.

    Attributes
    ----------
    estimator : str
        The covariance estimator.
    refused : dict of str to str
        Why a class has no information amount.
    warnings : list of str
        Warnings, one sentence each.

    Examples
    --------
    >>> amounts = igam_analyze.information(embeddings, labels, class_names=names)
    >>> amounts["class"][np.nanargmax(amounts["information"])]
    >>> igam_analyze.correlate(amounts, ap=ap).verdict
    """

    estimator: str
    refused: dict[str, str]
    warnings: list[str]
    _amounts: _Amounts


class QueueSize(Table):
    """Storage of the covariances, one value per strategy; `to_csv()` is a `storage.csv`.

    Attributes
    ----------
    budget : Table or None
        What fits into the memory budget: the columns of `budget.csv`.
    warnings : list of str
        Warnings, one sentence each.

    Examples
    --------
    >>> igam_analyze.queue_size(100_000, dim=256, classes=80, memory_budget="1GiB").budget["fits"]
    """

    budget: Table | None
    warnings: list[str]
    _given: tuple[Any, int, int | None, int]

    def figure(self) -> Figure:
        """Figure 3: storage against queue length.

        Examples
        --------
        >>> igam_analyze.queue_size(100_000, dim=256, classes=80).figure().save("figure3.svg")
        """
        from ._igam_analyze import _figure3

        return _figure3(*self._given)


class Losses(Table):
    """Losses of each class; `to_csv()` is a `loss.csv`.

    Attributes
    ----------
    mean : dict of str to float
        Means over all embeddings: "cosine_softmax_loss", "igam_loss", "difference".

    Examples
    --------
    >>> igam_analyze.losses(embeddings, labels, weights, margins).mean["difference"]
    """

    mean: dict[str, float | None]
