//! Moments files: what is merged is the whole, whatever the order, the tree or the writer.

use std::collections::BTreeMap;
use std::fs;

use fastrand::Rng;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments::Moments;
use igam_analyze::moments_file::MomentsFiles;
use igam_analyze::stream::{self, MomentsSource, within};
use ndarray::{Array1, Array2, Axis, concatenate, s};
use ndarray_npy::{read_npy, write_npy};
use serde_json::Value;

use crate::{Workdir, assert_close, column, python, repository};

const ESTIMATORS: [&str; 6] = ["mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf", "oas"];

/// A real dump, of which the classes of more than 128 instances are folded.
fn fod_a() -> (Array2<f32>, Array1<i64>) {
    let run = repository("data/fod-a/effnet-lite2-seesaw");
    let labels: Array1<i64> = match read_npy::<_, Array1<i64>>(run.join("labels.npy")) {
        Ok(labels) => labels,
        Err(_) => read_npy::<_, Array1<i32>>(run.join("labels.npy")).unwrap().mapv(i64::from),
    };
    (read_npy(run.join("embeddings.npy")).unwrap(), labels)
}

/// A directory with a dump as x.npy and y.npy, class names, and `shards` moments files of its rows.
fn sharded(x: &Array2<f32>, y: &Array1<i64>, shards: usize) -> Workdir {
    let work = Workdir::new();
    fs::copy(repository("data/fod-a/classes.txt"), work.path("classes.txt")).unwrap();
    write_npy(work.path("x.npy"), x).unwrap();
    write_npy(work.path("y.npy"), y).unwrap();
    for shard in 0..shards {
        let rows = shard * x.nrows() / shards..(shard + 1) * x.nrows() / shards;
        write_npy(work.path("shard-x.npy"), &x.slice(s![rows.clone(), ..])).unwrap();
        write_npy(work.path("shard-y.npy"), &y.slice(s![rows])).unwrap();
        work.run(&format!(
            "moments --embeddings shard-x.npy --labels shard-y.npy --class-names classes.txt --out shards/{shard}.parquet"
        ));
    }
    work
}

const DIRECT: &str = "--embeddings x.npy --labels y.npy --class-names classes.txt";

/// The information amounts of all classes, those that an estimator refuses as 0.
fn information(work: &Workdir, input: &str, estimator: &str) -> Vec<f64> {
    let json = work.json(&format!("information {input} --estimator {estimator} --out out"));
    let rows = json["information"].as_array().unwrap();
    rows.iter().map(|row| row["information"].as_f64().unwrap_or(0.0)).collect()
}

#[test]
fn merged_in_any_order_and_as_a_tree() {
    let (x, y) = fod_a();
    let work = sharded(&x, &y, 64);
    let mut files: Vec<String> = (0..64).map(|shard| format!("shards/{shard}.parquet")).collect();
    let mut rng = Rng::with_seed(11);
    for order in 0..3 {
        rng.shuffle(&mut files);
        work.run(&format!("merge {} --out order-{order}.parquet", files.join(" ")));
    }
    // A tree of pairs, of neighbours that a random order made.
    let mut level = 0;
    while files.len() > 1 {
        level += 1;
        let merge = |(at, pair): (usize, &[String])| {
            let merged = format!("tree/{level}-{at}.parquet");
            work.run(&format!("merge {} --out {merged}", pair.join(" ")));
            merged
        };
        files = files.chunks(2).enumerate().map(merge).collect();
    }
    for estimator in ESTIMATORS {
        let direct = information(&work, DIRECT, estimator);
        assert!(direct.iter().filter(|&&bits| bits > 0.0).count() > 20, "{estimator}");
        for merged in ["order-0.parquet", "order-1.parquet", "order-2.parquet", &files[0], "shards"]
        {
            let merged = information(&work, &format!("--moments {merged}"), estimator);
            assert_close(&merged, &direct, 1e-9);
        }
    }
}

/// Where a report begins to say what it was made from.
const AGAIN: &[u8] = b"How to reproduce this";

/// Standard output and all files of a command, but for the report's list of what it was made from.
fn results(work: &Workdir, command: &str) -> BTreeMap<String, Vec<u8>> {
    let _ = fs::remove_dir_all(work.path("out"));
    let output = work.run(&format!("{command} --out out"));
    let mut results = BTreeMap::from([(String::new(), output.stdout)]);
    for name in work.files("out") {
        let content = fs::read(work.path("out").join(&name)).unwrap();
        assert!(!content.is_empty(), "{name}");
        let end = content.windows(AGAIN.len()).position(|part| part == AGAIN);
        results.insert(name, content[..end.unwrap_or(content.len())].to_vec());
    }
    results
}

