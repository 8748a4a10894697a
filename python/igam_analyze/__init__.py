"""Category information amount of detection data (arXiv 2502.03852), for NumPy arrays.

Results are those of the command line, to the last bit. docs/python.md has examples.
"""

from ._igam_analyze import (
    Moments,
    __version__,
    igam_loss,
    information,
    margins,
    queue_size,
)

__all__ = [
    "Moments",
    "__version__",
    "igam_loss",
    "information",
    "margins",
    "queue_size",
]
