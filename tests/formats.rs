//! The same values give the same bytes, whatever they are stored in and however the work is shared.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use bytesize::ByteSize;
use igam_analyze::input::embeddings::Dump;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments::Moments;
use igam_analyze::rows::Rows;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::stream::{Plan, within};
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use polars::prelude::*;

use crate::{BINARY, Workdir, assert_close, column, golden, numbers, repository};

const RUN: &str = "data/fod-a/effnet-lite0-ce";

#[test]
fn every_format_that_numpy_and_pyarrow_write() {
    let work = Workdir::new();
    let folder = repository("tests/golden/formats");
    let expected = numbers(&golden()["formats"]["mp-floor"]);
    let labels = folder.join("labels_i8.npy");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.starts_with("labels") {
            continue;
        }
        let labels = if path.extension().unwrap() == "npy" {
            format!("--labels {}", labels.display())
        } else {
            String::new()
        };
        let json = work.json(&format!("information --embeddings {} {labels}", path.display()));
        assert_close(&column(&json["information"], "information"), &expected, 1e-12);
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[test]
fn labels_of_every_width_and_names() {
    let work = Workdir::new();
    let folder = repository("tests/golden/formats");
    let embeddings = folder.join("little_f4.npy");
    let expected = numbers(&golden()["formats"]["mp-floor"]);
    work.write("classes.txt", "Crème\r\nb & <c>\nsay \"a\"\n");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_stem().unwrap().to_str().unwrap().starts_with("labels") {
            continue;
        }
        let json = work.json(&format!(
            "information --embeddings {} --labels {} --class-names classes.txt",
            embeddings.display(),
            path.display()
        ));
        assert_close(&column(&json["information"], "information"), &expected, 1e-12);
        assert_eq!(json["information"][1]["class"], "b & <c>");
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn categories_are_names() {
    let work = Workdir::new();
    let amounts = |name: &str| {
        let path = repository("tests/corpus/parquet").join(name);
        work.json(&format!("information --embeddings {}", path.display()))["information"].take()
    };
    assert_eq!(amounts("categories.parquet"), amounts("plain.parquet"));
}

#[test]
fn names_without_a_list_are_classes_in_alphabetical_order() {
    let work = Workdir::new();
    let folder = repository("tests/golden/formats");
    let folder = folder.display();
    let json = work.json(&format!(
        "information --embeddings {folder}/little_f4.npy --labels {folder}/labels.csv"
    ));
    let names: Vec<_> = json["information"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["class"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Crème", "b & <c>", "say \"a\""]);
}

/// Names are the same classes in every file of labels, whichever comes first in it.
#[test]
fn names_in_several_files_of_labels() {
    let work = Workdir::new();
    let x = Array2::from_shape_fn((9, 2), |(i, j)| ((i * i * 5 + 3 * j * i) % 17) as f32);
    write_npy(work.path("x.npy"), &x).unwrap();
    let parts = [["owl", "cat", "owl"], ["cat", "ant", "owl"], ["ant", "ant", "cat"]]
        .map(|part| part.to_vec());
    let file = |names: &[&str]| format!("label\n{}\n", names.join("\n"));
    work.write("all.csv", file(&parts.concat()));
    for (at, part) in parts.iter().enumerate() {
        work.write(&format!("l-{at}.csv"), file(part));
        let labels = Series::new("label".into(), part.clone()).into_column();
        let mut frame = DataFrame::new_infer_height(vec![labels]).unwrap();
        let out = fs::File::create(work.path(&format!("l-{at}.parquet"))).unwrap();
        ParquetWriter::new(out).finish(&mut frame).unwrap();
    }
    let information = |labels: &str, more: &str| {
        work.run(&format!("information --embeddings x.npy --labels {labels} {more}"));
        work.read("reports/information.csv")
    };
    let expected = information("all.csv", "");
    work.write("names.txt", "cat\nowl\nant\n");
    let named = information("all.csv", "--class-names names.txt");
    for labels in ["l-0.csv l-1.csv l-2.csv", "l-*.parquet", "l-0.parquet l-1.csv l-2.parquet"] {
        assert_eq!(information(labels, ""), expected, "{labels}");
        assert_eq!(information(labels, "--class-names names.txt"), named, "{labels}");
    }
}

/// Everything that `correlate` writes for one input.
fn written(work: &Workdir, input: &str, more: &str) -> Vec<(String, String)> {
    let data = repository("data/fod-a");
    work.run(&format!(
        "correlate {input} --class-names {0}/classes.txt --ap {1}/ap.csv --ap-column ap50 {more}",
        data.display(),
        repository(RUN).display()
    ));
    let files = work
        .files("reports")
        .into_iter()
        .map(|name| (name.clone(), work.read(&format!("reports/{name}"))))
        .collect();
    fs::remove_dir_all(work.path("reports")).unwrap();
    files
}

#[test]
fn same_bytes_for_any_threads_shards_format_and_run() {
    let work = Workdir::new();
    let run = repository(RUN);
    let x: ndarray::Array2<f32> = read_npy(run.join("embeddings.npy")).unwrap();
    let labels: ndarray::Array1<i64> = read_npy(run.join("labels.npy")).unwrap();
    let one = format!("--embeddings {0}/embeddings.npy --labels {0}/labels.npy", run.display());
    let expected = written(&work, &one, "");
    assert_eq!(expected.len(), 11);
    assert_eq!(written(&work, &one, ""), expected, "second run");
    assert_eq!(written(&work, &one, "--threads 1"), expected, "one thread");
    assert_eq!(written(&work, &one, "--threads 2"), expected, "two threads");

    // Ten shards, whose names only natural order sorts as they were written.
    fs::create_dir(work.path("shards")).unwrap();
    let bounds: Vec<usize> = (0..=10).map(|k| k * k * x.nrows() / 100).collect();
    for (k, pair) in bounds.windows(2).enumerate() {
        let rows = x.slice(ndarray::s![pair[0]..pair[1], ..]);
        write_npy(work.path(&format!("shards/part-{}.npy", k + 1)), &rows.to_owned()).unwrap();
    }
    let labels_npy = run.join("labels.npy");
    let labels_npy = labels_npy.display();
    assert_eq!(
        written(&work, &format!("--embeddings shards --labels {labels_npy}"), ""),
        expected,
        "shards"
    );
    assert_eq!(
        written(&work, &format!("--embeddings shards/*.npy --labels {labels_npy}"), ""),
        expected,
        "glob"
    );

    // Fortran order.
    let fortran = x.t().as_standard_layout().into_owned();
    write_npy(work.path("fortran.npy"), &fortran.t()).unwrap();
    assert_eq!(
        written(&work, &format!("--embeddings fortran.npy --labels {labels_npy}"), ""),
        expected,
        "Fortran order"
    );

    // Parquet, in row groups that divide nothing evenly, the labels beside the embeddings.
    let lists: Vec<Series> =
        x.outer_iter().map(|row| Series::new("".into(), row.as_slice().unwrap())).collect();
    let mut frame = DataFrame::new_infer_height(vec![
        Series::new("embedding".into(), lists).into_column(),
        Series::new("label".into(), labels.as_slice().unwrap()).into_column(),
    ])
    .unwrap();
    let file = fs::File::create(work.path("dump.parquet")).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(777)).finish(&mut frame).unwrap();
    assert_eq!(written(&work, "--embeddings dump.parquet", ""), expected, "parquet");
}

#[test]
fn a_dump_is_read_in_order_whatever_the_block() {
    let whole: ndarray::Array2<f32> =
        read_npy(repository("tests/golden/formats/little_f4.npy")).unwrap();
    for name in
        ["little_f4.npy", "big_fortran_f4.npy", "list_f4.parquet", "deflated.npz", "fortran.npz"]
    {
        let dump = Dump::open(&[repository("tests/golden/formats").join(name)], None).unwrap();
        assert_eq!((dump.rows(), dump.dim()), (60, 5));
        for rows in [1, 7, 60, 1000] {
            let mut values: Vec<f32> = Vec::new();
            dump.read(rows, &mut |block: &mut Vec<f32>| {
                assert!(block.len() <= rows * 5);
                values.append(block);
                true
            })
            .unwrap();
            assert_eq!(values, whole.as_slice().unwrap(), "{name} in blocks of {rows}");
            let mut calls = 0;
            dump.read(rows, &mut |_: &mut Vec<f64>| {
                calls += 1;
                false
            })
            .unwrap();
            assert_eq!(calls, 1, "{name} must stop when told so");
        }
    }
}

#[test]
fn panels_and_blocks_give_the_same_bytes_for_any_threads() {
    // More than one strip of 48 dimensions, more than one block of 128 rows, one class that
    // dominates and one that keeps its rows.
    let work = Workdir::new();
    let x = ndarray::Array2::from_shape_fn((1500, 300), |(i, j)| {
        ((i * 7919 + j * j * 31) % 1009) as f32 / 37.0
    });
    let y =
        ndarray::Array1::from_shape_fn(
            1500,
            |i| if i % 11 == 0 { 7_u8 } else { (i % 400 == 3) as u8 },
        );
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &y).unwrap();
    let information = |threads: usize| {
        work.run(&format!(
            "information --embeddings x.npy --labels y.npy --quiet --threads {threads}"
        ));
        work.read("reports/information.csv")
    };
    let one = information(1);
    assert_eq!(one.lines().count(), 4);
    assert_eq!(information(2), one);
    assert_eq!(information(5), one);
}