#[test]
fn every_command_takes_moments() {
    let (x, y) = fod_a();
    let work = sharded(&x, &y, 1);
    for name in ["ap.csv", "weights.npy"] {
        fs::copy(repository("data/fod-a/effnet-lite2-seesaw").join(name), work.path(name)).unwrap();
    }
    let run = "[[run]]\nname = \"one\"\nap = \"ap.csv\"\nap_column = \"ap50\"\nclass_names = \"classes.txt\"\n";
    work.write("dump.toml", format!("{run}embeddings = \"x.npy\"\nlabels = \"y.npy\"\n"));
    work.write("moments.toml", format!("{run}moments = \"shards/0.parquet\"\n"));
    let moments = "--moments shards/0.parquet";
    for (of_dump, of_moments) in [
        (format!("information {DIRECT}"), format!("information {moments}")),
        (
            format!("correlate {DIRECT} --ap ap.csv --ap-column ap50 --estimator all"),
            format!("correlate {moments} --ap ap.csv --ap-column ap50 --estimator all"),
        ),
        (format!("margins {DIRECT}"), format!("margins {moments}")),
        (format!("queue-size {DIRECT}"), format!("queue-size {moments}")),
        ("correlate --runs dump.toml".into(), "correlate --runs moments.toml".into()),
        ("report --runs dump.toml".into(), "report --runs moments.toml".into()),
    ] {
        let (direct, merged) = (results(&work, &of_dump), results(&work, &of_moments));
        assert!(direct.len() > 1, "{of_dump}");
        assert!(direct == merged, "{of_moments}");
    }
    let compared =
        |with| results(&work, &format!("compare dump.toml {with}")).remove("compare.csv");
    assert_eq!(compared("moments.toml").unwrap(), compared("dump.toml").unwrap());
}

#[test]
fn passes_change_no_bit() {
    let (x, y) = fod_a();
    let work = sharded(&x, &y, 4);
    let labels: Vec<u32> = y.iter().map(|&label| label as u32).collect();
    let dump = Dump::open(&[work.path("x.npy")], None).unwrap();
    let files = MomentsFiles::open(&[work.path("shards")]).unwrap();
    let counts = files.counts();
    let of_dump = |passes: &[Vec<usize>]| {
        let mut all = Vec::new();
        let digest = stream::moments::<f32>(
            passes,
            &dump,
            &labels,
            counts,
            Precision::Double,
            &|_| (),
            &mut |pass| {
                all.extend(pass.into_iter().map(|(class, moments)| (class, moments.into_parts())));
                Ok(())
            },
        );
        (all, digest.unwrap())
    };
    let of_files = |passes: &[Vec<usize>]| {
        let mut all = Vec::new();
        let read = stream::merged::<f32>(passes, &files, &|_| (), &mut |pass| {
            all.extend(pass.into_iter().map(|(class, moments)| (class, moments.into_parts())));
            Ok(())
        });
        read.unwrap();
        all
    };
    let bytes = |class: usize| Moments::<f32>::bytes(128, counts[class]);
    let [one, some, each] = [u64::MAX, 200_000, 0].map(|limit| within(limit, counts, bytes));
    assert_eq!((one.len(), each.len()), (1, 31));
    assert!((2..31).contains(&some.len()));
    let (direct, merged) = (of_dump(&one), of_files(&one));
    assert_eq!(direct.0.len(), 31);
    for passes in [some, each] {
        assert!(of_dump(&passes) == direct);
        assert!(of_files(&passes) == merged);
    }
}

#[test]
fn the_same_rows_are_the_same_source() {
    let (x, y) = fod_a();
    let work = sharded(&x, &y, 1);
    let order: Vec<_> = (0..y.len()).rev().collect();
    write_npy(work.path("x2.npy"), &x.select(Axis(0), &order)).unwrap();
    write_npy(work.path("y2.npy"), &y.select(Axis(0), &order)).unwrap();
    work.run(
        "moments --embeddings x2.npy --labels y2.npy --class-names classes.txt --out again.parquet",
    );
    let output = work.command("merge shards again.parquet --out no.parquet").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error =
        "shards/0.parquet: holds embeddings that again.parquet holds too: merge each shard once";
    assert!(String::from_utf8_lossy(&output.stderr).contains(error));
    assert!(!work.path("no.parquet").exists());
}

/// A source stays known however often it is merged: no shard counts twice.
#[test]
fn what_is_merged_is_not_merged_with_its_own_shards() {
    let (x, y) = fod_a();
    let work = sharded(&x, &y, 4);
    work.run("merge shards/0.parquet shards/1.parquet shards/2.parquet --out three.parquet");
    work.run("merge three.parquet shards/3.parquet --out all.parquet");
    for of_three in 0..3 {
        for merged in ["three", "all"] {
            for files in [
                format!("{merged}.parquet shards/{of_three}.parquet"),
                format!("shards/{of_three}.parquet {merged}.parquet"),
            ] {
                let command = format!("merge {files} --out no.parquet");
                let output = work.command(&command).output().unwrap();
                assert_eq!(output.status.code(), Some(1), "{files}");
                let said = String::from_utf8(output.stderr).unwrap();
                assert!(said.contains("merge each shard once"), "{files}: {said}");
            }
        }
    }
    let information = |files: &str| information(&work, &format!("--moments {files}"), "sample");
    assert_close(&information("all.parquet"), &information("shards"), 1e-9);
}

