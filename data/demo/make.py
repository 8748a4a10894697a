"""Packs the annotations and detections of data/shapes for `igam-analyze demo`, which unpacks them again.

    python data/demo/make.py

They are the text files of that folder, and would take three times the room in the program as they are. tests/demo.rs
checks that what the program writes is what lies in data/shapes.
"""

import gzip
import pathlib

HERE = pathlib.Path(__file__).parent

for name in ["train.json", "val.json", "detections.json"]:
    text = (HERE.parent / "shapes" / name).read_bytes()
    # Without a time: the same bytes whenever it is run.
    (HERE / f"{name}.gz").write_bytes(gzip.compress(text, 9, mtime=0))