#[test]
fn classes_that_do_not_fit_together_are_read_in_passes() {
    let dump = Dump::open(&[repository(RUN).join("embeddings.npy")], None).unwrap();
    let labels: ndarray::Array1<i64> = read_npy(repository(RUN).join("labels.npy")).unwrap();
    let labels: Vec<u32> = labels.iter().map(|&label| label as u32).collect();
    let mut counts = vec![0; 31];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let size = (labels.len() * dump.dim() * size_of::<f32>()) as u64;
    // `read` is how many times as much as there is.
    let information = |plan: Plan, passes: usize, read: f64| {
        assert_eq!(plan.passes(), passes);
        let told = AtomicU64::new(0);
        let tell = |rows| {
            told.fetch_add(rows, Ordering::Relaxed);
        };
        let (classes, stages) = plan
            .information::<f32>(&dump, &labels, &counts, Estimator::ALL, Precision::Double, &tell)
            .unwrap();
        assert_eq!(told.into_inner(), passes as u64 * 2846);
        assert!((stages.bytes as f64 / size as f64 - read).abs() < 0.05);
        classes
    };
    let within = |limit| {
        let bytes = |class: usize| Moments::<f32>::bytes(dump.dim(), counts[class]);
        within(limit, &counts, bytes)
    };
    let together = information(Plan::Passes(within(1 << 30)), 1, 1.0);
    assert_eq!(information(Plan::Passes(within(0)), 31, 31.0), together);
    let three = within(3 << 18);
    assert_eq!(information(Plan::Passes(three.clone()), 3, 3.0), together);
    assert_eq!(information(Plan::ByClass, 1, 1.0), together);
    // The file is in memory by now: only the first pass reads all rows.
    let later: u64 = three[1..].iter().flatten().map(|&class| counts[class]).sum();
    let read = 1.0 + later as f64 / labels.len() as f64;
    assert_eq!(information(Plan::PassesFromDisk(three), 3, read), together);
}

