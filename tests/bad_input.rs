//! Bad input ends in one sentence that says what and where, exit code 1 (2 for wrong usage), and
//! leaves nothing behind. A row a case: keep it growing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use polars::prelude::{
    BinaryChunked, DataFrame, DataType, IntoColumn, IntoSeries, KeyValueMetadata, ListChunked,
    NamedFrom, ParquetWriter, Series,
};
use zip::CompressionMethod::{Deflated, Stored};

use crate::{Workdir, repository};

/// The command, over files that are all good: each case spoils one.
const GOOD: &str = "correlate --embeddings x.npy --labels y.npy --class-names classes.txt --ap ap.csv --counts counts.csv";

fn good() -> Workdir {
    let work = Workdir::new();
    let x = ndarray::Array2::from_shape_fn((6, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::arr1(&[0_i64, 0, 1, 1, 2, 2])).unwrap();
    work.write("classes.txt", "a\nb\nc\n");
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.75\n");
    work.write("counts.csv", "class,instances\na,2\nb,2\nc,2\n");
    work
}

/// An npy file with this header dictionary and data.
pub fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16 + 1).to_le_bytes());
    file.extend(header.bytes().chain([b'\n']));
    file.extend(data);
    file
}

/// A 6×2 matrix of f32 that is zero but for some values (row, column, value).
fn matrix(values: &[(usize, usize, f32)]) -> Vec<u8> {
    let mut data = [0; 6 * 2 * 4];
    for &(row, column, value) in values {
        let at = (row * 2 + column) * 4;
        data[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    npy(&header("'<f4'", "(6, 2)"), &data)
}

/// An npz file of these arrays.
pub fn npz(arrays: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, array) in arrays {
        archive.start_file(*name, options).unwrap();
        archive.write_all(array).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The same bytes with every occurrence of some replaced.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
    }
    bytes
}

/// A parquet file of these columns.
pub fn parquet(columns: Vec<Series>) -> Vec<u8> {
    let columns = columns.into_iter().map(Series::into_column).collect();
    let mut file = Vec::new();
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(&mut file).finish(&mut frame).unwrap();
    file
}

/// A column of lists of f32.
pub fn lists(name: &str, rows: &[Option<&[Option<f32>]>]) -> Series {
    let row = |values: &[Option<f32>]| Series::new("".into(), values);
    let column: ListChunked = rows.iter().map(|list| list.map(row)).collect();
    column.with_name(name.into()).into_series()
}

/// Every file below a directory, and what is in it.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
        }
        let content = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        all.insert(path, content);
    }
    all
}

pub fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}")
}

#[track_caller]
pub fn refused(work: &Workdir, arguments: &str, code: i32, sentence: &str) {
    let before = contents(work.0.path());
    let output = work.command(arguments).timeout(Duration::from_secs(20)).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}, not {sentence}: {stderr}");
    let error = crate::error_line(&stderr);
    assert!(error.contains(sentence), "{arguments}:\n{stderr}\nnot: {sentence}");
    let last = stderr.lines().last().unwrap_or_default();
    assert_eq!(last.starts_with("see igam-analyze "), code == 2, "{arguments}:\n{stderr}");
    assert!(code == 2 || last == error, "{arguments}:\n{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(stderr.matches("igam-analyze: error").count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(contents(work.0.path()) == before, "{arguments} left {:?}", work.files("."));
}

#[test]
fn good_is_good() {
    good().run(GOOD);
}

#[test]
fn spoiled_npy() {
    let f4 = |rows: usize| vec![0; rows * 2 * 4];
    let of = |descr: &str, shape: &str| npy(&header(descr, shape), &f4(6));
    let good = matrix(&[]);
    let version =
        |version: u8| replaced(&good, b"NUMPY\x01", &[b'N', b'U', b'M', b'P', b'Y', version]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        // Not npy, or cut off.
        (b"".into(), "x.npy: is empty, 0 bytes: was its writing cut off?"),
        (good[..3].into(), "is not an npy file: it is too short"),
        (b"PK\x03\x04 something else".into(), "does not start with \\x93NUMPY"),
        (b"\x1f\x8b\x08 compressed".into(), "does not start with \\x93NUMPY"),
        (good[..30].into(), "cut off within its npy header"),
        (b"\x93NUMPY\x02\x00\x40".into(), "is not an npy file: it is too short"),
        (b"\x93NUMPY\x02\x00\x40\x00".into(), "cut off within its npy header"),
        (b"\x93NUMPY\x01\x00\xff\xff{".into(), "claims an npy header of 65535 bytes"),
        (
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'".into(),
            "claims an npy header of 4294967295 bytes: it is damaged",
        ),
        (good[..good.len() - 1].into(), "but there are 47 bytes of data; save it again"),
        (
            npy(&header("'<f4'", "(6, 2)"), &f4(5)),
            "is cut off: its header promises an array of shape [6, 2] (<f4), but there are 40 bytes",
        ),
        (npy(&header("'<f4'", "(6, 2)"), &f4(7)), "is there more than one array in it?"),
        // Headers.
        (version(0), "is of npy version 0, which is not known"),
        (version(4), "is of npy version 4, which is not known"),
        (npy("{'descr': ", b""), "bad npy header"),
        (npy("[1, 2]", b""), "bad npy header"),
        (npy("{'descr': '<f4', 'fortran_order': False}", b""), "bad npy header"),
        (npy("{'descr': '<f4', 'fortran_order': 'no', 'shape': (6, 2)}", &f4(6)), "bad npy header"),
        (of("'<f4'", "(-6, 2)"), "bad npy header"),
        (of("'<f4'", "(6.0, 2)"), "bad npy header"),
        (of("'<f4'", "(36893488147419103232, 2)"), "bad npy header"),
        (of("'<f4'", "(1152921504606846976, 2)"), "is cut off"),
        (of("'<f4'", "(1152921504606846976, 1152921504606846976)"), "is cut off"),
        (of("'<f4'", &"(".repeat(40)), "too many nested brackets"),
        (of("'<f4'", &"{".repeat(5000)), "too many nested brackets"),
        (npy(&header("'<f4'", "(6, 2)").replace("f4", "f\u{e9}"), &f4(6)), "bad npy header"),
        // Types.
        (npy(&header("'|O'", "(6, 2)"), b"\x80\x04."), "Python objects, which are never read"),
        (npy(&header("[('a', '<f4')]", "(6,)"), &f4(3)), "structured records: save a plain array"),
        (npy(&header("[('a', '|O')]", "(6,)"), b"\x80\x04."), "structured records"),
        (of("'<c8'", "(3, 2)"), "elements of type \"<c8\": embeddings are f16, bf16, f32 or f64"),
        (of("'<i4'", "(6, 2)"), "elements of type \"<i4\""),
        (of("'|b1'", "(24, 2)"), "elements of type \"|b1\""),
        (of("'<f16'", "(1, 3)"), "elements of type \"<f16\""),
        (of("'|V4'", "(6, 2)"), "elements of type \"|V4\""),
        (of("'<U2'", "(3, 2)"), "elements of type \"<U2\""),
        (of("'<M8[ns]'", "(3, 2)"), "elements of type \"<M8[ns]\""),
        (of("''", "(6, 2)"), "elements of type \"\""),
        // Shapes.
        (of("'<f4'", "(12,)"), "embeddings have two axes, instances and dimensions"),
        (of("'<f4'", "()"), "embeddings have two axes"),
        (of("'<f4'", "(6, 2, 1)"), "embeddings have two axes"),
        (npy(&header("'<f4'", "(0, 2)"), &[]), "x.npy: has no rows: save them again"),
        (npy(&header("'<f4'", "(6, 0)"), &[]), "empty array of shape [6, 0]"),
        (npy(&header("'<f2'", "(1, 1048577)"), &[0; 2097154]), "rows of 1048577 values"),
        (npy(&header("'<f4'", "(5, 2)"), &f4(5)), "there are 5 embeddings but 6 labels"),
        (npy(&header("'<f4'", "(7, 2)"), &f4(7)), "there are 7 embeddings but 6 labels"),
        // Values.
        (
            matrix(&[(2, 1, f32::NAN)]),
            "x.npy: row 2, column 1 (from 0) is NaN or infinite, as is some value in 1 of 6 rows",
        ),
        (
            matrix(&[(3, 0, f32::NAN), (3, 1, f32::NAN), (5, 1, f32::INFINITY)]),
            "row 3, column 0 (from 0) is NaN or infinite, as is some value in 2 of 6 rows",
        ),
        (matrix(&[(0, 0, f32::INFINITY)]), "skip such embeddings with --skip-invalid-rows"),
        (matrix(&[(5, 1, f32::NEG_INFINITY)]), "row 5, column 1 (from 0) is NaN or infinite"),
        (
            npy(&header("'<f2'", "(6, 2)"), &[0x00, 0x7c].repeat(12)),
            "row 0, column 0 (from 0) is NaN or infinite, as is some value in 6 of 6 rows",
        ),
        (
            npy(&header("'>f8'", "(6, 2)"), &f64::NAN.to_be_bytes().repeat(12)),
            "row 0, column 0 (from 0) is NaN or infinite",
        ),
        (
            npy(
                &header("'<f8'", "(6, 2)"),
                &[1e200, 0.0, -1e200, 0.0].map(f64::to_le_bytes).concat().repeat(3),
            ),
            "class a: the covariance is not finite: the embeddings are too large or not finite; rescale them",
        ),
    ];
    for (content, sentence) in cases {
        spoil("x.npy", content, sentence);
    }
}

/// Refused, if this file is spoiled.
#[track_caller]
fn spoil(name: &str, content: impl AsRef<[u8]>, sentence: &str) {
    let work = good();
    work.write(name, content);
    refused(&work, GOOD, 1, sentence);
}

