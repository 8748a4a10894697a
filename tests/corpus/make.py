"""Small files of every format that the readers know, for tests/fuzz.rs to damage.

Rerun with NumPy 2, pyarrow 21 and safetensors 0.8 or later: python tests/corpus/make.py
"""

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
ROWS, DIM = 7, 3
X = (np.arange(ROWS * DIM).reshape(ROWS, DIM) % 5 - 1.5).astype(np.float32)
Y = np.array([0, 0, 1, 1, 1, 2, 2])
NAMES = ["cat", "cat", "dog", "dog", "dog", "Crème", "Crème"]


def folder(name):
    path = HERE / name
    path.mkdir(exist_ok=True)
    return path


def npy():
    to = folder("npy")
    np.save(to / "f4.npy", X)
    np.save(to / "f8.npy", X.astype(np.float64))
    np.save(to / "big_f2.npy", X.astype(">f2"))
    np.save(to / "fortran.npy", np.asfortranarray(X))
    np.save(to / "records.npy", np.zeros(3, dtype=[("a", "<f4"), ("b", "<i4", (2,))]))
    with open(to / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, X, version=(2, 0))
    with open(to / "version3.npy", "wb") as file:
        np.lib.format.write_array(file, X, version=(3, 0))
    for dtype in ["i1", ">i2", "u4", "i8", "u8", "f8"]:
        np.save(to / f"labels_{dtype.strip('>')}.npy", Y.astype(dtype))


def npz():
    to = folder("npz")
    np.savez(to / "stored.npz", embeddings=X, labels=Y)
    np.savez_compressed(to / "deflated.npz", embeddings=X, labels=Y)
    np.savez(to / "fortran.npz", embeddings=np.asfortranarray(X), labels=Y)


def safetensors():
    from safetensors.numpy import save_file

    to = folder("safetensors")
    for kind in ["f2", "f4", "f8"]:
        save_file({"embeddings": X.astype(kind), "label": Y}, to / f"{kind}.safetensors")
    save_file({"embeddings": X, "labels": Y.astype("u1")}, to / "u1.safetensors", {"format": "np"})


def precision():
    to = folder("precision")
    values = (np.arange(10 * 3 * 2 * 2 * 2) % 5 / 4).reshape(10, 3, 2, 2, 2)
    np.save(to / "coco.npy", values)
    np.save(to / "lvis.npy", np.where(values[..., 0] > 0.9, -1, values[..., 0]).astype("f4"))


def evaluators():
    to = folder("metrics")
    for at, text in enumerate([
        '{"iteration": 1, "loss": Infinity}\n{"bbox/AP": 1, "bbox/AP-cat": 40.5, "bbox/AP-a/b": NaN}\n',
        '{"bbox": {"AP": 1, "AP-cat": 40.5}, "segm": {"AP-cat": 30}}',
        '{"coco/cat_precision": 0.5, "coco/a/b_precision": NaN, "coco/bbox_mAP": 0.25, "step": 1}\n',
        '{"bbox_cat_precision": 0.5, "segm_cat_precision": 0.5, "mode": "val"}\n',
        '{"map": 0.5, "map_per_class": [0.5, -1], "classes": [0, 7], "mar_100_per_class": [1, 0]}',
    ]):
        (to / f"{at}.json").write_text(text)
    to = folder("annotations")
    one = '{"id": 1, "image_id": 3, "category_id": 2, "iscrowd": 0, "bbox": [1, 2, 3, 4.5]}'
    two = '{"image_id": "a.jpg", "category_id": 5, "iscrowd": 1, "segmentation": {"counts": "a", "size": [1]}}'
    names = '[{"id": 2, "name": "cat", "frequency": "r", "image_count": 1}, {"id": 5, "name": "Crème"}]'
    (to / "0.json").write_text('{"info": {}, "annotations": [%s, %s], "categories": %s}' % (one, two, names))
    odd = '{"image_id": "3", "category_id": "2", "ignore": "0", "area": 0.5, "bbox": [NaN, 2, 3, 4], "f": "\\udc81"}'
    sized = '[{"id": 3, "width": 4, "height": 6.5}, {"id": "a.jpg"}]'
    (to / "2.json").write_text('{"annotations": [%s, %s], "categories": %s, "images": %s}' % (one, odd, names, sized))
    (to / "1.json").write_text('{"categories": %s, "images": [{"id": 3}], "annotations": [%s]}' % (names, one))
    found = '{"image_id": 3, "category_id": 2, "bbox": [1, 2, 3, 4.5], "score": 0.5}'
    other = '{"image_id": "a.jpg", "category_id": 5.0, "bbox": [0, 0, 1, 1], "score": 1, "segmentation": {}}'
    (folder("detections") / "0.json").write_text("[%s, %s, %s]" % (found, other, found))
    to = folder("ground_truth")
    federated = '[{"id": 3, "neg_category_ids": [5], "not_exhaustive_category_ids": [2]}, {"id": "a.jpg"}]'
    for at, images in enumerate([sized, federated]):
        (to / f"{at}.json").write_text('{"annotations": [%s, %s], "categories": %s, "images": %s}' % (
            one, one.replace("[1, 2, 3, 4.5]", "[0, 0, 2, 2]"), names, images))