/// Rows by their numbers are those that come in order, over shards of several types and without the
/// rows left out.
#[test]
fn single_rows_are_those_read_in_order() {
    let work = Workdir::new();
    let rows = |from: usize, to: usize| {
        Array2::from_shape_fn((to - from, 3), |(i, j)| (7 * (from + i) + j) as f64)
    };
    write_npy(work.path("1.npy"), &rows(0, 5)).unwrap();
    write_npy(work.path("2.npy"), &rows(5, 6).mapv(|value| value as f32)).unwrap();
    write_npy(work.path("3.npy"), &rows(6, 40)).unwrap();
    let paths: Vec<_> = ["1.npy", "2.npy", "3.npy"].map(|name| work.path(name)).into();
    let mut dump = Dump::open(&paths, None).unwrap();
    for out in [vec![], vec![0, 4, 5], vec![7, 8, 39, 20]] {
        dump.leave_out(out);
        let mut ordered = Vec::new();
        dump.read(4, &mut |block: &mut Vec<f64>| {
            ordered.append(block);
            true
        })
        .unwrap();
        let numbers: Vec<_> = (0..dump.rows()).rev().step_by(2).chain(0..dump.rows()).collect();
        let mut seen = Vec::new();
        dump.gather::<f64>(&numbers, &mut |number, row| {
            assert_eq!(row, &ordered[3 * number..][..3]);
            seen.push(number);
        })
        .unwrap();
        assert_eq!(seen, numbers);
    }
    assert!(dump.rows_come_at_once::<f64>().unwrap());

    write_npy(work.path("2.npy"), &rows(5, 6).mapv(|value| value * f64::NAN)).unwrap();
    let dump = Dump::open(&paths, None).unwrap();
    let by_number = dump.gather::<f64>(&[3, 5], &mut |_, _| {}).unwrap_err();
    let in_order = dump.read::<f64>(4, &mut |_| true).unwrap_err();
    assert_eq!(by_number.to_string(), in_order.to_string());
}

