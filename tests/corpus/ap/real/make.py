"""Files of AP per class as the real projects write them, and what they hold, for tests/ap_formats.rs.

    python tests/corpus/ap/real/make.py SOURCES

with pycocotools, ultralytics 8.4, supervision 0.31, faster-coco-eval 1.8, torchmetrics 1.9, transformers 5,
hotcoco 1.3, lvis, tabulate and terminaltables. SOURCES is a folder of single files of projects that cannot be
installed for this alone:

    d2_coco_evaluation.py      detectron2/evaluation/coco_evaluation.py
    mmdet2_coco.py             mmdet/datasets/coco.py of mmdet 2.28.2
    mmdet3_coco_metric.py      mmdet/evaluation/metrics/coco_metric.py of mmdet 3.3.0
    mmdet3_lvis_metric.py      mmdet/evaluation/metrics/lvis_metric.py of the same
    mmdet3_mean_ap.py          mmdet/evaluation/functional/mean_ap.py of the same
    nanodet_coco_detection.py  nanodet/evaluator/coco_detection.py
    yolox_coco_evaluator.py    yolox/evaluators/coco_evaluator.py

Of these the functions that print or name the values are run as they are. What is written here by hand, as the
layout of what the project prints: darknet.txt, roboflow.json, fiftyone.json (with pycocotools' precisions),
tensorflow_*.csv, wandb.csv, the names of the keys in transformers.json (with torchmetrics' values), the loggers' words and progress bars around tables, and below what RF-DETR
nests `class_map`.
"""

import ast
import contextlib
import csv
import dataclasses
import io
import itertools
import json
import logging
import os
import os.path as osp
import pathlib
import sys
import tempfile
import types
import warnings
from collections import OrderedDict

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from tabulate import tabulate
from terminaltables import AsciiTable

HERE = pathlib.Path(__file__).parent
SOURCES = pathlib.Path(sys.argv[1])
NAMES = ["traffic light", "aerosol can/spray can", "Crème", "dog", "absent", "iPhone 12", "a_b", "猫"]
ABSENT = 4
WIDTH = 640


def silently(function, *arguments):
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments)


def data():
    """Boxes with masks of all classes but one, and detections that miss them by more and more."""
    rng = np.random.default_rng(7)
    images = [dict(id=i, width=WIDTH, height=WIDTH, file_name=f"{i}.jpg") for i in range(1, 13)]
    categories = [dict(id=3 * i + 1, name=name) for i, name in enumerate(NAMES)]
    annotations, boxes, segments = [], [], []
    for image, (at, category) in itertools.product(images, enumerate(categories)):
        if at == ABSENT or rng.random() < 0.3:
            continue
        left, top = rng.integers(0, 400, 2)
        width, height = rng.integers(30, 200, 2)
        corners = [left, top, left + width, top, left + width, top + height, left, top + height]
        annotations.append(
            dict(
                id=len(annotations) + 1,
                image_id=image["id"],
                category_id=category["id"],
                bbox=[int(left), int(top), int(width), int(height)],
                area=int(width * height),
                segmentation=[[int(corner) for corner in corners]],
                iscrowd=0,
            )
        )
        for _ in range(2):
            moved = rng.normal(0, 3 + 2 * at, 2)
            box = [float(left + moved[0]), float(top + moved[1]), float(width), float(height)]
            one = dict(image_id=image["id"], category_id=category["id"], score=float(rng.random()))
            boxes.append(one | dict(bbox=box))
            inside = np.clip([box[0] + 4, box[1], box[0] + box[2], box[1] + box[3]], 0, WIDTH)
            l, t, r, b = (float(x) for x in inside)
            rle = masks.frPyObjects([[l, t, r, t, r, b, l, b]], WIDTH, WIDTH)[0]
            rle["counts"] = rle["counts"].decode()
            segments.append(one | dict(bbox=box, segmentation=rle))
    return dict(images=images, annotations=annotations, categories=categories), boxes, segments


def functions(file, *names, within=None, **known):
    """These functions of a source, as they are, among what they know."""
    tree = ast.parse((SOURCES / file).read_text())
    body = tree.body
    if within:
        body = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == within).body
    found = [node for node in body if isinstance(node, ast.FunctionDef) and node.name in names]
    assert len(found) == len(names), (file, names)
    for node in found:
        node.decorator_list = []
        node.returns = None
        for argument in node.args.args + node.args.kwonlyargs:
            argument.annotation = None
    scope = dict(np=np, itertools=itertools, json=json, os=os, osp=osp, io=io, tempfile=tempfile, warnings=warnings)
    scope |= dict(contextlib=contextlib, OrderedDict=OrderedDict, tabulate=tabulate, AsciiTable=AsciiTable, **known)
    exec(compile(ast.Module(found, []), file, "exec"), scope)
    return [scope[name] for name in names]


