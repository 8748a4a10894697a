"""Dumps that are larger than the limits of `memory.rs`: narrow with few classes, and wide with many."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq

for name, rows, dim, classes in [("narrow", 800_000, 64, 12), ("wide", 50_000, 1100, 600)]:
    rng = np.random.default_rng(0)
    x, labels = rng.random((rows, dim), dtype=np.float32), rng.integers(0, classes, rows)
    np.save(f"{name}.labels.npy", labels)
    np.save(f"{name}.weights.npy", rng.random((classes, dim), dtype=np.float32))
    with open(f"{name}.ap.csv", "w") as file:
        file.write("class,ap\n" + "".join(f"{c},{c * 37 % 100}\n" for c in range(classes)))
    np.save(f"{name}.f32.npy", x)
    np.save(f"{name}.f64.npy", x + 1e-12)
    np.save(f"{name}.fortran.npy", np.asfortranarray(x))
    np.save(f"{name}.f16.npy", np.tile(x.astype(np.float16), (2, 1)))
    np.save(f"{name}.f16_labels.npy", np.tile(labels, 2))
    np.savez(f"{name}.npz", embeddings=x, labels=labels)
    column = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), dim)
    table = pa.table({"embedding": column, "label": labels})
    pq.write_table(table, f"{name}.parquet", row_group_size=4096)
    pq.write_table(table, f"{name}.large.parquet", row_group_size=rows // 2, compression="none")
    pa.feather.write_feather(table, f"{name}.feather", compression="lz4")
    if name == "narrow":
        series = {f"emb_{j}": x[:, j] for j in range(dim)}
        pa.csv.write_csv(pa.table({**series, "label": labels}).slice(0, 300_000), "narrow.csv")

# Shards of moments: the files together are larger than a limit.
for shard in range(4):
    np.save(f"shard-{shard}.npy", rng.random((30_000, 512), dtype=np.float32))
np.save("shard.labels.npy", rng.integers(0, 60, 30_000))
