"""explain and geometry against the command of the wheel, and against NumPy."""

import csv
import json
import re
import subprocess
import sys

import igam_analyze as ig
import numpy as np
import pytest
from conftest import ROOT, same_cells

FOD_A2, SHAPES = ROOT / "data/fod-a2", ROOT / "data/shapes"
NAMES = FOD_A2 / "classes.txt"
pytestmark = pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
CE, COSINE = "EfficientNet-Lite0 CE", "EfficientNet-Lite0 Cosine"


@pytest.fixture(scope="module", params=[FOD_A2, SHAPES], ids=["fod-a2", "shapes"])
def of_runs(request):
    """A folder, and the study of its runs file."""
    return request.param, ig.correlate(request.param / "runs.toml")


@pytest.fixture(scope="module")
def study():
    return ig.correlate(FOD_A2 / "runs.toml")


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """What the command says of the classes of a runs file, and its classes.csv."""
    kept = {}

    def run(folder, *arguments):
        if (folder, arguments) not in kept:
            work = tmp_path_factory.mktemp("explained")
            program = [sys.executable, "-m", "igam_analyze", "explain", "--runs", folder / "runs.toml", *arguments]
            done = subprocess.run(program, cwd=work, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            kept[folder, arguments] = done.stdout, (work / "reports/classes.csv").read_text()
        return kept[folder, arguments]

    return run


def fod_a2(run):
    """The arrays of a run: of training, held out, weights and bias."""
    load = lambda name: np.load(FOD_A2 / f"{name}.npy")  # noqa: E731
    training = load(f"{run}/embeddings"), load("labels")
    held_out = load(f"{run}/test_embeddings"), load("test_labels")
    return *training, *held_out, load(f"{run}/weights"), load(f"{run}/bias")


def explanation(geometry, run="ce"):
    """The classes of a run of FOD-A, given their geometry."""
    x, y, *_ = fod_a2(run)
    amounts = ig.information(x, y, class_names=NAMES)
    return ig.correlate(amounts, ap=FOD_A2 / run / "ap.csv", ap_column="ap50", geometry=geometry).explain()


def recall(x, y, weights, bias=0, cosine=False):
    """Of each class, the share of its rows with their own logit the largest; and the class it is most taken for."""
    x, weights = x.astype(float), weights.astype(float)
    if cosine:
        x, weights = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (x, weights))
    said = (x @ weights.T + bias).argmax(1)
    return np.array([(said[y == c] == c).mean() for c in range(len(weights))])


def rows_of(text, **wanted):
    rows = csv.DictReader(text.splitlines())
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_cells_are_the_commands(of_runs, explained):
    folder, study = of_runs
    _, text = explained(folder)
    classes = study.explain()
    assert type(classes) is ig.Table
    same_cells(classes, text)
    assert set(map(type, classes["flagged"])) <= {bool, type(None)} and bool in map(type, classes["flagged"])
    assert {type(reasons) for reasons in classes["reasons"]} == {str, type(None)}


def test_arrays_are_the_runs_file(explained):
    """CE and the cosine classifier, from arrays alone, are their runs file to the last bit."""
    _, text = explained(FOD_A2)
    studies = []
    for run, loss in [("ce", "CE"), ("cos", "Cosine")]:
        x, y, vx, vy, weights, bias = fod_a2(run)
        layer = {"weights": weights, "cosine": True} if run == "cos" else {"weights": weights, "bias": bias}
        held_out = {"validation_embeddings": vx, "validation_labels": vy}
        geometry = ig.geometry(x, y, class_names=str(NAMES), **held_out, **layer)
        assert geometry.held_out
        amounts = ig.information(x, y, class_names=NAMES)
        named = {"backbone": "EfficientNet-Lite0", "loss": loss}
        ap = FOD_A2 / run / "ap.csv"
        studies.append(ig.correlate(amounts, ap=ap, ap_column="ap50", geometry=geometry, **named))
    same_cells(ig.correlate(studies).explain(), text)
    one = studies[1].explain()
    assert one.to_csv().splitlines()[1:] == [line for line in text.splitlines() if line.startswith(COSINE)]


def test_arrays_and_detections_are_the_runs_file(explained):
    _, text = explained(SHAPES)
    load = lambda name: np.load(SHAPES / f"{name}.npy")  # noqa: E731
    x, y, names = load("embeddings"), load("labels"), SHAPES / "train.json"
    held_out = {f"validation_{name}": load(f"validation_{name}") for name in ("embeddings", "labels")}
    layer = {name: load(name) for name in ("weights", "bias")}
    study = ig.correlate(
        ig.information(x, y, class_names=names),
        detections=SHAPES / "detections.json",
        ground_truth=SHAPES / "val.json",
        instances=names,
        name="YOLOv8n, stride 8",
        geometry=ig.geometry(x, y, class_names=names, **held_out, **layer),
    )
    same_cells(study.explain(), text)


