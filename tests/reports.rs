//! `reports/` is what the README's main command writes.

use std::collections::HashMap;
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
        // Other processors may round the last digits of a product otherwise. Under the floor the count
        // leaves a hundredth of the information amounts, in which those digits weigh a hundred times more.
        let sensitive = ["verdict.csv", "commonality.csv"].contains(&name.as_str());
        let tolerance = if sensitive { 1e-7 } else { 1e-9 };
        let cells = |text: &str| text.split([',', '\n']).map(String::from).collect::<Vec<_>>();
        let (ours, kept) = (cells(&ours), cells(&kept));
        assert_eq!(ours.len(), kept.len(), "reports/{name} {stale}");
        for (ours, kept) in ours.iter().zip(&kept) {
            match (ours.parse::<f64>(), kept.parse::<f64>()) {
                (Ok(ours), Ok(kept)) => assert_close(&[ours], &[kept], tolerance),
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

/// The verdict over all runs, point by point, and a row a run.
#[test]
fn the_readme_has_the_verdict() {
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let readme = readme.replace("\n>", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let work = Workdir::new();
    let runs = repository("data/fod-a/runs.toml");
    let output = work.run(&format!("correlate --runs {}", runs.display()));
    let text = String::from_utf8(output.stdout).unwrap();
    let (lead, _) = text.split_once("\n\n").unwrap();
    assert_eq!(lead.lines().count(), 6);
    for line in lead.lines() {
        assert!(readme.contains(line), "{line}");
    }
    let table = |name: &str| -> Vec<HashMap<String, String>> {
        let mut reader = csv::Reader::from_path(repository("reports").join(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let correlations = table("correlations.csv");
    let signed = |cell: &str| {
        let r: f64 = cell.parse().unwrap();
        format!("{}{}", if r > 0.0 { "+" } else { "" }, igam_analyze::words::correlation(r))
    };
    for verdict in table("verdict.csv") {
        let r = |x: &str| {
            let of_run =
                |row: &&HashMap<String, String>| row["run"] == verdict["run"] && row["x"] == x;
            correlations.iter().find(of_run).map(|row| signed(&row["pearson"]))
        };
        let row = [
            r("information"),
            r("instances"),
            r("log_instances"),
            Some(signed(&verdict["partial_curve"])),
            Some(format!(
                "{}…{}",
                signed(&verdict["partial_curve_low"]),
                signed(&verdict["partial_curve_high"])
            )),
            Some(verdict["finding"].clone()),
        ];
        // Those of all runs are the means.
        let cells: Vec<_> = row.into_iter().flatten().collect();
        let start =
            if cells.len() == 6 { format!("| {} | ", verdict["run"]) } else { String::new() };
        let line = format!("{start}{} |", cells.join(" | "));
        assert!(readme.contains(&line), "{line}");
    }
}