#[test]
fn spoiled_labels() {
    let of = |descr: &str, shape: &str, data: &[u8]| npy(&header(descr, shape), data);
    let f8 = |last: f64| [0.0, 0.0, 1.0, 1.0, 2.0, last].map(f64::to_le_bytes).concat();
    let unknown = "the label of row 5 (from 0) is 3, which is not one of the 3 classes";
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".into(), "y.npy: is empty, 0 bytes: was its writing cut off?"),
        (of("'<i4'", "(6, 1)", &[0; 24]), "labels have one axis"),
        (of("'<i4'", "()", &[0; 4]), "labels have one axis"),
        (of("'<i4'", "(5,)", &[0; 20]), "there are 6 embeddings but 5 labels"),
        (of("'<i4'", "(7,)", &[0; 28]), "there are 6 embeddings but 7 labels"),
        (of("'<i4'", "(0,)", &[]), "there are 6 embeddings but 0 labels"),
        (of("'<i4'", "(6,)", &[0; 20]), "is cut off"),
        (of("'<i4'", "(1152921504606846976,)", &[0; 24]), "is cut off"),
        (of("'|O'", "(6,)", b"\x80\x04."), "Python objects, which are never read"),
        (of("'<U3'", "(6,)", &[0; 72]), "elements of type \"<U3\": labels are integers"),
        (of("'|b1'", "(6,)", &[0; 6]), "labels are integers"),
        (of("'<f2'", "(6,)", &[0; 12]), "labels are integers"),
        (of("'<c8'", "(6,)", &[0; 48]), "labels are integers"),
        (of("'<f8'", "(6,)", &f8(1.5)), "label 1.5 of row 5 is not a whole number"),
        (of("'<f8'", "(6,)", &f8(f64::NAN)), "label NaN of row 5 is not a whole number"),
        (of("'<f8'", "(6,)", &f8(f64::INFINITY)), "label inf of row 5 is not a whole number"),
        (of("'<f8'", "(6,)", &f8(1e300)), "of row 5 is not a whole number"),
        (of("'<f8'", "(6,)", &f8(3.0)), unknown),
        (of("'|i1'", "(6,)", &[0, 0, 1, 1, 2, 3]), unknown),
        (of("'|i1'", "(6,)", &[0, 0, 1, 1, 2, 3]), "give --background-label 3"),
        (of("'|i1'", "(6,)", &[0, 0, 255, 1, 2, 2]), "the label of row 2 (from 0) is -1"),
        (of("'|u1'", "(6,)", &[0, 0, 255, 1, 2, 2]), "the label of row 2 (from 0) is 255"),
        (
            of("'>i8'", "(6,)", &[0x80, 0, 0, 0, 0, 0, 0, 0].repeat(6)),
            "the label of row 0 (from 0) is -9223372036854775808",
        ),
        (of("'<u8'", "(6,)", &[255; 48]), "label 18446744073709551615 of row 0 is too large"),
    ];
    for (content, sentence) in cases {
        spoil("y.npy", content, sentence);
    }
    // Without class names, too.
    let work = good();
    work.write("y.npy", of("'|i1'", "(6,)", &[0, 0, 255, 1, 2, 2]));
    let sentence = "row 2 (from 0) is -1, but ids begin at 0: if this is the background, give --background-label -1";
    refused(&work, "information --embeddings x.npy --labels y.npy", 1, sentence);
    // In csv.
    for (text, sentence) in [
        ("class\n0\n0\n1\n1\n2\n2\n", "y.csv: has no column \"label\"; its columns are \"class\""),
        ("label\n0\n0\n1\n1\n2\n", "there are 6 embeddings but 5 labels"),
        ("label\n0\n0\n1\n1\n2\n2\n2\n", "there are 6 embeddings but 7 labels"),
        ("label,x\n0,\n0,\n,\n1,\n2,\n2,\n", "line 4, column \"label\": there is no label"),
        (
            "label\n0\n0\n1\n1\n2\n2.5\n",
            "line 7, column \"label\": the label 2.5 is not a whole number",
        ),
        (
            "label\na\na\nb\nb\nc\nd\n",
            "the label of row 5 (from 0) is \"d\", which is not one of the 3 classes",
        ),
        (
            "label\na\n\"a\nb\nb\nc\nc\n",
            "line 3, column \"label\": the name \"a\\nb\\nb\\nc\\nc\" holds",
        ),
        ("", "y.csv: is empty, 0 bytes: was its writing cut off?"),
        ("label\n", "there are 6 embeddings but 0 labels"),
        ("label,label\n0,0\n", "has two columns \"label\": remove or rename one"),
    ] {
        let work = good();
        work.write("y.csv", text);
        refused(&work, &GOOD.replace("y.npy", "y.csv"), 1, sentence);
    }
}

#[test]
fn spoiled_npz() {
    let x = matrix(&[]);
    let y = npy(&header("'|i1'", "(6,)"), &[0, 0, 1, 1, 2, 2]);
    let both = |x: &[u8]| npz(&[("embeddings.npy", x), ("labels.npy", &y)], Stored);
    let good_npz = both(&x);
    let twice = npz(&[("embeddings.npy", &x), ("embeddingz.npy", &x), ("labels.npy", &y)], Stored);
    let deflated = npz(&[("embeddings.npy", &x), ("labels.npy", &y)], Deflated);
    // The directory's claims on its first entry: flags at 8, method at 10, sizes at 20 and 24.
    let claim = |file: &[u8], at: usize, bytes: &[u8]| {
        let start = file.windows(4).position(|four| four == b"PK\x01\x02").unwrap() + at;
        let mut file = file.to_vec();
        file[start..start + bytes.len()].copy_from_slice(bytes);
        file
    };
    let mut damaged = good_npz.clone();
    let data = damaged.windows(2).position(|two| two == b"}\n" || two == b" \n").unwrap() + 10;
    damaged[data] ^= 1;
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".into(), "x.npz: is empty, 0 bytes: was its writing cut off?"),
        (b"PK\x03\x04".into(), "is not a readable npz file"),
        (x.clone(), "is not a readable npz file"),
        (good_npz[..good_npz.len() - 30].into(), "is not a readable npz file"),
        (npz(&[], Stored), "has no array \"embeddings\"; it has "),
        (
            npz(&[("x.npy", &x), ("y.npy", &y)], Stored),
            "has no array \"embeddings\"; it has \"x\", \"y\"",
        ),
        (
            npz(&[("../embeddings.npy", &x), ("labels.npy", &y)], Stored),
            "has no array \"embeddings\"; it has \"../embeddings\", \"labels\"",
        ),
        (npz(&[("/etc/embeddings.npy", &x)], Stored), "has no array \"embeddings\""),
        (npz(&[("embeddings.npy", &x)], Stored), "has no array \"labels\"; it has \"embeddings\""),
        (
            npz(&[("embeddings.npy", &x), ("labels.npy", &y[..y.len() - 1])], Stored),
            "array \"labels\" is cut off",
        ),
        (replaced(&twice, b"embeddingz", b"embeddings"), "holds two arrays of one name"),
        (both(b"no"), "array \"embeddings\" is not an npy file: it is too short"),
        (both(&x[..x.len() - 1]), "array \"embeddings\" is cut off"),
        (
            both(&npy(&header("'|O'", "(6, 2)"), b"\x80\x04.")),
            "Python objects, which are never read",
        ),
        (both(&npy(&header("'<f4'", "(12,)"), &[0; 48])), "embeddings have two axes"),
        (both(&npy(&header("'<f4'", "(1152921504606846976, 2)"), &[0; 48])), "is cut off"),
        (both(&matrix(&[(4, 1, f32::NAN)])), "x.npz: row 4, column 1 (from 0) is NaN or infinite"),
        (claim(&deflated, 24, &[255, 255, 255, 127]), "claims to unpack from"),
        (claim(&good_npz, 24, &[255, 255, 0, 0]), "array \"embeddings\" holds 65"),
        (claim(&good_npz, 8, &[1]), "is not a readable npz file: "),
        (claim(&good_npz, 10, &[99]), "is not a readable npz file: "),
        (damaged, "cannot be read: Invalid checksum"),
    ];
    for (content, sentence) in cases {
        let work = good();
        work.write("x.npz", content);
        refused(&work, "information --embeddings x.npz", 1, sentence);
    }
}

#[test]
fn a_zip_bomb_takes_no_memory() {
    // 64 MiB of zeros in 64 KiB, for an array of 6 rows.
    let mut bomb = matrix(&[]);
    bomb.resize(64 << 20, 0);
    let work = good();
    work.write("x.npz", npz(&[("embeddings.npy", &bomb)], Deflated));
    let sentence = "where its header promises 48: is there more than one array in it?";
    refused(&work, "information --embeddings x.npz --labels y.npy", 1, sentence);
}

