"""CosineClassifier, IGAMLoss and margins against the library, NumPy and PyTorch's own layers."""

import copy
import io
import subprocess
import sys

import igam_analyze as ig
import numpy as np
import pytest
from installed import framework

torch = framework("torch")

from igam_analyze.torch import CosineClassifier, IGAMLoss, margins, shifted_cosines  # noqa: E402
from torch.nn import functional  # noqa: E402

CLASSES = 7


def margins_of(seed=1, largest=0.6, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)
    drawn = largest * torch.rand(CLASSES, CLASSES, generator=random, dtype=dtype)
    return drawn.fill_diagonal_(0)


def batch(samples=50, seed=2, dtype=torch.float64):
    """Cosines away from ±1, and labels."""
    random = torch.Generator().manual_seed(seed)
    cosines = 1.9 * torch.rand(samples, CLASSES, generator=random, dtype=dtype) - 0.95
    return cosines, torch.randint(CLASSES, (samples,), generator=random)


def edges():
    """Cosines at ±1, just beyond, and where θ+m reaches π."""
    cosines, labels = batch()
    cosines[0], cosines[1], cosines[2] = 1, -1, 0.0
    cosines[3, 2], cosines[3, 3], cosines[4, :] = 1 + 5e-7, -1 - 5e-7, -0.99
    return cosines, labels


@pytest.mark.parametrize("sign", ["positive", "signed", "large", "none"])
@pytest.mark.parametrize("transposed", [False, True])
def test_is_the_librarys_loss_and_gradient(sign, transposed):
    given = {"positive": margins_of(), "large": margins_of(largest=4), "none": 0 * margins_of()}
    given["signed"] = margins_of() - margins_of().T
    matrix = given[sign]
    cosines, labels = edges()
    logits = (12 * cosines).requires_grad_()
    loss = IGAMLoss(CLASSES, matrix, scale=12, transposed=transposed, reduction="none")
    ours = loss(logits, labels)
    ours.sum().backward()
    used = matrix.T if transposed else matrix
    theirs, gradient = ig.igam_loss(cosines.numpy(), labels.numpy(), used.numpy(), 12, gradient=True)
    np.testing.assert_allclose(ours.detach(), theirs, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(12 * logits.grad, gradient, rtol=1e-12, atol=1e-12)
    assert sign != "positive" or np.abs(gradient).max() > 1e5, "cosθ = 1 has a very steep slope"


def test_gradients_are_differences():
    cosines, labels = batch(12)
    logits = (5 * cosines).requires_grad_()
    for matrix in [margins_of(), margins_of() - margins_of().T, margins_of(largest=2)]:
        loss = IGAMLoss(CLASSES, matrix, scale=5)
        assert torch.autograd.gradcheck(lambda logits: loss(logits, labels), logits)
        assert torch.autograd.gradgradcheck(lambda logits: loss(logits, labels), logits)
    classifier = CosineClassifier(4, CLASSES, 5, dtype=torch.float64)
    features = torch.randn(12, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda features: loss(classifier(features), labels), features)


def test_without_margins_is_cross_entropy():
    cosines, labels = batch(dtype=torch.float32)
    weight = torch.arange(1.0, CLASSES + 1)
    labels[:9] = 255
    for reduction in ["mean", "sum", "none"]:
        loss = IGAMLoss(CLASSES, weight=weight, ignore_index=255, reduction=reduction)
        plain = functional.cross_entropy(30 * cosines, labels, weight, ignore_index=255, reduction=reduction)
        torch.testing.assert_close(loss(30 * cosines, labels), plain)
    with_margins = IGAMLoss(CLASSES, margins_of(), weight=weight, ignore_index=255, reduction="none")
    losses = with_margins(30 * cosines, labels)
    assert (losses[:9] == 0).all() and (losses[9:] < plain[9:]).all(), "a margin lowers the rivals' logits"


def test_background_has_no_margins():
    cosines, labels = batch()
    labels[:10] = 3
    full = IGAMLoss(CLASSES, margins_of(), background=3, reduction="none")
    assert (full.margins[3] == 0).all() and (full.margins[:, 3] == 0).all() and (full.margins > 0).any()
    plain = functional.cross_entropy(30 * cosines, labels, reduction="none")
    torch.testing.assert_close(full(30 * cosines, labels)[:10], plain[:10])


def test_classifier_is_scaled_cosines():
    classifier = CosineClassifier(5, 3, scale=20)
    features = torch.randn(2, 4, 5)
    features[0, 0] = 0
    x, w = features.numpy(), classifier.weight.detach().numpy()
    lengths = np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-30)
    expected = 20 * (x / lengths) @ (w / np.linalg.norm(w, axis=1, keepdims=True)).T
    np.testing.assert_allclose(classifier(features).detach(), expected, atol=1e-5)
    assert classifier.bias is None and list(classifier.state_dict()) == ["weight"]
    torch.testing.assert_close(classifier(1e3 * features), classifier(features))


def test_margins_are_the_librarys():
    bits = [30.0, np.nan, 10, 50]
    for how in ["printed", "printed-mean", "softmax"]:
        for signed in [False, True]:
            theirs = ig.margins(bits, how, signed)
            np.testing.assert_array_equal(margins(bits, how, signed, dtype=torch.float64), theirs)
    whole = margins(bits, "softmax", background=1)
    assert whole.dtype == torch.float32 and whole.shape == (5, 5)
    assert (whole[1] == 0).all() and (whole[:, 1] == 0).all()
    np.testing.assert_array_equal(whole[[0, 2, 3, 4]][:, [0, 2, 3, 4]], margins(bits, "softmax"))
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    amounts = ig.information(x, y)
    np.testing.assert_array_equal(margins(amounts), margins(amounts["information"]))
    with pytest.raises(ValueError, match="the background 7 is not one of 5 classes"):
        margins(bits, background=7)


