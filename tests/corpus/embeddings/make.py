"""Embeddings and labels as PyTorch, pyarrow, Hugging Face datasets, pandas and ml_dtypes write them, for
tests/embedding_files.rs; pt, arrow and wide are fed to tests/fuzz.rs
as well.

Rerun with torch 2.15, pyarrow 26, datasets 5.2, pandas 3.1, ml_dtypes 0.6, safetensors: python tests/corpus/embeddings/make.py
"""

import collections
import os
import pathlib
import shutil
import zipfile

import datasets
import ml_dtypes
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.feather as feather
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
ROWS, DIM = 40, 6
torch.manual_seed(19)
RNG = np.random.default_rng(19)
X = RNG.normal(size=(ROWS, DIM))
X4 = X.astype(np.float32)
Y = np.sort(RNG.integers(0, 3, ROWS))
NAMES = np.array(["cat", "dog", "Crème"])
T, L = torch.from_numpy(X4), torch.from_numpy(Y)


def folder(*names):
    path = HERE.joinpath(*names)
    path.mkdir(parents=True)
    return path


def references():
    """The same values as .npy: of each file those that its type holds."""
    to = folder("npy")
    np.save(to / "f4.npy", X4)
    np.save(to / "f8.npy", X)
    np.save(to / "f2.npy", X.astype(np.float16).astype(np.float32))
    np.save(to / "bf16.npy", T.bfloat16().float().numpy())
    np.save(to / "labels.npy", Y)
    to = folder("ml_dtypes")
    np.save(to / "bf16.npy", X4.astype(ml_dtypes.bfloat16))
    np.savez(to / "bf16.npz", embeddings=X4.astype(ml_dtypes.bfloat16))
    np.save(to / "void.npy", X4.astype(ml_dtypes.bfloat16).view("V2"))
    np.save(to / "f1.npy", X4.astype(ml_dtypes.float8_e4m3fn))


