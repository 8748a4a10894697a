"""Small files as detector projects write them, and what pycocotools and NumPy say of them.

Boxes are made up; the evaluation is pycocotools' own. The files are in the shape of these sources:
detectron2 `evaluation/coco_evaluation.py` and `utils/events.py`, mmdetection
`mmdet/evaluation/metrics/coco_metric.py`, torchmetrics `detection/mean_ap.py`, cocoapi
`pycocotools/cocoeval.py`, lvis-api `lvis/eval.py`.

Rerun: python tests/golden/ecosystem.py
with numpy 2, pyarrow 21, pycocotools 2.0.11, safetensors 0.8 or later.
"""

import contextlib
import io
import json
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors.numpy import save_file

TO = pathlib.Path(__file__).parent / "ecosystem"
TO.mkdir(exist_ok=True)
rng = np.random.default_rng(8)

# Ids with gaps as COCO has them, and names that are hard to take apart.
NAMES = {1: "person", 2: "traffic light", 3: "tv/monitor", 5: "hot-dog", 6: "AP-x", 8: "bbox_y",
         9: "précision", 11: "never seen"}
IDS = list(NAMES)
EVALUATED = IDS[:-1]
IMAGES = 30


def boxes(often):
    """Annotations of made-up boxes; of category k about `often[k]`."""
    annotations = []
    for category, count in often.items():
        for _ in range(count):
            x, y = rng.integers(0, 400, 2).tolist()
            w, h = rng.integers(12, 150, 2).tolist()
            annotations.append({
                "segmentation": [[x, y, x + w, y, x + w, y + h]], "area": w * h, "iscrowd": 0,
                "image_id": int(rng.integers(IMAGES)) + 100, "bbox": [x, y, w, h],
                "category_id": category, "id": len(annotations) + 1,
            })
    rng.shuffle(annotations)
    return annotations


def dataset(annotations):
    # Not in order of id: readers must not rely on it.
    categories = [{"supercategory": "thing", "id": id, "name": NAMES[id]} for id in reversed(IDS)]
    images = [{"id": i + 100, "file_name": f"{i}.jpg", "height": 640, "width": 640,
               "license": 1} for i in range(IMAGES)]
    return {"info": {"year": 2017, "categories": "of info, not of the file"},
            "licenses": [{"id": 1, "name": "none"}], "images": images, "annotations": annotations,
            "categories": categories}


def coco(data):
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO()
        api.dataset = data
        api.createIndex()
    return api


# Training annotations: counts.
often = dict(zip(EVALUATED, [60, 33, 21, 14, 9, 5, 3]))
train = boxes(often)
for annotation in train[:7]:
    annotation["iscrowd"] = 1
    annotation["segmentation"] = {"counts": [1, 2, 3], "size": [640, 640]}
(TO / "instances_train.json").write_text(json.dumps(dataset(train)))
api = coco(dataset(train))
expected = {
    "classes": [NAMES[id] for id in IDS],
    "instances": [len(api.getAnnIds(catIds=[id], iscrowd=False)) for id in IDS],
    "with_crowd": [len(api.getAnnIds(catIds=[id])) for id in IDS],
}

# LVIS: no iscrowd, the categories say how often they are.
lvis = dataset([{k: v for k, v in a.items() if k != "iscrowd"} for a in train])
for category in lvis["categories"]:
    of = [a for a in train if a["category_id"] == category["id"]]
    category["image_count"] = len({a["image_id"] for a in of})
    category["instance_count"] = len(of)
    category["frequency"] = "r" if category["image_count"] <= 10 else "c"
    category |= {"synset": "x.n.01", "synonyms": ["x"], "def": "a \"thing\""}
(TO / "lvis_train.json").write_text(json.dumps({"annotations": lvis.pop("annotations"), **lvis}))
by_id = {category["id"]: category for category in lvis["categories"]}
expected["frequency"] = [by_id[id]["frequency"] for id in IDS]
# The same without LVIS's letters: the number of images says it.
expected["images"] = [len(api.getImgIds(catIds=[id])) for id in IDS]

# Validation: pycocotools evaluates detections that are the truth, moved.
truth = boxes(dict(zip(EVALUATED, [20, 15, 12, 10, 8, 6, 4])))
found = []
for annotation in truth:
    if rng.random() < 0.8:
        x, y, w, h = annotation["bbox"]
        shift = rng.normal(0, 0.06, 4) * [w, h, w, h]
        found.append({"image_id": annotation["image_id"], "category_id": annotation["category_id"],
                      "bbox": (np.array([x, y, w, h]) + shift).tolist(), "score": rng.random()})
for _ in range(40):
    found.append({"image_id": int(rng.integers(IMAGES)) + 100, "score": rng.random() * 0.9,
                  "category_id": int(rng.choice(IDS)), "bbox": rng.integers(5, 100, 4).tolist()})
with contextlib.redirect_stdout(io.StringIO()):
    api = coco(dataset(truth))
    evaluation = COCOeval(api, api.loadRes(found), "bbox")
    evaluation.params.recThrs = np.linspace(0, 1, 21)  # 101 would make a large file
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
precision = evaluation.eval["precision"]
np.save(TO / "precision.npy", precision)
np.save(TO / "lvis_precision.npy", precision[..., -1])


def mean(values):
    values = values[values > -1]
    return float(np.mean(values)) if values.size else float("nan")


def by_class(iou):
    return [mean(precision[iou, :, k, 0, -1]) for k in range(len(IDS))]


