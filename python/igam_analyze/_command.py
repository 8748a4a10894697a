"""The program `igam-analyze`."""

import signal
import sys


def main() -> None:
    """Runs what was typed, and exits with its code."""
    # As for a program without an interpreter, which would only look at the signal between two lines.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ._igam_analyze import _main

    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    sys.exit(_main(["igam-analyze", *sys.argv[1:]]))
