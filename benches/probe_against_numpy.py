"""How near the training of a classification layer comes to NumPy's matrix product, in the same minutes.

    pip install numpy
    python benches/probe_against_numpy.py [--rows 300000] [--dim 1024] [--classes 1203] [--epochs 20]

An epoch needs two products in float32: the logits, and the gradient. NumPy computes both for 30,000 rows, before
and after. Printed are seconds of wall time, GF/s, and the share of NumPy's; then the same per second of CPU
time, which other work on the machine does not change.
"""

import argparse
import re
import subprocess
import time

import numpy as np

SAMPLE = 30_000


def numpy_rate(dim, classes):
    """GF/s of the two products: of wall time, and of CPU time."""
    random = np.random.default_rng(0)
    rows = random.random((SAMPLE, dim), dtype=np.float32)
    weights = random.random((classes, dim), dtype=np.float32)
    best = [0.0, 0.0]
    for _ in range(4):
        clocks = time.perf_counter, time.process_time
        started = [clock() for clock in clocks]
        logits = rows @ weights.T
        logits.T @ rows
        seconds = [clock() - start for clock, start in zip(clocks, started)]
        rates = [4e-9 * SAMPLE * dim * classes / one for one in seconds]
        best = [max(pair) for pair in zip(best, rates)]
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in [("rows", 300_000), ("dim", 1024), ("classes", 1203), ("epochs", 20)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    shape = [given.rows, given.dim, given.classes, given.epochs]
    bench = ["cargo", "bench", "--quiet", "--bench", "probe", "--"]
    subprocess.run([*bench, "1000", "16", "10", "2"], check=True, stdout=subprocess.DEVNULL)
    before = numpy_rate(given.dim, given.classes)
    done = subprocess.run([*bench, *map(str, shape)], check=True, capture_output=True, text=True)
    after = numpy_rate(given.dim, given.classes)
    wall, cpu = (max(pair) for pair in zip(before, after))
    print(f"NumPy {np.__version__}: {wall:.0f} GF/s, {cpu:.0f} GF per CPU second")
    line = re.compile(r"(\S+): (\d+) epochs in ([\d.]+) s \(([\d.]+) of all cores\)")
    for loss, epochs, seconds, worked in line.findall(done.stdout):
        work = 4e-9 * given.rows * given.dim * given.classes * int(epochs)
        rate, per_cpu = work / float(seconds), work / float(worked)
        print(
            f"{loss}: {epochs} epochs in {seconds} s: {rate:.0f} GF/s, {rate / wall:.0%} of NumPy's; "
            f"{per_cpu:.0f} GF per CPU second, {per_cpu / cpu:.0%}"
        )


if __name__ == "__main__":
    main()
