"""InformationTracker against the library, alone and in several processes."""

import copy
import io
import pathlib
import subprocess
import sys
import warnings

import igam_analyze as ig
import numpy as np
import pytest
from installed import framework

torch = framework("torch")

from igam_analyze.torch import CosineClassifier, IGAMLoss, InformationTracker  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::igam_analyze.IgamWarning")
NAMES = {0: "bolt", 2: "nut", 3: "key"}


def epoch(seed=0, rows=120, dim=6):
    """Features of three classes of unequal spread, beside the background 1."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, rows)
    spread = np.array([1.0, 9, 3, 0.3])[labels]
    return (spread[:, None] * rng.normal(size=(rows, dim)) + labels[:, None]).astype("f4"), labels


def tracker_of(**options):
    options = {"background": 1, "class_names": NAMES, "normalization": "softmax"} | options
    return InformationTracker(4, **options)


def push(tracker, x, y, parts=5):
    for part in np.array_split(np.arange(len(y)), parts):
        tracker.push(torch.from_numpy(x[part]), torch.from_numpy(y[part]))


def expected(x, y, **options):
    """Margins by the library, with zeros for the background."""
    kept = y != 1
    amounts = ig.information(x[kept], y[kept], class_names=NAMES)
    matrix = np.zeros((4, 4))
    matrix[np.ix_([0, 2, 3], [0, 2, 3])] = ig.margins(amounts["information"], "softmax", **options)
    return amounts["information"], matrix


@pytest.mark.parametrize("signed", [False, True])
def test_margins_are_the_librarys(signed):
    tracker = tracker_of(signed=signed)
    assert (tracker.margins == 0).all() and tracker.amounts is None
    for seed in [0, 1]:
        x, y = epoch(seed)
        push(tracker, x, y)
        assert tracker.moments.instances == (y != 1).sum()
        bits, matrix = expected(x, y, signed=signed)
        margins = tracker.update()
        assert margins is tracker.margins and margins.dtype == torch.float32
        np.testing.assert_allclose(tracker.amounts["information"], bits, rtol=1e-9)
        np.testing.assert_allclose(margins, matrix, rtol=1e-6)
        assert tracker.moments.instances == 0, "each epoch has its own"
    assert tracker.amounts["class"] == list(NAMES.values())


def test_skips_what_is_no_object():
    x, y = epoch()
    x[3, 2], x[7, 0] = np.nan, np.inf
    y[10:13] = -100
    bad = [3, 7, 10, 11, 12]
    tracker, clean = tracker_of(), tracker_of()
    with pytest.warns(ig.IgamWarning, match="NaN or infinite values are skipped"):
        push(tracker, x, y)
    push(clean, np.delete(x, bad, 0), np.delete(y, bad), 1)
    np.testing.assert_allclose(tracker.update(), clean.update(), rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_takes_every_type_and_no_gradient(dtype):
    x, y = (torch.from_numpy(part) for part in epoch())
    features = x.to(dtype).requires_grad_()
    tracker, other = tracker_of(), tracker_of()
    tracker.push(features, y.int())
    other.push(features.detach().double(), y)
    np.testing.assert_allclose(tracker.update(), other.update(), rtol=1e-6)
    assert not tracker.margins.requires_grad


def test_resumes_within_an_epoch(tmp_path):
    x, y = epoch(1)
    whole = tracker_of()
    push(whole, *epoch(0))
    whole.update()
    half = len(y) // 2
    push(whole, x[:half], y[:half], 2)
    torch.save(whole.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    resumed, twin = tracker_of(), copy.deepcopy(whole)
    resumed.load_state_dict(state)
    assert torch.equal(resumed.margins, whole.margins)
    for one in [whole, resumed, twin]:
        push(one, x[half:], y[half:], 2)
        one.update()
    assert torch.equal(whole.margins, resumed.margins) and torch.equal(whole.margins, twin.margins)
    np.testing.assert_array_equal(whole.amounts["information"], resumed.amounts["information"])
    for other in [tracker_of(class_names=None), tracker_of(precision="f32")]:
        with pytest.raises(ValueError, match="other class names or another precision"):
            other.load_state_dict(state)
    state["_extra_state"]["moments"] = state["_extra_state"]["moments"][:-1]
    with pytest.raises(ValueError, match="holds no moments, or is damaged"):
        tracker_of().load_state_dict(state)


def test_state_is_data_alone():
    """No pickle of an object: a checkpoint of somebody else can be loaded."""
    tracker = tracker_of()
    for pushed in [False, True]:
        if pushed:
            push(tracker, *epoch())
        file = io.BytesIO()
        torch.save({"model": torch.nn.ModuleDict({"tracker": tracker}).state_dict()}, file)
        file.seek(0)
        again = torch.nn.ModuleDict({"tracker": tracker_of()})
        again.load_state_dict(torch.load(file, weights_only=True)["model"])
        assert again["tracker"].moments.instances == tracker.moments.instances


def test_warns_once():
    tracker = tracker_of(normalization="printed")
    x, y = epoch()
    push(tracker, x[y < 3], y[y < 3])
    with pytest.warns(ig.IgamWarning) as raised:
        tracker.update()
    said = [str(one.message) for one in raised]
    assert any('no information amount: "key"' in one for one in said), said
    assert {one.filename for one in raised} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        push(tracker, x[y < 3], y[y < 3])
        tracker.update()


def test_small_margins_are_said():
    tracker = InformationTracker(40)
    push(tracker, np.random.default_rng(0).normal(size=(4000, 3)), np.arange(4000) % 40)
    with pytest.warns(ig.IgamWarning, match="margin"):
        assert tracker.update().max() < 0.01


def test_refused():
    tracker = tracker_of()
    with pytest.raises(ValueError, match="no class has an information amount"):
        tracker.update()
    with pytest.raises(ValueError, match=r"\(3, 6\) features for \(2,\) labels"):
        tracker.push(torch.zeros(3, 6), torch.zeros(2, dtype=torch.long))
    with pytest.raises(ValueError, match="label"):
        tracker.push(torch.zeros(2, 6), torch.tensor([0, 4]))
    with pytest.raises(ValueError, match="estimator"):
        tracker_of(estimator="oasis")
    with pytest.raises(ValueError, match="normalization"):
        tracker_of(normalization="sum")
    with pytest.raises(ValueError, match="2 class names for 4 classes"):
        tracker_of(class_names=["bolt", "nut"])
    with pytest.raises(ValueError, match="label 4 of class_names"):
        tracker_of(class_names={4: "nut"})
    with pytest.raises(TypeError, match="is a string"):
        tracker_of(class_names="nuts")
    with pytest.raises(ValueError, match="background 4 is not one of 4 classes"):
        tracker_of(background=4)
    assert tracker.moments.instances == 0


def test_training_with_it_learns():
    """The loop of the docstring: margins from the second epoch on, and the classes are told apart."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(np.repeat(np.arange(4), [200, 60, 20, 10]))
    x = torch.from_numpy(rng.normal(size=(len(labels), 12)).astype("f4")) + 3 * torch.eye(4, 12)[labels]
    layer, classifier = torch.nn.Linear(12, 8), CosineClassifier(8, 4, scale=10)
    loss, tracker = IGAMLoss(4, scale=10), InformationTracker(4, normalization="softmax")
    optimizer = torch.optim.Adam([*layer.parameters(), *classifier.parameters()], 0.01)
    values = []
    for _ in range(8):
        for part in torch.randperm(len(x)).split(32):
            features = layer(x[part])
            tracker.push(features, labels[part])
            value = loss(classifier(features), labels[part])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            values.append(value.item())
        loss.set_margins(tracker.update())
        assert loss.margins.max() > 0.005
    assert np.mean(values[-5:]) < 0.3 * np.mean(values[:5])
    assert (classifier(layer(x)).argmax(1) == labels).float().mean() > 0.9


