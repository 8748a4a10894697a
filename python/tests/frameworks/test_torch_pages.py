"""The blocks of docs/training.md run as they are written."""

import os
import pathlib
import re
import sys

from conftest import ROOT
from installed import framework
from pages import run

torch = framework("torch")
framework("torchvision")

FRAMEWORKS = pathlib.Path(__file__).parent


def blocks(heading):
    """The Python blocks below a heading."""
    text = (ROOT / "docs/training.md").read_text()
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    found = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
    assert found
    return found


def run_blocks(folder, *code):
    (folder / "data").symlink_to(ROOT / "data")
    (folder / "page.py").write_text("\n".join(code))
    return run(folder, {}, sys.executable, "page.py")


def test_every_block_is_run():
    text = (ROOT / "docs/training.md").read_text()
    headings = ["A loop of your own", "torchvision", "mmdetection", "A margin for each pair of classes in another loss"]
    assert sum(len(blocks(heading)) for heading in headings) == text.count("```python")


def test_loop(tmp_path):
    check = "assert (scores.argmax(1) == y).float().mean() > 0.9 and tracker.amounts['class'] == names"
    said = run_blocks(tmp_path, *blocks("A loop of your own"), check)
    largest = [float(part) for part in re.findall(r"largest margin ([\d.]+) rad", said)]
    assert len(largest) == 3 and min(largest) > 0.03, said


def test_another_loss(tmp_path):
    check = "assert margin >= 0 and triplet.isfinite() and focal.isfinite() and focal > 0"
    run_blocks(tmp_path, *blocks("A margin for each pair of classes in another loss"), check)


def test_torchvision(tmp_path):
    from test_collect_torchvision import PRELUDE

    prelude = PRELUDE.replace("FRAMEWORKS", repr(str(FRAMEWORKS))).replace("range(8)", "range(1)")
    check = "assert (margins > 0).any() and (predictor.loss.margins == margins).all()"
    run_blocks(tmp_path, prelude, "num_classes = 14", *blocks("torchvision"), check)
    assert {"epoch-0.pt", "epoch-1.pt"} <= {path.name for path in tmp_path.iterdir()}


CHECK = """
import os
import pathlib
import re

import mmcv_extension

mmcv_extension.install()
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
import torch
from mmdet.apis import init_detector

state = torch.load("work/epoch_8.pth", weights_only=False)["state_dict"]
margins = state["roi_head.bbox_head.loss_cls.igam.margins"]
assert margins.shape == (7, 7) and margins.max() > 0.01
assert (margins[6] == 0).all() and (margins[:, 6] == 0).all(), "the background"
assert state["roi_head.bbox_head.tracker._extra_state"]["class"] == list("012345")
head = init_detector("config.py", "work/epoch_8.pth", device="cpu").roi_head.bbox_head
assert torch.equal(head.loss_cls.igam.margins, margins)
assert head.fc_cls.tempearture == head.loss_cls.igam.scale == 30 and head.fc_cls.bias is None
text = next(pathlib.Path("work").glob("*/*.log")).read_text()
losses = [float(found) for found in re.findall(r"loss_cls: ([\\d.]+)", text)]
assert len(losses) == 16 and sum(losses[-4:]) < 0.8 * sum(losses[:4]), losses
"""


def test_mmdetection(tmp_path):
    """mmdetection trains with the registered loss, head and hook."""
    for name in ["cv2", "mmengine", "mmcv"]:
        framework(name)
    import mmcv_extension

    mmcv_extension.install()
    framework("mmdet")
    module, options = blocks("mmdetection")
    (tmp_path / "igam_mmdet.py").write_text(module)
    prelude = (FRAMEWORKS / "mmdetection_prelude.py").read_text()
    head, tail = prelude.split('work_dir = "work"\n')
    short = "train_cfg = dict(max_epochs=8, val_interval=99)\nrandomness = dict(seed=0)\ndefault_hooks = dict(logger=dict(interval=1))\n"
    # The page's blocks are the config of a child: mmengine merges them into the prelude's.
    head = head.replace('"config.py").write_text', '"base.py").write_text')
    assert '"base.py"' in head
    (tmp_path / "config.py").write_text(f'_base_ = ["base.py"]\n{short}{options}')
    (tmp_path / "train.py").write_text(f'{head}work_dir = "work"\n{tail}')
    (tmp_path / "check.py").write_text(CHECK)
    path = os.pathsep.join([str(FRAMEWORKS), str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    for step in ["train.py", "check.py"]:
        run(tmp_path, {"PYTHONPATH": path}, sys.executable, step)