#[test]
fn spoiled_parquet() {
    let row: &[Option<f32>] = &[Some(1.0), Some(2.0)];
    let x = |rows: &[Option<&[Option<f32>]>]| lists("embedding", rows);
    let y = |labels: &[i64]| Series::new("label".into(), labels);
    let fine = parquet(vec![x(&[Some(row); 3]), y(&[0, 1, 2])]);
    let of = |x: Series| parquet(vec![x, y(&[0, 1, 2])]);
    let labelled = |label: Series| parquet(vec![x(&[Some(row); 3]), label]);
    let end = fine.len();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".into(), "x.parquet: is empty, 0 bytes: was its writing cut off?"),
        (b"PAR1 no PAR1".into(), "is not a readable parquet file"),
        (fine[..end - 1].into(), "it does not end with PAR1, is it cut off?"),
        (fine[..end / 2].into(), "is not a readable parquet file"),
        (fine[end / 2..].into(), "x.parquet: "),
        ([&fine[..end - 4], b"PARE"].concat(), "is not a readable parquet file: it is encrypted"),
        ([&fine[..end - 8], &[255, 255, 255, 127], b"PAR1"].concat(), "is not a readable"),
        ([&fine[..end - 8], &[0, 0, 0, 0], b"PAR1"].concat(), "is not a readable parquet file"),
        (
            parquet(vec![lists("emb", &[Some(row)]), y(&[0])]),
            "has no column \"embedding\"; its columns are \"emb\", \"label\"",
        ),
        (parquet(vec![x(&[Some(row)])]), "has no column \"label\"; its columns are \"embedding\""),
        (parquet(vec![x(&[]), y(&[])]), "has no rows"),
        (
            of(x(&[Some(row), None, Some(row)])),
            "row 1, column \"embedding\": there is no embedding",
        ),
        (
            of(x(&[Some(row), Some(row), Some(&[Some(1.0), None])])),
            "row 2, column \"embedding\": a value of the embedding is null",
        ),
        (
            of(x(&[Some(row), Some(row), Some(&[Some(1.0)])])),
            "row 2, column \"embedding\": the embedding has 1 values, row 0 has 2",
        ),
        (
            of(x(&[Some(&[Some(1.0)]), Some(row), Some(&[Some(1.0), Some(1.0), Some(1.0)])])),
            "row 1, column \"embedding\": the embedding has 2 values, row 0 has 1",
        ),
        (of(x(&[Some(&[]), Some(row), Some(row)])), "the embedding has 2 values, row 0 has 0"),
        (of(x(&[Some(&[]), Some(&[]), Some(&[])])), "column \"embedding\""),
        (
            of(x(&[Some(row), Some(row), Some(&[Some(1.0), Some(f32::NAN)])])),
            "row 2, column 1 (from 0) is NaN or infinite",
        ),
        (
            of(Series::new("embedding".into(), [1.0, 2.0, 3.0])),
            "column \"embedding\" has type f64: embeddings are lists of f16, f32 or f64",
        ),
        (of(Series::new("embedding".into(), ["[1, 2]"; 3])), "has type str: embeddings are lists"),
        (
            of(x(&[Some(row); 3]).cast(&DataType::List(Box::new(DataType::Int32))).unwrap()),
            "column \"embedding\" has type list[i32]: embeddings are lists",
        ),
        (
            labelled(Series::new("label".into(), [Some(0_i64), None, None])),
            "row 1, column \"label\": there is no label, as in 2 rows",
        ),
        (
            labelled(Series::new("label".into(), [0.0, 1.0, 2.5])),
            "row 2, column \"label\": the label 2.5 is not a whole number",
        ),
        (
            labelled(Series::new("label".into(), [true, false, true])),
            "column \"label\" has type bool: labels are integers or strings",
        ),
        (labelled(lists("label", &[Some(row); 3])), "labels are integers or strings"),
        (
            fs::read(repository("tests/corpus/parquet/times.parquet")).unwrap(),
            "column \"label\" has type datetime[ns]: labels are integers or strings",
        ),
        (
            labelled(Series::new("label".into(), [0, u64::MAX, 1])),
            "row 1, column \"label\": the label is too large",
        ),
        (
            labelled(Series::new("label".into(), ["a", "b", "c\u{7}"])),
            "row 2, column \"label\": the name \"c\\u{7}\" holds the control character",
        ),
        (labelled(y(&[0, 1, -1])), "the label of row 2 (from 0) is -1, but ids begin at 0"),
    ];
    for (content, sentence) in cases {
        let work = good();
        work.write("x.parquet", content);
        refused(&work, "information --embeddings x.parquet", 1, sentence);
    }
    // What a byte in the pages or the footer makes of it is one of several sentences, or a result.
    for at in (0..end).step_by(7) {
        let work = good();
        let mut content = fine.clone();
        content[at] ^= 0x55;
        work.write("x.parquet", content);
        let output = work.command("information --embeddings x.parquet").output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 1)) && !stderr.contains("defect"),
            "{stderr}"
        );
    }
}

/// polars would recurse into such a schema until the stack ends.
#[test]
fn a_parquet_schema_that_nests_without_end() {
    use polars_parquet_format::thrift::protocol::TCompactOutputProtocol;
    use polars_parquet_format::{FileMetaData, SchemaElement};
    let group =
        |_| SchemaElement::new(None, None, None, "g".into(), 1, None, None, None, None, None);
    let schema = (0..200_000).map(group).collect();
    let metadata = FileMetaData::new(2, schema, 0, vec![], None, None, None, None, None);
    let mut file = b"PAR1".to_vec();
    let mut protocol = TCompactOutputProtocol::new(&mut file);
    metadata.write_to_out_protocol(&mut protocol).unwrap();
    let footer = (file.len() - 4) as u32;
    file.extend(footer.to_le_bytes());
    file.extend(b"PAR1");
    let work = good();
    work.write("x.parquet", file);
    refused(&work, "information --embeddings x.parquet", 1, "its columns are nested too deeply");
}

#[test]
fn spoiled_tables() {
    let long = "a".repeat(2000);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("classes.txt", b"a\nb\na\n".into(), "classes.txt: names the class \"a\" twice"),
        ("classes.txt", b"".into(), "classes.txt: is empty: was it written to its end?"),
        ("classes.txt", b"\n\n".into(), "names no class"),
        ("classes.txt", b"a\n\nc\n".into(), "line 2: is empty: each line names a class"),
        (
            "classes.txt",
            b"a\nb\nCr\xe8me\n".into(),
            "line 3: is not text in UTF-8: save it as UTF-8",
        ),
        ("classes.txt", b"\xff\xfea\0\n\0".into(), "is text in UTF-16: save it as UTF-8"),
        (
            "classes.txt",
            b"a\nb\0c\n".into(),
            "line 2: the name \"b\\0c\" holds the control character",
        ),
        ("classes.txt", long.clone().into(), "line 1: a name of 2000 bytes"),
        // Scales and values of AP.
        (
            "ap.csv",
            b"class,ap\na,0.5\nb,1.25\nc,0.75\n".into(),
            "column \"ap\" mixes the scales 0\u{2013}1 and 0\u{2013}100: 2 values are at most 1, 1 are above",
        ),
        (
            "ap.csv",
            b"class,ap\na,0.5\nb,high\nc,0.75\n".into(),
            "ap.csv: line 3, column \"ap\": \"high\" is not an AP between 0 and 100",
        ),
        (
            "ap.csv",
            b"class,ap\na,0.5\nb,-0.5\n".into(),
            "line 3, column \"ap\": \"-0.5\" is not an AP",
        ),
        (
            "ap.csv",
            b"class,ap\na,50\nb,100.5\n".into(),
            "line 3, column \"ap\": \"100.5\" is not an AP",
        ),
        (
            "ap.csv",
            b"class,ap\na,50\nb,inf\n".into(),
            "line 3, column \"ap\": \"inf\" is not an AP",
        ),
        (
            "ap.csv",
            b"class,ap\na,50%\nb,60%\n".into(),
            "line 2, column \"ap\": \"50%\" is not an AP",
        ),
        (
            "ap.csv",
            b"class;ap\na;0,5\nb;0,25\n".into(),
            "line 2, column \"ap\": \"0,5\" is not an AP",
        ),
        // Rows and columns.
        ("ap.csv", b"".into(), "ap.csv: is empty"),
        ("ap.csv", b"\n\n\n".into(), "has no row below its header"),
        ("ap.csv", b"class,ap\n".into(), "has no row below its header"),
        ("ap.csv", b"class,ap\na,0.5\nb\n".into(), "line 3 has 1 cells, the header has 2"),
        (
            "ap.csv",
            b"class,ap\r\na,0.5\r\nb,1,2\r\n".into(),
            "line 3 has 3 cells, the header has 2",
        ),
        (
            "ap.csv",
            b"class,ap\na,0.5\n,0.25\n".into(),
            "line 3, column \"class\": there is no class",
        ),
        ("ap.csv", b"class,ap,ap\na,0.5,0.25\n".into(), "has two columns \"ap\""),
        (
            "ap.csv",
            b"name,ap\na,0.5\n".into(),
            "has no column \"class\"; its columns are \"name\", \"ap\"",
        ),
        (
            "ap.csv",
            b"class\na\nb\n".into(),
            "has no column of AP values; its columns are \"class\"",
        ),
        (
            "ap.csv",
            b"class,ap50,ap75\na,0.5,0.2\n".into(),
            "several columns of numbers, \"ap50\", \"ap75\": choose with --ap-column",
        ),
        // Classes.
        ("ap.csv", b"class,ap\na,0.5\na,0.25\n".into(), "two rows for the class \"a\""),
        ("ap.csv", b"class,id,ap\na,0,0.5\nx,0,0.25\n".into(), "two rows for the class \"a\""),
        ("ap.csv", b"class,ap\na,0.5\n0,0.25\n".into(), "two rows for the class \"a\""),
        (
            "ap.csv",
            b"class,id,ap\na,0.5,0.5\n".into(),
            "line 2, column \"id\": the id is not a whole number",
        ),
        (
            "ap.csv",
            b"class,ap\nx,0.5\ny,0.25\n".into(),
            "names none of the classes: it has \"x\", \"y\"; the classes are \"a\", \"b\", \"c\"",
        ),
        // Text.
        ("ap.csv", b"class,ap\na,0.5\nCr\xe8me,0.25\n".into(), "line 3: is not text in UTF-8"),
        (
            "ap.csv",
            b"class,ap\n\"a,0.5\nb,0.25\nc,0.75\n".into(),
            "line 2 has 1 cells, the header has 2",
        ),
        (
            "ap.csv",
            b"class,ap\n\"a\nb\",0.25\nc,0.75\n".into(),
            "line 2, column \"class\": the name \"a\\nb\" holds the control character '\\n'",
        ),
        (
            "ap.csv",
            format!("class,ap\n{long},0.5\n").into(),
            "line 2, column \"class\": a name of 2000 bytes",
        ),
        (
            "ap.csv",
            format!("class,{long}\na,0.5\n").into(),
            "the header, column 2: a name of 2000 bytes",
        ),
        ("ap.csv", matrix(&[]), "is an npy array, not text"),
        // Counts.
        (
            "counts.csv",
            b"class,instances\na,2\nb,2.5\n".into(),
            "line 3, column \"instances\": \"2.5\" is not a count of instances",
        ),
        (
            "counts.csv",
            b"class,instances\na,2\nb,-2\n".into(),
            "\"-2\" is not a count of instances",
        ),
        ("counts.csv", b"class,instances\na,2\nb,\n".into(), "\"\" is not a count of instances"),
        (
            "counts.csv",
            b"class,instances\na,18446744073709551616\n".into(),
            "\"18446744073709551616\" is not a count of instances",
        ),
        ("counts.csv", b"class,train,val\na,2,3\n".into(), "choose with --counts-column"),
        ("counts.csv", b"class,instances,images\na,2,x\n".into(), "\"x\" is not a count of images"),
        ("counts.csv", b"class,instances\na,2\na,3\n".into(), "two rows for the class \"a\""),
        ("counts.csv", b"class,instances\nx,2\n".into(), "names none of the classes"),
    ];
    for (name, content, sentence) in cases {
        spoil(name, content, sentence);
    }
    for (text, sentence) in [
        ("title\na\nb\nc\n", "classes.csv: has no column \"class\"; its columns are \"title\""),
        ("class,id\na,0\nb,1\nc,1\n", "gives two classes the same id"),
        ("class,id\na,0\nb,1\na,2\n", "names the class \"a\" twice"),
        ("class,id\na,0\nb,one\nc,2\n", "line 3, column \"id\": the id is not a whole number"),
        ("class,id\na,0\nb,9223372036854775808\n", "line 3, column \"id\": the id is not a whole"),
        ("class,id\na,0\n,1\n", "line 3, column \"class\": there is no class"),
    ] {
        let work = good();
        work.write("classes.csv", text);
        refused(&work, &GOOD.replace("classes.txt", "classes.csv"), 1, sentence);
    }
}

