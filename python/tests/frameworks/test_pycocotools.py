"""AP of evaluations by pycocotools, faster-coco-eval and lvis, against what these say of one category alone."""

import json

import numpy as np
import pytest
from igam_analyze._igam_analyze import _by_class
from installed import framework

framework("pycocotools")
framework("faster_coco_eval")
framework("lvis")

from faster_coco_eval import COCO as FasterCOCO  # noqa: E402
from faster_coco_eval import COCOeval_faster  # noqa: E402
from lvis import LVIS, LVISEval, LVISResults  # noqa: E402
from pycocotools.coco import COCO  # noqa: E402
from pycocotools.cocoeval import COCOeval  # noqa: E402

# Ids with gaps, not in the order of the file. Nothing is drawn of the last two; of the last, nothing is
# detected either.
IDS = [7, 3, 12, 5, 90, 41]
NAMES = ["cat", "dog", "a b", "c/d", "absent", "never"]
DRAWN = IDS[:4]


def problem():
    """Boxes on a few images, found with some error, and others where there is nothing."""
    rng = np.random.default_rng(5)
    lvis = {"neg_category_ids": [90], "not_exhaustive_category_ids": []}
    images = [{"id": id, "width": 300, "height": 300} | lvis for id in range(1, 9)]
    truth, found = [], []
    for image in images:
        for category in rng.choice(DRAWN, 5):
            box = [*rng.uniform(0, 150, 2), *rng.uniform(40, 140, 2)]
            annotation = {"id": len(truth) + 1, "image_id": image["id"], "category_id": int(category)}
            truth.append(annotation | {"bbox": box, "area": box[2] * box[3], "iscrowd": 0})
            if rng.uniform() < 0.8:
                shifted = (np.array(box) + rng.normal(0, 6, 4)).tolist()
                found.append(annotation | {"bbox": shifted, "score": rng.uniform()})
        for category in [*rng.choice(DRAWN, 2), 90]:
            box = [*rng.uniform(0, 150, 2), *rng.uniform(40, 140, 2)]
            wrong = {"image_id": image["id"], "category_id": int(category), "bbox": box}
            found.append(wrong | {"score": rng.uniform(0, 0.7)})
    found = [{key: value for key, value in one.items() if key != "id"} for one in found]
    categories = [{"id": id, "name": name, "frequency": "f"} for id, name in zip(IDS, NAMES)]
    return {"images": images, "annotations": truth, "categories": categories}, found


def coco(of, evaluate, path, found, only=None):
    truth = of(str(path))
    evaluation = evaluate(truth, truth.loadRes(found), "bbox")
    evaluation.params.catIds = only or evaluation.params.catIds
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation, evaluation.stats[:3]


def with_pycocotools(*arguments):
    return coco(COCO, COCOeval, *arguments)


def with_faster(*arguments):
    return coco(FasterCOCO, COCOeval_faster, *arguments)


def with_lvis(path, found, only=None):
    truth = LVIS(str(path))
    evaluation = LVISEval(truth, LVISResults(truth, found), "bbox")
    evaluation.params.cat_ids = only or evaluation.params.cat_ids
    evaluation.run()
    return evaluation, [evaluation.results[key] for key in ["AP", "AP50", "AP75"]]


@pytest.mark.parametrize("run", [with_pycocotools, with_faster, with_lvis])
def test_evaluation(run, tmp_path, monkeypatch):
    # lvis is of a time when NumPy had it.
    monkeypatch.setattr(np, "float", float, raising=False)
    truth, found = problem()
    path = tmp_path / "truth.json"
    path.write_text(json.dumps(truth))
    evaluation, _ = run(path, found)
    np.save(tmp_path / "precision.npy", evaluation.eval["precision"])
    ids = sorted(IDS)
    names = [NAMES[IDS.index(id)] for id in ids]
    alone = {id: run(path, found, [id])[1] for id in ids}
    for at, iou in enumerate(["0.5:0.95", "0.5", "0.75"]):
        [(_, format, scale, keys, values, _)] = _by_class("ap", evaluation, iou=iou)
        assert (format, scale, keys) == ("pycocotools", "fraction", (names, ids))
        own = [alone[id][at] for id in ids]
        assert [id for id, ap in zip(ids, values) if ap is None] == [41, 90]
        assert [-1 if ap is None else ap for ap in values] == pytest.approx(own, abs=1e-12)
        assert len({ap for ap in own if ap > 0}) > 1
        # As docs/formats.md says to save it.
        [of_file] = _by_class("ap", tmp_path / "precision.npy", iou=iou)
        assert of_file[4] == values
        [of_array] = _by_class("ap", evaluation.eval["precision"], iou=iou)
        assert of_array == of_file
    # Without names, by id.
    for truth_name in ["cocoGt", "lvis_gt"]:
        vars(evaluation).pop(truth_name, None)
    [column] = _by_class("ap", evaluation)
    assert column[3] == (None, ids)


def test_not_yet(tmp_path):
    truth, found = problem()
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    truth = COCO(str(tmp_path / "truth.json"))
    evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
    with pytest.raises(ValueError, match=r"call evaluate\(\) and accumulate\(\) first"):
        _by_class("ap", evaluation)
    evaluation.params.useCats = 0
    evaluation.evaluate()
    evaluation.accumulate()
    with pytest.raises(ValueError, match="useCats = 1"):
        _by_class("ap", evaluation)