class Model(torch.nn.Module):
    """A layer, and all that trains with the IGAM loss."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.classifier = torch.nn.Linear(6, 5), CosineClassifier(5, 4, scale=10)
        self.loss, self.tracker = IGAMLoss(4, scale=10, background=1), tracker_of(normalization="printed-mean")

    def forward(self, x, y):
        features = self.layer(x)
        self.tracker.push(features, y)
        return self.loss(self.classifier(features), y)


def train(model, x, y, epochs=3, parts=4):
    """Trains whatever `model` is: a Model, or one in DistributedDataParallel. Gives the margins of each epoch."""
    inner, all_margins = getattr(model, "module", model), []
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    for _ in range(epochs):
        for part in range(parts):
            optimizer.zero_grad()
            model(torch.from_numpy(x[part::parts]), torch.from_numpy(y[part::parts])).backward()
            optimizer.step()
        assert inner.tracker.moments.instances == (y != 1).sum(), "its own features alone"
        inner.loss.set_margins(inner.tracker.update())
        all_margins.append(inner.loss.margins.numpy().copy())
    return np.array(all_margins)


RANK = """
import os
import sys

import numpy as np
import torch
from torch import distributed

sys.path.insert(0, {tests!r})
from test_torch_tracker import Model, epoch, push, tracker_of, train