#[test]
fn what_evaluators_leave() {
    let work = good();
    let cases = [
        ("", "ap.json: is empty"),
        (" ", "ap.json: holds no AP per class in a known form"),
        ("{}", "holds no AP per class"),
        ("{\"bbox/AP\": 3, \"bbox/APr\": 2}", "evaluate by class (docs/formats.md says how)"),
        ("[{\"image_id\": 1, \"score\": 0.5}]", "holds detections, boxes with scores"),
        ("[3]", "holds 1 categories without names"),
        ("[\"a\"]", "holds a list, not an object"),
        ("3", "an object is expected"),
        ("{\"bbox/AP-a\": 1, \"bb", "is cut off: its JSON does not end within line 1"),
        ("{\"bbox/AP-a\": 1}\nnonsense", "line 2: is not JSON: expected ident at column 2"),
        (
            "{\"x\": 1}\n\n{\"bbox/AP-a\": 101}",
            "line 3: the AP of \"a\" is 101, which is not within 0–100",
        ),
        ("{\"bbox/AP-a\": Infinity}", "which is not within 0–100"),
        ("{\"bbox/AP-a\": \"1\"}", "line 1: \"bbox/AP-a\" is not a number"),
        ("{\"a_precision\": 40}", "the AP of \"a\" is 40, which is not within 0–1"),
        ("{\"a_precision\": [0.5]}", "\"a_precision\" is not a number"),
        (
            "{\"x/AP-a\": 1, \"y/AP-a\": 2}",
            "has several kinds of AP, \"x\", \"y\": choose one with \
                                            --ap-column",
        ),
        ("{\"bbox/AP-z\\ny\": 1}", "holds the control character"),
        ("{\"bbox/AP-elephant\": 1}", "names none of the classes: it has \"elephant\""),
        ("{\"map_per_class\": [0.5]}", "is given without \"classes\""),
        ("{\"map_per_class\": -1, \"classes\": [0, 1]}", "evaluate with class_metrics=True"),
        (
            "{\"map_per_class\": [0.5], \"classes\": [0, 1]}",
            "2 classes but 1 values of \"map_per_class\"",
        ),
        (
            "{\"map_per_class\": [0.5], \"classes\": [0.5]}",
            "\"classes\" holds something that is not a class id",
        ),
        ("{\"map_per_class\": [0.5], \"classes\": [\"a\"]}", "not a list of numbers"),
        ("{\"map_per_class\": [0.5, 0.5], \"classes\": [0, 0]}", "two rows for the class \"a\""),
    ];
    let command = GOOD.replace("ap.csv", "ap.json");
    for (text, sentence) in cases {
        work.write("ap.json", text);
        refused(&work, &command, 1, sentence);
    }
    work.write("ap.json", "[".repeat(100_000));
    refused(&work, &command, 1, "recursion limit exceeded");
    work.write("ap.json", "{\"a\":".repeat(100_000));
    refused(&work, &command, 1, "recursion limit exceeded");
    work.write("ap.json", "{\"bbox/AP-a\": 40, \"segm/AP-a\": 30}");
    refused(
        &work,
        &format!("{command} --ap-column box"),
        1,
        "has no AP of \"box\", but of \"bbox\", \"segm\"",
    );
    refused(
        &work,
        &format!("{command} --ap-iou 0.5"),
        1,
        "--ap-iou is for arrays with all thresholds",
    );
    refused(&work, &format!("{command} --ap-format mmdetection"), 1, "as mmdetection writes it");

    let command = GOOD.replace("ap.csv", "ap.npy");
    let ones = |shape: &str, count: usize| {
        npy(&header("'<f8'", shape), &1_f64.to_le_bytes().repeat(count))
    };
    for (file, sentence) in [
        (ones("(3, 4)", 12), "eval[\"precision\"] has five axes"),
        (ones("(10, 2, 3, 4, 0)", 0), "holds an empty array"),
        (
            ones("(10, 2, 4, 1, 1)", 80),
            "holds 4 categories without names, in order of id, but there are 3",
        ),
        (ones("(10, 2, 3, 1, 1)", 59), "is cut off"),
        (ones("(10, 2, 3, 4503599627370496, 1024)", 0), "is cut off"),
        (npy(&header("'<i8'", "(10, 2, 3, 1)"), &[0; 480]), "precisions are floats"),
        (
            npy(&header("'<f8'", "(1, 1, 3, 1)"), &2_f64.to_le_bytes().repeat(3)),
            "is 2: it is 0 to 1, or −1",
        ),
        (
            npy(&header("'<f8'", "(1, 1, 3, 1)").replace("False", "True"), &[0; 24]),
            "is in Fortran order: save numpy.ascontiguousarray of it",
        ),
    ] {
        work.write("ap.npy", file);
        refused(&work, &command, 1, sentence);
    }
    work.write("ap.npy", ones("(1, 2, 3, 1, 1)", 6));
    refused(
        &work,
        &format!("{command} --ap-iou 0.75"),
        1,
        "holds 1 IoU thresholds, not COCO's ten",
    );
    refused(&work, &format!("{command} --ap-column a"), 1, "--ap-column is for tables and logs");
}

#[test]
fn annotation_files() {
    let work = good();
    let command = GOOD.replace("counts.csv", "counts.json");
    let names = "\"categories\": [{\"id\": 0, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]";
    let with = |more: &str| format!("{{{names}, {more}}}");
    for (text, sentence) in [
        (String::new(), "counts.json: is empty"),
        ("{\"annotations\": []}".into(), "has no \"categories\""),
        (format!("{{{names}}}"), "has no \"annotations\": there is nothing to count"),
        ("[]".into(), "holds a list, not an object"),
        ("3".into(), "expected an object with \"categories\" and \"annotations\""),
        (with("\"annotations\": 3"), "expected a list of annotations"),
        (with("\"annotations\": [3]"), "invalid type: integer `3`"),
        (with("\"annotations\": [{\"id\": 3}]"), "annotation 0 (from 0) has no \"category_id\""),
        (with("\"annotations\": [{\"category_id\": 7}]"), "annotations of the category 7, which is not among"),
        (with("\"annotations\": [{\"category_id\": 1}"), "line 1: is not JSON: expected `,` or `]` at column"),
        (with("\"annotations\": []} {"), "trailing characters"),
        (format!("{{{names}, \"x\": {}", "[".repeat(100_000)), "is cut off"),
        ("{\"categories\": [], \"annotations\": []}".into(), "names no class"),
        ("{\"categories\": [{\"id\": 1}]}".into(), "category 1 has no name"),
        (
            "{\"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}], \"annotations\": []}".into(),
            "gives two classes the same id",
        ),
        (
            "{\"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 2, \"name\": \"a\"}], \"annotations\": []}".into(),
            "names the class \"a\" twice",
        ),
        (
            "{\"categories\": [{\"id\": 1, \"name\": \"a\", \"frequency\": \"x\"}], \"annotations\": []}".into(),
            "category 1: \"x\" is not a frequency",
        ),
        (
            "{\"categories\": [{\"id\": 1, \"name\": \"a\\u0000\"}], \"annotations\": []}".into(),
            "category 1: the name \"a\\0\" holds the control character",
        ),
    ] {
        work.write("counts.json", text);
        refused(&work, &command, 1, sentence);
    }
    work.write("counts.json", with("\"annotations\": []"));
    refused(&work, &format!("{command} --counts-column x"), 1, "--counts-column is for tables");
    refused(
        &work,
        "information --embeddings x.npy --labels y.npy --class-names counts.json",
        1,
        "the label of row 4 (from 0) is 2, which is not one of the 2 classes",
    );
}