def test_recall_is_numpys():
    for run, cosine in [("ce", False), ("cos", True)]:
        x, y, vx, vy, weights, bias = fod_a2(run)
        layer = {"weights": weights, "cosine": cosine} | ({} if cosine else {"bias": bias})
        held_out = ig.geometry(x, y, class_names=NAMES, validation_embeddings=vx, validation_labels=vy, **layer)
        training = ig.geometry(x, y, class_names=NAMES, **layer)
        assert held_out.held_out and not training.held_out
        for geometry, (rows, labels) in [(held_out, (vx, vy)), (training, (x, y))]:
            ours = explanation(geometry, run)["recall"]
            np.testing.assert_allclose(ours, recall(rows, labels, weights[:-1], bias[:-1], cosine), atol=1e-12)


@pytest.mark.parametrize("where", ["first", "last"])
def test_background_row(where):
    """A row at that end that would take every box is left out; at the other end it would be a class's."""
    x, y, vx, vy, weights, bias = fod_a2("ce")
    given = {"class_names": NAMES, "validation_embeddings": vx, "validation_labels": vy}
    wanted = explanation(ig.geometry(x, y, **given, weights=weights[:-1], bias=bias[:-1], background_row="none"))
    at = 0 if where == "first" else len(bias) - 1
    moved = np.insert(weights[:-1], at, 0, 0), np.insert(bias[:-1], at, 1e6)
    named = ig.geometry(x, y, **given, weights=moved[0], bias=list(moved[1]), background_row=where)
    assert explanation(named).to_csv() == wanted.to_csv()
    unnamed = explanation(ig.geometry(x, y, **given, weights=moved[0], bias=moved[1]))
    assert unnamed.to_csv() == wanted.to_csv()
    numbered = ig.geometry(x, y, **given, weights=moved[0], bias=moved[1], background_row=at)
    assert explanation(numbered).to_csv() == wanted.to_csv()


@pytest.mark.parametrize("wanted", ["Cutter", "7", 7, np.int64(7)])
def test_card(study, explained, wanted):
    """By name or id, it is the command's card of each run, without styles."""
    name = "Cutter"
    text, table = explained(FOD_A2, name)
    card = study.explain(wanted)
    assert type(card) is ig.ClassCard and card.name == name
    assert str(card) == text and "\x1b" not in text and text.count(name) >= 2
    assert name in repr(card)
    assert card.table["run"] == [CE, COSINE]
    assert list(csv.DictReader(card.table.to_csv().splitlines())) == rows_of(table, **{"class": name})


def test_card_of_a_run(study):
    both, one = study.explain("Cutter"), study.explain("Cutter", run=COSINE)
    assert one.table["run"] == [COSINE]
    assert str(both) == f"{study.explain('Cutter', run=CE)}\n{one}"
    assert one.reasons == [reason for reason in both.reasons if reason["run"] == COSINE]
    assert study.explain(run=COSINE).to_csv().count(COSINE) == study.explain().to_csv().count(COSINE) == 31
    assert CE not in study.explain(run=COSINE).to_csv()


def test_reasons_are_the_commands(of_runs, explained):
    folder, study = of_runs
    said = json.loads(explained(folder, "--format", "json")[0])["classes"]
    assert said
    for theirs in said:
        card = study.explain(theirs["class"], run=theirs["run"])
        assert card.reasons == [{"run": theirs["run"], **reason} for reason in theirs["reasons"]]
        assert card.table["reasons"] == [" ".join(reason["token"] for reason in card.reasons) or None]


def test_cards_in_a_notebook(of_runs):
    """They hold all that they show."""
    _, study = of_runs
    classes = study.explain()
    for at in range(0, len(classes["class"]), 7):
        name, run = classes["class"][at], classes["run"][at]
        card = study.explain(name, run=run)
        html = card._repr_html_()
        assert html.count("<svg") == html.count("</svg>") == 1 and f"{name} ({run})" in html
        assert all(reason["token"] and reason["sentence"][:10] in html for reason in card.reasons)
        assert not re.search(r"<script|<link|\bsrc=|@import|url\((?!#)", html)
        assert {*re.findall(r"https?://[^\s\"'<]+", html)} <= {"http://www.w3.org/2000/svg"}
    both = study.explain(classes["class"][0])
    assert both._repr_html_().count("<svg") == len(study.runs) == len(both.table["run"])


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda study: study.explain("Cuter"), r'"Cuter" is not one of the classes, .*did you mean "Cutter"'),
        (lambda study: study.explain(31), '"31" is not one of the classes'),
        (lambda study: study.explain("Cutter", run="R-50"), f'there is no run "R-50"; there are {CE}, {COSINE}'),
        (lambda study: study.explain(run=""), 'there is no run ""'),
    ],
)
def test_unknown(study, call, words):
    with pytest.raises(ValueError, match=words) as error:
        call(study)
    assert "\n" not in str(error.value)


