"""Does `igam-analyze probe` agree with detector heads that were trained? The tables of docs/probe.md.

    pip install numpy
    cargo build --release
    python docs/probe/agreement.py [--update] [PROGRAM]

PROGRAM is the command line; by default target/release/igam-analyze. It takes about two minutes. With --update the
tables of the page are replaced. Files go to target/agreement.
"""

import csv
import pathlib
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "fod-a2"
OUT = ROOT / "target" / "agreement"
FEATURES = ("cos", "ce")
PAGE = ROOT / "docs" / "probe.md"
TAIL = "< 20"
# Student's t that 95% of the probability lies within, by degrees of freedom.
STUDENT = {9: 2.262157, 19: 2.093024}
# Of each loss in seeds.csv: its name here; and loss, normalization and estimator of the command.
LOSSES = {
    "igam-printed-floor": ("IGAM, `printed`", "igam", "printed", "mp-floor"),
    "igam-printed-sample": ("IGAM, `printed`, `sample`", "igam", "printed", "sample"),
    "igam-softmax-floor": ("IGAM, `softmax`", "igam", "softmax", "mp-floor"),
    "igam-softmax-sample": ("IGAM, `softmax`, `sample`", "igam", "softmax", "sample"),
    "igam-printed-mean-floor": ("IGAM, `printed-mean`", "igam", "printed-mean", "mp-floor"),
    "igam-printed-mean-sample": ("IGAM, `printed-mean`, `sample`", "igam", "printed-mean", "sample"),
    "igam-transposed-floor": (
        "transposed, `printed-mean`",
        "igam-transposed",
        "printed-mean",
        "mp-floor",
    ),
    "igam-transposed-sample": (
        "transposed, `printed-mean`, `sample`",
        "igam-transposed",
        "printed-mean",
        "sample",
    ),
    "ce": ("softmax cross-entropy (Eq. 3)", "softmax", "", ""),
    "focal": ("focal loss", "focal", "", ""),
    "seesaw": ("seesaw loss", "seesaw", "", ""),
    "logit-adjust": ("logit adjustment", "logit-adjustment", "", ""),
}
# What is compared: a title; its column in seeds.csv and points for one; its group and column of probe_verdict.csv.
NUMBERS = [
    ("Recall of the tail", "recall_tail", 100, TAIL, "recall"),
    ("AP of the tail", "ap50_tail", 1, TAIL, "ap"),
    ("Mean AP", "map50", 1, "all", "ap"),
]


def table(path):
    with open(path, newline="") as rows:
        return list(csv.DictReader(rows))


def probed(program, features):
    """Changes by loss, normalization, estimator and group, of all estimators."""
    objects = ["--label-column", "class", "--group-column", "frame"]
    found = {}
    for estimator in ("mp-floor", "sample"):
        out = OUT / features / estimator
        igam = ["igam", "igam-signed", "igam-transposed"]
        others = ["softmax", "logit-adjustment", "ldam", "seesaw", "focal"]
        losses = igam + (others if estimator == "mp-floor" else [])
        command = [program, "--quiet", "probe", "--out", out, "--format", "csv"]
        command += ["--embeddings", FOLDER / features / "embeddings.npy"]
        command += ["--labels", FOLDER / "train_objects.csv", *objects]
        command += ["--validation-embeddings", FOLDER / features / "test_embeddings.npy"]
        command += ["--validation-labels", FOLDER / "test_objects.csv"]
        command += ["--groups", "20,100", "--estimator", estimator, "--losses", *losses]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for row in table(out / "probe_verdict.csv"):
            found[row["loss"], row["normalization"], row["estimator"], row["group"]] = row
    return found


def trained():
    """Changes against the cosine softmax of the same seed: mean, ends of the 95% interval over seeds."""
    runs = [row for row in table(FOLDER / "seeds.csv") if row["backbone"] == "lite0"]
    of_loss = {}
    for row in runs:
        of_loss.setdefault(row["loss"], {})[row["seed"]] = row
    found = {}
    for loss in LOSSES:
        for _, column, unit, *_ in NUMBERS:
            seeds = of_loss[loss]
            pairs = [(float(row[column]), float(of_loss["cos"][seed][column])) for seed, row in seeds.items()]
            differences = unit * np.diff(pairs)[:, 0] * -1
            mean = differences.mean()
            error = differences.std(ddof=1) / np.sqrt(len(differences))
            half = STUDENT[len(differences) - 1] * error
            found[loss, column] = (mean, mean - half, mean + half)
    return found


def words(change):
    """A change in points with its interval; bold where that excludes 0."""
    text = "{:+.1f} ({:+.1f} to {:+.1f})".format(*change).replace("-", "−")
    return f"**{text}**" if shows(change) else text


def shows(change):
    return change[1] > 0 or change[2] < 0


def verdict(one, other):
    """Whether two changes agree."""
    if shows(one) and shows(other):
        return "agree" if one[0] * other[0] > 0 else "contradict"
    if not shows(one) and not shows(other):
        return "neither"
    return "trained" if shows(one) else "probe"


def ranks(values):
    return np.argsort(np.argsort(values))


def tables(heads, of):
    """The tables by title, and what is said of them."""
    found, said = {}, []
    for title, column, _, group, number in NUMBERS:
        head = ["Loss", "Trained heads", *(f"`probe`, features of `{one}`" for one in FEATURES)]
        lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
        changes, where = [], {}
        for loss, (name, *variant) in LOSSES.items():
            row = [heads[loss, column]]
            for features in FEATURES:
                cells = of[features][(*variant, group)]
                ends = [f"{number}_change", f"{number}_low", f"{number}_high"]
                row.append(tuple(100 * float(cells[end]) for end in ends))
            lines.append("| " + " | ".join([name, *map(words, row)]) + " |")
            changes.append([change[0] for change in row])
            for features, change in zip(FEATURES, row[1:]):
                where.setdefault((features, verdict(row[0], change)), []).append(name)
        found[title] = "\n".join(lines)
        order = [ranks(column) for column in np.transpose(changes)]
        for features, theirs in zip(FEATURES, order[1:]):
            r = np.corrcoef(order[0], theirs)[0, 1]
            said.append(f"{title}, `{features}`: rank correlation {r:+.2f}")
        said += [f"{title}, `{one}`, {kind}: {len(of)}: {'; '.join(of)}" for (one, kind), of in where.items()]
    return found, said


def main():
    arguments = [one for one in sys.argv[1:] if one != "--update"]
    program = arguments[0] if arguments else ROOT / "target" / "release" / "igam-analyze"
    found, said = tables(trained(), {features: probed(program, features) for features in FEATURES})
    for title, text in found.items():
        print(f"{title}:\n\n{text}\n")
    print("\n".join(said))
    if "--update" in sys.argv:
        page = PAGE.read_text()
        for title, text in found.items():
            before, mark, after = page.partition(f"**{title}**, points:\n\n")
            page = before + mark + text + after[after.index("\n\n") :]
        PAGE.write_text(page)


if __name__ == "__main__":
    main()