#[test]
fn spoiled_safetensors() {
    let work = good();
    let command = GOOD.replace("x.npy", "x.safetensors");
    let file = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
    };
    let of = |dtype: &str, shape: &str, offsets: &str| {
        format!(
            "{{\"embeddings\": {{\"dtype\": \"{dtype}\", \"shape\": {shape}, \"data_offsets\": {offsets}}}}}"
        )
    };
    for (file, sentence) in [
        (b"".to_vec(), "x.safetensors: is empty, 0 bytes: was its writing cut off?"),
        (b"1234567".to_vec(), "x.safetensors: is not a safetensors file: it is too short"),
        (u64::MAX.to_le_bytes().to_vec(), "it claims a header of 18446744073709551615 bytes"),
        (99_u64.to_le_bytes().to_vec(), "or cut off: it claims a header of 99 bytes"),
        (file("{", 0), "has a bad safetensors header"),
        (file("[]", 0), "has a bad safetensors header"),
        (file("{\"embeddings\": 3}", 0), "has a bad safetensors header"),
        (
            file("{\"__metadata__\": {}, \"x\": {}}", 0),
            "has no tensor \"embeddings\"; it has \"x\"",
        ),
        (
            file(&of("F32", "[6, 2]", "[0, 48]"), 47),
            "is cut off: tensor \"embeddings\" is at bytes 0 to 48 of 47",
        ),
        (file(&of("F32", "[6, 2]", "[48, 0]"), 48), "is cut off"),
        (file(&of("F32", "[6, 2]", "[-1, 48]"), 48), "has a bad safetensors header"),
        (file(&of("F32", "[6, 2]", "[0, 18446744073709551615]"), 48), "is cut off"),
        (file(&of("F32", "[6, 2]", "[0, 40]"), 48), "tensor \"embeddings\" is cut off"),
        (file(&of("F32", "[12]", "[0, 48]"), 48), "embeddings have two axes"),
        (file(&of("F32", "[6, 4611686018427387904]", "[0, 48]"), 48), "is cut off"),
        (
            file(&of("F8_E4M3", "[6, 2]", "[0, 12]"), 12),
            "elements of type \"F8_E4M3\": embeddings are",
        ),
        (file(&of("I64", "[6, 2]", "[0, 96]"), 96), "elements of type \"<i8\""),
    ] {
        work.write("x.safetensors", file);
        refused(&work, &command, 1, sentence);
    }
    work.write("x.safetensors", file(&of("F32", "[6, 2]", "[0, 48]"), 48));
    refused(
        &work,
        "information --embeddings x.safetensors",
        1,
        "has no tensor \"labels\"; it has \"embeddings\"",
    );
}

