"""margins, igam_loss and queue_size against the program and against NumPy."""

import json
import pickle

import igam_analyze
import numpy as np
import pytest
from conftest import ROOT


@pytest.mark.parametrize("reading", ["printed", "printed-mean", "softmax"])
@pytest.mark.parametrize("signed", [False, True])
def test_margins_are_the_programs(dump, cli, tmp_path, reading, signed):
    embeddings, labels, x, y = dump
    arguments = ["--embeddings", embeddings, "--labels", labels, "--normalization", reading]
    assert cli("margins", *arguments, *["--signed"] * signed).returncode == 0
    ours = igam_analyze.margins(igam_analyze.information(x, y)["information"], reading, signed)
    np.testing.assert_array_equal(ours, np.load(tmp_path / "reports/margins.npy"))


def test_margins_against_numpy():
    bits = np.array([100.0, np.nan, 150, 130])
    known = bits[[0, 2, 3]]
    x = known / (known.mean() * np.sqrt(3))
    normalized = 3 * np.exp(x) / np.exp(x).sum() + 1
    expected = np.zeros((4, 4))
    expected[np.ix_([0, 2, 3], [0, 2, 3])] = np.log(normalized[:, None] / normalized) / np.pi
    np.testing.assert_allclose(igam_analyze.margins(bits, "softmax", signed=True), expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(igam_analyze.margins(list(bits), "softmax"), expected.clip(0), rtol=1e-12, atol=1e-15)


def losses(cosines, labels, margins, scale):
    """Eq. 6, as it is printed."""
    angles = np.minimum(np.arccos(cosines) + margins[labels], np.pi)
    logits = np.where(np.arange(cosines.shape[1]) == labels[:, None], cosines, np.cos(angles)) * scale
    return np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]


def test_loss_against_numpy():
    rng = np.random.default_rng(2)
    cosines, labels = rng.uniform(-0.95, 0.95, (50, 7)), rng.integers(0, 7, 50)
    margins = rng.uniform(0, 0.4, (7, 7))
    np.fill_diagonal(margins, 0)
    expected = losses(cosines, labels, margins, 12)
    ours, gradient = igam_analyze.igam_loss(cosines, labels, margins, 12, gradient=True)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)
    np.testing.assert_array_equal(igam_analyze.igam_loss(cosines, labels, margins, 12), ours)
    step = 1e-6
    for j in range(7):
        moved = step * (np.arange(7) == j)
        difference = losses(cosines + moved, labels, margins, 12) - losses(cosines - moved, labels, margins, 12)
        np.testing.assert_allclose(gradient[:, j], difference / (2 * step), rtol=1e-5, atol=1e-6)
    single = igam_analyze.igam_loss(cosines.astype("f4"), labels, margins, 12)
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-5)


def test_loss_is_the_programs(dump, table, tmp_path):
    embeddings, labels, x, y = dump
    weights = np.load(embeddings.with_name("weights.npy"))
    margins = igam_analyze.margins(igam_analyze.information(x, y)["information"], "softmax")
    np.save(tmp_path / "margins.npy", margins)
    arguments = ["--embeddings", embeddings, "--labels", labels, "--margins", "margins.npy"]
    theirs = table("loss.csv", "loss", *arguments, "--weights", embeddings.with_name("weights.npy"))
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in [x.astype(float), weights.astype(float)]]
    ours = igam_analyze.igam_loss(unit[0] @ unit[1].T, y, margins)
    means = [ours[y == label].mean() for label in range(31)]
    np.testing.assert_allclose(means, theirs["igam_loss"], rtol=1e-12)


@pytest.mark.parametrize("size", [2, 4, 8])
def test_queue_size_is_the_programs(table, size, tmp_path):
    arguments = ["--instances", 55800, "--dim", 128, "--classes", 20, "--bytes-per-value", size]
    theirs = table("storage.csv", "queue-size", *arguments)
    ours = igam_analyze.queue_size(55800, 128, 20, bytes_per_value=size)
    assert ours.pop("strategy") == theirs["strategy"]
    for name, column in ours.items():
        np.testing.assert_array_equal(column, theirs[name], name)
    counts = [5000, 300, 20]
    (tmp_path / "counts.csv").write_text("class,instances\na,5000\nb,300\nc,20\n")
    theirs = table("storage.csv", "queue-size", "--counts", "counts.csv", "--dim", 64)
    for of_class in [counts, np.array(counts)]:
        ours = igam_analyze.queue_size(of_class, 64)
        np.testing.assert_array_equal(ours["mib"], theirs["mib"])
        assert np.isfinite(ours["mib"][-1])


@pytest.mark.parametrize("reading", ["printed", "printed-mean", "softmax"])
def test_readings_are_the_programs(dump, command, tmp_path, reading):
    embeddings, labels, x, y = dump
    arguments = ["--embeddings", embeddings, "--labels", labels, "--normalization", reading, "--format", "json"]
    done = command("margins", *arguments)
    amounts = igam_analyze.information(x, y)
    (tmp_path / "information.csv").write_text(amounts.to_csv())
    for information in [amounts, tmp_path / "information.csv"]:
        readings = igam_analyze.margin_readings(information, reading)
        np.testing.assert_array_equal(readings.matrix, np.load(tmp_path / "reports/margins.npy"))
        assert readings.table.to_csv() == (tmp_path / "reports/margins.csv").read_text()
        assert readings.figure().svg == (tmp_path / "reports/margins.svg").read_text()
        theirs = json.loads(done.stdout)["warnings"]
        assert readings.warnings == [said for said in theirs if "eigenvalue floor" not in said]
        assert "<table>" in readings._repr_html_()
    signed = igam_analyze.margin_readings(amounts, reading, signed=True)
    np.testing.assert_array_equal(signed.matrix, igam_analyze.margins(amounts["information"], reading, True))


