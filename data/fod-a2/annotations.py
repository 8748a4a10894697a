"""Writes the objects of this folder as COCO annotations: train.json and val.json.

    python data/fod-a2/annotations.py [FOLDER]

Annotation k, counted from 1, is row k−1 of the embeddings. An image's id is its frame number, a
category's id its line in classes.txt, from 1. Needs nothing but Python.
"""

import csv
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SIDE = 300


def annotations(objects, categories):
    with open(HERE / objects, newline="") as file:
        rows = list(csv.DictReader(file))
    frames = sorted({int(row["frame"]) for row in rows})
    result = {
        "images": [
            {"id": frame, "file_name": f"{frame}.jpg", "width": SIDE, "height": SIDE}
            for frame in frames
        ],
        "annotations": [],
        "categories": [{"id": id, "name": name} for name, id in categories.items()],
    }
    for id, row in enumerate(rows, 1):
        left, top, right, bottom = (float(row[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
        width, height = right - left, bottom - top
        result["annotations"].append(
            {
                "id": id,
                "image_id": int(row["frame"]),
                "category_id": categories[row["class"]],
                "bbox": [left, top, round(width, 4), round(height, 4)],
                "area": round(width * height, 2),
                "iscrowd": 0,
            }
        )
    return result


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    names = (HERE / "classes.txt").read_text().split()
    categories = {name: id for id, name in enumerate(names, 1)}
    for objects, name in ("train_objects.csv", "train.json"), ("test_objects.csv", "val.json"):
        (folder / name).write_text(json.dumps(annotations(objects, categories)) + "\n")


if __name__ == "__main__":
    main()