#[test]
fn missing_and_misused() {
    let work = good();
    work.write("other.npy", npy(&header("'<f4'", "(2, 3)"), &[0; 24]));
    work.write("notes.txt", "no");
    work.write("letters.csv", "class,instances,frequency\na,1,r\nb,2,x\n");
    work.write("bad.parquet", "PAR1 no PAR1");
    work.write("two.txt", "a\nb\n");
    fs::create_dir(work.path("empty")).unwrap();
    fs::create_dir(work.path("dir.npy")).unwrap();
    fs::create_dir(work.path("both")).unwrap();
    fs::copy(work.path("x.npy"), work.path("both/x.npy")).unwrap();
    fs::copy(work.path("y.npy"), work.path("both/y.npy")).unwrap();
    for (arguments, code, sentence) in [
        (
            "information --embeddings none.npy --labels y.npy",
            1,
            "none.npy: there is no such file, and nothing matches it as a glob",
        ),
        (
            "information --embeddings empty --labels y.npy",
            1,
            "empty: holds no file that ends in .npy, .npz, .safetensors, .parquet",
        ),
        (
            "information --embeddings notes.txt --labels y.npy",
            1,
            "notes.txt: is neither .npy, .npz, .safetensors, .parquet, .arrow, .feather, .pt nor .csv",
        ),
        (
            "information --embeddings bad.parquet --labels y.npy",
            1,
            "bad.parquet: is not a readable parquet file",
        ),
        (
            "information --embeddings other.npy x.npy --labels y.npy",
            1,
            "x.npy: its embeddings have 2 dimensions, those in other.npy have 3",
        ),
        (
            "information --embeddings dir.npy --labels y.npy",
            1,
            "dir.npy: holds no file that ends in",
        ),
        (
            "information --embeddings x.npy --labels empty",
            1,
            "empty: holds no file that ends in .npy",
        ),
        ("information --embeddings x.npy --labels ap.csv", 1, "ap.csv: has no column \"label\""),
        (
            "information --embeddings x.npy --labels x.npy",
            1,
            "x.npy: holds an array of shape [6, 2]",
        ),
        (
            "information --embeddings y.npy --labels y.npy",
            1,
            "y.npy: holds elements of type \"<i8\"",
        ),
        ("information --embeddings both --labels y.npy", 1, "both/y.npy: holds elements of type"),
        ("information --embeddings *.npz --labels y.npy", 1, "*.npz: there is no such file, and"),
        ("information --embeddings [ --labels y.npy", 1, "[: there is no such file, and nothing"),
        (
            "information --embeddings x.npy x.npy --labels y.npy",
            1,
            "x.npy: is named twice: its rows would be counted twice",
        ),
        (
            "information --embeddings x.npy --labels y.npy --class-names two.txt",
            1,
            "the label of row 4 (from 0) is 2, which is not one of the 2 classes",
        ),
        (
            "information --embeddings x.npy --labels y.npy --background-label none",
            1,
            "--background-label none: the labels are ids, so give the background's id",
        ),
        (
            "information --embeddings x.npy --labels y.npy --class-names empty",
            1,
            "empty: is a directory, pipe or device without \"Annotations\" of xml files",
        ),
        ("correlate --ap empty --counts counts.csv", 1, "empty: is a directory, pipe or device"),
        ("correlate --ap ap.csv --counts empty", 1, "empty: is a directory, pipe or device"),
        ("correlate --runs empty", 1, "empty: is a directory, pipe or device"),
        ("margins --information empty", 1, "empty: is a directory, pipe or device"),
        ("information --embeddings x.npy", 2, "give --labels: x.npy holds no labels of its own"),
        ("information --counts counts.csv", 2, "information needs --embeddings"),
        ("correlate --ap ap.csv", 2, "give --embeddings, or --counts"),
        ("correlate --ap none.csv --counts counts.csv", 1, "none.csv: cannot be read"),
        (
            "correlate --ap ap.csv --counts counts.csv --ap-column AP",
            1,
            "has no column \"AP\"; its columns are \"class\", \"ap\"",
        ),
        ("correlate --runs notes.txt", 1, "notes.txt: "),
        (
            "correlate --ap ap.csv --counts counts.csv --groups lvis",
            1,
            "--groups lvis needs to know how often classes occur",
        ),
        (
            "correlate --ap ap.csv --counts letters.csv --groups lvis",
            1,
            "letters.csv: line 3, column \"frequency\": \"x\" is not a frequency",
        ),
    ] {
        refused(&work, arguments, code, sentence);
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_waited_for() {
    let work = good();
    for name in ["y.npz", "z.parquet", "t.csv", "r.toml"] {
        let made = std::process::Command::new("mkfifo").arg(work.path(name)).status().unwrap();
        assert!(made.success());
    }
    fs::remove_file(work.path("x.npy")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", work.path("x.npy")).unwrap();
    std::os::unix::fs::symlink("nowhere.npy", work.path("link.npy")).unwrap();
    let pipe = "is a directory, pipe or device: give a regular file";
    for (arguments, sentence) in [
        ("information --embeddings x.npy --labels y.npy", pipe),
        ("information --embeddings y.npz", pipe),
        ("information --embeddings z.parquet", pipe),
        ("information --embeddings *.parquet", pipe),
        ("correlate --ap t.csv --counts counts.csv", pipe),
        ("correlate --runs r.toml", pipe),
        ("correlate --ap /dev/zero --counts counts.csv", pipe),
        ("information --embeddings . --labels y.npy", "link.npy: cannot be read: No such file"),
    ] {
        refused(&work, arguments, 1, sentence);
    }
}

#[test]
fn texts_too_long_to_be_read() {
    let work = good();
    let file = fs::OpenOptions::new().append(true).open(work.path("ap.csv")).unwrap();
    file.set_len(1 << 40).unwrap();
    let output = work.command(GOOD).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr.contains("ap.csv: is a text of more than 256.0 MiB: is it the right file?"),
        "{stderr}"
    );
}

/// A sparse file can be as long as its absurd header says.
#[test]
fn absurd_and_sparse() {
    let work = good();
    let long = |name: &str, descr: &str, shape: &str, length: u64| {
        work.write(name, npy(&header(descr, shape), b""));
        let file = fs::OpenOptions::new().append(true).open(work.path(name)).unwrap();
        let start = file.metadata().unwrap().len();
        file.set_len(start + length).is_ok()
    };
    if !long("x.npy", "'<f4'", "(1099511627776, 2)", 1 << 43) {
        return;
    }
    assert!(long("many.npy", "'|i1'", "(2199023255552,)", 1 << 41));
    assert!(long("wide.npy", "'<f4'", "(2, 1099511627776)", 1 << 43));
    for (arguments, sentence) in [
        (
            "information --embeddings x.npy --labels y.npy",
            "there are 1099511627776 embeddings but 6 labels",
        ),
        ("information --embeddings x.npy --labels many.npy", "but 2199023255552 labels"),
        ("information --embeddings wide.npy --labels y.npy", "rows of 1099511627776 values"),
        (
            "loss --embeddings x.npy --labels y.npy --weights x.npy",
            "margins between 1099511627776 classes need a matrix that is too large",
        ),
    ] {
        let output = work.command(arguments).timeout(Duration::from_secs(20)).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(sentence), "{stderr}");
    }
}

#[test]
fn runs_files() {
    let run = "[[run]]\nloss = \"CE\"\n";
    let deep = format!("{run}x = {}", "[".repeat(100_000));
    let long = format!("{run}name = \"{}\"\n", "a".repeat(2000));
    for (text, sentence) in [
        ("", "runs.toml: is empty"),
        ("x = 3", "runs.toml: has no [[run]]"),
        ("run = []", "runs.toml: has no [[run]]"),
        ("run = 3", "runs.toml: has no [[run]]"),
        ("run = [3]", "run 1: is not a table: write [[run]]"),
        ("[run]\nloss = \"CE\"\n", "runs.toml: has no [[run]]"),
        ("[[run]\n", "runs.toml: "),
        ("loss = CE\n", "runs.toml: "),
        ("[[run]]\nloss = \"CE\"\nloss = \"FL\"\n", "runs.toml: duplicate key"),
        ("[[run]]\nembedding = \"x.npy\"\n", "run 1: unknown field `embedding`"),
        ("embedding = \"x.npy\"\n[[run]]\n", "run 1: unknown field `embedding`"),
        ("[[run]]\nembeddings = 3\n", "run 1: "),
        ("[[run]]\nembeddings = [\"x.npy\", 3]\n", "run 1: "),
        ("[[run]]\nskip_invalid_rows = \"yes\"\n", "run 1: invalid type: string \"yes\""),
        ("[[run]]\nbackground_label = 0.5\n", "run 1: "),
        (
            "[[run]]\nloss = \"C\\u0007E\"\n",
            "run 1: the name \"C\\u{7}E\" holds the control character",
        ),
        (&long, "run 1: a name of 2000 bytes"),
        (&deep, "runs.toml: "),
        ("\u{feff}[[run]]\nloss = \"CE\"\n", "the run \"CE\" has no AP"),
        (run, "the run \"CE\" has no AP"),
        ("[[run]]\nloss = \"CE\"\n[[run]]\nloss = \"CE\"\n", "two runs are called \"CE\""),
        ("[[run]]\nap = \"none.csv\"\n", "none.csv: cannot be read: No such file or directory"),
        ("[[run]]\nap = \"\"\n", "run 1: the name of a file is empty"),
        ("[[run]]\nap = \"ap.csv\"\n", "give --embeddings, or --counts"),
        (
            "[[run]]\nap = \"ap.csv\"\nembeddings = \"none.npy\"\n",
            "none.npy: there is no such file, and nothing matches it as a glob",
        ),
        (
            "[[run]]\nap = \"ap.csv\"\nap_column = \"ap50\"\ncounts = \"counts.csv\"\n",
            "ap.csv: has no column \"ap50\"; its columns are \"class\", \"ap\"",
        ),
    ] {
        let work = good();
        work.write("runs.toml", text);
        let code = if sentence.starts_with("give") { 2 } else { 1 };
        refused(&work, "correlate --runs runs.toml", code, sentence);
    }
    let work = good();
    work.write("runs.toml", b"[[run]]\nloss = \"Cr\xe8me\"\n");
    refused(&work, "correlate --runs runs.toml", 1, "runs.toml: line 2: is not text in UTF-8");
}

#[test]
fn comparisons_and_reports() {
    let work = good();
    let columns = "run,class_id,class,information,ap\n";
    work.write("a.csv", format!("{columns}r,0,a,1,0.5\nr,1,b,2,0.25\n"));
    work.write("percent.csv", format!("{columns}r,0,a,1,50\nr,1,b,2,25\n"));
    work.write("mixed.csv", format!("{columns}r,0,a,1,0.5\nr,1,b,2,25\n"));
    work.write("bad_ap.csv", format!("{columns}r,0,a,1,x\n"));
    work.write("high_ap.csv", format!("{columns}r,0,a,1,100.5\n"));
    work.write("minus_ap.csv", format!("{columns}r,0,a,1,-1\n"));
    work.write("other.csv", format!("{columns}r,0,x,1,0.5\n"));
    work.write("several.csv", format!("{columns}run r,0,a,1,0.5\nrun s,0,a,2,0.5\n"));
    work.write("same.csv", format!("{columns}r,0,a,1,0.5\nr,1,a,2,0.25\n"));
    work.write("no_ap.toml", "embeddings = 'x.npy'\nlabels = 'y.npy'\n[[run]]\nname = 'r'\n");
    work.write("two.toml", "[[run]]\nname = 'r'\n[[run]]\nname = 's'\n");
    work.write("bad.toml", "[[run]]\nnme = 'r'\n");
    for (arguments, code, sentence) in [
        ("compare a.csv none.csv", 1, "none.csv: cannot be read"),
        ("compare a.csv x.npy", 1, "x.npy: is an npy array, not text"),
        ("compare a.csv ap.csv", 1, "ap.csv: has no column \"run\""),
        ("compare a.csv percent.csv", 1, "a.csv has AP on the scale 0–1, percent.csv on 0–100"),
        ("compare a.csv mixed.csv", 1, "mixed.csv: mixes the AP scales 0–1 and 0–100"),
        (
            "compare a.csv bad_ap.csv",
            1,
            "line 2, column \"ap\": \"x\" is not a valid AP between 0 and \
                                         100",
        ),
        (
            "compare a.csv high_ap.csv",
            1,
            "column \"ap\": \"100.5\" is not a valid AP between 0 and 100",
        ),
        (
            "compare minus_ap.csv a.csv",
            1,
            "column \"ap\": \"-1\" is not a valid AP between 0 and 100",
        ),
        ("compare a.csv other.csv", 1, "no class has a number in both a.csv and other.csv"),
        ("compare a.csv several.csv", 1, "several.csv: holds several runs, \"run r\", \"run s\""),
        ("compare a.csv a.csv --run r s", 1, "a.csv: holds no run \"s\"; it holds \"r\""),
        ("compare same.csv a.csv", 1, "same.csv: has two classes of the name \"a\""),
        ("compare a.csv two.toml", 1, "two.toml: holds several runs, \"r\", \"s\": choose one"),
        ("compare a.csv two.toml --run r", 2, "give --embeddings, or --counts"),
        ("compare a.csv bad.toml", 1, "bad.toml: run 1: unknown field `nme`"),
        ("compare a.csv a.csv --fail-if x<1", 2, "there is no result \"x\"; there are ap.greatest"),
        ("report --runs no_ap.toml", 1, "the run \"r\" has no AP: give it `ap`"),
        ("report --ap ap.csv", 2, "give --embeddings, or --counts"),
    ] {
        refused(&work, arguments, code, sentence);
    }
}

#[test]
fn margins_and_losses() {
    let work = good();
    let columns = "run,class_id,class,information\n";
    work.write("empty.csv", format!("{columns}r,0,a,\n"));
    work.write("bad.csv", format!("{columns}r,0,a,-1\n"));
    work.write("twice.csv", format!("{columns}r,0,a,1\nr,0,b,2\n"));
    work.write("several.csv", format!("{columns}r,0,a,1\ns,0,b,2\n"));
    work.write("infinite.csv", format!("{columns}r,0,a,inf\n"));
    work.write("no_id.csv", format!("{columns}r,x,a,1\n"));
    let many: String = (0..40_000).map(|id| format!("r,{id},c{id},1\n")).collect();
    work.write("many.csv", columns.to_owned() + &many);
    let matrix = |name: &str, rows: usize, columns: usize| {
        ndarray_npy::write_npy(work.path(name), &ndarray::Array2::<f32>::zeros((rows, columns)))
            .unwrap();
    };
    matrix("w.npy", 3, 2);
    matrix("background.npy", 4, 2);
    matrix("wide.npy", 3, 5);
    matrix("m.npy", 4, 4);
    let mut bad = ndarray::Array2::<f32>::zeros((3, 2));
    bad[(1, 1)] = f32::NAN;
    ndarray_npy::write_npy(work.path("bad.npy"), &bad).unwrap();
    let loss = "loss --embeddings x.npy --labels y.npy --class-names classes.txt --weights";
    for (arguments, code, sentence) in [
        ("margins".into(), 2, "margins needs --information, --embeddings or --moments"),
        (
            "margins --information ap.csv".into(),
            1,
            "has no column \"run\"; its columns are \"class\", \"ap\"",
        ),
        ("margins --information empty.csv".into(), 1, "no class has an information amount"),
        (
            "margins --information bad.csv".into(),
            1,
            "line 2, column \"information\": \"-1\" is not a valid information amount",
        ),
        ("margins --information twice.csv".into(), 1, "two rows for the class id 0"),
        (
            "margins --information infinite.csv".into(),
            1,
            "line 2, column \"information\": \"inf\" is not a valid information amount",
        ),
        ("margins --information no_id.csv".into(), 1, "line 2, column \"class_id\": the id is not"),
        (
            "margins --information many.csv".into(),
            1,
            "margins between 40000 classes need a matrix that is too large (at most 32768 classes)",
        ),
        (
            "margins --information several.csv".into(),
            1,
            "holds several runs, \"r\", \"s\": choose one with --run",
        ),
        ("margins --information several.csv --run t".into(), 1, "holds no run \"t\""),
        ("loss --weights w.npy".into(), 2, "loss needs --embeddings"),
        (
            format!("{loss} wide.npy"),
            1,
            "wide.npy: holds weights in 5 dimensions, the embeddings have 2",
        ),
        (
            format!("{loss} background.npy"),
            1,
            "background.npy: holds 4 rows, one more than there are classes, and the embeddings do not tell which is",
        ),
        (
            format!("{loss} w.npy --margins m.npy"),
            1,
            "the margins are 4×4, but there are 3 classes",
        ),
        (format!("{loss} bad.npy"), 1, "bad.npy: row 1, column 1 (from 0) is NaN or infinite"),
        (format!("{loss} y.npy"), 1, "y.npy: holds elements of type \"<i8\""),
        (format!("{loss} none.npy"), 1, "none.npy: there is no such file"),
    ] {
        refused(&work, &arguments, code, sentence);
    }
}

#[test]
fn queue_sizes() {
    let work = good();
    work.write("huge.csv", "class,instances\na,18446744073709551615\nb,1\n");
    work.write("none.csv", "class,instances\na,0\nb,0\n");
    let replay = "queue-size --embeddings x.npy --labels y.npy --replay";
    for (arguments, code, sentence) in [
        ("queue-size".into(), 2, "give --dataset, or --instances, --dim and --classes, or"),
        ("queue-size --instances 10 --dim 2".into(), 2, "give --dataset, or"),
        ("queue-size --counts counts.csv".into(), 2, "give --dataset, or"),
        (
            "queue-size --instances 0 --dim 2 --classes 3".into(),
            1,
            "must all be above 0, not 0, 2 and 3",
        ),
        ("queue-size --dataset voc --dim 0".into(), 1, "must all be above 0, not 55800, 0 and 20"),
        (
            "queue-size --instances 18446744073709551615 --dim 1 --classes 1".into(),
            1,
            "18446744073709551615 instances of 1 dimensions in 1 classes are more than 64 bits can count",
        ),
        ("queue-size --counts huge.csv --dim 2".into(), 1, "sum to more than 64 bits can count"),
        ("queue-size --counts none.csv --dim 2".into(), 1, "must all be above 0, not 0, 2 and 2"),
        (
            "queue-size --counts counts.csv --embeddings x.npy --labels y.npy".into(),
            2,
            "give --labels or --counts, not both",
        ),
        (
            "queue-size --embeddings x.npy --counts none.csv".into(),
            1,
            "there are 6 embeddings, but the counts sum to 0",
        ),
        (
            "queue-size --embeddings x.npy --classes 3 --replay".into(),
            2,
            "--replay needs each embedding with its label",
        ),
        (
            format!("{replay} --queue-length 0"),
            2,
            "--queue-length 0: the queue must hold at least 1 and at most all 6 embeddings",
        ),
        (format!("{replay} --queue-length 7"), 2, "--queue-length 7: the queue must hold"),
    ] {
        refused(&work, &arguments, code, sentence);
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let work = good();
    for arguments in [
        "correlate",
        "information --threads 0",
        "information --estimator best",
        "information --embeddings",
        "information --skip-invalid-rows",
        "information --embeddings x.npy --background-label",
        "correlate --ap",
        "margins --run r",
        "nonsense",
        "correlate --runs r.toml --ap ap.csv",
        "correlate --ap ap.csv --counts counts.csv --groups few,many",
        "correlate --ap ap.csv --counts counts.csv --groups 20,20",
        "correlate --ap ap.json --counts counts.csv --ap-iou 0.6",
        "correlate --ap ap.json --counts counts.csv --ap-format coco",
        "information --embeddings x.npy --labels y.npy --include-crowd",
        "merge --out all.parquet",
        "merge m.parquet",
        "moments --embeddings x.npy --labels y.npy",
        "information --moments m.parquet --embeddings x.npy",
        "information --moments m.parquet --labels y.npy",
        "queue-size --moments m.parquet --dim 3",
        "queue-size --dataset voc --instances 5",
        "queue-size --dataset mnist",
        "queue-size --dataset voc --replay",
        "queue-size --dataset voc --bytes-per-value 3",
        "queue-size --dataset voc --memory-budget 0",
        "queue-size --dataset voc --memory-budget 64elephants",
        "queue-size --instances -1 --dim 2 --classes 3",
        "queue-size --instances 18446744073709551616 --dim 2 --classes 3",
    ] {
        refused(&work, arguments, 2, "");
    }
}

/// What clap finds has the same form as what we find.
#[test]
fn wrong_usage_is_said_in_a_sentence() {
    let work = good();
    let detector = "needs --runs runs.toml, or --embeddings dump --ap ap.csv, or --counts counts.csv \
                    --ap ap.csv, or --detections results.json --ground-truth val.json instead of --ap";
    for (arguments, sentence) in [
        ("correlate", &*format!("correlate {detector}")),
        (
            "explain --counts counts.csv",
            "explain needs AP too: --ap ap.csv, a table or your evaluator's file",
        ),
        ("report -q", &format!("report {detector}")),
        (
            "compare",
            "compare needs two runs, A and B: files information.csv, or runs files (.toml)",
        ),
        ("loss", "loss needs --embeddings, --labels and --weights"),
        ("moments", "moments needs --embeddings, --labels and --out FILE.parquet"),
        ("merge", "merge needs moments files and --out FILE.parquet"),
        ("completions", "completions needs a shell: bash, "),
        ("information", "information needs --embeddings or --moments"),
        (
            "correlate --detections d.json --counts counts.csv",
            "give --ground-truth <PATH>... too: another option needs it",
        ),
        (
            "correlate --embedings x.npy",
            "there is no option --embedings: did you mean --embeddings?",
        ),
        ("--runs runs.toml correlate", "there is no option --runs; 'correlate --runs' exists"),
        ("information x.npy", "\"x.npy\" was not expected: is an option missing before it?"),
        ("corelate", "there is no command \"corelate\": did you mean correlate?"),
        ("--quiet", "no command is given"),
        ("correlate --ap", "--ap needs a value"),
        (
            "completions bsh",
            "<SHELL> bsh: give one of bash, elvish, fish, powershell, zsh: did you",
        ),
        ("information --estimator gis", "--estimator gis: give one of mp-floor, sample, "),
        ("information --threads 0", "--threads 0: 0 is not in 1 to 65535"),
        (
            "queue-size --memory-budget 0",
            "--memory-budget 0: not an amount of memory above 0, such as",
        ),
        (
            "correlate --runs r.toml --ap ap.csv",
            "--runs cannot be used with --ap: the runs file itself names the files of each run",
        ),
        ("queue-size --dataset voc --classes 3", "--dataset cannot be used with --classes"),
        ("report --runs a.toml --runs b.toml", "--runs is given twice"),
        ("information --quiet=yes", "unexpected value 'yes' for '--quiet' found"),
    ] {
        refused(&work, arguments, 2, sentence);
    }
    let see = |arguments: &str| {
        let stderr = String::from_utf8(work.command(arguments).output().unwrap().stderr).unwrap();
        stderr.lines().last().unwrap().to_owned()
    };
    assert_eq!(see("correlate --ap"), "see igam-analyze correlate --help");
    assert_eq!(see("--threads 2 queue-size"), "see igam-analyze queue-size --help");
    assert_eq!(see("corelate"), "see igam-analyze --help");
}

#[test]
fn what_cannot_be_written_leaves_the_old_files() {
    let work = good();
    work.run(GOOD);
    let before = work.read("reports/correlations.csv");
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.15\n");
    // A directory stands where a later file should go: nothing may change.
    fs::remove_file(work.path("reports/scatter.svg")).unwrap();
    fs::create_dir(work.path("reports/scatter.svg")).unwrap();
    let output = work.command(GOOD).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("scatter.svg: cannot be written"));
    assert_eq!(work.read("reports/correlations.csv"), before);
    work.write("file", "");
    let output = work.command(&format!("{GOOD} --out file/reports")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

/// What other tools write is not bad: the same results for every dialect of csv.
#[test]
fn dialects_of_csv() {
    let good = good();
    good.run(GOOD);
    let expected = good.read("reports/correlations.csv");
    for text in [
        "\u{feff}class,ap\na,0.5\nb,0.25\nc,0.75\n",
        "class,ap\r\na,0.5\r\nb,0.25\r\nc,0.75\r\n",
        "class,ap\ra,0.5\rb,0.25\rc,0.75\r",
        "class;ap\na;0.5\nb;0.25\nc;0.75\n",
        "class\tap\na\t0.5\nb\t0.25\nc\t0.75\n",
        "\"class\",\"ap\"\n\"a\",\"0.5\"\n\"b\",\"0.25\"\n\"c\",\"0.75\"\n",
        "class , ap\n a , 0.5\n b , 0.25\n c , 0.75",
        "\n\nclass,ap\n\na,0.5\n\nb,0.25\nc,0.75\n\n\n",
        "ap,note,class\n0.5,\"x, \"\"y\"\"\",a\n0.25,,b\n0.75,\"two\nlines\",c\n",
        "class,ap\nc,75e-2\nb,+0.25\na,.5\n",
    ] {
        good.write("ap.csv", text);
        good.run(GOOD);
        assert_eq!(good.read("reports/correlations.csv"), expected, "{text:?}");
    }
}

/// A moments file of two dimensions: the class a has two raw rows, b a scatter, c nothing. Columns of
/// the same name take the place of the good ones.
fn moments(header: &str, others: Vec<Series>) -> Vec<u8> {
    let f4 = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let f8 = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut columns = vec![
        Series::new("class_id".into(), [0_i64, 1, 2]),
        Series::new("class".into(), ["a", "b", "c"]),
        Series::new("instances".into(), [2_i64, 4, 0]),
        binary("mean", [None, Some(f8(&[1.0, 2.0])), None]),
        binary("rows", [Some(f4(&[1.0, 2.0, 3.0, 5.0])), None, None]),
        binary("scatter", [None, Some(f8(&[4.0, 1.0, 3.0])), None]),
        binary("third", [None, Some(f8(&[0.0, 0.0])), None]),
        Series::new("fourth".into(), [None, Some(9.0), None]),
    ];
    for other in others {
        match columns.iter_mut().find(|column| column.name() == other.name()) {
            Some(column) => *column = other,
            None => columns.push(other),
        }
    }
    let columns: Vec<_> = columns
        .into_iter()
        .filter(|column| !column.dtype().is_null() || column.name() == "class_id")
        .map(Series::into_column)
        .collect();
    let mut file = Vec::new();
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let header = vec![("igam-analyze.moments".to_owned(), header.to_owned())];
    ParquetWriter::new(&mut file)
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(header)))
        .finish(&mut frame)
        .unwrap();
    file
}

fn binary(name: &str, values: [Option<Vec<u8>>; 3]) -> Series {
    values
        .iter()
        .map(|value| value.as_deref())
        .collect::<BinaryChunked>()
        .with_name(name.into())
        .into_series()
}

const HEADER: &str =
    r#"{"version":1,"dimension":2,"precision":"f64","values":"f32","sources":["s"]}"#;

#[test]
fn spoiled_moments() {
    let command = "information --moments m.parquet";
    let good = |header: &str| moments(header, vec![]);
    let work = Workdir::new();
    work.write("m.parquet", good(HEADER));
    let information = work.json(command);
    assert_eq!(information["information"][1]["instances"], 4);
    // Σ = [1, ¼; ¼, ¾].
    let bits = 0.5 * (2.0 * 1.75 - 0.0625_f64).log2();
    let ours = work.json(&format!("{command} --estimator sample"))["information"][1]["information"]
        .clone();
    assert!((ours.as_f64().unwrap() - bits).abs() < 1e-15);

    let with = |series: Series| moments(HEADER, vec![series]);
    let header = |from: &str, to: &str| good(&HEADER.replace(from, to));
    let whole = good(HEADER);
    let f8 = |values: &[f64]| Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    let names = |names: [&str; 3]| with(Series::new("class".into(), names));
    let counts = |counts: [Option<i64>; 3]| with(Series::new("instances".into(), counts));
    let without = |name: &str| with(Series::new_null(name.into(), 3));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        // Foreign, or cut off.
        (b"".into(), "m.parquet: is empty, 0 bytes: was its writing cut off?"),
        (b"PAR1".into(), "m.parquet: is not a readable parquet file: it is too short"),
        (b"class,ap\na,0.5\n".into(), "is not a readable parquet file"),
        (whole[..whole.len() - 1].into(), "it does not end with PAR1, is it cut off?"),
        (whole[..whole.len() / 2].into(), "is not a readable parquet file"),
        (
            parquet(vec![lists("embedding", &[Some(&[Some(1.0)])])]),
            "is not a moments file, its metadata have no \"igam-analyze.moments\": make one with \
             igam-analyze moments",
        ),
        // Its header.
        (
            good("{}"),
            "\"igam-analyze.moments\" in its metadata cannot be read: missing field `version`",
        ),
        (good("1"), "in its metadata cannot be read: "),
        (
            header("1,", "2,"),
            "is of version 2 of the moments format, this igam-analyze reads version 1",
        ),
        (header("\"dimension\":2,", ""), "cannot be read: missing field `dimension`"),
        (header(":2,", ":0,"), "says 0 dimensions"),
        (header(":2,", ":-2,"), "cannot be read: "),
        (header(":2,", ":9000000,"), "holds rows of 9000000 values"),
        (header("f64", "f16"), "cannot be read: unknown variant `f16`"),
        (header("\"s\"", ""), "names no source"),
        (header("\"s\"", "\"s\",\"s\""), "holds the same embeddings twice"),
        // Its classes.
        (without("class"), "has no column \"class\"; its columns are \"class_id\""),
        (without("scatter"), "has no column \"scatter\""),
        (
            with(Series::new("class_id".into(), ["0", "1", "2"])),
            "column \"class_id\" has type str: it should be of integers",
        ),
        (
            with(Series::new("mean".into(), [1.0, 2.0, 3.0])),
            "column \"mean\" has type f64: it should be of bytes",
        ),
        (
            with(Series::new("class_id".into(), [0_i64, 1, 1])),
            "row 2: the id 1 means \"c\", but before it meant \"b\"",
        ),
        (
            with(Series::new("class_id".into(), [Some(0_i64), None, Some(2)])),
            "row 1: \"b\" has no id, but \"a\" the id 0",
        ),
        (names(["a", "b", "a"]), "row 2: \"a\" has the id 2, before it had the id 0"),
        (
            moments(
                HEADER,
                vec![
                    Series::new_null("class_id".into(), 3),
                    Series::new("class".into(), ["a", "b", "a"]),
                ],
            ),
            "row 2: \"a\" is there twice",
        ),
        (
            with(Series::new("class".into(), [Some("a"), None, Some("c")])),
            "row 1: there is no class",
        ),
        (names(["a", "b\n", "c"]), "row 1: the name \"b\\n\" holds"),
        (counts([Some(2), Some(-1), Some(0)]), "row 1: \"b\" has no number of instances"),
        (counts([Some(2), None, Some(0)]), "row 1: \"b\" has no number of instances"),
        // Their values.
        (
            counts([Some(3), Some(4), Some(0)]),
            "row 0, \"a\": \"rows\" holds 16 bytes, but 24 are expected",
        ),
        (
            counts([Some(i64::MAX - 4), Some(4), Some(0)]),
            "row 0, \"a\": \"rows\" holds 16 bytes, but more are expected",
        ),
        (counts([Some(2), Some(4), Some(1)]), "row 2, \"c\": holds neither rows nor a scatter"),
        (
            with(binary("rows", [None, f8(&[]), None])),
            "row 0, \"a\": holds neither rows nor a scatter",
        ),
        (
            with(binary("scatter", [f8(&[4.0, 1.0, 3.0]), None, None])),
            "row 0, \"a\": holds both rows and a scatter",
        ),
        (
            with(binary("scatter", [None, f8(&[4.0, 1.0]), None])),
            "row 1, \"b\": \"scatter\" holds 16 bytes, but 24 are expected",
        ),
        (
            with(binary("scatter", [None, f8(&[4.0, f64::NAN, 3.0]), None])),
            "\"scatter\" is NaN or infinite at 1 (from 0)",
        ),
        (
            with(binary("mean", [None, f8(&[f64::INFINITY, 1.0]), None])),
            "\"mean\" is NaN or infinite at 0 (from 0)",
        ),
        (with(binary("mean", [None, None, None])), "row 1, \"b\": \"mean\" is missing"),
        (with(binary("third", [None, None, None])), "row 1, \"b\": \"third\" is missing"),
        (
            with(Series::new("fourth".into(), [None::<f64>, None, None])),
            "row 1, \"b\": \"fourth\" is missing",
        ),
        (
            with(binary("rows", [f8(&[f64::NAN, 0.0]), None, None])),
            "\"rows\" is NaN or infinite at 1 (from 0)",
        ),
    ];
    for (content, sentence) in cases {
        let work = Workdir::new();
        work.write("m.parquet", content);
        refused(&work, command, 1, sentence);
        refused(&work, "merge m.parquet --out new/all.parquet", 1, sentence);
    }
}

