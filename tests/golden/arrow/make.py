"""Parquet files with a column of each Arrow type, for tests/arrow_types.rs.

Rerun with NumPy 2 and pyarrow 21 or later: python tests/golden/arrow/make.py
"""

import datetime
import decimal
import pathlib
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
# Halves, so that f16 holds them, too.
X = np.array([[i * i % 7, 3 * i % 5, i % 4, (i + 2) ** 2 % 9] for i in range(12)]) / 2
Y = [0, 0, 1, 2, 1, 0, 2, 2, 1, 0, 1, 2]
NAMES = ["cat", "dog", "02"]
N, P = X.shape


class Tensor(pa.ExtensionType):
    """A type that is known by its name alone, as Ray's and Hugging Face's are."""

    def __init__(self, storage, name):
        super().__init__(storage, name)

    def __arrow_ext_serialize__(self):
        return b"[2, 2]"

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        raise NotImplementedError


def extension(name, array):
    return pa.ExtensionArray.from_storage(Tensor(array.type, name), array)


def lists(of, rows=X):
    return pa.array([row.tolist() for row in rows], pa.list_(of))


fixed = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel(), pa.float32()), P)
squares = pa.array(X.reshape(N, 2, 2).tolist(), pa.list_(pa.list_(pa.float64())))
ragged = [[row[:1], row[1:]] if i % 2 else [row[:3], row[3:]] for i, row in enumerate(X.tolist())]
half = pa.array([row.astype(np.float16) for row in X], pa.list_(pa.float16()))
missing = [None if i == 5 else row for i, row in enumerate(X.tolist())]
embeddings = {
    # What is read.
    "list_f16": half,
    "list_f32": lists(pa.float32()),
    "list_f64": lists(pa.float64()),
    "large_list": pa.array(X.tolist(), pa.large_list(pa.float32())),
    "list_view": pa.array(X.tolist(), pa.list_view(pa.float32())),
    "fixed_list": fixed,
    "fixed_shape_tensor": pa.FixedShapeTensorArray.from_numpy_ndarray(X.astype("f4").reshape(N, 2, 2)),
    "ray_v1": extension("ray.data.arrow_tensor", lists(pa.float32())),
    "ray_v2": extension("ray.data.arrow_tensor_v2", pa.array(X.tolist(), pa.large_list(pa.float32()))),
    "hf_array2d": extension("datasets.features.features.Array2DExtensionType", squares),
    "row": pa.array([[row] for row in X.tolist()], pa.list_(pa.list_(pa.float32()))),
    "column": pa.array(X.reshape(N, P, 1).tolist(), pa.list_(pa.list_(pa.float32()))),
    # What is not.
    "ragged": pa.array(ragged, pa.list_(pa.list_(pa.float32()))),
    "fixed_nulls": pa.array(missing, pa.list_(pa.float32(), P)),
    "part_null": pa.array([[row[:2], None if i == 3 else row[2:]] for i, row in enumerate(X.tolist())],
                          pa.list_(pa.list_(pa.float32()))),
    "list_i8": lists(pa.int8(), (2 * X).astype(int)),
    "list_u8": lists(pa.uint8(), (2 * X).astype(int)),
    "list_bool": lists(pa.bool_(), X > 1),
    "list_str": pa.array([[str(value) for value in row] for row in X]),
    "list_decimal": pa.array([[decimal.Decimal(value) for value in row] for row in X],
                             pa.list_(pa.decimal128(4, 1))),
    "list_struct": pa.array([[{"v": value} for value in row] for row in X.tolist()]),
    "struct": pa.array([{"vector": row, "model": "r50"} for row in X.tolist()]),
    "map": pa.array([[("v", row)] for row in X.tolist()], pa.map_(pa.string(), pa.list_(pa.float32()))),
    "bytes": pa.array([row.astype("<f4").tobytes() for row in X]),
}

ids = pa.array(Y)
texts = pa.array([NAMES[y] for y in Y])
labels = {f"{kind}": ids.cast(kind) for kind in [
    "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32",
    "float64"]}