X = np.random.default_rng(4).normal(size=(12, 3))
Y = np.repeat(["a", "b", "c"], 4)
AP = {"a": 0.5, "b": 0.4, "c": 0.3}
HELD_OUT = {"validation_embeddings": X, "validation_labels": Y}


@pytest.mark.parametrize(
    "given, words",
    [
        ({"validation_embeddings": X}, "give validation_embeddings and validation_labels, or neither"),
        ({"validation_labels": Y}, "give validation_embeddings and validation_labels, or neither"),
        ({"bias": [0.0] * 3}, "bias, background_row and cosine are for weights"),
        ({"cosine": True}, "bias, background_row and cosine are for weights"),
        ({"background_row": "last"}, "bias, background_row and cosine are for weights"),
        ({**HELD_OUT, "validation_embeddings": X[:, :2]}, "held-out embeddings have 2 dimensions, but the training embeddings have 3"),
        ({**HELD_OUT, "validation_labels": Y[1:]}, "12 .*11|11 .*12"),
        ({**HELD_OUT, "validation_labels": ["d"] * 12}, '"d"'),
        ({**HELD_OUT, "validation_embeddings": np.where(X == X[2, 1], np.nan, X)}, "row 2"),
        ({"weights": X[:2]}, "weights: holds 2 rows, but there are 3 classes"),
        ({"weights": X[:5]}, "weights: holds 5 rows, but there are 3 classes"),
        ({"weights": X[:4], "background_row": "none"}, "holds 4 rows, but there are 3 classes"),
        ({"weights": X[:3], "background_row": "first"}, "holds 3 rows, but there are 3 classes"),
        ({"weights": X[:4], "background_row": "middle"}, 'background_row "middle" is not one of "first", "last", "none" or the number of a row'),
        ({"weights": X[:3, :2]}, "holds weights in 2 dimensions, the embeddings have 3"),
        ({"weights": X[:3], "bias": [0.0, 1]}, "bias: holds 2 values, the weights have 3 rows"),
        ({"weights": X[:3], "bias": [0.0, 1, 2], "cosine": True}, "a cosine classifier has no bias"),
        ({"weights": np.full((3, 3), np.nan)}, "weights: number 0 .* NaN or infinite"),
        ({"weights": X[:3], "bias": [0, np.inf, 0]}, "bias: number 1 .* NaN or infinite"),
        ({"precision": "f16"}, 'precision "f16" is not one of'),
        ({"class_names": ["a", "b"]}, '"c"'),
    ],
)
def test_geometry_refuses(given, words, capfd):
    with pytest.raises((ValueError, TypeError), match=words) as error:
        ig.geometry(X, Y, **given)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_geometry_of_other_classes():
    amounts = ig.information(X, Y, class_names=["a", "b", "c"])
    other = ig.geometry(X[:8], Y[:8])
    with pytest.raises(ValueError, match="the geometry is of 2 classes, the detector has 3"):
        ig.correlate(amounts, ap=AP, geometry=other)
    with pytest.raises(TypeError, match="a runs file describes all its runs"):
        ig.correlate(FOD_A2 / "runs.toml", geometry=other)


def test_distances_are_numpys():
    """Mahalanobis's, under the pooled covariance."""
    rng = np.random.default_rng(2)
    means, spread = rng.normal(scale=3, size=(4, 3)), np.array([[2.0, 0.5, 0], [0, 1, 0.3], [0, 0, 0.7]])
    labels = rng.permutation(np.repeat(np.arange(4), [4000, 9000, 6000, 1000]))
    x = means[labels] + rng.normal(size=(len(labels), 3)) @ spread
    geometry = ig.geometry(x, labels, class_names=["a", "b", "c", "d", "ghost"])
    distances = geometry.distances
    assert distances.shape == (5, 5) and distances.dtype == np.float64
    assert np.isnan(distances[4]).all() and repr(geometry) == "<igam_analyze.Geometry of 5 classes>"
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(distances.diagonal()[:4], 0)
    centres = np.array([x[labels == c].mean(0) for c in range(4)])
    within = (x - centres[labels]).T @ (x - centres[labels]) / (len(x) - 4)
    apart = centres[:, None] - centres
    wanted = np.sqrt(np.einsum("ijp,pq,ijq->ij", apart, np.linalg.inv(within), apart))
    # W is shrunk a little.
    np.testing.assert_allclose(distances[:4, :4], wanted, rtol=5e-3)
    single = ig.geometry(x.astype("f4"), labels, class_names=["a", "b", "c", "d", "ghost"], precision="f32")
    np.testing.assert_allclose(single.distances, distances, rtol=1e-5)
    half = ig.geometry(x, np.where(labels == 3, -1, labels), background_label=-1)
    assert half.distances.shape == (3, 3)