#[test]
fn moments_that_cannot_be_merged() {
    let of = |source: &str, header: &str, others: Vec<Series>| {
        moments(&header.replace("\"s\"", &format!("\"{source}\"")), others)
    };
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            of("s", HEADER, vec![]),
            "b.parquet: holds embeddings that a.parquet holds too: merge each shard once",
        ),
        (of("t\",\"s", HEADER, vec![]), "b.parquet: holds embeddings that a.parquet holds too"),
        (
            of("t", &HEADER.replace(":2,", ":3,"), vec![]),
            "b.parquet: its moments are of 3 dimensions, those in a.parquet of 2 dimensions: they cannot be merged",
        ),
        (
            of("t", &HEADER.replace("f64", "f32"), vec![]),
            "b.parquet: its moments are of --precision f32, those in a.parquet of --precision f64",
        ),
        (
            of("t", HEADER, vec![Series::new("class".into(), ["a", "x", "c"])]),
            "b.parquet: row 1: the id 1 means \"x\", but before it meant \"b\": make all moments \
             with the same --class-names",
        ),
        (
            of("t", HEADER, vec![Series::new("class_id".into(), [0_i64, 5, 2])]),
            "row 1: \"b\" has the id 5, before it had the id 1",
        ),
        (
            of("t", HEADER, vec![Series::new_null("class_id".into(), 3)]),
            "row 0: \"a\" has no id, before it had the id 0",
        ),
        (of("t", HEADER, vec![Series::new("instances".into(), [2_i64, i64::MAX, 0])]), ""),
    ];
    for (content, sentence) in cases {
        let work = Workdir::new();
        work.write("a.parquet", of("s", HEADER, vec![]));
        work.write("b.parquet", content);
        refused(&work, "merge a.parquet b.parquet --out new/all.parquet", 1, sentence);
        refused(&work, "information --moments a.parquet b.parquet", 1, sentence);
    }
    let work = good();
    work.write("m.parquet", of("s", HEADER, vec![]));
    work.write("names.txt", "x\ny\n");
    for (arguments, code, sentence) in [
        ("merge none.parquet --out all.parquet", 1, "none.parquet: there is no such file"),
        ("merge m.parquet --out .", 1, "is a directory"),
        ("moments --moments m.parquet --out all.parquet", 2, "moments needs --embeddings"),
        (
            "information --moments m.parquet --class-names names.txt",
            1,
            "m.parquet: its class \"c\" is not one of the 2 classes: check --class-names",
        ),
        (
            "loss --moments m.parquet --weights x.npy",
            2,
            "loss needs --embeddings: it is computed for each embedding",
        ),
        (
            "queue-size --moments m.parquet --replay",
            2,
            "--replay needs each embedding with its label: give --embeddings and --labels",
        ),
        (
            "queue-size --moments m.parquet --counts counts.csv",
            2,
            "give --moments or --counts, not both",
        ),
        (
            "merge m.parquet --out all.parquet --memory-limit 1MiB",
            1,
            "--memory-limit 1.0 MiB: with",
        ),
    ] {
        refused(&work, arguments, code, sentence);
    }
    work.write(
        "runs.toml",
        "[[run]]\nname = \"a\"\nmoments = \"m.parquet\"\nlabels = \"y.npy\"\nap = \"ap.csv\"\n",
    );
    refused(
        &work,
        "correlate --runs runs.toml",
        1,
        "run 1: has both moments and embeddings or labels: give one",
    );
}

#[test]
fn moments_of_what_overflows() {
    let work = good();
    work.write("wide.npy", npy(&header("'<f2'", "(6, 16384)"), &[0; 6 * 16384 * 2]));
    refused(
        &work,
        "moments --embeddings wide.npy --labels y.npy --out m.parquet",
        1,
        "moments of 16384 dimensions do not fit into a file, 16383 are the most",
    );
    let rows = [1e200, 0.0, -1e200, 0.0].map(f64::to_le_bytes).concat().repeat(3);
    work.write("x.npy", npy(&header("'<f8'", "(6, 2)"), &rows));
    let mut y = vec![0; 6];
    y[5] = 1;
    work.write("y.npy", npy(&header("'|i1'", "(6,)"), &y));
    let sentence = "class a: the covariance is not finite";
    refused(
        &work,
        "moments --embeddings x.npy --labels y.npy --class-names classes.txt --out m.parquet",
        1,
        sentence,
    );
}
