//! The collector of `docs/dump.md`, as it stands there, run by Python.

use crate::{Workdir, column, python};

const USE: &str = r#"
rng = np.random.default_rng(3)
embeddings = rng.normal(size=(1000, 6)).astype(np.float32)
labels = rng.integers(0, 5, 1000)
np.save("x.npy", embeddings)
np.save("y.npy", labels)
for format in ["npy", "parquet"]:
    dump = Dump(format, format, rows=128)
    at = 0
    for size in [0, 1, 127, 300, 17, 555]:
        dump.add(embeddings[at:at + size], labels[at:at + size])
        at += size
    dump.close()
"#;

#[test]
fn shards_of_the_collector_are_the_whole() {
    let work = Workdir::new();
    if python("docs/dump.md", USE, &work).is_none() {
        return;
    }
    assert_eq!(work.files("parquet").len(), 8);
    let bits = |input: &str| {
        let json = work.json(&format!("information --embeddings {input}"));
        column(&json["information"], "information")
    };
    let whole = bits("x.npy --labels y.npy");
    assert_eq!(bits("npy/embeddings --labels npy/labels"), whole);
    assert_eq!(bits("parquet"), whole);
}