class Log:
    """A logger that keeps what it is told, its own words before each."""

    def __init__(self, words):
        self.words, self.text = words, ""

    def info(self, message, *_):
        self.text += f"{self.words}{message}\n"

    def warning(self, message, *_):
        self.info(message)

    def error(self, message, *_):
        self.info(message)

    def save(self, name):
        (HERE / name).write_text(self.text)


class Api(COCO):
    """pycocotools' COCO under the names that mmdetection gives its methods."""

    def get_cat_ids(self, cat_names=()):
        return self.getCatIds(cat_names)

    def get_img_ids(self):
        return self.getImgIds()

    def load_cats(self, ids):
        return self.loadCats(ids)


def means(evaluation):
    """AP of each class over all IoU thresholds, at 0.5 and at 0.75; None without ground truth."""
    precision = evaluation.eval["precision"][:, :, :, 0, -1]
    columns = {}
    for column, at in {"0.5:0.95": slice(None), "0.5": slice(0, 1), "0.75": slice(5, 6)}.items():
        values = [precision[at, :, k] for k in range(len(NAMES))]
        columns[column] = [float(v[v > -1].mean()) if (v > -1).any() else None for v in values]
    return columns


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False) + "\n")


work = pathlib.Path(tempfile.mkdtemp())
truth, boxes, segments = data()
for name, value in dict(truth=truth, bbox=boxes, segm=segments).items():
    (work / f"{name}.json").write_text(json.dumps(value))
api = silently(Api, str(work / "truth.json"))
files = {task: str(work / f"{task}.json") for task in ["bbox", "segm"]}


def evaluated(task):
    evaluation = COCOeval(api, api.loadRes(files[task]), task)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


evaluations = {task: silently(evaluated, task) for task in files}
expected = dict(names=NAMES, ids=[c["id"] for c in truth["categories"]])
expected |= {task: means(evaluation) for task, evaluation in evaluations.items()}


def load(path):
    return json.loads(pathlib.Path(path).read_text())


def mmdetection():
    known = dict(COCO=Api, COCOeval=COCOeval, load=load)
    log = Log("07/22 10:00:00 - mmengine - INFO - ")
    logger = types.SimpleNamespace(get_current_instance=lambda: log)
    (compute,) = functions(
        "mmdet3_coco_metric.py", "compute_metrics", within="CocoMetric", MMLogger=logger, **known
    )
    for tasks, name in [(["bbox"], "mmdetection3.log"), (["bbox", "segm"], "mmdetection3_masks.log")]:
        log.text = ""
        log.info("Epoch(val) [1][ 50/625]    eta: 0:00:10  time: 0.1  data_time: 0.01")
        self = types.SimpleNamespace(
            outfile_prefix=str(work / "x"), _coco_api=api, cat_ids=api.getCatIds(), img_ids=api.getImgIds(),
            results2json=lambda preds, prefix: files, format_only=False, metrics=tasks, classwise=True,
            iou_thrs=np.linspace(0.5, 0.95, 10), proposal_nums=(100, 300, 1000), metric_items=None,
            use_mp_eval=False,
        )
        metrics = silently(compute, self, [({}, {})])
        log.save(name)
        # As LoggerHook and BaseMetric.evaluate put them into scalars.json.
        scalars = {f"coco/{key}": value for key, value in metrics.items()} | {"step": 12}
        lines = [json.dumps({"lr": 0.02, "loss": 1.5, "step": 50}), json.dumps(scalars)]
        (HERE / name.replace(".log", "_scalars.json")).write_text("\n".join(lines) + "\n")

    from lvis import LVIS, LVISEval, LVISResults

    np.float = float  # lvis is older than NumPy 1.24.

    log.text = ""
    lvis_truth = json.loads((work / "truth.json").read_text())
    for image in lvis_truth["images"]:
        image |= dict(neg_category_ids=[], not_exhaustive_category_ids=[])
    for category in lvis_truth["categories"]:
        category["frequency"] = "f"
    (work / "lvis.json").write_text(json.dumps(lvis_truth))
    lvis = LVIS(str(work / "lvis.json"))
    (compute,) = functions(
        "mmdet3_lvis_metric.py", "compute_metrics", within="LVISMetric", MMLogger=logger,
        LVISEval=LVISEval, LVISResults=LVISResults,
    )
    self = types.SimpleNamespace(
        outfile_prefix=str(work / "x"), _lvis_api=lvis, cat_ids=lvis.get_cat_ids(), img_ids=lvis.get_img_ids(),
        results2json=lambda preds, prefix: files, format_only=False, metrics=["bbox"], classwise=True,
        metric_items=None,
    )
    silently(compute, self, [({}, {})])
    log.save("mmdetection3_lvis.log")

    log = Log("2024-01-01 10:00:00,123 - mmdet - INFO - ")
    (evaluate,) = functions(
        "mmdet2_coco.py", "evaluate_det_segm", within="CocoDataset", print_log=lambda text, logger=None: log.info(text),
        mmcv=types.SimpleNamespace(load=load), **known,
    )
    self = types.SimpleNamespace(cat_ids=api.getCatIds(), img_ids=api.getImgIds(), coco=api)
    silently(lambda: evaluate(self, [], files, api, ["bbox", "segm"], classwise=True))
    log.save("mmdetection2.log")

    log = Log("07/22 10:00:00 - mmengine - INFO - ")
    (summary,) = functions(
        "mmdet3_mean_ap.py", "print_map_summary", print_log=lambda text, logger=None: log.info(text),
        is_str=lambda value: isinstance(value, str), get_classes=None,
    )
    half = expected["bbox"]["0.5"]
    results = [
        dict(num_gts=0 if ap is None else 40, num_dets=90, recall=np.array([0.1, 0.7]), ap=np.float32(ap or 0))
        for ap in half
    ]
    log.info(f"\n{'-' * 15}iou_thr: 0.5{'-' * 15}")
    summary(float(np.mean([ap for ap in half if ap is not None])), results, NAMES)
    log.save("mmdetection3_voc.log")