rank, ranks, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
distributed.init_process_group("gloo", f"file://{{folder}}/rendezvous-{{ranks}}", rank=rank, world_size=ranks)
tracker, tables = tracker_of(), []
for seed in [0, 1]:
    x, y = epoch(seed)
    push(tracker, x[rank::ranks], y[rank::ranks])
    tables += [tracker.update().numpy().copy(), tracker.amounts["information"]]
try:
    tracker.update()
except ValueError as error:
    assert "no class has an information amount" in str(error)
else:
    raise AssertionError("nothing was pushed")
# No class has enough embeddings for this estimator: nothing changes.
refused = tracker_of(estimator="ledoit-peche")
push(refused, x[rank : 3 * ranks : ranks], 0 * y[rank : 3 * ranks : ranks], 1)
for _ in range(2):
    try:
        refused.update()
    except ValueError:
        assert refused.moments.instances == 3
    else:
        raise AssertionError("12 embeddings of a class are too few")
if ranks == 2:
    model = torch.nn.parallel.DistributedDataParallel(Model())
    x, y = epoch(5)
    tables.append(train(model, x[rank::2], y[rank::2]))
# Of two groups of their own, each has its own margins.
if ranks == 4:
    groups = [distributed.new_group([0, 1]), distributed.new_group([2, 3])]
    x, y = epoch(2 + rank // 2)
    push(tracker, x[rank % 2 :: 2], y[rank % 2 :: 2])
    tables.append(tracker.update(groups[rank // 2]).numpy().copy())
np.savez(f"{{folder}}/{{ranks}}-{{rank}}.npz", *tables)
distributed.destroy_process_group()
# When Python ends, a thread of DistributedDataParallel now and then aborts the process: all is written by then.
os._exit(0)
"""


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_several_processes_are_one(ranks, tmp_path):
    """The margins of gloo processes that share the features, against those of one that has them all."""
    (tmp_path / "rank.py").write_text(RANK.format(tests=str(pathlib.Path(__file__).parent)))
    started = [
        subprocess.Popen([sys.executable, tmp_path / "rank.py", str(rank), str(ranks), tmp_path], stderr=subprocess.PIPE)
        for rank in range(ranks)
    ]
    for process in started:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said.decode()
    all_tables = [list(np.load(tmp_path / f"{ranks}-{rank}.npz").values()) for rank in range(ranks)]
    for tables in all_tables:
        for one, first in zip(tables[:4], all_tables[0]):
            np.testing.assert_array_equal(one, first)
        for seed in [0, 1]:
            bits, matrix = expected(*epoch(seed))
            np.testing.assert_allclose(tables[2 * seed + 1], bits, rtol=1e-9)
            np.testing.assert_allclose(tables[2 * seed], matrix, rtol=1e-6)
    if ranks == 2:
        x, y = epoch(5)
        # Step k has rows k, k+4, … of each half: the rows of both are those of one process in this order.
        order = np.concatenate([np.arange(60).reshape(-1, 4)[:, part] for part in range(4)])
        both = np.stack([order * 2, order * 2 + 1], 1).reshape(4, 30).T.ravel()
        one = train(Model(), x[both], y[both])
        for tables in all_tables:
            np.testing.assert_allclose(tables[4], one, rtol=1e-3, atol=1e-6)
        assert one.max() > 0.01 and np.abs(one[0] - one[2]).max() > 1e-4
    if ranks == 4:
        for rank, tables in enumerate(all_tables):
            np.testing.assert_allclose(tables[4], expected(*epoch(2 + rank // 2))[1], rtol=1e-6)
