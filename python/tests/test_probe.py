"""probe against the command of the wheel, to the last bit, and against NumPy."""

import csv
import pickle

import igam_analyze as ig
import numpy as np
import pytest
from conftest import ROOT, same_cells

FOD_A2 = ROOT / "data/fod-a2"
NAMES = FOD_A2 / "classes.txt"
FEW = ["igam-transposed", "logit-adjustment"]
OPTIONS = ["--losses", *FEW, "--normalization", "printed-mean", "--seeds", "3"]
FEW_OF = {"losses": FEW, "normalization": "printed-mean", "seeds": 3}
pytestmark = pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")


def objects(name):
    """Frames and classes of the objects."""
    with open(FOD_A2 / f"{name}_objects.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["frame"] for row in rows], [row["class"] for row in rows]


def arrays(run="cos"):
    """As the command reads them from the tables of objects."""
    load = lambda name: np.load(FOD_A2 / run / f"{name}.npy")  # noqa: E731
    (images, labels), (other_images, other_labels) = objects("train"), objects("test")
    held_out = {"embeddings": load("test_embeddings"), "labels": other_labels, "images": other_images}
    training = {"embeddings": load("embeddings"), "labels": labels, "images": images}
    return training, {f"validation_{name}": value for name, value in held_out.items()}


def embeddings(run="cos"):
    table = ["--label-column", "class", "--group-column", "frame"]
    return ["--embeddings", FOD_A2 / run / "embeddings.npy", "--labels", FOD_A2 / "train_objects.csv", *table]


HELD_OUT = ["--validation-embeddings", FOD_A2 / "cos/test_embeddings.npy", "--validation-labels", FOD_A2 / "test_objects.csv"]


@pytest.fixture(scope="module")
def probe():
    training, held_out = arrays()
    return ig.probe(**training, **held_out, **FEW_OF)


def of_command(command, tmp_path, *arguments):
    """What the command prints, and its files."""
    done = command("--quiet", "probe", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout, {path.name: path.read_text() for path in (tmp_path / "reports").iterdir()}


def test_held_out_is_the_commands(command, tmp_path, probe):
    printed, files = of_command(command, tmp_path, *embeddings(), *HELD_OUT, *OPTIONS)
    assert list(probe.tables) == ["probe_verdict", "probe", "probe_classes"]
    for name, table in probe.tables.items():
        same_cells(table, files[f"{name}.csv"])
        same_cells(probe.table(name), files[f"{name}.csv"])
    assert probe.figure().name == "probe" and probe.figure().svg == files["probe.svg"]
    words = " ".join(printed.split())
    assert all(line in words for line in probe.verdict.split("\n"))


def test_cross_validation_and_its_options_are_the_commands(command, tmp_path):
    more = ["--folds", "2", "--scale", "10", "20", "--estimator", "sample", "--groups", "20,100", "--epochs", "15"]
    _, files = of_command(command, tmp_path, *embeddings("ce"), *OPTIONS, *more)
    training, _ = arrays("ce")
    options = {"folds": 2, "scale": [10, 20], "estimator": "sample", "groups": [20, 100], "epochs": 15}
    probe = ig.probe(**training, **FEW_OF, **options)
    for name, table in probe.tables.items():
        same_cells(table, files[f"{name}.csv"])
    groups = ["all", "< 20", "20–99", "≥ 100", "informative"]
    assert probe.table("probe_verdict")["group"] == groups * len(probe.findings)
    assert any("still improving after 15 epochs" in warning for warning in probe.warnings)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_number_types_labels_and_images(dtype):
    """Ids for names, numbers for names of images, another order of memory: the same but for rounding."""
    training, held_out = arrays()
    few = {"losses": "logit-adjustment", "seeds": 3}
    wanted = ig.probe(**training, **held_out, **few)
    ids = {name: at for at, name in enumerate(NAMES.read_text().split())}
    for given, before in [(training, ""), (held_out, "validation_")]:
        given[f"{before}labels"] = [ids[name] for name in given[f"{before}labels"]]
        images = given[f"{before}images"]
        given[f"{before}images"] = [int(image) for image in images] if dtype == "f4" else np.array(images)
        given[f"{before}embeddings"] = np.asfortranarray(given[f"{before}embeddings"].astype(dtype))
    found = ig.probe(**training, **held_out, **few, class_names=NAMES)
    of = lambda probe, table, column: np.array(probe.table(table)[column])  # noqa: E731
    theirs = dict(zip(of(wanted, "probe_classes", "class")[:31], of(wanted, "probe_classes", "ap")))
    ours = dict(zip(of(found, "probe_classes", "class")[:31], of(found, "probe_classes", "ap")))
    assert ours.keys() == theirs.keys() == ids.keys()
    for name in ids:
        assert ours[name] == pytest.approx(theirs[name], abs=0.01), name
    for column in ["training_loss", "recall", "ap"]:
        np.testing.assert_allclose(of(found, "probe", column), of(wanted, "probe", column), rtol=0.005)


def test_largest_margin_is_that_of_margins(probe):
    table = probe.table("probe")
    training, _ = arrays()
    amounts = ig.information(training["embeddings"], training["labels"])
    largest = ig.margins(amounts["information"], "printed-mean").max()
    igam = np.array([loss == "igam-transposed" for loss in table["loss"]])
    np.testing.assert_allclose(table["largest_margin"][igam], largest, rtol=1e-12)
    assert np.isnan(table["largest_margin"][~igam]).all() and len(igam) == 9


def test_verdict_is_of_the_table(probe):
    """Findings, means and sentences are those of the tables."""
    verdict, seeds = probe.table("probe_verdict"), probe.table("probe")
    assert set(probe.findings) == {"igam-transposed", "logit-adjustment"}
    for name, finding in probe.findings.items():
        row = [at for at, loss in enumerate(verdict["loss"]) if loss == name and verdict["group"][at] == "all"][0]
        assert verdict["finding"][row] == finding
        of = lambda loss: seeds["recall"][[one == loss for one in seeds["loss"]]]  # noqa: E731
        np.testing.assert_allclose(verdict["recall_change"][row], (of(name) - of("cosine")).mean(), atol=1e-15)
    assert probe.verdict.startswith("Does IGAM help these classes?")
    assert "over 3 seeds" in probe.verdict and "1810 held-out embeddings of 31 classes" in probe.verdict


def test_objects(probe, tmp_path):
    assert repr(probe) == "<igam_analyze.Probe of 3 losses, 31 classes>"
    html = probe._repr_html_()
    assert "<li>Does IGAM help" in html and "<td>logit-adjustment</td>" in html
    flags = probe.table("probe_classes")["recall_shows"]
    assert flags[0] is None and set(map(type, flags[31:])) == {bool}
    again = pickle.loads(pickle.dumps(probe.table("probe_verdict")))
    assert again.to_csv() == probe.table("probe_verdict").to_csv()
    with pytest.raises(KeyError, match="there is no table"):
        probe.table("seeds")
    training, _ = arrays()
    amounts = ig.information(training["embeddings"], np.load(FOD_A2 / "labels.npy"), class_names=NAMES)
    study = ig.correlate(amounts, ap=FOD_A2 / "cos/ap.csv", ap_column="ap50")
    ig.report(study, tmp_path / "without.html")
    ig.report(study, tmp_path / "with.html", probe=probe)
    ig.report(study, tmp_path / "with.md", probe=probe)
    assert "another loss" not in (tmp_path / "without.html").read_text()
    for name in ["with.html", "with.md"]:
        text = (tmp_path / name).read_text()
        assert "Would another loss help?" in text and probe.verdict.split("\n")[-1] in text


def test_warnings(recwarn):
    x = np.random.default_rng(0).normal(size=(40, 3))
    y = np.arange(40) % 2
    with pytest.warns(ig.IgamWarning, match="which embeddings are of one image"):
        probe = ig.probe(x, y, losses="softmax", seeds=3, folds=2)
    assert any("which embeddings are of one image" in warning for warning in probe.warnings)
    with pytest.warns(ig.IgamWarning, match="4 of the images have both"):
        images = np.arange(40) // 10
        ig.probe(
            x, y, images=images, losses="softmax", seeds=3, validation_embeddings=x, validation_labels=y, validation_images=images
        )


X, Y = np.eye(6), [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    "arguments, options, problem",
    [
        ((X, Y), {"losses": ["cosine", "ce"]}, 'losses "ce" is not one of "cosine"'),
        ((X, Y), {"losses": []}, "losses has no name"),
        ((X, Y), {"normalization": "mean"}, 'normalization "mean" is not one of'),
        ((X, Y), {"seeds": 2}, "at least 3 seeds"),
        ((X, Y), {"folds": 1}, "2 to 255 folds"),
        ((X, Y), {"epochs": 0}, "at least 1 epoch"),
        ((X, Y), {"scale": -1}, "a scale is a number from 0.001 to 10,000"),
        ((X, Y), {"images": [1, 2]}, "6 embeddings, but images of 2"),
        ((X, Y), {"images": [[1], [2]]}, "images: holds an array of shape"),
        ((X, Y), {"memory_limit": "much"}, 'memory_limit "much" is not a size'),
        ((X, Y), {"groups": "lvis"}, "--groups lvis needs to know"),
        ((X, Y), {"validation_embeddings": np.eye(5), "validation_labels": [0] * 5}, "5 dimensions"),
        ((X, [0] * 6), {}, "fewer than 2 classes"),
    ],
)
def test_errors(arguments, options, problem):
    with pytest.raises(ValueError, match=problem.replace("(", r"\(")):
        ig.probe(*arguments, **options)


@pytest.mark.parametrize("options", [{"validation_embeddings": X}, {"validation_images": Y}])
def test_half_of_a_pair(options):
    with pytest.raises(TypeError, match="validation_embeddings"):
        ig.probe(X, Y, **options)