def test_geometry_of_moments():
    """Moments tell what arrays do, but of no single embedding of training."""
    x, y, vx, vy, weights, bias = fod_a2("ce")
    moments = ig.Moments(class_names=NAMES)
    for part in np.array_split(np.random.default_rng(3).permutation(len(y)), 3):
        moments.push(x[part], y[part])
    held_out = {"validation_embeddings": vx, "validation_labels": vy, "weights": weights, "bias": bias}
    for given in [{}, held_out]:
        ours, theirs = ig.geometry(moments, **given), ig.geometry(x, y, class_names=NAMES, **given)
        assert ours.held_out == theirs.held_out == bool(given)
        np.testing.assert_allclose(ours.distances, theirs.distances, rtol=1e-9)
    ours, theirs = explanation(ours), explanation(theirs)
    for name in ["closest_1", "taken_for", "recall", "taken_for_share"]:
        np.testing.assert_array_equal(ours[name], theirs[name])
    study = ig.correlate(moments, ap=FOD_A2 / "ce/ap.csv", ap_column="ap50", geometry=ig.geometry(moments, **held_out))
    assert 'classified as "Pliers"' in str(study.explain("Cutter"))
    for given in [{"labels": y}, {"class_names": NAMES}]:
        with pytest.raises(TypeError, match="moments already hold their labels and class names"):
            ig.geometry(moments, **given)
    with pytest.raises(TypeError, match="give the labels of the embeddings"):
        ig.geometry(x)
    with pytest.raises(ValueError, match="the moments are of no embeddings"):
        ig.geometry(ig.Moments(class_names=NAMES))


def test_no_distances():
    """Where no two embeddings of a class differ, there is no covariance."""
    x = np.repeat(X[:3], 4, 0)
    assert ig.geometry(x, Y).distances is None
    classes = ig.correlate(ig.information(x, Y), ap=AP, geometry=ig.geometry(x, Y)).explain()
    assert classes["closest_1"] == [None] * 3 and np.isnan(classes["overlap_1"]).all()


def test_columns_of_what_is_not_known():
    """Words are lists and flags too, where there are none; numbers are NaN."""
    study = ig.correlate(ig.information(X, Y), ap={"a": 0.5, "b": 0.5, "c": 0.5})
    classes = study.explain()
    for name in ["taken_for", "closest_1", "closest_2", "closest_3", "flagged"]:
        assert classes[name] == [None] * 3, name
    for name in ["recall", "taken_for_share", "overlap_1", "error_missed"]:
        assert classes[name].dtype == np.float64 and np.isnan(classes[name]).all(), name
    assert classes["class"] == ["a", "b", "c"] and all(isinstance(each, list) for each in [classes["reasons"], classes["run"]])
    card = study.explain("b")
    assert card.reasons == [] or card.table["reasons"] != [None]
    assert card.table["taken_for"] == [None] and card.table["flagged"] == [None]


def test_comparison_has_the_reasons(study, command, tmp_path):
    path = FOD_A2 / "runs.toml"
    done = command("compare", path, path, "--run", CE, COSINE)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "reports/reasons.csv").read_text()
    for a, b in [(study, study), (path, study)]:
        reasons = ig.compare(a, b, run=(CE, COSINE)).reasons
        same_cells(reasons, text)
    assert len(reasons["class"]) >= 3
    for column in reasons.values():
        assert isinstance(column, list) and set(map(type, column)) <= {str, type(None)} and "" not in column
    before, after = (study.explain(run=run)["reasons"] for run in (CE, COSINE))
    names = study.explain(run=CE)["class"]
    tokens = [[(one or "").split() for one in all] for all in (before, after)]
    assert {name for name, was, now in zip(names, *tokens) if set(was) != set(now)} <= set(reasons["class"])


def test_comparison_without_changes(study):
    """A table without rows has its columns."""
    reasons = ig.compare(study, study, run=CE).reasons
    assert dict(reasons) == {name: [] for name in ["class", "went", "came", "stayed", "went_words", "came_words"]}
    assert reasons.to_csv() == "class,went,came,stayed,went_words,came_words\n"
    assert reasons.to_pandas().shape == (0, 6)
    x, y, *_ = fod_a2("ce")
    amounts = ig.information(x, y, class_names=NAMES)
    assert ig.compare(amounts, study, run=CE).reasons is None