def detectron2():
    log = Log("[01/01 00:10:01 d2.evaluation.coco_evaluation]: ")
    (derive,) = functions(
        "d2_coco_evaluation.py", "_derive_coco_results", within="COCOEvaluator", create_small_table=str
    )
    self = types.SimpleNamespace(_logger=log)
    results = {task: derive(self, evaluation, task, NAMES) for task, evaluation in evaluations.items()}
    log.save("detectron2.txt")
    write("detectron2.json", results)
    only = derive(self, evaluations["bbox"], "bbox", NAMES[:1])
    write("detectron2_one_class.json", {"bbox": only})


def pipes():
    evaluation = evaluations["bbox"]
    ap, ar = functions("yolox_coco_evaluator.py", "per_class_AP_table", "per_class_AR_table", COCO_CLASSES=None)
    words = "2024-01-01 10:00:00 | INFO     | yolox.core.trainer:evaluate_and_save_model:371 - "
    text = f"{words}\nAverage forward time: 1.00 ms\nper class AP:\n{ap(evaluation, NAMES)}\n"
    (HERE / "yolox.log").write_text(f"{text}per class AR:\n{ar(evaluation, NAMES)}\n")

    log = Log("[NanoDet][07-22 10:00:00]INFO: ")
    (evaluate,) = functions(
        "nanodet_coco_detection.py", "evaluate", within="CocoDetectionEvaluator", logger=log, COCOeval=COCOeval,
        copy=__import__("copy"),
    )
    self = types.SimpleNamespace(
        results2json=lambda results: boxes, coco_api=api, class_names=NAMES, metric_names=["mAP"]
    )
    silently(evaluate, self, {}, str(work))
    log.save("nanodet.log")


