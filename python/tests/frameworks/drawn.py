"""A small data set of drawn boxes, as COCO and as YOLO have it."""

import json

import numpy as np
from PIL import Image

# Category ids have gaps, and are not in order; Ultralytics numbers by this order.
CATEGORIES = {7: "red", 2: "green", 3: "blue", 11: "yellow", 5: "purple", 13: "cyan"}
COLOURS = [(220, 40, 40), (40, 200, 60), (50, 70, 230), (220, 210, 40), (170, 40, 190), (40, 210, 220)]
HEIGHT, WIDTH = 96, 128


def draw(folder, parts=("train", "val"), images=12, boxes=4, sides=(10, 44)):
    """Writes images/PART/*.png, PART.json, labels/PART/*.txt and data.yaml. The first image has no box;
    rarer classes are those with the later names."""
    rng = np.random.default_rng(3)
    for part in parts:
        for kind in ["images", "labels"]:
            (folder / kind / part).mkdir(parents=True)
        document = {"images": [], "annotations": [], "categories": categories()}
        for image in range(images):
            truth = one_image(folder, part, image, boxes if image else 0, sides, rng)
            file = f"{part}/{image:03}.png"
            document["images"].append({"id": image + 1, "file_name": file, "width": WIDTH, "height": HEIGHT})
            for place, (x, y, w, h) in truth:
                document["annotations"].append(
                    {
                        "id": len(document["annotations"]) + 1,
                        "image_id": image + 1,
                        "category_id": list(CATEGORIES)[place],
                        "bbox": [x, y, w, h],
                        "area": w * h,
                        "iscrowd": 0,
                    }
                )
        (folder / f"{part}.json").write_text(json.dumps(document))
    names = "".join(f"  {at}: {name}\n" for at, name in enumerate(CATEGORIES.values()))
    text = f"path: {folder.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}"
    (folder / "data.yaml").write_text(text)
    return folder


def categories():
    return [{"id": id, "name": name} for id, name in CATEGORIES.items()]


def one_image(folder, part, image, boxes, sides, rng):
    """Draws it, and gives its boxes: position of the class, and left, top, width, height."""
    pixels = rng.integers(60, 120, (HEIGHT, WIDTH, 3)).astype(float)
    truth, rows = [], []
    share = 1 / np.arange(1, len(CATEGORIES) + 1)
    for _ in range(boxes):
        place = int(rng.choice(len(CATEGORIES), p=share / share.sum()))
        w, h = (int(side) for side in rng.integers(*sides, 2))
        x, y = int(rng.integers(0, WIDTH - w)), int(rng.integers(0, HEIGHT - h))
        pixels[y : y + h, x : x + w] = COLOURS[place] + rng.normal(0, 12, 3)
        truth.append((place, (x, y, w, h)))
        rows.append(f"{place} {(x + w / 2) / WIDTH} {(y + h / 2) / HEIGHT} {w / WIDTH} {h / HEIGHT}\n")
    name = f"{part}/{image:03}"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"images/{name}.png")
    (folder / f"labels/{name}.txt").write_text("".join(rows))
    return truth