/// The memory that a sentence asks for suffices, and what is computed does not depend on it.
#[test]
fn a_memory_limit_changes_passes_and_no_byte() {
    let work = Workdir::new();
    let x = Array2::from_shape_fn((4000, 700), |(i, j)| ((31 * i + 17 * j) % 101) as f32);
    let y = Array1::from_shape_fn(4000, |i| (i % 5 % 3) as i64);
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &y).unwrap();
    let with = |limit: &str| {
        let options = "information --embeddings x.npy --labels y.npy --threads 1 -v --memory-limit";
        let output = work.command(&format!("{options} {limit}")).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let refused = with("1MiB");
    let (_, rest) = refused.split_once("take ").unwrap();
    let least = rest.split(" at least").next().unwrap().replace(' ', "");
    assert!(with("20MiB").contains("--memory-limit 20.0 MiB: with 1 thread(s)"));
    assert!(work.files("reports").is_empty(), "{refused}");
    assert!(with("1GiB").contains("wrote"));
    let expected = work.read("reports/information.csv");
    let close = with(&least);
    assert!(close.contains("wrote"), "{close}");
    assert_eq!(work.read("reports/information.csv"), expected);
}

/// What a folder hides is no part of the dump.
#[test]
fn hidden_files_are_no_shards() {
    let work = Workdir::new();
    fs::create_dir(work.path("dump")).unwrap();
    let x = Array2::from_shape_fn((6, 2), |(i, j)| (i * i + 3 * j) as f32);
    write_npy(work.path("y.npy"), &ndarray::arr1(&[0, 0, 0, 1, 1, 1])).unwrap();
    write_npy(work.path("dump/x.npy"), &x).unwrap();
    work.run("information --embeddings dump --labels y.npy");
    let expected = work.read("reports/information.csv");
    write_npy(work.path("dump/.x-copy.npy"), &x).unwrap();
    work.run("information --embeddings dump --labels y.npy");
    assert_eq!(work.read("reports/information.csv"), expected);
}

/// Some shards in f32 do not round those in f64, whichever comes first.
#[test]
fn the_widest_shard_decides_what_all_are_read_into() {
    let work = Workdir::new();
    // What f32 holds, and what differs in digits that it has not.
    let narrow = Array2::from_shape_fn((8, 12), |(i, j)| ((i * 5 + j * 3) % 7) as f64);
    let wide =
        Array2::from_shape_fn((8, 12), |(i, j)| 1e6 + 1e-4 * ((i * i + 3 * j * i) % 11) as f64);
    write_npy(work.path("n.npy"), &narrow.mapv(|value| value as f32)).unwrap();
    write_npy(work.path("w.npy"), &wide).unwrap();
    let labels = |first: u8| Array1::from_shape_fn(16, |i| first ^ u8::from(i >= 8));
    write_npy(work.path("nw.npy"), &labels(0)).unwrap();
    write_npy(work.path("wn.npy"), &labels(1)).unwrap();
    write_npy(work.path("all.npy"), &ndarray::concatenate![ndarray::Axis(0), narrow, wide])
        .unwrap();
    let information = |input: &str| {
        let input = format!("information --embeddings {input} --estimator sample");
        column(&work.json(&input)["information"], "information")
    };
    let expected = information("all.npy --labels nw.npy");
    assert!(expected[1] > 0.0);
    // And of moments files.
    for (name, label) in [("n", 0), ("w", 1)] {
        write_npy(work.path("l.npy"), &Array1::from_elem(8, label as u8)).unwrap();
        work.run(&format!("moments --embeddings {name}.npy --labels l.npy --out {name}.parquet"));
    }
    for files in ["n.parquet w.parquet", "w.parquet n.parquet"] {
        let json = work.json(&format!("information --moments {files} --estimator sample"));
        assert_close(&column(&json["information"], "information"), &expected, 1e-9);
    }
    assert_eq!(information("n.npy w.npy --labels nw.npy"), expected);
    std::fs::rename(work.path("n.npy"), work.path("z.npy")).unwrap();
    assert_eq!(information("w.npy z.npy --labels wn.npy"), expected);
}

