"""Draws a data set of shapes whose reasons for a bad AP are built in, trains a detector, dumps its files.

    pip install numpy pillow                                 # draw
    pip install torch torchvision ultralytics                # train, dump (ultralytics is AGPL-3.0)
    python make.py draw  FOLDER                              # images, train.json, val.json
    python make.py train FOLDER [--epochs 60] [--device cpu]
    python make.py dump  FOLDER --out FOLDER2                # what igam-analyze reads

Which classes there are, how many instances they have, and what is wrong with them stands in reasons.csv
beside this file; --plan names another table. What a reason changes in the drawing is in `REASONS`.
The images depend on nothing but the plan and the seed.
"""

import argparse
import csv
import json
import pathlib
import shutil
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
SIDE = 256  # of an image, pixels
FINE = 4  # samples a pixel and axis
TRAINING_IMAGES, TEST_IMAGES = 800, 320
TEST_INSTANCES = 40  # of each class
TRAINING, TEST = 0, 1

# What is wrong with a class, and what that changes in the drawing.
REASONS = {
    "none": "nothing",
    "look-alike": "drawn almost as the class `other`",
    "label-noise": "a training box carries the label of `other` with chance 0.6",
    "takes-labels": "carries the wrong labels of `other`",
    "few-instances": "5 to 17 training boxes, turned at any angle",
    "small": "4 to 7 pixels wide",
    "spread": "any shape, colour, stretch, rotation and filling",
    "sloppy-boxes": "training boxes shrunk to 0.5 to 0.85 of their sides and shifted",
    "faint": "1 to 11 grey levels from the background, under noise of 8",
    "clutter": "as many again are drawn and not annotated, in both splits",
    "shifted": "in the test images turned by 0.3 to 1.3 radians more",
}
NOISE = 8  # standard deviation, grey levels
FAINT = (1.0, 11.0)  # of a faint class from the ground, grey levels
SLOPPY = (0.5, 0.85)  # sides of a sloppy box over those of the shape
FLIPPED = 0.6  # chance of a wrong label in a class with label noise


# ---- Silhouettes: which points (u, v) of the square from -1 to 1 are inside; v points down. `k` in 0..1
# varies the form where a form has something to vary.