ap, ap50, ap75 = by_class(slice(None)), by_class([0]), by_class([5])
null = lambda values: [None if np.isnan(value) else value for value in values]
expected |= {"ap": null(ap), "ap50": null(ap50), "ap75": null(ap75)}
stats = [float(value) for value in evaluation.stats]
lines = lambda objects, **how: "".join(json.dumps(one, **how) + "\n" for one in objects)

# detectron2: JSONWriter sorts keys; the last line is of training.
results = {"AP": 100 * stats[0], "AP50": 100 * stats[1], "AP75": 100 * stats[2],
           "APs": 100 * stats[3], "APm": 100 * stats[4], "APl": 100 * stats[5]}
results |= {"AP-" + NAMES[id]: 100 * value for id, value in zip(IDS, ap)}
half = {key: value / 2 for key, value in results.items()}
flat = lambda task, of: {f"{task}/{key}": value for key, value in of.items()}
step = {"data_time": 0.01, "eta_seconds": 1.5, "fast_rcnn/cls_accuracy": 0.9, "total_loss": 1.25}
(TO / "detectron2_metrics.json").write_text(lines([
    {"iteration": 19, **step}, {"iteration": 39, **step, **flat("bbox", half)},
    {"iteration": 59, **step, **flat("segm", half), **flat("bbox", results)},
    {"iteration": 79, **step, "total_loss": float("inf")}], sort_keys=True))
(TO / "detectron2_results.json").write_text(json.dumps({"bbox": results, "segm": half}, indent=1))

# mmdetection rounds to three digits.
rounded = [round(value, 3) for value in ap]
expected["ap_mmdetection"] = null(rounded)
names = ["mAP", "mAP_50", "mAP_75", "mAP_s", "mAP_m", "mAP_l"]
all_classes = {"bbox_" + name: round(value, 3) for name, value in zip(names, stats)}
classwise = {f"{NAMES[id]}_precision": value for id, value in zip(IDS, rounded)}
earlier = {key: value / 2 for key, value in classwise.items()}
at = {"data_time": 0.02, "time": 0.1}
(TO / "mmdetection_scalars.json").write_text(lines([
    {"lr": 0.02, "loss": 1.5, "epoch": 1, "iter": 50, "memory": 3000, "step": 50, **at},
    {**{"coco/" + key: value for key, value in {**earlier, **all_classes}.items()}, **at, "step": 1},
    {**{"coco/" + key: value for key, value in {**classwise, **all_classes}.items()}, **at, "step": 2},
    {"lr": 0.02, "loss": 1.2, "epoch": 3, "iter": 50, "memory": 3000, "step": 150, **at}]))
copy = {"bbox_mAP_copypaste": " ".join(f"{value:.3f}" for value in stats[:6])}
(TO / "mmdetection_2.log.json").write_text(lines([
    {"env_info": "sys.platform: linux\nPython: 3.8", "seed": 0, "exp_name": "faster_rcnn.py"},
    {"mode": "train", "epoch": 1, "iter": 50, "lr": 0.02, "loss": 1.5},
    {"mode": "val", "epoch": 1, "iter": 30, "lr": 0.02, **classwise, **all_classes, **copy}]))

# torchmetrics: ids as the detector numbers them, from 0; −1 for a class without truth.
tensors = {"map": stats[0], "map_50": stats[1], "map_75": stats[2], "mar_100": stats[8],
           "map_per_class": [-1.0 if np.isnan(value) else value for value in ap],
           "mar_100_per_class": [0.5] * len(IDS), "classes": list(range(len(IDS)))}
(TO / "torchmetrics.json").write_text(json.dumps(tensors))

# Tables, one with ids and a null.
pq.write_table(pa.table({"class": pa.array(IDS), "ap": pa.array(null(ap))}), TO / "ap.parquet")
(TO / "ap.csv").write_text("class,ap\n" + "".join(
    f'"{NAMES[id]}",{"" if np.isnan(value) else value}\n' for id, value in zip(IDS, ap)))

# Embeddings with labels from 0, as many as there are instances.
labels = np.repeat(np.arange(len(IDS)), expected["instances"])
rng.shuffle(labels)
embeddings = rng.normal(0, 1 + labels[:, None] % 3, (len(labels), 4)).astype(np.float32)
np.save(TO / "embeddings.npy", embeddings)
np.save(TO / "labels.npy", labels)
for kind in ["float16", "float32", "float64"]:
    save_file({"a first": labels.astype(np.uint8), "embeddings": embeddings.astype(kind),
               "labels": labels.astype(np.int32)}, TO / f"{kind}.safetensors",
              metadata={"format": "np"})
brain = embeddings.view(np.uint32) & 0xFFFF0000
np.save(TO / "bfloat16_as_float32.npy", brain.view(np.float32))
# NumPy has no bfloat16, so this file is put together by hand.
header = json.dumps({"embeddings": {"dtype": "BF16", "shape": list(brain.shape),
                                    "data_offsets": [0, 2 * brain.size]}}).encode()
(TO / "bfloat16.safetensors").write_bytes(
    len(header).to_bytes(8, "little") + header + (brain >> 16).astype("<u2").tobytes())
np.save(TO / "float16_as_float32.npy", embeddings.astype(np.float16).astype(np.float32))

known = [k for k, value in enumerate(rounded) if not np.isnan(value)]
expected["r_instances"] = float(np.corrcoef(
    np.array(expected["instances"])[known], np.array(rounded)[known])[0, 1])
(TO / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
