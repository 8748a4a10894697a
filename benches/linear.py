"""Time against the number of rows, at 80 classes and 256 dimensions, and the line through it.

    pip install numpy matplotlib
    cargo build --release
    python benches/linear.py

Draws docs/linear.svg: igam-analyze and NumPy done well (of against_numpy.py) on the first shards of
one dump, in turn, the least of three runs each.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import matplotlib
import numpy as np

from against_numpy import done_well

HERE = pathlib.Path(__file__).parent
BINARY = HERE.parent / "target/release/igam-analyze"
ROWS, DIM, CLASSES, SHARDS, REPEAT = 200_000, 256, 80, 8, 3


def make_shards(folder):
    rng = np.random.default_rng(0)
    share = np.arange(1, CLASSES + 1) ** -1.0
    mixing = (np.arange(1, DIM + 1)[:, None] ** -0.65 * rng.standard_normal((DIM, DIM))).astype(np.float32)
    for shard in range(SHARDS):
        labels = rng.choice(CLASSES, ROWS, p=share / share.sum())
        noise = rng.standard_normal((ROWS, DIM), dtype=np.float32) @ mixing
        np.save(folder / f"x{shard}.npy", np.maximum(noise, 0))
        np.save(folder / f"y{shard}.npy", labels)


def ours(folder, shards):
    names = [[folder / f"{kind}{shard}.npy" for shard in range(shards)] for kind in "xy"]
    command = [BINARY, "information", "--quiet", "--out", folder / "out", "--embeddings", *names[0]]
    start = time.perf_counter()
    subprocess.run([*command, "--labels", *names[1]], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def numpy(folder, shards):
    program = f"import linear; linear.numpy_once({str(folder)!r}, {shards})"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HERE)
    return time.perf_counter() - start


def numpy_once(folder, shards):
    x = np.concatenate([np.load(f"{folder}/x{shard}.npy") for shard in range(shards)])
    labels = np.concatenate([np.load(f"{folder}/y{shard}.npy") for shard in range(shards)])
    list(done_well(x, labels))


def main():
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "igam-analyze", "font.size": 11})
    from matplotlib import pyplot

    shards = np.arange(1, SHARDS + 1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        make_shards(folder)
        programs = [("igam-analyze", ours, "#1f5fa8"), ("NumPy done well", numpy, "#b3541e")]
        times = {name: [] for name, _, _ in programs}
        for count in shards:
            for name, run, _ in programs:
                times[name].append(min(run(folder, count) for _ in range(REPEAT)))
    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    for name, _, colour in programs:
        slope, start = np.polyfit(shards * ROWS, times[name], 1)
        fit = start + slope * shards * ROWS
        r2 = 1 - np.var(times[name] - fit) / np.var(times[name])
        print(f"{name}: {start:.3f} s + {slope * 1e6:.3f} s per million rows, R² = {r2:.4f}")
        label = f"{name}: {slope * 1e6:.2f} s per million rows"
        axes.plot(shards * ROWS / 1e6, times[name], "o", color=colour, label=label)
        axes.plot(shards * ROWS / 1e6, fit, color=colour, linewidth=1)
    axes.set(xlabel="rows, millions", ylabel="seconds", xlim=(0, None), ylim=(0, None))
    axes.set_title(f"{CLASSES} classes, {DIM} dimensions", fontsize=11)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE.parent / "docs/linear.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
