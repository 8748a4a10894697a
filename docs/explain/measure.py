"""What goes with the errors of a detector? The figures of docs/explain.md.

    pip install numpy scipy
    python docs/explain/measure.py [FOLDER]

FOLDER has a folder a run, as data/fod-a2 does; by default that. Of a run with embeddings.npy the
embeddings of training objects are looked at too.
"""

import csv
import pathlib
import sys

import numpy as np
from scipy import stats

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "data" / "fod-a2"
ENOUGH = 5  # confused objects, from which on a class has a most confused class
KINDS = ("right", "confused", "localization", "both", "missed")


def column(path, name):
    with open(path, newline="") as rows:
        return [row[name] for row in csv.DictReader(rows)]


def rates(labels, others, count):
    """Share of the rows of each class for which each column of others holds."""
    return np.array([others[labels == c].mean(0) for c in range(count)])


def no_diagonal(table, instead):
    table = table.astype(float)
    np.fill_diagonal(table, instead)
    return table


def ranks(table):
    return np.argsort(np.argsort(table, axis=1), axis=1)


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


class Run:
    """Its arrays and tables; the classes are numbered as in `names`."""

    def __init__(self, folder, names):
        load = lambda name: np.load(folder / name).astype(float)
        self.name, self.count = folder.name, len(names)
        self.held_out, self.weights, self.bias = map(
            load, ("test_embeddings.npy", "weights.npy", "bias.npy")
        )
        has_training = (folder / "embeddings.npy").exists()
        self.training = load("embeddings.npy") if has_training else None
        self.ap = np.array(column(folder / "ap.csv", "ap50"), float)
        errors = lambda name: column(folder / "errors.csv", name)[: self.count]  # at score 0.30
        self.objects = np.array(errors("objects"), int)
        self.errors = {kind: np.array(errors(kind), int) for kind in KINDS}
        most = errors("confused_most_with")
        self.most = np.array([names.index(name) if name else -1 for name in most])
        self.most_count = np.array(errors("confused_most_n"), int)
        with open(folder / "confusion.csv", newline="") as rows:
            confusion = [row[1:-1] for row in list(csv.reader(rows))[1:]]
        self.confusion = no_diagonal(np.array(confusion, int), 0)

    def logits(self, rows):
        """Of the classes and, last, the background; without a bias by the cosine."""
        if self.bias.any():
            return rows @ self.weights.T + self.bias
        return 30 * unit(rows) @ unit(self.weights).T

    def confused_classes(self):
        return np.flatnonzero(self.errors["confused"] >= ENOUGH)

    def badly_found(self):
        """Share of each class's objects that no box lies on well, or of no class at all."""
        return sum(self.errors[kind] for kind in KINDS[2:]) / self.objects

    def taken_for(self, labels):
        """How often the held-out rows of a class have their largest logit at another."""
        predicted = self.logits(self.held_out)[:, : self.count].argmax(1)
        table = np.zeros((self.count, self.count))
        np.add.at(table, (labels, predicted), 1)
        return no_diagonal(table, 0)

    def probability(self, rows, labels):
        """Mean softmax of each class over the rows of each."""
        logits = self.logits(rows)[:, : self.count]
        p = np.exp(logits - logits.max(1, keepdims=True))
        return no_diagonal(rates(labels, p / p.sum(1, keepdims=True), self.count), 0)

    def gap(self, rows, labels):
        """Mean over the rows of a class of its logit less another's."""
        logits = self.logits(rows)[:, : self.count]
        own = logits[np.arange(len(rows)), labels][:, None]
        return no_diagonal(rates(labels, own - logits, self.count), np.inf)


def ledoit_wolf(rows):
    """Covariance of centred rows, divided by n, shrunk to a multiple of 1 (Ledoit, Wolf 2004)."""
    n, p = rows.shape
    sample = rows.T @ rows / n
    target = np.trace(sample) / p * np.eye(p)
    error = ((rows**2).T @ (rows**2) / n - sample**2).sum() / n
    share = min(1.0, error / ((sample - target) ** 2).sum())
    return (1 - share) * sample + share * target