def test_another_loss_gets_the_margins():
    """Shifted cosines against acos and cos of NumPy."""
    cosines, labels = batch()
    shifted = shifted_cosines(cosines, labels, margins_of())
    angles = np.minimum(np.arccos(cosines.numpy()) + margins_of().numpy()[labels], np.pi)
    np.testing.assert_allclose(shifted, np.cos(angles), atol=1e-14)


def test_half_precision():
    """Under autocast, and with half-precision logits, the loss is computed in float32."""
    torch.manual_seed(0)
    classifier, loss = CosineClassifier(16, CLASSES), IGAMLoss(CLASSES, margins_of(dtype=torch.float32))
    layer, labels = torch.nn.Linear(8, 16), torch.randint(CLASSES, (32,))
    x = torch.randn(32, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = layer(x)
        logits = classifier(features)
        mixed = loss(logits, labels)
    assert features.dtype == torch.bfloat16 and logits.dtype == mixed.dtype == torch.float32
    mixed.backward()
    torch.testing.assert_close(mixed, loss(classifier(features.float()), labels))
    exact = layer.weight.grad.clone()
    layer.zero_grad()
    loss(classifier(layer(x)), labels).backward()
    assert (exact - layer.weight.grad).norm() < 0.05 * layer.weight.grad.norm()
    for dtype in [torch.float16, torch.bfloat16]:
        low = logits.detach().to(dtype)
        assert loss(low, labels).dtype == torch.float32
        torch.testing.assert_close(loss(low, labels), loss(low.float(), labels))
    steep = torch.full((1, CLASSES), 30.0, dtype=torch.bfloat16).requires_grad_()
    loss(steep, torch.tensor([0])).backward()
    assert steep.grad.isfinite().all()


def test_compiles_to_one_graph():
    """The loss and the classifier, with the numbers of the eager ones; new margins need no other graph."""
    classifier, loss = CosineClassifier(6, CLASSES), IGAMLoss(CLASSES, margins_of(dtype=torch.float32))
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph

    def step(features, labels):
        return loss(classifier(features), labels)

    features, labels = torch.randn(20, 6), torch.randint(CLASSES, (20,))
    compiled = torch.compile(step, fullgraph=True, backend=backend)
    memory = loss.margins.data_ptr()
    for matrix in [loss.margins.clone(), 2 * loss.margins]:
        loss.set_margins(matrix)
        gradients = []
        for run in [compiled, step]:
            classifier.zero_grad()
            value = run(features, labels)
            value.backward()
            gradients.append((value.detach(), classifier.weight.grad.clone()))
        torch.testing.assert_close(*gradients)
    assert len(graphs) == 1
    assert loss.margins.data_ptr() == memory, "a CUDA graph reads them there"


def test_compiled_code_has_the_same_numbers():
    """With the compiler that `torch.compile` takes by default."""
    cosines, labels = edges()
    loss = IGAMLoss(CLASSES, margins_of(), scale=12)
    results = []
    for run in [torch.compile(loss, fullgraph=True), loss]:
        logits = (12 * cosines).requires_grad_()
        value = run(logits, labels)
        value.backward()
        results.append((value.detach(), logits.grad))
    torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9)


def test_state():
    loss = IGAMLoss(CLASSES, margins_of(dtype=torch.float32), weight=torch.ones(CLASSES))
    file = io.BytesIO()
    torch.save(loss.state_dict(), file)
    file.seek(0)
    again = IGAMLoss(CLASSES, weight=torch.zeros(CLASSES))
    again.load_state_dict(torch.load(file, weights_only=True))
    cosines, labels = batch(dtype=torch.float32)
    assert again(30 * cosines, labels) == loss(30 * cosines, labels) == copy.deepcopy(loss)(30 * cosines, labels)


def test_refused():
    with pytest.raises(ValueError, match="margins are 7×6, but there are 7 classes"):
        IGAMLoss(CLASSES, margins_of()[:, :6])
    with pytest.raises(ValueError, match="NaN or infinite"):
        IGAMLoss(CLASSES).set_margins(margins_of() + np.nan)
    with pytest.raises(ValueError, match="scale -1 is not a number above 0"):
        IGAMLoss(CLASSES, scale=-1)
    with pytest.raises(ValueError, match="background 7 is not one of 7 classes"):
        IGAMLoss(CLASSES, background=7)
    with pytest.raises(ValueError, match="reduction 'median'"):
        IGAMLoss(CLASSES, reduction="median")
    cosines, labels = batch()
    with pytest.raises(ValueError, match="logits are 50×6, but must be B×7"):
        IGAMLoss(CLASSES)(cosines[:, :6], labels)
    with pytest.raises(ValueError, match="a logit is 28.*s·cosθ is at most 20"):
        IGAMLoss(CLASSES, scale=20)(30 * cosines, labels)


def test_torch_stays_optional():
    code = "import sys; import igam_analyze, igam_analyze.collect; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    code = "import sys; import igam_analyze.torch; assert 'torchvision' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
