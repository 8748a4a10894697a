//! Rows that are left out leave no trace: the results are those of a dump that never had them.

use ndarray::{Array1, Array2, Axis, concatenate};
use ndarray_npy::write_npy;
use polars::prelude::{
    DataFrame, IntoColumn, IntoSeries, ListChunked, NamedFrom, ParquetWriter, Series,
};

use crate::Workdir;

const ROWS: usize = 500;

/// Embeddings and labels of three classes; after every third row one to be left out.
fn dumps(work: &Workdir, bad_row: impl Fn(usize) -> [f32; 4], bad_label: impl Fn(usize) -> i64) {
    let x = Array2::from_shape_fn((ROWS, 4), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 7.0);
    let y = Array1::from_shape_fn(ROWS, |i| (i % 3) as i64);
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &y).unwrap();
    let (mut spoiled, mut labels) = (Array2::zeros((0, 4)), Vec::new());
    for row in 0..ROWS {
        spoiled.push_row(x.row(row)).unwrap();
        labels.push(y[row]);
        if row % 3 == 0 {
            spoiled.push_row(Array1::from_iter(bad_row(row)).view()).unwrap();
            labels.push(bad_label(row));
        }
    }
    let (first, second) = spoiled.view().split_at(Axis(0), 301);
    write_npy(work.path("s-1.npy"), &first.to_owned()).unwrap();
    write_npy(work.path("s-2.npy"), &second.to_owned()).unwrap();
    // Fortran order, too.
    let columns =
        concatenate![Axis(0), first, second].reversed_axes().as_standard_layout().into_owned();
    write_npy(work.path("f.npy"), &columns.reversed_axes()).unwrap();
    write_npy(work.path("l.npy"), &Array1::from(labels.clone())).unwrap();
    let lists: ListChunked =
        spoiled.rows().into_iter().map(|row| Some(Series::new("".into(), row.to_vec()))).collect();
    let mut frame = DataFrame::new_infer_height(vec![
        lists.with_name("embedding".into()).into_series().into_column(),
        Series::new("label".into(), labels).into_column(),
    ])
    .unwrap();
    let file = std::fs::File::create(work.path("s.parquet")).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(100)).finish(&mut frame).unwrap();
}

/// What is written and said for an input.
fn result(work: &Workdir, input: &str) -> (String, String) {
    let output = work.run(&format!("information --embeddings {input}"));
    (work.read("reports/information.csv"), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn invalid_rows() {
    let work = Workdir::new();
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    dumps(&work, |row| [1.0, bad[row % 3], 2.0, bad[row % 2]], |row| (row % 3) as i64);
    let (expected, said) = result(&work, "x.npy --labels y.npy --skip-invalid-rows");
    assert!(!said.contains("skipped"), "{said}");
    for input in ["s-1.npy s-2.npy --labels l.npy", "f.npy --labels l.npy", "s.parquet"] {
        let (csv, said) = result(&work, &format!("{input} --skip-invalid-rows"));
        assert_eq!(csv, expected, "{input}");
        assert!(
            said.contains("skipped 167 of 667 embeddings, which hold NaN or infinite values"),
            "{said}"
        );
        let refused = work.command(&format!("information --embeddings {input}")).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("row 1, column 1 (from 0) is NaN or infinite, as is some"), "{said}");
        assert!(said.contains("in 167 of 667 rows"), "{said}");
    }
    // The rows of the queue are those that are left, too.
    let stores = work.json("queue-size --embeddings s.parquet --classes 3 --skip-invalid-rows");
    assert_eq!(stores["storage"][0]["instances"], 500);
}

#[test]
fn the_background() {
    let work = Workdir::new();
    // It need not be finite.
    dumps(&work, |_| [f32::NAN; 4], |_| -1);
    let (expected, _) = result(&work, "x.npy --labels y.npy");
    for input in ["s-1.npy s-2.npy --labels l.npy", "s.parquet"] {
        let (csv, said) = result(&work, &format!("{input} --background-label -1"));
        assert_eq!(csv, expected, "{input}");
        assert!(said.contains("skipped 167 rows of the background -1"), "{said}");
    }
    let (csv, said) = result(&work, "x.npy --labels y.npy --background-label 3");
    assert_eq!(csv, expected);
    assert!(
        said.contains("no row has the label 3, the --background-label: no row is skipped"),
        "{said}"
    );

    // By name, and in a runs file.
    work.write("c.txt", "zero\none\n");
    let names: String = (0..ROWS).map(|i| ["zero\n", "one\n", "none\n"][i % 3]).collect();
    work.write("names.csv", "label\n".to_owned() + &names);
    let (csv, _) =
        result(&work, "x.npy --labels names.csv --class-names c.txt --background-label none");
    assert_eq!(csv.lines().count(), 3);
    work.write("ap.csv", "class,ap\nzero,0.5\none,0.25\n");
    work.write(
        "runs.toml",
        "background_label = \"none\"\nap = \"ap.csv\"\n[[run]]\nembeddings = \"x.npy\"\nlabels = \"names.csv\"\n\
         [[run]]\nname = \"ids\"\nclass_names = \"c.txt\"\nembeddings = \"x.npy\"\nlabels = \"y.npy\"\n\
         background_label = 2\nskip_invalid_rows = true\n",
    );
    let json = work.json("correlate --runs runs.toml");
    let rows = json["information"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    let amount = |row: usize| rows[row]["information"].as_f64().unwrap();
    // Alphabetical order in the first run, the file's in the second.
    assert_eq!((amount(0), amount(1)), (amount(3), amount(2)));
}

#[test]
fn ids_that_some_tool_wrote_as_floats() {
    let work = Workdir::new();
    dumps(&work, |_| [0.0; 4], |_| 0);
    let (expected, _) = result(&work, "x.npy --labels y.npy");
    let floats = Array1::from_shape_fn(ROWS, |i| (i % 3) as f32);
    write_npy(work.path("floats.npy"), &floats).unwrap();
    let text: String = floats.iter().map(|label| format!("{label:.1}\n")).collect();
    work.write("floats.csv", "label\n".to_owned() + &text);
    for labels in ["floats.npy", "floats.csv"] {
        assert_eq!(result(&work, &format!("x.npy --labels {labels}")).0, expected, "{labels}");
    }
}
