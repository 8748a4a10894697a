//! Tables as files have them: what is written is read back as it was.

use igam_analyze::output::page::{self, Part};
use igam_analyze::output::{Cell, Table};
use ndarray_npy::write_npy;

use crate::Workdir;

#[test]
fn a_table_is_read_back_as_it_was() {
    let texts = ["plain", "a,b", "say \"a\"", "two\nlines", "a\rb", "\"", ",", "ä; b", ""];
    let rows = texts.map(|text| vec![text.into(), 0.1.into(), Cell::Integer(-3)]);
    let mut table = Table { columns: vec!["text", "number", "whole"], rows: rows.into() };
    let read = |table: &Table| -> Vec<csv::StringRecord> {
        let text = table.csv();
        csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).collect()
    };
    for (row, text) in read(&table).iter().zip(texts) {
        assert_eq!(row, vec![text, "0.1", "-3"]);
    }
    assert_eq!(table.json()[2]["text"], "say \"a\"");
    // Every column but one keeps its own cells.
    table.remove("number");
    table.remove("nothing");
    assert_eq!(table.columns, ["text", "whole"]);
    for (row, text) in read(&table).iter().zip(texts) {
        assert_eq!(row, vec![text, "-3"]);
    }
    assert_eq!(table.json()[0]["whole"], -3);
    table.remove("text");
    assert_eq!(table.rows[0], [Cell::Integer(-3)]);
}

#[test]
fn numbers_that_do_not_exist_and_those_that_are_large() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Cell::from(number), Cell::Missing);
        assert_eq!((Cell::from(number).csv(), Cell::from(number).number()), (String::new(), None));
    }
    assert_eq!(Cell::from(i64::MAX as u64), Cell::Integer(i64::MAX));
    assert_eq!(Cell::from(u64::MAX), Cell::Number(u64::MAX as f64));
    assert_eq!(Cell::from(None::<f64>), Cell::Missing);
    // Every digit that tells a number from its neighbours.
    for number in [0.1, 1.0 / 3.0, 1e-300, -1.5e300, f64::MIN_POSITIVE] {
        assert_eq!(Cell::from(number).csv().parse(), Ok(number));
    }
}

/// For reading numbers are short, for sorting they are whole.
#[test]
fn numbers_on_a_page() {
    let numbers = [0.00012344, 1234567.0, -2.5e-9, 0.123456, 0.0, 98765.432109, 0.001];
    let shown = ["1.234e−4", "1.235e6", "−2.500e−9", "0.1235", "0.0000", "98765", "0.0010"];
    let row = |number: f64| vec![number.into(), Cell::Integer(1234567)];
    let table = Table { columns: vec!["n", "m"], rows: numbers.map(row).into() };
    let parts = [Part::Table(table)];
    let (html, markdown) = (page::html("", &parts), page::markdown("", &parts));
    for (number, shown) in numbers.iter().zip(shown) {
        let cell = format!("<td data-value=\"{number}\">{shown}</td>");
        assert!(html.contains(&cell), "{cell}: {html}");
        assert!(markdown.contains(&format!("| {shown} | 1234567 |")), "{shown}: {markdown}");
    }
}

#[test]
fn names_come_back_out_of_the_files() {
    let work = Workdir::new();
    let names = ["a, b", "say \"a\"", "plain"];
    let x = ndarray::arr2(&[
        [0.0, 1.0],
        [1.0, 3.0],
        [4.0, 1.0],
        [0.0, 2.0],
        [5.0, 5.0],
        [1.0, 0.0_f32],
    ]);
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &ndarray::arr1(&[0, 0, 1, 1, 2, 2])).unwrap();
    work.write("names.txt", names.join("\n"));
    let input = "--embeddings x.npy --labels y.npy --class-names names.txt";
    work.run(&format!("information {input}"));
    let table = csv::Reader::from_path(work.path("reports/information.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = table.into_records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| &row[2]).collect::<Vec<_>>(), names);
    // As other commands read them, too.
    let compare = work.json("compare reports/information.csv reports/information.csv");
    let rows = compare["compare"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["class"].as_str().unwrap()).collect::<Vec<_>>(), names);
}