def test_losses_are_the_programs(command, tmp_path):
    run = ROOT / "data/fod-a/effnet-lite0-ce"
    x, y, weights = (np.load(run / f"{name}.npy") for name in ["embeddings", "labels", "weights"])
    margins = igam_analyze.margins(igam_analyze.information(x, y)["information"], "softmax")
    np.save(tmp_path / "margins.npy", margins)
    names = ROOT / "data/fod-a/classes.txt"
    arguments = ["--embeddings", run / "embeddings.npy", "--labels", run / "labels.npy", "--weights", run / "weights.npy"]
    for options in [[], ["--class-names", names]]:
        done = command("loss", *arguments, "--margins", "margins.npy", "--scale", "20", "--format", "json", *options)
        ours = igam_analyze.losses(x, y, weights, margins, scale=20, class_names=options[1] if options else None)
        assert ours.to_csv() == (tmp_path / "reports/loss.csv").read_text()
        assert ours.mean == json.loads(done.stdout)["mean"]
    np.save(tmp_path / "margins.npy", margins[:3])
    done = command("loss", *arguments, "--margins", "margins.npy")
    with pytest.raises(ValueError) as error:
        igam_analyze.losses(x, y, weights, margins[:3])
    assert done.stderr.splitlines()[-1] == f"igam-analyze: error: {str(error.value).replace('margins', 'margins.npy', 1)}"
    with pytest.raises(ValueError, match="weights: holds weights in 5 dimensions, the embeddings have 128"):
        igam_analyze.losses(x, y, weights[:, :5], margins)
    with pytest.raises(ValueError, match="scale -1 is not"):
        igam_analyze.losses(x, y, weights, margins, scale=-1)


def test_queue_and_replay_are_the_programs(command, tmp_path):
    run = ROOT / "data/fod-a/effnet-lite0-ce"
    x, y = np.load(run / "embeddings.npy"), np.load(run / "labels.npy")
    arguments = ["queue-size", "--embeddings", run / "embeddings.npy", "--labels", run / "labels.npy"]
    options = ["--memory-budget", "1MiB", "--replay", "--queue-length", "300", "--bytes-per-value", "2"]
    done = command(*arguments, *options, "--format", "json")
    assert done.returncode == 0, done.stderr
    for budget in ["1MiB", 1 << 20]:
        size = igam_analyze.queue_size(np.bincount(y), 128, bytes_per_value=2, memory_budget=budget)
        for kept in [size, pickle.loads(pickle.dumps(size))]:
            assert kept.to_csv() == (tmp_path / "reports/storage.csv").read_text()
            assert kept.budget.to_csv() == (tmp_path / "reports/budget.csv").read_text()
            assert kept.figure().svg == (tmp_path / "reports/figure3.svg").read_text()
            assert kept.warnings == json.loads(done.stdout)["warnings"]
    assert list(size) == ["strategy", "queue_length", "ratio", "mib", "saving"]
    assert igam_analyze.queue_size(2846, 128, 31).budget is None
    replay = igam_analyze.replay(x, y, 300, bytes_per_value=2)
    assert replay.to_csv() == (tmp_path / "reports/replay.csv").read_text()
    with pytest.raises(ValueError, match="the queue must hold at least 1 and at most all 2846"):
        igam_analyze.replay(x, y, 3000)
    with pytest.raises(ValueError, match='memory_budget "much" is not a size'):
        igam_analyze.queue_size(2846, 128, 31, memory_budget="much")


def test_background_rows():
    """A row of the background at either end, in the middle, or none: one loss. A linear head is said to be one."""
    ce, cos = (ROOT / "data/fod-a2" / run for run in ("ce", "cos"))
    y = np.load(ROOT / "data/fod-a2/test_labels.npy")
    margins = np.zeros((31, 31))

    def mean(run, order, **more):
        x, weights = np.load(run / "test_embeddings.npy"), np.load(run / "weights.npy")
        names = [f"c{at}" for at in range(31)]
        return igam_analyze.losses(x, y, weights[order], margins, class_names=names, **more).mean["igam_loss"]

    classes = list(range(31))
    wanted = mean(cos, classes)
    assert mean(cos, [*classes, 31]) == mean(cos, [31, *classes]) == wanted
    assert mean(cos, [*classes[:4], 31, *classes[4:]], background_row=4) == wanted
    with pytest.warns(igam_analyze.IgamWarning, match="check --background-row"):
        mean(cos, [31, *classes], background_row="last")
    with pytest.warns(igam_analyze.IgamWarning, match="if each class uses the row after its own"):
        mean(cos, [31, *classes[:-1]])
    with pytest.warns(igam_analyze.IgamWarning, match="the cosine loss is not the loss of its training"):
        mean(ce, [*classes, 31], bias=np.load(ce / "bias.npy"))
    with pytest.raises(ValueError, match="background_row \"middle\" is not one of"):
        mean(cos, classes, background_row="middle")
    # Labels are rows, from 1 where the background is the first.
    with pytest.raises(ValueError, match="torchvision"):
        igam_analyze.information(np.load(ce / "test_embeddings.npy"), y + 1, class_names=[f"c{at}" for at in range(31)])