class Classes:
    """Means, covariances and the pooled within-class covariance W of labelled rows."""

    def __init__(self, rows, labels, count):
        self.rows, self.labels, self.count = rows, labels, count
        self.sizes = np.bincount(labels, minlength=count)
        self.means = rates(labels, rows, count)
        self.centred = rows - self.means[labels]
        self.pooled = ledoit_wolf(self.centred)
        self.inverse = np.linalg.inv(self.pooled)

    def squares(self, rows):
        """Squared Mahalanobis distances of rows to the means."""
        white = np.linalg.cholesky(self.inverse)
        a, b = rows @ white, self.means @ white
        return np.maximum(0, (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T)

    def distance(self):
        """Mahalanobis distance D of the means."""
        return no_diagonal(np.sqrt(self.squares(self.means)), np.inf)

    def corrected(self):
        """D without what the noise of the means adds to its square, tr(W⁻¹S)(1/nᵢ+1/nⱼ) on average,
        S being the unshrunk pooled covariance, divided by N−C."""
        sample = self.centred.T @ self.centred / (len(self.rows) - self.count)
        noise = np.trace(self.inverse @ sample) * (1 / self.sizes[:, None] + 1 / self.sizes)
        square = self.squares(self.means) - noise
        return no_diagonal(np.sqrt(np.maximum(0, square)), np.inf)

    def total_variance(self):
        return rates(self.labels, (self.centred**2).sum(1), self.count)

    def own(self, c):
        own = self.centred[self.labels == c]
        return own.T @ own / len(own)

    def bhattacharyya(self):
        """With both covariances, each drawn to W by p/(p+n)."""
        p = self.means.shape[1]
        share = p / (p + self.sizes)
        drawn = [(1 - s) * self.own(c) + s * self.pooled for c, s in enumerate(share)]
        logs = [np.linalg.slogdet(one)[1] for one in drawn]
        result = np.full((self.count, self.count), np.inf)
        for i in range(self.count):
            for j in range(i):
                between, d = (drawn[i] + drawn[j]) / 2, self.means[i] - self.means[j]
                shape = np.linalg.slogdet(between)[1] - (logs[i] + logs[j]) / 2
                result[i, j] = d @ np.linalg.solve(between, d) / 8 + shape / 2
                result[j, i] = result[i, j]
        return result

    def spreads(self):
        eigenvalues = (np.linalg.eigvalsh(self.own(c))[::-1] for c in range(self.count))
        spectra = [np.clip(one, 0, None) for one in eigenvalues]
        total = np.array([s.sum() for s in spectra])
        shares = [s[s > 0] / s.sum() for s in spectra]
        apart = ((self.means[:, None] - self.means) ** 2).sum(2)
        variation = (total[:, None] + total) / (2 * no_diagonal(apart, np.inf))
        return {
            "total variance": total,
            "information, no floor": np.array([np.log2(1 + s).sum() / 2 for s in spectra]),
            "effective dimension": np.array([1 / (q**2).sum() for q in shares]),
            "effective rank": np.array([np.exp(-(q * np.log(q)).sum()) for q in shares]),
            "largest share": np.array([q[0] for q in shares]),
            "decay α": np.array([decay(s, n) for s, n in zip(spectra, self.sizes)]),
            "CDNV, largest": variation.max(1),
            "CDNV, mean": variation.sum(1) / (self.count - 1),
            "D to the closest": self.distance().min(1),
            "Bhattacharyya to the closest": self.bhattacharyya().min(1),
        }


def decay(spectrum, rows):
    """Minus the slope of ln λ on ln rank, over the first half of the λ that can differ from 0."""
    kept = max(2, min(rows - 1, len(spectrum)) // 2)
    spectrum = spectrum[:kept][spectrum[:kept] > 1e-12 * spectrum[0]]
    ranks = np.log(np.arange(1, len(spectrum) + 1))
    return -np.polyfit(ranks, np.log(spectrum), 1)[0] if len(spectrum) > 1 else np.nan


def in_blocks(rows, labels, count, blocks):
    """Share of the rows of a class that lie nearer to another's mean under W than to their own's, all
    made without the block of consecutive rows that they are in."""
    block = np.zeros(len(rows), int)
    for c in range(count):
        at = np.flatnonzero(labels == c)
        block[at] = np.arange(len(at)) * blocks // len(at)
    nearer = np.zeros((len(rows), count))
    for b in range(blocks):
        out = block == b
        squares = Classes(rows[~out], labels[~out], count).squares(rows[out])
        nearer[out] = squares < squares[np.arange(out.sum()), labels[out]][:, None]
    return rates(labels, nearer, count)


def hits(run, closeness, first):
    """In how many classes the most confused one is among the `first` of least closeness."""
    order = np.argsort(closeness, axis=1, kind="stable")[:, :first]
    return sum(run.most[c] in order[c] for c in run.confused_classes())


def table(title, head, rows):
    print(f"\n## {title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def recall(runs, labels, training_labels, names):
    nail, rows = names.index("Nail"), []
    for run in runs:
        known = 1 - run.taken_for(labels).sum(1) / run.objects
        r, p = stats.pearsonr(known, run.ap)
        fitted = "–"
        if run.training is not None:
            predicted = run.logits(run.training)[:, : run.count].argmax(1)
            fitted = f"{(predicted == training_labels).mean():.3f}"
        rows.append([run.name, f"{r:.2f}", f"{p:.1g}", f"{known[labels].mean():.3f}", fitted])
        rows[-1] += [f"{run.ap[nail]:.2f}", f"{known[nail]:.2f}"]
    head = "run, r with AP50, p, recall, of training objects, AP50 of Nail, its recall".split(", ")
    table("Recall on held-out boxes", head, rows)


def closeness(run, labels, training_labels):
    """By name: the less, the closer the class of the column to that of the row."""
    held_out = Classes(run.held_out, labels, run.count)
    gap = run.gap(run.held_out, labels)
    blocks = in_blocks(run.held_out, labels, run.count, 2)
    distance = held_out.distance()
    weights = unit(run.weights[: run.count])
    ways = {
        "taken for, then gap": -run.taken_for(labels) + 1e-6 * ranks(gap),
        "mean probability": -run.probability(run.held_out, labels),
        "mean gap of logits": gap,
        "D": distance,
        "D, corrected": held_out.corrected(),
        "D of rows of length 1": Classes(unit(run.held_out), labels, run.count).distance(),
        "rows nearer in halves, then D": no_diagonal(-blocks + 1e-6 * ranks(distance), np.inf),
        "Bhattacharyya": held_out.bhattacharyya(),
        "cosine of weights": no_diagonal(-weights @ weights.T, np.inf),
    }
    if run.training is not None:
        training = Classes(run.training, training_labels, run.count)
        squares = training.squares(run.held_out)
        nearest = rates(labels, np.eye(run.count)[squares.argmin(1)], run.count)
        mean = rates(labels, squares, run.count)
        ways |= {
            "held-out rows nearest to training means": no_diagonal(
                -nearest + 1e-6 * ranks(mean), np.inf
            ),
            "training: mean probability": -run.probability(run.training, training_labels),
            "training: mean gap of logits": run.gap(run.training, training_labels),
            "training: D": training.distance(),
            "training: D, corrected": training.corrected(),
            "training: Bhattacharyya": training.bhattacharyya(),
        }
    return ways


def most_confused(runs, labels, training_labels):
    found = {}
    for run in runs:
        for way, close in closeness(run, labels, training_labels).items():
            classes = len(run.confused_classes())
            found.setdefault(way, []).append((hits(run, close, 1), hits(run, close, 3), classes))
    rows = []
    for way, of in found.items():
        one, three, all = np.sum(of, axis=0)
        shares = [three / all for _, three, all in of]
        rows.append([way, len(of), all, f"{one / all:.2f}", f"{three / all:.2f}"])
        rows[-1].append(f"{min(shares):.2f}–{max(shares):.2f}")
    others = runs[0].count - 1
    rows.append(["chance", "", "", f"{1 / others:.2f}", f"{3 / others:.2f}", ""])
    head = "by, runs, classes, is the closest, is among three, over runs".split(", ")
    table(f"The most confused class of those with {ENOUGH} confused objects or more", head, rows)

    right = all = agree = 0
    for run in runs:
        taken = run.taken_for(labels) - 1e-6 * ranks(run.gap(run.held_out, labels))
        many = np.flatnonzero(run.confusion.sum(1) >= ENOUGH)
        right += sum(run.confusion[c, taken[c].argmax()] == run.confusion[c].max() for c in many)
        all += len(many)
        agree += sum(run.confusion[c].argmax() == run.most[c] for c in run.confused_classes())
    of = sum(len(run.confused_classes()) for run in runs)
    print(f"\nconfusion.csv: taken for is the most confused in {right} of {all} classes")
    print(f"confusion.csv and errors.csv name the same class in {agree} of {of}")


def with_ap(runs, labels, training_labels):
    for title in "held-out", "training":
        found = {}
        for run in runs:
            rows = run.held_out if title == "held-out" else run.training
            if rows is None:
                continue
            of = labels if title == "held-out" else training_labels
            for name, values in Classes(rows, of, run.count).spreads().items():
                found.setdefault(name, []).append(stats.pearsonr(values, run.ap))
        rows = []
        for name, of in found.items():
            r = [one[0] for one in of]
            clear = sum(one[1] < 0.05 for one in of)
            rows.append([name, f"{np.mean(r):+.2f}", f"{min(r):+.2f} … {max(r):+.2f}"])
            rows[-1].append(f"{clear} of {len(of)}")
        table(f"r with AP50, {title}", ["number", "mean", "over runs", "p < 0.05"], rows)


def pairs(runs, labels, training_labels):
    """Confused pairs, 3 objects of the class or more, against all others."""
    numbers = {}
    for run in runs:
        confused = np.zeros((run.count, run.count), bool)
        for c in run.confused_classes():
            confused[c, run.most[c]] = run.most_count[c] >= 3
        other = ~confused & ~np.eye(run.count, dtype=bool)
        held_out = Classes(run.held_out, labels, run.count)
        of = {
            "D, corrected": held_out.corrected(),
            "nearer, in fifths": in_blocks(run.held_out, labels, run.count, 5),
            "nearer, in halves": in_blocks(run.held_out, labels, run.count, 2),
            "taken for": run.taken_for(labels) / run.objects[:, None],
        }
        if run.training is not None:
            squares = Classes(run.training, training_labels, run.count).squares(run.held_out)
            nearer = squares < squares[np.arange(len(labels)), labels][:, None]
            of["nearer to the training mean"] = rates(labels, nearer, run.count)
        for name, values in of.items():
            one = numbers.setdefault(name, ([], []))
            one[0].extend(values[confused])
            one[1].extend(values[other])
    rows = []
    for name, both in numbers.items():
        for kind, values in zip(("confused", "others"), both):
            at = np.quantile(values, (0, 0.05, 0.5, 0.95, 1))
            rows.append([name, kind, len(values), *(f"{v:.2f}" for v in at)])
    table("Pairs of classes", ["number", "", "pairs", "least", "5%", "50%", "95%", "most"], rows)


def small(runs, folder, names):
    sides = {name: [] for name in names}
    with open(folder / "test_objects.csv", newline="") as rows:
        for row in csv.DictReader(rows):
            width, height = (float(row[f"{a}max"]) - float(row[f"{a}min"]) for a in "xy")
            sides[row["class"]].append(np.sqrt(width * height))
    side = np.array([np.median(of) for of in sides.values()])
    side /= np.median(side)
    badly = np.array([run.badly_found() for run in runs])
    ap = np.array([run.ap for run in runs])
    rows = []
    for most in (1 / 4, 1 / 3, 1 / 2, 2 / 3):
        few = side <= most
        means = [f"{of[:, which].mean():.2f}" for of in (badly, ap) for which in (few, ~few)]
        rows.append([f"{most:.2f}", few.sum(), *means])
    head = "side at most, classes, badly found, of the others, AP50, of the others".split(", ")
    table("Median side over the median of the classes", head, rows)
    r = [stats.pearsonr(np.log(side), of)[0] for of in badly]
    print(f"\nr of log side with badly found: {min(r):+.2f} … {max(r):+.2f}")
    r = [stats.pearsonr(np.log(side), of)[0] for of in ap]
    print(f"r of log side with AP50: {min(r):+.2f} … {max(r):+.2f}")


def wide(runs, labels, training_labels, names):
    rows = []
    for least in (2, 2.5, 3):
        one, both, many = [], [], []
        for run in runs:
            held_out = Classes(run.held_out, labels, run.count).total_variance()
            here = held_out >= least * np.median(held_out)
            one += [names[c] for c in np.flatnonzero(here)]
            if run.training is None:
                continue
            training = Classes(run.training, training_labels, run.count).total_variance()
            here &= training >= least * np.median(training)
            both += [names[c] for c in np.flatnonzero(here)]
            here &= (run.taken_for(labels) > 0).sum(1) >= 4
            many += [names[c] for c in np.flatnonzero(here)]
        say = lambda of: ", ".join(f"{name} {of.count(name)}" for name in sorted(set(of))) or "–"
        rows.append([least, say(one), say(both), say(many)])
    head = "times, held-out, training too, and taken for four classes or more".split(", ")
    table("Total variance over the median, runs in which a class is above", head, rows)


def simulated():
    """Φ(−D/2) of pairs of normal classes at a known D, as it is and corrected."""
    random, count = np.random.default_rng(0), 20
    first = np.arange(0, count, 2)
    rows = []
    for p in (16, 128):
        for n in (5, 10, 30, 60):
            cells = []
            for true in (0, 1.3, 2.56, 4.1):
                found = {"distance": [], "corrected": []}
                for _ in range(5):
                    means = random.normal(size=(count, p)) * 20 / np.sqrt(p)
                    along = unit(random.normal(size=(1, p)))[0]
                    means[1::2] = means[::2] + true * along
                    labels = np.repeat(np.arange(count), n)
                    rows_of = means[labels] + random.normal(size=(count * n, p))
                    classes = Classes(rows_of, labels, count)
                    for name, values in found.items():
                        values.extend(getattr(classes, name)()[first, first + 1])
                shares = [np.median(stats.norm.cdf(-np.array(of) / 2)) for of in found.values()]
                cells.append("{:.3f}, {:.3f}".format(*shares))
            rows.append([p, n, *cells])
    true = [f"Φ = {stats.norm.cdf(-d / 2):.3f}" for d in (0, 1.3, 2.56, 4.1)]
    table("Simulated overlap: as it is, corrected", ["p", "rows a class", *true], rows)


def natural(x, knots):
    """1, x and the further columns of a natural cubic spline, knots evenly spaced in rank."""
    ranks = (0.05 + 0.9 * np.arange(knots) / (knots - 1)) * (len(x) - 1)
    at = np.sort(x)[np.floor(ranks + 0.5).astype(int)]
    d = [
        (np.maximum(x - k, 0) ** 3 - np.maximum(x - at[-1], 0) ** 3) / (at[-1] - k) for k in at[:-1]
    ]
    return np.column_stack([np.ones(len(x)), x, *(one - d[-1] for one in d[:-1])])


def left_out(ap, design):
    """Root mean square of AP less what the other classes lead to expect."""
    q, _ = np.linalg.qr(design)
    residual = ap - q @ (q.T @ ap)
    return np.sqrt(np.mean((residual / (1 - (q**2).sum(1))) ** 2))


def curves():
    data, sets = FOLDER.parent, []
    coco = data / "tables" / "coco_counts_and_ap.csv"
    counts, ap = (np.array(column(coco, name), float) for name in ("instances", "ap"))
    sets.append(("COCO, 80 classes", [ap], counts))
    voc = data / "tables" / "table6_voc_ap.csv"
    known = column(data / "tables" / "voc_counts.csv", "class")
    counts = np.array(column(data / "tables" / "voc_counts.csv", "voc0712_trainval"), float)
    counts = counts[[known.index(name) for name in column(voc, "class")]]
    with open(voc, newline="") as rows:
        runs = next(csv.reader(rows))[1:]
    sets.append(("VOC, 20 classes", [np.array(column(voc, run), float) for run in runs], counts))
    counts = np.array(column(data / "fod-a" / "counts.csv", "instances"), float)
    files = sorted((data / "fod-a").glob("*/ap.csv"))
    for name in "ap50", "ap":
        aps = [100 * np.array(column(file, name), float) for file in files]
        sets.append((f"FOD-A, 31 classes, {name}", aps, counts))
    random, rows = np.random.default_rng(0), []
    for title, aps, counts in sets:
        for size in (12, 20, len(counts)):
            draws = 100 if size < len(counts) else 1
            errors = []
            for ap in aps:
                for _ in range(draws):
                    some = random.permutation(len(ap))[:size]
                    x = np.log(counts[some])
                    designs = [np.ones((size, 1)), np.column_stack([np.ones(size), x])]
                    designs += [natural(x, knots) for knots in (3, 4, 5, min(max(size // 6, 4), 10))]
                    errors.append([left_out(ap[some], design) for design in designs])
            errors = np.median(errors, axis=0)
            rows.append([title, size, *(f"{error:.1f}" for error in errors)])
            if size == len(counts):
                break
    head = "set, classes, mean, line, 3 knots, 4, 5, as the verdict".split(", ")
    table("Error of prediction of a class left out, AP 0–100", head, rows)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    names = (folder / "classes.txt").read_text().split()
    labels, training_labels = np.load(folder / "test_labels.npy"), np.load(folder / "labels.npy")
    runs = [Run(path.parent, names) for path in sorted(folder.glob("*/test_embeddings.npy"))]
    recall(runs, labels, training_labels, names)
    most_confused(runs, labels, training_labels)
    with_ap(runs, labels, training_labels)
    pairs(runs, labels, training_labels)
    small(runs, folder, names)
    wide(runs, labels, training_labels, names)
    simulated()
    curves()


if __name__ == "__main__":
    main()
