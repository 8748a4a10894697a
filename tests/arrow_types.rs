//! Columns of every Arrow type, in files that `tests/golden/arrow/make.py` wrote: each is read, or named in
//! a sentence; and none that nobody asks for matters.

use polars::prelude::*;
use serde_json::Value;

use crate::bad_input::{parquet, refused};
use crate::{Workdir, pearson_of, repository};

/// A copy of a file in a working directory.
fn with(name: &str) -> Workdir {
    let work = Workdir::new();
    let file = std::fs::read(repository("tests/golden/arrow").join(name)).unwrap();
    work.write(name, file);
    work
}

/// Name and information amount of each class.
fn amounts(work: &Workdir, arguments: &str) -> Vec<(String, f64)> {
    let json = work.json(&format!("information --embeddings {arguments}"));
    let rows = json["information"].as_array().unwrap();
    let row = |row: &Value| {
        let name = row["class"].as_str().unwrap();
        (name.to_owned(), row["information"].as_f64().unwrap())
    };
    rows.iter().map(row).collect()
}

#[test]
fn embeddings_of_every_arrow_type_are_read_or_named() {
    let work = with("dump.parquet");
    let expected = amounts(&with("plain.parquet"), "plain.parquet");
    assert_eq!(expected.len(), 3);
    for of in [
        "list_f16",
        "list_f32",
        "list_f64",
        "large_list",
        "list_view",
        "fixed_list",
        "fixed_shape_tensor",
        "ray_v1",
        "ray_v2",
        "hf_array2d",
        "row",
        "column",
    ] {
        let arguments = format!("dump.parquet --label-column int64 --embedding-column {of}");
        assert_eq!(amounts(&work, &arguments), expected, "{of}");
    }
    for (of, sentence) in [
        ("ragged", "row 0, column \"ragged\": the parts of the embedding are not as long"),
        ("fixed_nulls", "row 5, column \"fixed_nulls\": there is no embedding"),
        ("part_null", "row 3, column \"part_null\": a part of the embedding is null"),
        ("list_i8", "has type list[i8]: embeddings are lists of f16, f32 or f64"),
        ("list_u8", "has type list[u8]: embeddings are lists"),
        ("list_bool", "has type list[bool]: embeddings are lists"),
        ("list_str", "has type list[str]: embeddings are lists"),
        ("list_decimal", "has type list[decimal[4,1]]: embeddings are lists"),
        ("list_struct", "has type list[struct]: embeddings are lists"),
        ("struct", "has type struct: embeddings are lists"),
        ("map", "has type map: embeddings are lists"),
        ("bytes", "has type binary: embeddings are lists"),
        ("int8", "has type i8: embeddings are lists"),
        ("lists_f32", "has no column \"lists_f32\"; its columns are \"list_f16\", \"list_f32\""),
    ] {
        let arguments = format!(
            "information --embeddings dump.parquet --label-column int64 --embedding-column {of}"
        );
        refused(&work, &arguments, 1, sentence);
    }
}

#[test]
fn labels_of_every_arrow_type_are_read_or_named() {
    let work = with("dump.parquet");
    let expected = amounts(&with("plain.parquet"), "plain.parquet");
    let named = |names: [&str; 3]| -> Vec<_> {
        let amounts = expected.iter().map(|(_, bits)| *bits);
        let mut named: Vec<_> = names.map(str::to_owned).into_iter().zip(amounts).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    };
    for (of, expected) in [
        ("int8", expected.clone()),
        ("uint8", expected.clone()),
        ("int16", expected.clone()),
        ("uint16", expected.clone()),
        ("int32", expected.clone()),
        ("uint32", expected.clone()),
        ("int64", expected.clone()),
        ("uint64", expected.clone()),
        ("float16", expected.clone()),
        ("float32", expected.clone()),
        ("float64", expected.clone()),
        ("decimal", expected.clone()),
        ("decimal_whole", expected.clone()),
        ("dictionary_int", named(["100", "101", "102"])),
        ("string", named(["cat", "dog", "02"])),
        ("large_string", named(["cat", "dog", "02"])),
        ("string_view", named(["cat", "dog", "02"])),
        ("dictionary", named(["cat", "dog", "02"])),
    ] {
        let arguments = format!("dump.parquet --embedding-column list_f32 --label-column {of}");
        assert_eq!(amounts(&work, &arguments), expected, "{of}");
    }
    for (of, sentence) in [
        ("uint64_large", "row 4, column \"uint64_large\": the label is too large"),
        ("decimal_part", "row 4, column \"decimal_part\": the label 0.5 is not a whole number"),
        ("bool", "column \"bool\" has type bool: labels are integers or strings"),
        ("null", "has type null: labels are"),
        ("binary", "has type binary: labels are"),
        ("fixed_binary", "has type binary: labels are"),
        ("decimal256", "has type decimal[60,0]: labels are"),
        ("date", "has type date: labels are"),
        ("time32", "has type time: labels are"),
        ("time64", "has type time: labels are"),
        ("timestamp", "has type datetime[ns]: labels are"),
        ("timestamp_zone", "has type datetime[μs]: labels are"),
        ("list", "has type list[i64]: labels are"),
        ("list_f32", "has type list[f32]: labels are"),
        ("record", "has type struct: labels are"),
        ("entries", "has type map: labels are"),
        ("uuid", "has type binary: labels are"),
        ("json", "has type binary: labels are"),
        ("image", "has type struct: labels are"),
        ("Int64", "has no column \"Int64\"; its columns are"),
    ] {
        let arguments = format!(
            "information --embeddings dump.parquet --embedding-column list_f32 --label-column {of}"
        );
        refused(&work, &arguments, 1, sentence);
    }
}