def torch_files():
    to = folder("pt")
    torch.save(T, to / "f4.pt")
    torch.save(T.half(), to / "f2.pt")
    torch.save(T.bfloat16(), to / "bf16.pt")
    torch.save(torch.from_numpy(X), to / "f8.pt")
    torch.save({"embeddings": T, "labels": L}, to / "dict.pt")
    torch.save({"epoch": 3, "lr": 0.5, "done": True, "files": ["a.jpg"] * 3, "embedding": T, "label": L.int()},
               to / "more.pt")
    big = torch.cat([torch.zeros(3, DIM), T, torch.ones(2, DIM)])
    torch.save({"embeddings": big[3:-2], "labels": torch.cat([L, L])[ROWS:]}, to / "views.pt")
    torch.save(T.t().contiguous().t(), to / "transposed.pt")
    torch.save(torch.nn.Parameter(T), to / "parameter.pt")
    torch.save(T, to / "protocol4.pt", pickle_protocol=4)
    torch.save({"embeddings": T, "labels": L}, to / "protocol5.pt", pickle_protocol=5)
    layer = torch.nn.Linear(DIM, ROWS)
    layer.weight.data.copy_(T)
    torch.save(layer.state_dict(), to / "state.pt")
    to_layers = folder("layers")
    arrays = {name: values.numpy() for name, values in layer.state_dict().items()}
    np.save(to_layers / "bias.npy", arrays["bias"])
    np.savez(to_layers / "layer.npz", **arrays)
    np.savez(to_layers / "weights.npz", arrays["weight"])
    save_file(layer.state_dict(), to_layers / "layer.safetensors")
    torch.save({"epoch": 1, "model": collections.OrderedDict(embeddings=T, labels=L)}, to / "nested.pt")
    to = folder("pt_labels")
    for name, kind in [("i8", torch.int64), ("i4", torch.int32), ("i2", torch.int16), ("i1", torch.int8),
                       ("u1", torch.uint8), ("u2", torch.uint16), ("u4", torch.uint32), ("f4", torch.float32)]:
        torch.save(L.to(kind), to / f"{name}.pt")

    to = folder("pt_refused")
    torch.save(T, to / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(list(T), to / "list.pt")
    torch.save({"embeddings": X4, "labels": L}, to / "numpy.pt")
    torch.save(T.to_sparse(), to / "sparse.pt")
    torch.save(torch.cat([T, T], 1)[:, :DIM], to / "columns.pt")
    torch.save(torch.cat([T, T])[::2], to / "every_second.pt")
    torch.save(T[0].expand(ROWS, DIM), to / "expanded.pt")
    torch.save(T.to(torch.complex64), to / "complex.pt")
    torch.save(T.to(torch.float8_e4m3fn), to / "f1.pt")
    torch.save(torch.quantize_per_tensor(T, 0.1, 0, torch.qint8), to / "quantized.pt")
    torch.save((T * 1j).imag, to / "imaginary.pt")
    torch.save({"embeddings": T, "run": Run()}, to / "runs_code.pt")
    torch.save(torch.nn.Linear(2, 2), to / "module.pt")
    torch.jit.script(torch.nn.Linear(2, 2)).save(to / "script.pt")
    with zipfile.ZipFile(HERE / "pt" / "f4.pt") as whole:
        entries = {entry.filename: whole.read(entry) for entry in whole.infolist()}
    with zipfile.ZipFile(to / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with zipfile.ZipFile(to / "big_endian.pt", "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, b"big" if name.endswith("/byteorder") else data)


class Run:
    """What would run a command when Python reads it."""

    def __reduce__(self):
        return os.system, ("touch ran_code",)


def lists(values, kind=pa.list_):
    return pa.array(list(values), kind(pa.from_numpy_dtype(values.dtype)))


def fixed(values):
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def write(path, embeddings, labels, stream=False, compression=None, rows=16):
    table = pa.table({
        "file": pa.array([f"{at}.jpg" for at in range(ROWS)]),
        "box": pa.array([{"x": at, "parts": [at] * (at % 3)} for at in range(ROWS)]),
        "embedding": embeddings,
        "label": labels,
    })
    options = pa.ipc.IpcWriteOptions(compression=compression, emit_dictionary_deltas=not stream)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(path, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rows)


def arrow():
    to = folder("arrow")
    write(to / "list_f4.arrow", lists(X4), Y)
    write(to / "list_f4_stream.arrow", lists(X4), Y, stream=True)
    write(to / "large_f8.arrow", lists(X, pa.large_list), Y.astype(np.uint8))
    write(to / "fixed_f2.arrow", fixed(X.astype(np.float16)), Y.astype(np.int16), stream=True)
    write(to / "lz4_f4.arrow", fixed(X4), pa.array(NAMES[Y]), compression="lz4")
    write(to / "zstd_f8.arrow", lists(X), pa.array(NAMES[Y], pa.large_string()), stream=True, compression="zstd")
    tensor = pa.fixed_shape_tensor(pa.float32(), [2, 3])
    write(to / "tensor_f4.arrow", pa.ExtensionArray.from_storage(tensor, fixed(X4)), pa.array(NAMES[Y], pa.string_view()))
    nested = [row.reshape(2, 3).tolist() for row in X4]
    write(to / "nested_f4.arrow", pa.array(nested, pa.list_(pa.list_(pa.float32()))), Y.astype(float))
    # Each batch brings a dictionary of its own in the stream, and what is new to it in the file.
    batches = [pa.DictionaryArray.from_arrays(np.searchsorted(kinds, Y[at:at + 16]).astype(np.int8), NAMES[kinds])
               for at in range(0, ROWS, 16) for kinds in [np.unique(Y[at:at + 16])]]
    write(to / "dictionary_f4_stream.arrow", fixed(X4), pa.chunked_array(batches), stream=True)
    growing = [pa.DictionaryArray.from_arrays(Y[at:at + 16].astype(np.int32), NAMES[: Y[: at + 16].max() + 1])
               for at in range(0, ROWS, 16)]
    write(to / "dictionary_f4.arrow", fixed(X4), pa.chunked_array(growing))
    feather.write_feather(pa.table({"embedding": fixed(X4), "label": Y}), to / "f4.feather")
    feather.write_feather(pandas.DataFrame({"embedding": list(X), "label": NAMES[Y]}), to / "f8.feather", "zstd", chunksize=7)

    to = folder("arrow_refused")
    missing = list(X4)
    missing[21] = None
    write(to / "missing.arrow", pa.array(missing, pa.list_(pa.float32())), Y)
    holes = [row.tolist() for row in X4]
    holes[21][2] = None
    write(to / "holes.arrow", pa.array(holes, pa.list_(pa.float32())), Y)
    ragged = [row.tolist() for row in X4]
    ragged[21] = ragged[21][:-1]
    write(to / "ragged.arrow", pa.array(ragged, pa.list_(pa.float32())), Y)
    write(to / "integers.arrow", lists(Y.repeat(DIM).reshape(ROWS, DIM)), Y)
    brain = X4.astype(ml_dtypes.bfloat16)
    write(to / "bf16_as_u2.arrow", fixed(brain.view(np.uint16)), Y)
    write(to / "bf16_as_bytes.arrow", pa.array([row.tobytes() for row in brain], pa.binary(2 * DIM)), Y)
    write(to / "views.arrow", pa.ListViewArray.from_arrays(np.arange(0, ROWS * DIM, DIM, np.int32), [DIM] * ROWS, X4.reshape(-1)), Y)
    write(to / "no_label.arrow", lists(X4), pa.array([None] + Y[1:].tolist()))
    write(to / "booleans.arrow", lists(X4), Y > 0)
    feather.write_feather(pa.table({"label": Y, "f": Y + 0.5}), to / "version1.feather", version=1)
    whole = (HERE / "arrow" / "list_f4.arrow").read_bytes()
    (to / "cut.arrow").write_bytes(whole[: len(whole) * 3 // 4])
    whole = (HERE / "arrow" / "list_f4_stream.arrow").read_bytes()
    (to / "cut_stream.arrow").write_bytes(whole[: len(whole) // 2])
    (to / "no_end.arrow").write_bytes(whole[:-8])


def hugging_face():
    names = datasets.ClassLabel(names=NAMES.tolist())
    features = {"flat": datasets.List(datasets.Value("float32")), "label": names}
    flat = datasets.Dataset.from_dict({"flat": X4.tolist(), "label": Y.tolist()}, datasets.Features(features))
    flat = flat.rename_column("flat", "embedding")
    flat.save_to_disk(HERE / "hugging_face", num_shards=3)
    # What `map` leaves beside the data.
    shutil.copy(HERE / "hugging_face" / "data-00000-of-00003.arrow", HERE / "hugging_face" / "cache-0123456789abcdef.arrow")
    square = datasets.Features({"embedding": datasets.Array2D((2, 3), "float32"), "label": datasets.Value("string")})
    squares = datasets.Dataset.from_dict({"embedding": X4.reshape(ROWS, 2, 3).tolist(), "label": NAMES[Y].tolist()}, square)
    squares.save_to_disk(HERE / "hugging_face_array2d")
    datasets.DatasetDict(train=flat, test=flat.select(range(5))).save_to_disk(HERE / "hugging_face_splits")


def wide():
    """One column a dimension, the columns in no order."""
    to, parquet = folder("wide", "csv"), folder("wide", "parquet")
    table = pandas.DataFrame({f"emb_{at}": X4[:, at] for at in [2, 0, 5, 1, 4, 3]})
    table.insert(2, "label", Y)
    table["score"] = X[:, 0]
    table.to_csv(to / "f4.csv", index=False)
    table.to_parquet(parquet / "f4.parquet", row_group_size=16)
    numbers = pandas.DataFrame(X, columns=[str(at) for at in range(DIM)])
    numbers["label"] = NAMES[Y]
    numbers.to_csv(to / "f8.csv", sep=";", index=False)
    numbers.to_parquet(parquet / "f8.parquet")


if __name__ == "__main__":
    for entry in HERE.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
    for part in (references, torch_files, arrow, hugging_face, wide):
        part()
