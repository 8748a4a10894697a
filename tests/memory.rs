//! The limit of `--memory-limit` holds for narrow and wide embeddings, few and many classes, nine formats, and the
//! commands that hold most: the system's own mark of a child process says so.

use std::fmt::Debug;
use std::path::Path;

use bytesize::ByteSize;

use crate::formats::peak;
use crate::{Workdir, program, repository};

/// Bytes that the program may take beyond the limit.
const PROGRAM: u64 = 40 << 20;

/// Runs a command under a limit in which its input has no room: a little above the least, which it names when it refuses
/// a `lower` one.
fn holds(work: &Workdir, input: &[impl AsRef<Path> + Debug], command: &str, lower: &str) {
    let command = format!("{command} --threads 2 --quiet");
    let refused = work.command(&format!("{command} --memory-limit {lower}")).output().unwrap();
    let refused = String::from_utf8(refused.stderr).unwrap();
    let least = refused.split_once(" take ").or(refused.split_once(" takes ")).expect(&refused).1;
    let least: ByteSize = least.split_once(" at least").expect(&refused).0.parse().unwrap();
    // A little more, or wide embeddings would be read anew for each class.
    let limit = least.as_u64() + (16 << 20);
    let taken = peak(work, &format!("{command} --memory-limit {limit}"));
    let all = format!("{command}: {} of {}", ByteSize::b(taken), ByteSize::b(limit));
    assert!(taken < limit + PROGRAM, "{all}");
    // A group of rows that is decoded whole is in the limit.
    let size = |path| std::fs::metadata(work.0.path().join(path)).unwrap().len();
    let size: u64 = input.iter().map(size).sum();
    assert!(size > limit || command.contains("large"), "{all}: it has room for {input:?}");
}

#[test]
fn no_command_takes_more_memory_than_its_limit() {
    let Some(python) = program("PYTHON") else { return };
    let work = Workdir::new();
    let mut python = std::process::Command::new(python);
    let made = python.arg(repository("tests/memory.py")).current_dir(work.0.path()).status();
    assert!(made.unwrap().success());
    for name in ["narrow", "wide"] {
        let [labels, twice] =
            ["labels", "f16_labels"].map(|labels| format!("--labels {name}.{labels}.npy"));
        let formats = [
            ("f32.npy", &labels[..]),
            ("f64.npy", &labels),
            ("fortran.npy", &labels),
            ("f16.npy", &twice),
            ("npz", ""),
            ("parquet", ""),
            ("large.parquet", ""),
            ("feather", ""),
            ("csv", ""),
        ];
        for (format, labels) in formats {
            let input = format!("{name}.{format}");
            if !work.path(&input).exists() {
                continue;
            }
            let dump = format!("--embeddings {input} {labels}");
            holds(&work, &[&input], &format!("moments {dump} --out moments.parquet"), "1MiB");
            if format == "large.parquet" {
                holds(&work, &[&input], &format!("information {dump} --estimator sample"), "1MiB");
            }
            if format == "f32.npy" {
                let ap = format!("--ap {name}.ap.csv");
                let weights = format!("--weights {name}.weights.npy");
                holds(&work, &[&input], &format!("information {dump} --estimator sample"), "1MiB");
                holds(
                    &work,
                    &[&input],
                    &format!("explain {dump} {ap} {weights} --estimator sample"),
                    "1MiB",
                );
                holds(
                    &work,
                    &[&input],
                    &format!("loss {dump} {weights} --estimator sample"),
                    "1MiB",
                );
            }
        }
    }
    let narrow = "--embeddings narrow.f32.npy --labels narrow.labels.npy";
    let replay = format!("queue-size {narrow} --replay --queue-length 50000");
    // Enough for the information amounts, which are planned first.
    holds(&work, &["narrow.f32.npy"], &replay, "129MiB");
    let probe = format!("probe {narrow} --losses softmax --epochs 2 --seeds 3 --folds 2");
    // Enough for the information amounts, which come first.
    holds(&work, &["narrow.f32.npy"], &probe, "129MiB");
    // Together they are larger than the limit.
    let shards: Vec<_> = (0..4).map(|shard| format!("shard-{shard}.parquet")).collect();
    for shard in &shards {
        let embeddings = shard.replace("parquet", "npy");
        let dump = format!("--embeddings {embeddings} --labels shard.labels.npy");
        work.run(&format!("moments {dump} --out {shard}"));
    }
    holds(&work, &shards, &format!("merge {} --out all.parquet", shards.join(" ")), "1MiB");
}
