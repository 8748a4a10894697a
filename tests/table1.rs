//! `examples/table1.rs` against NumPy and SciPy, and the page that quotes it.

use serde_json::Value;

use crate::figures::{assert_readable, texts};
use crate::{assert_close, repository};

#[expect(dead_code, reason = "its main, and what only that needs")]
#[path = "../examples/table1.rs"]
mod example;

#[test]
fn the_counts_alone_agree_with_numpy() {
    let golden = std::fs::read_to_string(repository("tests/golden/table1.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let classes = example::lvis();
    let laws = example::laws(&classes);
    let numbers = example::of_the_counts(&classes);
    for (at, law) in laws.iter().enumerate() {
        // Two searches for the same least squares stop at slightly different places.
        let tolerance = if law.name == "group means" { 1e-12 } else { 1e-6 };
        for (number, row) in numbers.iter().zip(example::correlate(&numbers, &laws)) {
            let theirs = golden[law.name][number.name.as_str()].as_f64().unwrap();
            assert_close(&[row.exact[at]], &[theirs], tolerance);
        }
    }
}

#[test]
fn the_page_has_what_the_example_writes() {
    let (tables, svg) = example::study().unwrap();
    let read = |path: &str| std::fs::read_to_string(repository(path)).unwrap();
    let stale = "is stale: run the example table1 and commit what it writes";
    assert!(svg == read("docs/table1.svg"), "docs/table1.svg {stale}");
    for table in tables.split("\n\n") {
        assert!(read("docs/paper.md").contains(table), "docs/paper.md {stale}: {table}");
    }
    texts(&svg);
    assert_readable(&svg);
}
