//! `reports/` is what the README's main command writes.

use std::fs;

use crate::{Workdir, assert_close, repository};

#[test]
fn reports_are_up_to_date() {
    let work = Workdir::new();
    work.run(&format!("correlate --runs {}", repository("data/fod-a/runs.toml").display()));
    let stale = "is stale: run the README's first command and commit what it writes";
    for name in work.files("reports") {
        let ours = work.read(&format!("reports/{name}"));
        let kept = fs::read_to_string(repository("reports").join(&name)).unwrap_or_default();
        if name.ends_with(".svg") {
            assert!(ours == kept, "reports/{name} {stale}");
            continue;
        }
        // Other processors may round the last digits of a product otherwise.
        let cells = |text: &str| text.split([',', '\n']).map(String::from).collect::<Vec<_>>();
        let (ours, kept) = (cells(&ours), cells(&kept));
        assert_eq!(ours.len(), kept.len(), "reports/{name} {stale}");
        for (ours, kept) in ours.iter().zip(&kept) {
            match (ours.parse::<f64>(), kept.parse::<f64>()) {
                (Ok(ours), Ok(kept)) => assert_close(&[ours], &[kept], 1e-9),
                _ => assert_eq!(ours, kept, "reports/{name} {stale}"),
            }
        }
    }
}

#[test]
fn the_readme_has_the_two_commands() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let ci = fs::read_to_string(repository(".ci/run")).unwrap();
    assert!(readme.contains("cargo run --release -- correlate --runs data/fod-a/runs.toml\n"));
    assert!(readme.contains("cargo test --release\n") && ci.contains("cargo test --release"));
}

#[test]
fn the_readme_has_the_verdict_of_each_run() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let mut correlations = csv::Reader::from_path(repository("reports/correlations.csv")).unwrap();
    let column = correlations.headers().unwrap().iter().position(|name| name == "verdict").unwrap();
    let rows: Vec<csv::StringRecord> = correlations.records().map(|row| row.unwrap()).collect();
    let verdicts: Vec<_> = rows.iter().filter(|row| !row[column].is_empty()).collect();
    assert_eq!(verdicts.len(), 6);
    for row in verdicts {
        let line = format!("| {} | {} |", &row[0], &row[column]);
        assert!(readme.contains(&line), "{line}");
    }
}