#[test]
fn classes_known_by_name_alone_are_numbered_after_merging() {
    let work = Workdir::new();
    let rows = |first: usize, count: usize| {
        Array2::from_shape_fn((count, 2), |(i, j)| ((first + i) * (j + 2) % 7) as f64)
    };
    let [a, b] = [rows(0, 6), rows(6, 5)];
    write_npy(work.path("a.npy"), &a).unwrap();
    write_npy(work.path("b.npy"), &b.mapv(|value| value as f32)).unwrap();
    write_npy(work.path("all.npy"), &concatenate![Axis(0), a, b]).unwrap();
    let (first, second) = ("cat\ncat\nowl\nowl\nowl\ncat\n", "ant\nowl\nowl\ncat\nant\n");
    work.write("a.csv", format!("label\n{first}"));
    work.write("b.csv", format!("label\n{second}"));
    work.write("all.csv", format!("label\n{first}{second}"));
    work.run("moments --embeddings a.npy --labels a.csv --out a.parquet");
    work.run("moments --embeddings b.npy --labels b.csv --out b.parquet");
    let direct = work.json("information --embeddings all.npy --labels all.csv");
    let merged = work.json("information --moments a.parquet b.parquet");
    for name in ["class_id", "class", "instances"] {
        let of = |json: &Value| -> Vec<Value> {
            json["information"].as_array().unwrap().iter().map(|row| row[name].clone()).collect()
        };
        assert_eq!(of(&merged), of(&direct));
    }
    let bits = |json: &Value| column(&json["information"], "information");
    assert_close(&bits(&merged), &bits(&direct), 1e-14);
    // And names are found by what else says the classes.
    work.write("names.csv", "class,id\nowl,4\ncat,7\nant,9\nbee,11\n");
    let named = work.json("information --moments a.parquet b.parquet --class-names names.csv");
    let ids = |json: &Value| -> Vec<(String, Value)> {
        let rows = json["information"].as_array().unwrap().iter();
        rows.map(|row| {
            (format!("{} {}", row["class_id"], row["class"]), row["information"].clone())
        })
        .collect()
    };
    let of = |at: usize| merged["information"][at]["information"].clone();
    let expected = [
        ("4 \"owl\"", of(2)),
        ("7 \"cat\"", of(1)),
        ("9 \"ant\"", of(0)),
        ("11 \"bee\"", Value::Null),
    ];
    assert_eq!(ids(&named), expected.map(|(name, bits)| (name.to_owned(), bits)));
}

/// Classes without embeddings are in the file, wherever they stand: a shard need not have all.
#[test]
fn classes_that_a_shard_has_not_are_kept() {
    let work = Workdir::new();
    let x = Array2::from_shape_fn((6, 2), |(i, j)| ((i * i + 3 * j * i) % 7) as f32);
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &Array1::from(vec![1, 1, 1, 4, 4, 4])).unwrap();
    work.write("classes.txt", "a\nb\nc\nd\ne\nf\n");
    work.run("moments --embeddings x.npy --labels y.npy --class-names classes.txt --out m.parquet");
    work.run("merge m.parquet --out merged.parquet");
    for file in ["m.parquet", "merged.parquet"] {
        let json = work.json(&format!("information --moments {file}"));
        assert_eq!(column(&json["information"], "instances"), [0.0, 3.0, 0.0, 0.0, 3.0, 0.0]);
        assert_eq!(json["information"][4]["class"], "e");
    }
}

/// What the code of `docs/moments.md` is used for.
const USE: &str = r#"
import sys

x, y = np.load("x.npy"), np.load("y.npy")
names = open("classes.txt").read().split()
bits = {}
for name, m, mean, scatter in read_moments("shards/0.parquet"):
    bits[name] = 0.5 * np.linalg.slogdet(np.eye(len(mean)) + scatter / m)[1] / np.log(2)
    assert np.allclose(mean, x[y == names.index(name)].mean(axis=0, dtype=float), rtol=1e-12)
json.dump([bits[name] for name in names], sys.stdout)
for shard, rows in enumerate(np.array_split(np.arange(len(x)), 3)):
    write_moments(f"numpy/{shard}.parquet", x[rows], y[rows], names)
"#;

#[test]
fn numpy_and_pyarrow_read_and_write_them() {
    let (x, y) = fod_a();
    let work = sharded(&x, &y, 1);
    fs::create_dir(work.path("numpy")).unwrap();
    let Some(stdout) = python("docs/moments.md", USE, &work) else { return };
    let theirs: Vec<f64> = serde_json::from_slice(&stdout).unwrap();
    assert_close(&information(&work, "--moments shards", "sample"), &theirs, 1e-9);
    for estimator in ESTIMATORS {
        let direct = information(&work, DIRECT, estimator);
        assert_close(&information(&work, "--moments numpy", estimator), &direct, 1e-9);
    }
    // Either's files may be merged with the other's; one of ours is of the same rows here.
    let twice = work.json("information --moments numpy shards");
    let once = work.json("information --moments numpy");
    let counts = |json: &Value| column(&json["information"], "instances");
    let doubled: Vec<f64> = counts(&once).iter().map(|count| 2.0 * count).collect();
    assert_eq!(counts(&twice), doubled);
}