def ultralytics():
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.utils import LOGGER
    from ultralytics.utils.metrics import DetMetrics

    rng = np.random.default_rng(3)
    metrics = DetMetrics(dict(enumerate(NAMES)))
    present = [at for at in range(len(NAMES)) if at != ABSENT]
    for image in range(20):
        target = rng.choice(present, 6)
        good = rng.random((6, 10)) < np.linspace(0.9, 0.2, 10) * (1 - target[:, None] / 10)
        metrics.update_stats(
            dict(
                tp=np.minimum.accumulate(good, axis=1), conf=rng.random(6), pred_cls=target.astype(float),
                target_cls=target.astype(float), target_img=np.unique(target), im_name=str(image),
            )
        )
    metrics.process()
    write("ultralytics_summary.json", [{k: str(v) if isinstance(v, np.integer) else float(v) if isinstance(v, np.floating) else v for k, v in row.items()} for row in metrics.summary()])
    (HERE / "ultralytics_to_json.json").write_text(metrics.to_json())
    (HERE / "ultralytics_to_csv.csv").write_text(metrics.to_csv())
    np.save(HERE / "ultralytics_maps.npy", metrics.box.maps)
    np.save(HERE / "ultralytics_all_ap.npy", metrics.box.all_ap)
    index = [int(at) for at in metrics.box.ap_class_index]
    write("ultralytics_index.json", dict(ap_class_index=index, ap=metrics.box.ap.tolist()))

    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    LOGGER.addHandler(handler)
    validator = types.SimpleNamespace(
        metrics=metrics, seen=20, nc=len(NAMES), training=False, names=metrics.names,
        args=types.SimpleNamespace(verbose=True, task="detect"),
    )
    DetectionValidator.print_results(validator)
    LOGGER.removeHandler(handler)
    header = DetectionValidator.get_desc(None)
    bar = "".join(f"\r\x1b[K{header}: {done}% ━━━━ {done // 50}/2 3.4it/s" for done in [0, 50, 100])
    text = f"Ultralytics 8.4 \x1b[34m\x1b[1mval: \x1b[0mScanning labels\n{bar}\n" + "\n".join(lines)
    (HERE / "ultralytics_val.txt").write_text(text + "\nSpeed: 0.1ms preprocess per image\n")
    aps = [None] * len(NAMES)
    half = [None] * len(NAMES)
    for at, cls in enumerate(index):
        aps[cls], half[cls] = float(metrics.box.ap[at]), float(metrics.box.ap50[at])
    expected["ultralytics"] = {"0.5:0.95": aps, "0.5": half}


def supervision():
    import supervision
    from supervision.metrics import MeanAveragePrecision

    metric = MeanAveragePrecision()
    at_class = {c["id"]: at for at, c in enumerate(truth["categories"])}

    def detections(records, scored):
        xywh = np.array([r["bbox"] for r in records], float)
        xyxy = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        classes = np.array([at_class[r["category_id"]] for r in records])
        confidence = np.array([r["score"] for r in records]) if scored else None
        return supervision.Detections(xyxy=xyxy, class_id=classes, confidence=confidence)

    of = lambda records, image: [r for r in records if r["image_id"] == image["id"]]
    for image in truth["images"]:
        metric.update(detections(of(boxes, image), True), detections(of(truth["annotations"], image), False))
    result = metric.compute()
    plain = lambda value: value.tolist() if hasattr(value, "tolist") else str(value)
    (HERE / "supervision.json").write_text(json.dumps(dataclasses.asdict(result), default=plain))
    full = np.full((len(NAMES), 10), -1.0)
    full[result.matched_classes] = result.ap_per_class
    np.save(HERE / "supervision.npy", np.asfortranarray(full))
    values = [result.ap_per_class[list(result.matched_classes).index(at)] if at in result.matched_classes else None for at in range(len(NAMES))]
    expected["supervision"] = {
        "0.5:0.95": [None if v is None or (v == -1).all() else float(v[v > -1].mean()) for v in values],
        "0.5": [None if v is None or v[0] == -1 else float(v[0]) for v in values],
        "0.75": [None if v is None or v[5] == -1 else float(v[5]) for v in values],
    }