/// The most memory that a command held at once, bytes: the system's own mark.
#[cfg(target_os = "linux")]
pub fn peak(work: &Workdir, command: &str) -> u64 {
    let mut child = std::process::Command::new(BINARY)
        .current_dir(work.0.path())
        .args(command.split_whitespace())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The mark only rises, and is gone with the process.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.unwrap_or_default();
        let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = mark.and_then(|mark| mark.trim().strip_suffix(" kB")?.parse().ok());
        peak = kib.map_or(peak, |kib: u64| kib << 10);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success(), "{command}");
    peak
}

/// The least limit under which a command runs, and what its largest class takes of that, in bytes, as the
/// sentence that refuses a lower one, in MiB, has them.
#[cfg(target_os = "linux")]
fn least_limit(work: &Workdir, command: &str, lower: u64) -> [u64; 2] {
    let output = work.command(&format!("{command} --memory-limit {lower}MiB")).output().unwrap();
    let refused = String::from_utf8(output.stderr).unwrap();
    let large = refused.contains("one row group holds") && refused.contains("row_group_size");
    assert_eq!(large, command.contains("parquet"), "{refused}");
    let between = |before: &str, after: &str| {
        let (_, rest) = refused.split_once(before).expect(&refused);
        let size: ByteSize = rest.split_once(after).expect(&refused).0.parse().unwrap();
        size.as_u64()
    };
    [between(" take ", " at least"), between("at least (", " for the largest class")]
}

/// A limit is kept when every thread works on a class at once; where a row group is in memory whole; and
/// when a queue is replayed.
#[cfg(target_os = "linux")]
#[test]
fn no_more_memory_is_taken_than_the_limit() {
    let work = Workdir::new();
    let (classes, dim, rows) = (16, 1024, 1030);
    // In 0…1, so that a Cholesky factor will do, which takes two matrices; and too many to be put into a
    // dictionary.
    let value = |(i, j): (usize, usize)| {
        ((i * dim + j) as u32).wrapping_mul(2654435761) as f32 / u32::MAX as f32
    };
    let x = Array2::from_shape_fn((classes * rows, dim), value);
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &Array1::from_shape_fn(classes * rows, |i| (i % classes) as u8))
        .unwrap();
    let lists: ListChunked = x
        .exact_chunks((1, 64))
        .into_iter()
        .map(|row| Some(Series::new("".into(), row.iter().copied().collect::<Vec<f32>>())))
        .collect();
    let labels: Vec<i64> = (0..lists.len()).map(|i| (i % 3) as i64).collect();
    let mut frame = DataFrame::new_infer_height(vec![
        lists.with_name("embedding".into()).into_series().into_column(),
        Series::new("label".into(), labels).into_column(),
    ])
    .unwrap();
    drop(x);
    let file = fs::File::create(work.path("x.parquet")).unwrap();
    let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Uncompressed);
    writer.with_row_group_size(Some(1 << 30)).finish(&mut frame).unwrap();
    drop(frame);

    // Of every class as many covariances as there are turns of the queue.
    let x = Array2::from_shape_fn((4000, 256), value);
    write_npy(work.path("q.npy"), &x).unwrap();
    write_npy(work.path("r.npy"), &Array1::from_shape_fn(4000, |i| (i % 8) as u8)).unwrap();

    for (command, lower, together, some) in [
        (
            "information --embeddings x.npy --labels y.npy --estimator sample --threads 16",
            1,
            16,
            100,
        ),
        ("information --embeddings x.parquet --threads 1", 1, 1, 100),
        (
            "queue-size --embeddings q.npy --labels r.npy --replay --queue-length 100 --threads 1",
            // Enough for the direct way, which is planned first.
            110,
            1,
            30,
        ),
    ] {
        let [least, largest] = least_limit(&work, command, lower);
        // The sizes are rounded.
        let limit = least + (together - 1) * largest + (2 << 20);
        let taken = peak(&work, &format!("{command} --memory-limit {limit}"));
        assert!(taken <= limit, "{command}: {taken} bytes, {limit} were allowed");
        // Not because there was nothing to hold.
        assert!(taken > some << 20, "{command}: {taken} bytes");
    }
}