def polygon(u, v, corners):
    inside = np.zeros(np.broadcast(u, v).shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
        crosses = (y0 <= v) != (y1 <= v)
        inside ^= crosses & (u < x0 + (v - y0) / np.where(y1 == y0, 1, y1 - y0) * (x1 - x0))
    return inside


def corners(*points):
    return lambda u, v, k: polygon(u, v, np.array(points, float))


def regular(n, inner=None):
    """A polygon of n corners, or a star of n points."""
    radii = np.tile([1.0] if inner is None else [1.0, inner], n)
    angles = np.arange(len(radii)) * 2 * np.pi / len(radii)
    return corners(*zip(radii * np.sin(angles), -radii * np.cos(angles)))


def disc(u, v, x=0.0, y=0.0, r=1.0):
    return (u - x) ** 2 + (v - y) ** 2 < r * r


def bar(u, v, left, top, right, bottom):
    return (u > left) & (u < right) & (v > top) & (v < bottom)


def polar(u, v):
    return np.hypot(u, v), np.arctan2(v, u)


def heart(u, v, k):
    x, y = 1.15 * u, 0.15 - 1.15 * v
    return (x * x + y * y - 1) ** 3 < x * x * y**3


def drop(u, v, k):
    return disc(u, v, 0, 0.38, 0.62) | polygon(u, v, np.array([(0, -1), (0.555, 0.1), (-0.555, 0.1)]))


def spiral(u, v, k):
    r, angle = polar(u, v)
    return (r < 1) & ((angle / (2 * np.pi) + 2 * r) % 1 < 0.5)


def flower(u, v, k):
    r, angle = polar(u, v)
    return r < 0.68 + 0.32 * np.cos(5 * angle + np.pi / 2)


def gear(u, v, k):
    r, angle = polar(u, v)
    return (r < np.where(np.cos(9 * angle) > 0, 1, 0.78)) & (r > 0.35)


def wedge(u, v, k):
    r, angle = polar(u, v)
    return (r < 1) & (np.abs(angle) > 0.65)


def key(u, v, k):
    bow = disc(u, v, -0.5, 0, 0.48) & ~disc(u, v, -0.5, 0, 0.24)
    return bow | bar(u, v, -0.1, -0.11, 1, 0.11) | bar(u, v, 0.4, 0, 0.58, 0.42) | bar(u, v, 0.8, 0, 1, 0.42)


SHAPES = {
    "arrow": corners((0, -1), (0.8, -0.1), (0.3, -0.1), (0.3, 1), (-0.3, 1), (-0.3, -0.1), (-0.8, -0.1)),
    "bolt": corners((0.3, -1), (-0.6, 0.2), (-0.05, 0.2), (-0.3, 1), (0.6, -0.25), (0.05, -0.25), (0.6, -1)),
    "chevron": corners((0, -0.8), (1, 0.3), (1, 0.85), (0, -0.25), (-1, 0.85), (-1, 0.3)),
    "comb": lambda u, v, k: bar(u, v, -1, -0.8, 1, -0.4) | bar(u, v, -1, -0.8, 1, 0.8) & ((u + 1) % 0.5 < 0.25),
    "crescent": lambda u, v, k: disc(u, v) & ~disc(u, v, 0.45, 0, 0.8),
    "cross": lambda u, v, k: bar(u, v, -1, -0.3, 1, 0.3) | bar(u, v, -0.3, -1, 0.3, 1),
    "diamond": regular(4),
    "disc": lambda u, v, k: disc(u, v),
    "drop": drop,
    "dumbbell": lambda u, v, k: disc(u, v, -0.6, 0, 0.4) | disc(u, v, 0.6, 0, 0.4) | bar(u, v, -0.6, -0.12, 0.6, 0.12),
    "egg": lambda u, v, k: disc(u, v / (0.54 + 0.2 * k)),
    "flower": flower,
    "frame": lambda u, v, k: bar(u, v, -0.85, -0.85, 0.85, 0.85) & ~bar(u, v, -0.5, -0.5, 0.5, 0.5),
    "gear": gear,
    "half": lambda u, v, k: disc(u, v, 0, 0.45) & (v < 0.45),
    "heart": heart,
    "hourglass": corners((-0.75, -1), (0.75, -1), (-0.75, 1), (0.75, 1)),
    "house": corners((0, -1), (0.9, -0.1), (0.65, -0.1), (0.65, 0.9), (-0.65, 0.9), (-0.65, -0.1), (-0.9, -0.1)),
    "key": key,
    "ladder": lambda u, v, k: bar(u, v, -0.6, -1, 0.6, 1) & ((np.abs(u) > 0.35) | ((v + 1) % 0.5 < 0.2)),
    "letter_h": lambda u, v, k: bar(u, v, -0.8, -0.9, 0.8, 0.9) & ((np.abs(u) > 0.4) | (np.abs(v) < 0.2)),
    "letter_l": lambda u, v, k: bar(u, v, -0.7, -1, -0.2, 1) | bar(u, v, -0.7, 0.5, 0.8, 1),
    "letter_t": lambda u, v, k: bar(u, v, -0.9, -0.9, 0.9, -0.4) | bar(u, v, -0.25, -0.9, 0.25, 1),
    "letter_u": lambda u, v, k: bar(u, v, -0.8, -0.9, 0.8, 0.9) & ~bar(u, v, -0.4, -0.9, 0.4, 0.45),
    "nonagon": regular(9),
    "octagon": regular(8),
    "oval": lambda u, v, k: disc(u, v / (0.62 + 0.2 * k)),
    "pacman": wedge,
    "ring": lambda u, v, k: disc(u, v) & ~disc(u, v, 0, 0, 0.55),
    "saltire": lambda u, v, k: disc(u, v) & ((np.abs(u - v) < 0.38) | (np.abs(u + v) < 0.38)),
    "sparkle": regular(4, 0.3),
    "spiral": spiral,
    "square": lambda u, v, k: bar(u, v, -0.85, -0.85, 0.85, 0.85),
    "star": regular(5, 0.42),
    "target": lambda u, v, k: disc(u, v) & ~disc(u, v, 0, 0, 0.7) | disc(u, v, 0, 0, 0.4),
    "triangle": corners((0, -0.9), (1, 0.8), (-1, 0.8)),
}
TURNED = {"octagon", "nonagon", "oval", "egg", "disc", "ring", "target"}  # drawn at any angle


def stripes(mask, u, v):
    return mask & (np.sin(9 * u) > -0.25)


def hollow(inside, u, v, k):
    return inside(u, v, k) & ~inside(u / 0.6, v / 0.6, k)


# ---- The plan: who is drawn where.


def read_plan(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert row["reason"] in REASONS and (row["class"] in SHAPES or row["reason"] == "spread"), row
        row["category_id"], row["instances"] = int(row["category_id"]), int(row["instances"])
    return rows


def layout(plan, split, seed):
    """For each image of the split the shapes on it: (row of the plan, annotated or not)."""
    shapes = []
    for row in plan:
        count = row["instances"] if split == TRAINING else TEST_INSTANCES
        shapes += [(row, True)] * count
        shapes += [(row, False)] * count * (row["reason"] == "clutter")
    order = np.random.RandomState([seed, split]).permutation(len(shapes))
    images = TRAINING_IMAGES if split == TRAINING else TEST_IMAGES
    return [[shapes[i] for i in part] for part in np.array_split(order, images)]


# ---- One image.


def background(rng):
    """A soft slope between two colours, a few thin lines; float, SIDE × SIDE × 3."""
    base, slope = rng.uniform(60, 195, 3), rng.uniform(-25, 25, (2, 3))
    v, u = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    image = base + u[..., None] * slope[0] + v[..., None] * slope[1]
    for _ in range(rng.randint(0, 4)):
        angle, offset, width = rng.uniform(0, np.pi), rng.uniform(-0.4, 0.4), rng.uniform(0.002, 0.006)
        line = np.abs(np.cos(angle) * u + np.sin(angle) * v - offset) < width
        image[line] += rng.uniform(-50, 50, 3)
    return image


def form_of(rng, plan, row, split):
    """The silhouette of one instance, as a function of u and v, and its rotation."""
    reason, name = row["reason"], row["class"]
    turned = name in TURNED or reason in {"few-instances", "spread"}
    rotation = rng.uniform(0, 2 * np.pi) if turned else rng.uniform(-0.3, 0.3)
    stretch, k = rng.uniform(0.9, 1.1), rng.uniform()
    striped = holed = False
    if reason == "spread":
        stretch = np.exp(rng.uniform(-0.7, 0.7))
        striped, holed = rng.uniform() < 0.4, rng.uniform() < 0.3
        n = rng.randint(3, 11)
        angles, radii = np.sort(rng.uniform(0, 2 * np.pi, n)), rng.uniform(0.4, 1, n)
        borrowed = rng.choice([other["class"] for other in plan if other["instances"] > 30 and other != row])
        if rng.uniform() < 0.3:
            inside = corners(*zip(radii * np.cos(angles), radii * np.sin(angles)))
        else:
            inside = SHAPES[borrowed]
    else:
        inside = SHAPES[name]
    if reason == "shifted" and split == TEST:
        rotation += rng.uniform(0.3, 1.3)

    def form(u, v):
        u, v = u * np.sqrt(stretch), v / np.sqrt(stretch)
        mask = hollow(inside, u, v, k) if holed else inside(u, v, k)
        return stripes(mask, u, v) if striped else mask

    return form, rotation


def coverage(form, rotation, x, y, radius):
    """How much of each pixel the silhouette covers, and its box: left, top, width, height."""
    reach = int(np.ceil(1.5 * radius)) + 1
    left, top = int(x) - reach, int(y) - reach
    steps = (np.arange(2 * reach * FINE) + 0.5) / FINE
    u, v = (left + steps[None, :] - x) / radius, (top + steps[:, None] - y) / radius
    cos, sin = np.cos(rotation), np.sin(rotation)
    mask = form(cos * u + sin * v, cos * v - sin * u)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = [left + columns[0] / FINE, top + rows[0] / FINE]
    box += [(columns[-1] - columns[0] + 1) / FINE, (rows[-1] - rows[0] + 1) / FINE]
    return mask.reshape(2 * reach, FINE, 2 * reach, FINE).mean((1, 3)), left, top, box


def place(rng, taken, radius):
    """A centre that keeps the shape within the image and off the others."""
    reach = 1.3 * radius + 2
    for _ in range(5000):
        x, y = rng.uniform(reach, SIDE - reach, 2)
        if all(np.hypot(x - a, y - b) > reach + r for a, b, r in taken):
            taken.append((x, y, reach))
            return x, y
    raise RuntimeError("the shapes do not fit on the image")


def colour_of(rng, row, ground):
    if row["reason"] == "faint":
        return ground + rng.choice([-1, 1]) * rng.uniform(*FAINT)
    while True:
        colour = rng.uniform(0, 255, 3)
        if np.abs(colour - ground).max() > 70:
            return colour


def sloppy(rng, box):
    left, top, width, height = box
    w, h = rng.uniform(*SLOPPY, 2) * (width, height)
    x, y = rng.uniform(0.3, 0.7, 2) * (width - w, height - h)
    return [left + x, top + y, w, h]


def label_of(rng, plan, row, split):
    """The category that the annotation says."""
    if row["reason"] == "label-noise" and split == TRAINING and rng.uniform() < FLIPPED:
        return next(other["category_id"] for other in plan if other["class"] == row["other"])
    return row["category_id"]


def draw_image(plan, shapes, split, index, seed):
    """Image `index` of a split, uint8, SIDE × SIDE × 3, and its annotations without ids."""
    rng = np.random.RandomState([seed, split, index])
    image, taken, annotations = background(rng), [], []
    for row, annotated in shapes:
        radius = rng.uniform(2.0, 3.5) if row["reason"] == "small" else rng.uniform(18, 30)
        x, y = place(rng, taken, radius)
        form, rotation = form_of(rng, plan, row, split)
        alpha, left, top, box = coverage(form, rotation, x, y, radius)
        paint(rng, image, row, alpha, left, top, image[int(y), int(x)].copy())
        if annotated:
            annotations.append(annotation_of(rng, plan, row, split, box))
    image = image + rng.normal(0, NOISE, image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8), annotations


def paint(rng, image, row, alpha, left, top, ground):
    """Blends the shape into the image: its colour, or for a faint one the difference from the ground."""
    colour, faint = colour_of(rng, row, ground), row["reason"] == "faint"
    right, bottom = min(left + len(alpha), SIDE), min(top + len(alpha), SIDE)
    x, y = max(left, 0), max(top, 0)
    part, alpha = image[y:bottom, x:right], alpha[y - top : bottom - top, x - left : right - left, None]
    part += alpha * (colour - (ground if faint else part))


def annotation_of(rng, plan, row, split, box):
    annotation = {"category_id": label_of(rng, plan, row, split)}
    if row["reason"] == "sloppy-boxes" and split == TRAINING:
        box = sloppy(rng, box)
    annotation["bbox"] = [round(float(side), 2) for side in box]
    if annotation["category_id"] != row["category_id"]:
        annotation["drawn_category_id"] = row["category_id"]
    return annotation


def draw(folder, plan, seed):
    for split, name in [(TRAINING, "train"), (TEST, "val")]:
        document = draw_split(folder, plan, split, name, seed)
        (folder / f"{name}.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


def draw_split(folder, plan, split, name, seed):
    """Writes the images and YOLO's label files; the annotations as COCO has them."""
    from PIL import Image

    for part in ["images", "labels"]:
        (folder / part / name).mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for index, shapes in enumerate(layout(plan, split, seed)):
        pixels, found = draw_image(plan, shapes, split, index, seed)
        file, image_id = f"{name}/{index:04}", 1 + index + 10000 * split
        Image.fromarray(pixels).save(folder / "images" / f"{file}.png", compress_level=1)
        (folder / "labels" / f"{file}.txt").write_text("".join(yolo_line(plan, a) for a in found))
        images.append({"id": image_id, "file_name": f"{file}.png", "width": SIDE, "height": SIDE})
        for annotation in found:
            more = {"area": round(annotation["bbox"][2] * annotation["bbox"][3], 2), "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, "image_id": image_id, **annotation, **more})
    categories = [{"id": row["category_id"], "name": row["class"]} for row in plan]
    return {"images": images, "annotations": annotations, "categories": categories}


def yolo_line(plan, annotation):
    """Position of the class, centre and sides as shares of the image."""
    left, top, width, height = annotation["bbox"]
    place = [row["category_id"] for row in plan].index(annotation["category_id"])
    return f"{place} {(left + width / 2) / SIDE} {(top + height / 2) / SIDE} {width / SIDE} {height / SIDE}\n"


# ---- The detector: YOLOv8n from scratch with one change, a head on stride 8 alone. So there is one linear
# classifier, and the features that it reads are the embeddings: of a box those of the cell that holds its
# centre.


def train(folder, plan, epochs, device, workers, seed):
    import yaml
    from ultralytics import YOLO
    from ultralytics.nn.tasks import yaml_model_load

    model = yaml_model_load("yolov8n.yaml")
    finest = model["head"][-1][0][0]
    keep = finest + 1 - len(model["backbone"])
    model["head"] = model["head"][:keep] + [[[finest], 1, "Detect", ["nc"]]]
    (folder / "yolov8n-stride8.yaml").write_text(yaml.safe_dump(model))
    names = [row["class"] for row in plan]
    data = {"path": str(folder.resolve()), "train": "images/train", "val": "images/val"}
    data["names"] = dict(enumerate(names))
    (folder / "data.yaml").write_text(yaml.safe_dump(data))
    start = time.time()
    YOLO(folder / "yolov8n-stride8.yaml").train(
        data=folder / "data.yaml", epochs=epochs, imgsz=SIDE, batch=32, optimizer="AdamW", lr0=0.002, cos_lr=True,
        pretrained=False, amp=False, plots=False, val=False, cache="ram", workers=workers, seed=seed, device=device,
        project=str(folder.resolve()), name="run", exist_ok=True,
    )  # fmt: skip
    print(f"trained for {time.time() - start:.0f} s")


def dump(folder, plan, out, device):
    import torch
    from PIL import Image
    from ultralytics import YOLO
    from ultralytics.utils.nms import non_max_suppression

    torch.backends.cudnn.allow_tf32 = False
    model = YOLO(folder / "run/weights/last.pt").model.float().eval().to(device)
    classifier = model.model[-1].cv3[0][2]
    read = {}
    classifier.register_forward_pre_hook(lambda module, inputs: read.update(features=inputs[0]))
    weights, bias = (x.detach().cpu().numpy() for x in (classifier.weight[:, :, 0, 0], classifier.bias))
    out.mkdir(parents=True, exist_ok=True)
    results = []
    np.save(out / "weights.npy", weights.astype(np.float32))
    np.save(out / "bias.npy", bias.astype(np.float32))
    for name, prefix in [("train", ""), ("val", "validation_")]:
        truth = json.loads((folder / f"{name}.json").read_text())
        boxes = {image["id"]: [] for image in truth["images"]}
        for annotation in truth["annotations"]:
            boxes[annotation["image_id"]].append(annotation)
        embeddings, labels = [], []
        for start in range(0, len(truth["images"]), 32):
            part = truth["images"][start : start + 32]
            pixels = np.stack([np.asarray(Image.open(folder / "images" / image["file_name"])) for image in part])
            with torch.no_grad():
                found = model(torch.from_numpy(pixels).permute(0, 3, 1, 2).to(device).float() / 255)[0].cpu()
            cells, scores = read["features"].cpu().numpy(), found[:, 4:].numpy()
            for k, annotation in [(k, a) for k, image in enumerate(part) for a in boxes[image["id"]]]:
                row, column = cell(annotation["bbox"])
                embedding, score = cells[k, :, row, column], scores[k, :, row * cells.shape[3] + column]
                assert np.allclose(score, 1 / (1 + np.exp(-weights @ embedding - bias)), atol=1e-4)
                embeddings.append(embedding)
                labels.append(annotation["category_id"])
            if name == "val":
                kept = non_max_suppression(found, conf_thres=0.03, iou_thres=0.6, max_det=100, max_time_img=60)
                results += [result(plan, image, line) for image, lines in zip(part, kept) for line in lines.tolist()]
        np.save(out / f"{prefix}embeddings.npy", np.array(embeddings, np.float16))
        np.save(out / f"{prefix}labels.npy", np.array(labels, np.int64))
        shutil.copy(folder / f"{name}.json", out)
    (out / "detections.json").write_text(json.dumps(results, separators=(",", ":")) + "\n")


def cell(box):
    """Row and column of the cell of 8 × 8 pixels that holds the box's centre."""
    left, top, width, height = box
    return int((top + height / 2) / 8), int((left + width / 2) / 8)


def result(plan, image, line):
    """A detection as COCO results have it: one class a box, as `model.predict` gives them."""
    x0, y0, x1, y1, score, place = line
    box = [round(side, 2) for side in (x0, y0, x1 - x0, y1 - y0)]
    category = plan[int(place)]["category_id"]
    return {"image_id": image["id"], "category_id": category, "bbox": box, "score": round(score, 5)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["draw", "train", "dump"])
    parser.add_argument("folder", type=pathlib.Path, help="of the images and the training")
    parser.add_argument("--plan", type=pathlib.Path, default=HERE / "reasons.csv", help="the table of the classes")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--device", default="cpu", help="of torch")
    parser.add_argument("--workers", type=int, default=2, help="processes that load images")
    parser.add_argument("--out", type=pathlib.Path, default=HERE, help="of the dump")
    arguments = parser.parse_args()
    plan = read_plan(arguments.plan)
    if arguments.step == "draw":
        draw(arguments.folder, plan, arguments.seed)
    elif arguments.step == "train":
        train(arguments.folder, plan, arguments.epochs, arguments.device, arguments.workers, arguments.seed)
    else:
        dump(arguments.folder, plan, arguments.out, arguments.device)


if __name__ == "__main__":
    main()
