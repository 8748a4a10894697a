"""Why is my detector bad on this class? Category information amount (arXiv 2502.03852), for NumPy arrays.

Results are those of the command line, to the last bit. docs/python.md has examples.

Examples
--------
>>> import igam_analyze as ig
>>> amounts = ig.information(embeddings, labels, class_names=["bolt", "nut", "key"])
>>> study = ig.correlate(amounts, ap={"bolt": 0.41, "nut": 0.22, "key": 0.35})
>>> print(study.verdict)
>>> ig.report(study, "report.html")
"""

from ._igam_analyze import (
    ClassCard,
    Comparison,
    Figure,
    Geometry,
    MarginReadings,
    Moments,
    Probe,
    Study,
    __version__,
    compare,
    correlate,
    geometry,
    igam_loss,
    information,
    losses,
    margin_readings,
    margins,
    probe,
    queue_size,
    replay,
    report,
)
from ._results import Amounts, IgamWarning, Losses, QueueSize, Table

__all__ = [
    "Amounts",
    "ClassCard",
    "Comparison",
    "Figure",
    "Geometry",
    "IgamWarning",
    "Losses",
    "MarginReadings",
    "Moments",
    "Probe",
    "QueueSize",
    "Study",
    "Table",
    "__version__",
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

# Where they are found, and what tracebacks and pickles name.
for _class in (Amounts, IgamWarning, Losses, QueueSize, Table):
    _class.__module__ = __name__
del _class