#[test]
fn tables_of_every_arrow_type() {
    let work = with("table.parquet");
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.75\n");
    let pearson =
        |arguments: &str| pearson_of(&work.json(&format!("correlate {arguments}")), "instances");
    let expected = pearson("--counts table.parquet --ap ap.csv");
    assert_eq!(pearson("--counts table.parquet --ap table.parquet"), expected, "by name alone");
    for of in ["ap", "ap_f16", "ap_decimal"] {
        let arguments = format!("--counts table.parquet --ap table.parquet --ap-column {of}");
        assert_eq!(pearson(&arguments), expected, "{of}");
    }
    work.write("y.csv", "class,instances\na,0\nb,0\nc,1\n");
    let expected = pearson("--counts y.csv --ap ap.csv");
    for of in ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "decimal"]
    {
        let arguments = format!("--counts table.parquet --counts-column {of} --ap ap.csv");
        assert_eq!(pearson(&arguments), expected, "{of}");
    }
    for (of, kind) in [
        ("bool", "bool"),
        ("timestamp", "datetime[ns]"),
        ("time64", "time"),
        ("date", "date"),
        ("null", "null"),
        ("record", "struct"),
        ("entries", "map"),
        ("binary", "binary"),
        ("uuid", "binary"),
        ("list_f32", "list[f32]"),
        ("fixed_shape_tensor", "list[f32]"),
        ("decimal256", "decimal[60,0]"),
    ] {
        let sentence = format!(
            "table.parquet: column {of:?} has type {kind}: it should be numbers or strings"
        );
        for option in ["--ap table.parquet --ap-column", "--ap ap.csv --counts-column"] {
            let arguments = format!("correlate --counts table.parquet {option} {of}");
            refused(&work, &arguments, 1, &sentence);
        }
    }
    let large =
        "correlate --counts table.parquet --counts-column count_u64 --ap ap.csv --format json";
    let output = work.run(large);
    assert!(work.read("reports/correlations.csv").contains("instances"), "{output:?}");
}

/// A type that nobody asks for, or a column that is damaged, is no error; as AP or class it is.
#[test]
fn columns_that_nobody_asks_for_are_not_decoded() {
    let mut file = Vec::new();
    let mut frame = DataFrame::new_infer_height(vec![
        Series::new("class".into(), ["a", "b", "c"]).into_column(),
        Series::new("ap".into(), [0.5, 0.25, 0.75]).into_column(),
        Series::new("ap50".into(), [0.5, 0.25, 0.75]).into_column(),
        Series::new("notes".into(), ["first junk", "second junk", "third junk"]).into_column(),
    ])
    .unwrap();
    let writer = ParquetWriter::new(&mut file).with_compression(ParquetCompression::Uncompressed);
    writer.finish(&mut frame).unwrap();
    let damage = |text: &[u8]| {
        let at = file.windows(text.len()).position(|window| window == text).unwrap();
        let mut file = file.clone();
        // The length of the text.
        file[at - 4..at].fill(0x7f);
        file
    };
    let work = Workdir::new();
    work.write("counts.csv", "class,instances\na,20\nb,5\nc,11\n");
    work.write("ap.parquet", &file);
    let command = "correlate --counts counts.csv --ap ap.parquet";
    let correlations = |work: &Workdir| work.json(command)["correlations"].take();
    let expected = correlations(&work);
    work.write("ap.parquet", damage(b"first junk"));
    assert_eq!(correlations(&work), expected);
    let notes = format!("{command} --ap-column notes");
    refused(&work, &notes, 1, "ap.parquet: column \"notes\" cannot be read");
    // Another column of numbers is no stand-in for one that is of a wrong type.
    work.write(
        "ap.parquet",
        parquet(vec![
            Series::new("class".into(), ["a", "b", "c"]),
            Series::new("ap".into(), [true, false, true]),
            Series::new("ap50".into(), [0.5, 0.25, 0.75]),
        ]),
    );
    refused(&work, command, 1, "ap.parquet: column \"ap\" has type bool");
    work.write(
        "counts.parquet",
        parquet(vec![
            Series::new("class".into(), ["a", "b", "c"]),
            Series::new("instances".into(), [true, false, true]),
            Series::new("images".into(), [1, 2, 3]),
        ]),
    );
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.75\n");
    let command = "correlate --counts counts.parquet --ap ap.csv";
    refused(&work, command, 1, "counts.parquet: column \"instances\" has type bool");
}

#[test]
fn parquet_without_rows() {
    let work = with("empty_groups.parquet");
    for name in ["plain.parquet", "empty.parquet"] {
        let file = std::fs::read(repository("tests/golden/arrow").join(name)).unwrap();
        work.write(name, file);
    }
    let expected = amounts(&work, "plain.parquet");
    assert_eq!(amounts(&work, "empty_groups.parquet"), expected);
    assert_eq!(amounts(&work, "empty.parquet plain.parquet"), expected);
    refused(&work, "information --embeddings empty.parquet", 1, "empty.parquet: has no rows");
}

#[test]
fn two_columns_of_one_name() {
    let work = with("twice.parquet");
    let expected = amounts(&with("plain.parquet"), "plain.parquet");
    assert_eq!(amounts(&work, "twice.parquet"), expected);
    let arguments = "information --embeddings twice.parquet --label-column extra";
    refused(&work, arguments, 1, "twice.parquet: has two columns \"extra\": remove or rename one");
}

#[test]
fn a_parquet_file_of_metadata_alone() {
    let work = with("metadata.parquet");
    let sentence = "metadata.parquet: is not a readable parquet file: it holds no rows, only the names of other files";
    refused(&work, "information --embeddings metadata.parquet", 1, sentence);
}
