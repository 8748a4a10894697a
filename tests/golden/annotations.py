"""Writes one data set as COCO, Pascal VOC, YOLO and Open Images beside it, into annotations/, with the projects'
own writers where they have one; and annotations.json, what pycocotools says of it.

    pip install numpy pillow pycocotools ultralytics supervision torchvision
    python tests/golden/annotations.py

Labels of YOLO are by Ultralytics' `convert_coco`, and once more, with Pascal VOC, by supervision's
`DetectionDataset`. That the tree of Pascal VOC is one is checked by torchvision's `VOCDetection`.
`predictions.json` is by Ultralytics' `DetectionValidator.pred_to_json`, of boxes that are made here. The sides of
all boxes are such that each format holds them exactly.
"""

import collections
import contextlib
import gzip
import io
import json
import pathlib
import shutil
import tempfile
import types
from xml.sax.saxutils import escape

import numpy as np
import supervision
import torch
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchvision.datasets import VOCDetection
from ultralytics.data.converter import convert_coco
from ultralytics.models.yolo.detect import DetectionValidator

HERE = pathlib.Path(__file__).parent / "annotations"
NAMES = ["traffic light", "salt & pepper", "nut", "unseen", "key"]
WIDTH, HEIGHT = 128, 64


def box(random):
    width, height = 8 * random.integers(1, 9), 8 * random.integers(1, 6)
    left = 4 * random.integers(0, (WIDTH - width) // 4 + 1)
    top = 4 * random.integers(0, (HEIGHT - height) // 4 + 1)
    return [int(side) for side in (left, top, width, height)]


def data_set(seed, first, number):
    """COCO annotations; some images have none, and no two boxes of a class are the same on an image."""
    random = np.random.default_rng(seed)
    images, annotations = [], []
    for at in range(number):
        name = f"{first + at:06}.png" if at % 2 else f"street_{first + at}.png"
        images.append({"id": 7 + 3 * at, "file_name": name, "width": WIDTH, "height": HEIGHT})
        seen = set()
        for _ in range(0 if at % 5 == 4 else random.integers(1, 6)):
            category, bbox = int(random.choice([1, 2, 3, 5], p=[0.5, 0.25, 0.15, 0.1])), box(random)
            if (category, *bbox) not in seen:
                seen.add((category, *bbox))
                annotations.append({
                    "id": len(annotations) + 1, "image_id": images[-1]["id"], "category_id": category,
                    "bbox": bbox, "area": bbox[2] * bbox[3], "iscrowd": 0, "segmentation": [],
                })
    categories = [{"id": at, "name": name} for at, name in enumerate(NAMES, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def dump(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def parts(truth):
    """The same in two files that share no image; ids of annotations begin anew."""
    half = len(truth["images"]) // 2
    for images in (truth["images"][:half], truth["images"][half:]):
        ids = {image["id"] for image in images}
        inside = [one for one in truth["annotations"] if one["image_id"] in ids]
        inside = [{**one, "id": at} for at, one in enumerate(inside)]
        yield {"images": images, "annotations": inside, "categories": truth["categories"]}


def voc(folder, truth, split, difficult):
    """The devkit's own form: pixels from 1, the last one inside; here and there an object that is difficult."""
    (folder / "Annotations").mkdir(parents=True, exist_ok=True)
    (folder / "ImageSets/Main").mkdir(parents=True, exist_ok=True)
    stems = []
    for image in truth["images"]:
        stem = pathlib.Path(image["file_name"]).stem
        stems.append(stem)
        objects = [(one["category_id"], one["bbox"], 0) for one in truth["annotations"]
                   if one["image_id"] == image["id"]]
        objects += [(category, bbox, 1) for id, category, bbox in difficult if id == image["id"]]
        lines = ["<annotation>", "\t<folder>VOC2012</folder>", f"\t<filename>{stem}.jpg</filename>",
                 f"\t<size>\n\t\t<width>{WIDTH}</width>\n\t\t<height>{HEIGHT}</height>\n\t\t<depth>3</depth>\n\t</size>"]
        for category, (left, top, width, height), flag in objects:
            # A person's parts have boxes of their own.
            part = "" if category != 5 else ("\t\t<part>\n\t\t\t<name>head</name>\n\t\t\t<bndbox><xmin>1</xmin>"
                   "<ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>\n\t\t</part>\n")
            lines.append(
                f"\t<object>\n\t\t<name>{escape(NAMES[category - 1])}</name>\n\t\t<pose>Frontal</pose>\n"
                f"\t\t<truncated>0</truncated>\n\t\t<difficult>{flag}</difficult>\n\t\t<bndbox>\n"
                f"\t\t\t<xmin>{left + 1}</xmin>\n\t\t\t<ymin>{top + 1}</ymin>\n\t\t\t<xmax>{left + width}</xmax>\n"
                f"\t\t\t<ymax>{top + height}</ymax>\n\t\t</bndbox>\n{part}\t</object>")
        (folder / f"Annotations/{stem}.xml").write_text("\n".join(lines + ["</annotation>\n"]))
    (folder / f"ImageSets/Main/{split}.txt").write_text("\n".join(stems) + "\n")


def check_voc(folder, split):
    """torchvision reads the tree: objects of each name that are not difficult."""
    with tempfile.TemporaryDirectory() as root:
        tree = pathlib.Path(root) / "VOCdevkit/VOC2012"
        shutil.copytree(folder, tree)
        (tree / "JPEGImages").mkdir()
        for xml in (tree / "Annotations").iterdir():
            Image.new("RGB", (WIDTH, HEIGHT)).save(tree / "JPEGImages" / f"{xml.stem}.jpg")
        counts = collections.Counter()
        for _, target in VOCDetection(root, year="2012", image_set=split):
            for one in target["annotation"].get("object", []):
                counts[one["name"]] += one["difficult"] == "0"
    return counts


def yolo(folder, truths):
    """Labels by Ultralytics, images that are one colour."""
    with tempfile.TemporaryDirectory() as work:
        for split, truth in truths.items():
            dump(pathlib.Path(work) / f"json/instances_{split}.json", truth)
        with contextlib.redirect_stderr(io.StringIO()):
            convert_coco(f"{work}/json", f"{work}/out", cls91to80=False)
        shutil.copytree(f"{work}/out/labels", folder / "labels", dirs_exist_ok=True)
    for split, truth in truths.items():
        (folder / "images" / split).mkdir(parents=True, exist_ok=True)
        for image in truth["images"]:
            Image.new("1", (WIDTH, HEIGHT)).save(folder / "images" / split / image["file_name"])
    names = "".join(f"  {at}: {name}\n" for at, name in enumerate(NAMES))
    (folder / "data.yaml").write_text(f"train: images/train\nval: images/val\n\nnames:\n{names}")


def by_supervision(folder, truth, images):
    """supervision's Pascal VOC and YOLO of the same."""
    with tempfile.TemporaryDirectory() as work:
        dump(pathlib.Path(work) / "train.json", truth)
        read = supervision.DetectionDataset.from_coco(str(images), f"{work}/train.json")
    read.as_pascal_voc(annotations_directory_path=str(folder / "voc"))
    read.as_yolo(annotations_directory_path=str(folder / "yolo/labels"), data_yaml_path=str(folder / "yolo/data.yaml"))
    with open(folder / "yolo/data.yaml", "a") as file:
        file.write("train: images\n")


def open_images(folder, truth):
    """With codes for classes, and one group."""
    folder.mkdir(parents=True, exist_ok=True)
    images = {image["id"]: pathlib.Path(image["file_name"]).stem for image in truth["images"]}
    header = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
    rows = [header]
    for one in truth["annotations"]:
        left, top, width, height = one["bbox"]
        sides = [left / WIDTH, (left + width) / WIDTH, top / HEIGHT, (top + height) / HEIGHT]
        sides = ",".join(map(str, sides))
        rows.append(f"{images[one['image_id']]},xclick,/m/0{one['category_id']},1,{sides},0,0,0,0,0")
    rows.append(f"{images[truth['images'][0]['id']]},xclick,/m/01,1,0,1,0,1,0,0,1,0,0")
    (folder / "train-annotations-bbox.csv").write_text("\n".join(rows) + "\n")
    names = "".join(f'/m/0{at},"{name}"\n' if at == 2 else f"/m/0{at},{name}\n" for at, name in enumerate(NAMES, 1))
    (folder / "class-descriptions-boxable.csv").write_text(names)


def predictions(truth, seed):
    """What Ultralytics writes of boxes that lie more or less on the objects."""
    random = np.random.default_rng(seed)
    validator = DetectionValidator.__new__(DetectionValidator)
    validator.jdict, validator.class_map = [], list(range(1, len(NAMES) + 1))
    for image in truth["images"]:
        found = []
        for one in truth["annotations"]:
            if one["image_id"] == image["id"]:
                for _ in range(random.integers(0, 3)):
                    left, top, width, height = np.array(one["bbox"]) + random.normal(0, 1.5, 4)
                    category = one["category_id"] if random.random() < 0.8 else int(random.integers(1, 6))
                    found.append([left, top, left + abs(width), top + abs(height), random.random(), category - 1])
        for _ in range(random.integers(0, 3)):
            left, top, width, height = box(random)
            found.append([left, top, left + width, top + height, random.random() / 2, random.integers(0, 5)])
        found = torch.tensor(found, dtype=torch.float64).reshape(-1, 6)
        boxes = {"bboxes": found[:, :4], "conf": found[:, 4], "cls": found[:, 5]}
        validator.pred_to_json(boxes, {"im_file": f"images/val/{image['file_name']}"})
    return validator.jdict


def loaded(truth):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps(truth))
        coco.createIndex()
    return coco


def average_precision(truth, results):
    """AP by pycocotools, of the results with the ids of the truth."""
    ids = {image["file_name"]: image["id"] for image in truth["images"]}
    results = [{**one, "image_id": ids[one["file_name"]]} for one in results]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = loaded(truth)
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    means = [precision[:, :, k] for k in range(len(NAMES))]
    return {name: float(mean.mean()) if mean.max() > -1 else None for name, mean in zip(NAMES, means)}


def counts(truth):
    """By pycocotools, with the two covariates."""
    coco, of_names = loaded(truth), {}
    for category in truth["categories"]:
        ids = coco.getAnnIds(catIds=[category["id"]])
        images = {one["image_id"] for one in coco.loadAnns(ids)}
        areas = [one["area"] for one in coco.loadAnns(ids)]
        of_names[category["name"]] = [
            len(ids), float(np.median(np.log(areas))) if areas else None, len(ids) / len(images) if images else None,
        ]
    return of_names


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    train, val = data_set(1, 1, 12), data_set(2, 100, 10)
    for split, truth in (("train", train), ("val", val)):
        dump(HERE / f"coco/{split}.json", truth)
    for at, part in enumerate(parts(train), 1):
        dump(HERE / f"coco/part{at}.json", part)
    text = (HERE / "coco/train.json").read_bytes()
    (HERE / "coco/train.json.gz").write_bytes(gzip.compress(text, mtime=0))
    random = np.random.default_rng(3)
    difficult = [(image["id"], int(random.integers(1, 5)), box(random)) for image in train["images"][::3]]
    voc(HERE / "voc", train, "trainval", difficult)
    voc(HERE / "voc", val, "val", [])
    read = check_voc(HERE / "voc", "trainval")
    expected = {"counts": counts(train), "difficult": dict(collections.Counter(NAMES[one[1] - 1] for one in difficult))}
    assert all(read[name] == expected["counts"][name][0] for name in NAMES), read
    yolo(HERE / "yolo", {"train": train, "val": val})
    by_supervision(HERE / "supervision", train, HERE / "yolo/images/train")
    open_images(HERE / "open_images", train)
    found = predictions(val, 4)
    dump(HERE / "predictions.json", found)
    expected["ap"] = average_precision(val, found)
    (HERE.parent / "annotations.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