def others():
    from faster_coco_eval import COCO as FasterCOCO
    from faster_coco_eval import COCOeval_faster

    faster = FasterCOCO(str(work / "truth.json"))
    evaluation = COCOeval_faster(faster, faster.loadRes(files["bbox"]), "bbox", print_function=lambda *_: None, extra_calc=True)
    evaluation.run()
    extended = evaluation.extended_metrics
    write("faster_coco_eval.json", extended)
    write("rf_detr.json", {"class_map": {"valid": extended["class_map"]}, "map": extended["map"]})

    import hotcoco

    hot = hotcoco.COCO(str(work / "truth.json"))
    evaluation = hotcoco.COCOeval(hot, hot.load_res(files["bbox"]), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    silently(evaluation.summarize)
    evaluation.save_results(str(HERE / "hotcoco.json"), per_class=True)
    write("hotcoco_flat.json", evaluation.get_results(prefix="val/bbox", per_class=True))

    import torch
    from torchmetrics.detection.mean_ap import MeanAveragePrecision
    from transformers import TrainerState

    metric = MeanAveragePrecision(box_format="xyxy", class_metrics=True)
    at_class = {c["id"]: at for at, c in enumerate(truth["categories"])}

    def tensors(records, scored):
        corners = [[b[0], b[1], b[0] + b[2], b[1] + b[3]] for b in (r["bbox"] for r in records)]
        found = dict(boxes=torch.tensor(corners, dtype=torch.float32))
        found["labels"] = torch.tensor([at_class[r["category_id"]] for r in records])
        return found | (dict(scores=torch.tensor([r["score"] for r in records])) if scored else {})

    of = lambda records, image: [r for r in records if r["image_id"] == image["id"]]
    for image in truth["images"]:
        metric.update([tensors(of(boxes, image), True)], [tensors(of(truth["annotations"], image), False)])
    computed = metric.compute()
    listed = dict(zip(computed["classes"].tolist(), computed["map_per_class"].tolist()))
    expected["torchmetrics"] = {"0.5:0.95": [listed.get(at) for at in range(len(NAMES))]}
    write("torchmetrics.json", {key: value.tolist() for key, value in computed.items()})
    # The example gives each class keys of its own, rounds to four decimals, and lists no absent class; where
    # one is detected all the same, torchmetrics says -1 of it.
    ids, aps, ars = (computed.pop(key).tolist() for key in ["classes", "map_per_class", "mar_100_per_class"])
    for at, ap, ar in [*zip(ids, aps, ars), (ABSENT, -1.0, -1.0)]:
        computed |= {f"map_{NAMES[at]}": torch.tensor(ap), f"mar_100_{NAMES[at]}": torch.tensor(ar)}
    metrics = {key: round(value.item(), 4) for key, value in computed.items()}
    # As the Trainer puts its prefix before each.
    prefixed = {f"eval_{key}": value for key, value in metrics.items()} | {"eval_loss": 1.5, "epoch": 2.0}
    write("transformers.json", prefixed)
    state = TrainerState(log_history=[{"loss": 2.0, "epoch": 1.0, "step": 10}, prefixed | {"step": 20}])
    state.save_to_json(str(HERE / "transformers_state.json"))


def by_hand():
    half = expected["bbox"]["0.5"]
    line = "class_id = %d, name = %s, ap = %2.2f%%   \t (TP = %d, FP = %d) \n"
    text = "\n calculation mAP (mean average precision)...\n detections_count = 90, unique_truth_count = 60  \n"
    text += "".join(line % (at, name, 100 * (half[at] or 0), 5, 6) for at, name in enumerate(NAMES))
    expected["darknet"] = {"0.5": [ap or 0.0 for ap in half]}
    (HERE / "darknet.txt").write_text(text + "\n for conf_thresh = 0.25, precision = 0.50, recall = 0.50 \n")

    aps = expected["bbox"]["0.5:0.95"]
    there = [(name, ap, half[at]) for at, (name, ap) in enumerate(zip(NAMES, aps)) if ap is not None]
    write("roboflow.json", {"classes": [{"className": n, "map50": h, "map50_95": a, "precision": 0.5} for n, a, h in there]})

    precision = evaluations["bbox"].eval["precision"][:, ::25, :, 0, -1]
    write(
        "fiftyone.json",
        dict(
            classes=NAMES, iou_threshs=[round(0.5 + 0.05 * at, 2) for at in range(10)],
            precision=precision.transpose(0, 2, 1).tolist(), recall=[0, 0.25, 0.5, 0.75, 1], ytrue=["dog"],
        ),
    )
    coarse = [precision[:, :, at] for at in range(len(NAMES))]
    expected["fiftyone"] = {"0.5:0.95": [float(v.mean()) if (v > -1).any() else None for v in coarse]}

    tags = {f"DetectionBoxes_PerformanceByCategory/mAP/{name}": ap for name, ap in zip(NAMES, aps)}
    tags |= {f"DetectionBoxes_Precision/mAP@.50IOU ByCategory/{name}": ap for name, ap in zip(NAMES, half)}
    tags |= {f"DetectionBoxes_Recall/AR@100 ByCategory/{name}": 0.5 for name in NAMES}
    number = lambda ap: -1 if ap is None else ap
    with open(HERE / "tensorflow_wide.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["step", "Loss/total_loss", *tags])
        rows.writerow([100, 2.5, *[""] * len(tags)])
        rows.writerow([200, 1.5, *(number(ap) / 2 if number(ap) > 0 else number(ap) for ap in tags.values())])
        rows.writerow([300, 1.2, *map(number, tags.values())])
    with open(HERE / "tensorflow_long.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["run", "tag", "step", "value"])
        rows.writerows(["eval", tag, step, number(ap) / (2 if step < 300 and number(ap) > 0 else 1)] for tag, ap in tags.items() for step in [200, 300])
    with open(HERE / "wandb.csv", "w", newline="") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_ALL)
        names = [f"my-run - coco/{name}_precision" for name in NAMES]
        rows.writerow(["Step", *(name + end for name in names for end in ["", "__MIN", "__MAX"])])
        rows.writerow([7, *(number("" if ap is None else round(ap, 3)) for ap in aps for _ in range(3))])


mmdetection()
detectron2()
pipes()
ultralytics()
supervision()
others()
by_hand()
write("expected.json", expected)