labels |= {
    "dictionary_int": pa.array([y + 100 for y in Y]).dictionary_encode(),
    "decimal": pa.array([decimal.Decimal(y) for y in Y], pa.decimal128(3, 0)),
    "decimal_whole": pa.array([decimal.Decimal(y) for y in Y], pa.decimal128(30, 2)),
    "string": texts,
    "large_string": texts.cast(pa.large_string()),
    "string_view": texts.cast(pa.string_view()),
    "dictionary": texts.dictionary_encode(),
    # What is refused.
    "uint64_large": pa.array([2**63 if i == 4 else y for i, y in enumerate(Y)], pa.uint64()),
    "decimal_part": pa.array([decimal.Decimal("0.5") if i == 4 else y for i, y in enumerate(Y)],
                             pa.decimal128(4, 1)),
    "bool": pa.array([y > 0 for y in Y]),
    "null": pa.nulls(N),
    "binary": texts.cast(pa.binary()),
    "fixed_binary": pa.array([b"ab"] * N, pa.binary(2)),
    "decimal256": pa.array([decimal.Decimal(y) for y in Y], pa.decimal256(60, 0)),
    "date": pa.array([datetime.date(2024, 1, 1 + y) for y in Y]),
    "time32": ids.cast(pa.int32()).cast(pa.time32("ms")),
    "time64": ids.cast(pa.time64("us")),
    "timestamp": ids.cast(pa.timestamp("ns")),
    "timestamp_zone": ids.cast(pa.timestamp("us", "Europe/Berlin")),
    "list": pa.array([[y] for y in Y]),
    "record": pa.array([{"id": y, "name": NAMES[y]} for y in Y]),
    "entries": pa.array([[("id", y)] for y in Y], pa.map_(pa.string(), pa.int64())),
    "uuid": pa.array([uuid.UUID(int=y).bytes for y in Y], pa.uuid()),
    "json": extension("arrow.json", pa.array([str(y) for y in Y])),
    "image": pa.array([{"bytes": b"\x89PNG", "path": None} for _ in Y],
                      pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
}

pq.write_table(pa.table({**embeddings, **labels}), HERE / "dump.parquet", row_group_size=7)
pq.write_table(pa.table({"embedding": embeddings["list_f32"], "label": ids}), HERE / "plain.parquet")

# A table of classes, with columns that nobody needs.
table = pa.table({name: column[:3] for name, column in {**embeddings, **labels}.items()})
table = table.append_column("class", pa.array(["a", "b", "c"]))
table = table.append_column("id", pa.array([0, 1, 2], pa.uint8()))
table = table.append_column("instances", pa.array([20, 5, 11], pa.uint16()))
table = table.append_column("ap", pa.array([0.5, 0.25, 0.75]))
table = table.append_column("ap_f16", pa.array(np.float16([0.5, 0.25, 0.75])))
table = table.append_column(
    "ap_decimal", pa.array([decimal.Decimal(text) for text in ["0.50", "0.25", "0.75"]]))
table = table.append_column("count_u64", pa.array([20, 5, 2**63], pa.uint64()))
pq.write_table(table, HERE / "table.parquet")

# As a rank without instances leaves it: pandas knows no types then.
pq.write_table(pa.table({"embedding": pa.nulls(0), "label": pa.nulls(0)}), HERE / "empty.parquet")
plain = pq.read_table(HERE / "plain.parquet")
with pq.ParquetWriter(HERE / "empty_groups.parquet", plain.schema) as writer:
    for part in [plain[:0], plain[:5], plain[:0], plain[5:]]:
        writer.write_table(part)
# Only where rows of other files are.
found = []
pq.write_to_dataset(plain, HERE / "dataset", basename_template="{i}.parquet", metadata_collector=found)
pq.write_metadata(plain.schema, HERE / "metadata.parquet", found)
(HERE / "dataset" / "0.parquet").unlink()
(HERE / "dataset").rmdir()

columns = [embeddings["list_f32"], ids, texts, ids]
twice = pa.Table.from_arrays(columns, ["embedding", "label", "extra", "extra"])
pq.write_table(twice, HERE / "twice.parquet")