def names():
    to = folder("yaml")
    (to / "0.txt").write_text("train: a\nnc: 2\nnames: ['cat', dog] # two\nx: {a: [&b 1, *b]}\n")
    (to / "1.txt").write_text("path: ../x\nnames:\n  0: cat\n  1: \"Crème\"\nd: |\n  text\n")
    (to / "2.txt").write_text("names:\n- cat\n- 'dog'\n")
    to = folder("names")
    (to / "0.json").write_text('["cat", "N/A", "Crème", 7]')
    (to / "1.json").write_text('{"x": [1], "id2label": {"0": "__background__", "1": "dog"}}')
    (to / "2.json").write_text('{"cat": 0, "dog": 1}')


def parquet():
    to = folder("parquet")
    lists = [row.tolist() for row in X]

    def table(inner, fixed=False, labels=pa.array(Y)):
        kind = pa.list_(inner, DIM) if fixed else pa.list_(inner)
        return pa.table({"embedding": pa.array(lists, kind), "label": labels})

    names = pa.array(NAMES)
    floats = pa.array(Y.astype(np.float64))
    pq.write_table(table(pa.float32()), to / "f4.parquet", row_group_size=3)
    pq.write_table(table(pa.float64(), labels=names), to / "names.parquet", compression="none")
    pq.write_table(table(pa.float32(), fixed=True), to / "fixed.parquet", compression="zstd")
    pq.write_table(
        table(pa.float64(), labels=floats), to / "version2.parquet", data_page_version="2.0"
    )
    pq.write_table(
        table(pa.float32(), labels=names), to / "plain.parquet", use_dictionary=False, compression="gzip"
    )
    pq.write_table(
        table(pa.float32(), labels=names.dictionary_encode()), to / "categories.parquet"
    )
    pq.write_table(
        table(pa.float64()),
        to / "split.parquet",
        use_dictionary=False,
        column_encoding={"embedding.list.element": "BYTE_STREAM_SPLIT", "label": "DELTA_BINARY_PACKED"},
    )
    half = pa.array([row.astype(np.float16) for row in X], pa.list_(pa.float16()))
    lengths = names.cast(pa.string())
    pq.write_table(
        pa.table({"embedding": half, "label": lengths}),
        to / "half.parquet",
        use_dictionary=False,
        column_encoding={"label": "DELTA_LENGTH_BYTE_ARRAY"},
    )
    times = pa.array(Y, pa.timestamp("ns"))
    pq.write_table(table(pa.float32(), labels=times), to / "times.parquet")
    nulls = pa.table({"embedding": [lists[0], None, [1.0, None]], "label": [1, None, 2]})
    pq.write_table(nulls, to / "nulls.parquet")


def texts():
    for name, texts in {
        "labels": ["label\n0\n1\n2\n", "id;label\r\n1;cat\r\n2;\"do;g\"\r\n", "label\n1.0\n2.0\n"],
        "classes": ["class,id\ncat,3\ndog,1\n", "\ufeffclass\tid\ncat\t0\n", "class\n\"a, b\"\nc\n"],
        "lines": ["cat\ndog\nCrème\n", "\ufeffcat\r\ndog\r\n", "0: cat\n1: dog\n2: N/A\n"],
        "ap": ["class,ap\ncat,0.5\ndog,\nbird,-1\nfox,nan\n", "class,id,ap50,ap75\ncat,0,51.5,20\n"],
        "counts": ["class,instances\ncat,20\ndog,0\n", "class,id,n,frequency,images\ncat,1,5,r,3\ndog,2,9,f,7\n"],
        "information": [
            "run,class_id,class,instances,information,normalized_information,floor,floored_fraction,floor_bits,ap\n"
            "CE,0,cat,20,12.5,1.5,0.1,0.5,3,0.5\nCE,1,dog,0,,,,,,\n",
            "run,class_id,class,information,ap,ap_scale,estimator\n"
            "CE,0,cat,12.5,50,percent,oas\nCE,1,dog,,,percent,oas\n",
        ],
        "runs": [
            'class_names = "c.txt"\nskip_invalid_rows = true\nbackground_label = -1\n'
            '[[run]]\nbackbone = "R-50"\nloss = "CE"\nembeddings = ["x.npy"]\nlabels = "y.npy"\nap = "ap.csv"\n'
            '[[run]]\nname = "b"\nbackground_label = "none"\nap_column = ["ap50", "ap75"]\n',
            'run = [{ name = "a", embeddings = "x" }, { name = \'b\' }]\n',
        ],
    }.items():
        to = folder(name)
        for number, text in enumerate(texts):
            (to / f"{number}.txt").write_text(text, newline="")


def moments():
    to = folder("moments")
    page = (HERE / "../../docs/moments.md").read_text()
    scope = {}
    exec(page.split("```python\n")[1].split("```\n")[0], scope)
    scope["write_moments"](to / "scatters.parquet", X, Y, ["cat", "dog", "Crème", "none"])
    table = pq.read_table(to / "scatters.parquet")
    rows = [X[Y == label].astype("<f8").tobytes() or None for label in range(4)]
    table = table.set_column(4, "rows", pa.array(rows, pa.binary()))
    for at, name in enumerate(table.column_names):
        if name in ["scatter", "third", "fourth"]:
            table = table.set_column(at, name, pa.nulls(4, table.schema.field(name).type))
    pq.write_table(table, to / "rows.parquet", compression="zstd", row_group_size=2)


npy()
npz()
moments()
parquet()
safetensors()
precision()
evaluators()
names()
texts()
