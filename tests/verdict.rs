//! The numbers that decide, of one run and of several, against NumPy, SciPy and statsmodels
//! (`tests/golden/verdict.py`).

use igam_analyze::correlation::{Clustered, Pearson};
use igam_analyze::evidence::{
    Class, Evidence, Grounds, Pooled, Run, part_name,
};
use serde_json::Value;

use crate::{assert_close, numbers, repository};

/// Relative, or absolute near 0.
const TOLERANCE: f64 = 1e-9;

#[track_caller]
fn assert_number(ours: Option<f64>, theirs: &Value, what: &str) {
    match (ours, theirs.as_f64()) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => {
            let close = (ours - theirs).abs() <= TOLERANCE * theirs.abs().max(1e-3);
            assert!(close, "{what}: {ours} against {theirs}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// What the golden file says of a run, with room for what classes borrow.
struct Input {
    names: Vec<String>,
    groups: Option<Vec<String>>,
    covariates: Vec<Vec<Option<f64>>>,
    value: Value,
}

impl Input {
    fn of(value: &Value) -> Input {
        let texts = |value: &Value| -> Option<Vec<String>> {
            let texts = value.as_array()?.iter();
            Some(texts.map(|text| text.as_str().unwrap().to_owned()).collect())
        };
        let names = texts(&value["names"]).unwrap();
        let columns: Vec<Vec<f64>> =
            value["covariates"].as_array().unwrap().iter().map(numbers).collect();
        let of_class = |class: usize| columns.iter().map(|column| Some(column[class])).collect();
        Input {
            covariates: (0..names.len()).map(of_class).collect(),
            groups: texts(&value["groups"]),
            names,
            value: value.clone(),
        }
    }

    fn dim(&self) -> usize {
        self.value["dim"].as_u64().unwrap() as usize
    }

    fn run(&self, with_groups: bool) -> Run<'_> {
        Run { classes: self.classes(with_groups), dim: self.dim() }
    }

    fn classes(&self, with_groups: bool) -> Vec<Class<'_>> {
        let column = |name: &str| self.value[name].as_array().map(|_| numbers(&self.value[name]));
        let (information, ap) = (column("information").unwrap(), column("ap").unwrap());
        let instances = column("instances").unwrap();
        let embeddings = column("embeddings").unwrap_or_else(|| instances.clone());
        let floor = self.value["floor"].as_bool().unwrap();
        // Where the file gives no bits, any tell that there is a floor.
        let bits = column("floor_bits").or(floor.then(|| vec![0.0; ap.len()]));
        let class = |at: usize| Class {
            name: &self.names[at],
            information: information[at],
            floor_bits: bits.as_ref().map(|bits| bits[at]),
            embeddings: embeddings[at] as u64,
            instances: instances[at] as u64,
            covariates: &self.covariates[at],
            group: self.groups.as_ref().filter(|_| with_groups).map(|groups| groups[at].as_str()),
            ap: ap[at],
        };
        (0..ap.len()).map(class).collect()
    }
}

fn golden(which: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(repository("tests/golden/verdict.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all[which].as_array().unwrap().clone()
}

fn assert_pearson(ours: Pearson, theirs: &Value, what: &str) {
    assert_number(Some(ours.r), &theirs["r"], what);
    assert_number(ours.p_value, &theirs["p"], what);
    assert_number(ours.interval.map(|interval| interval.0), &theirs["low"], what);
    assert_number(ours.interval.map(|interval| interval.1), &theirs["high"], what);
}

/// The ends of an interval are cut off at ±1 here.
fn assert_clustered(ours: &Clustered, theirs: &Value, what: &str) {
    assert_number(Some(ours.standard_error), &theirs["se"], &format!("{what}: error"));
    assert_number(Some(ours.freedom), &theirs["df"], &format!("{what}: freedom"));
    assert_number(Some(ours.p_value()), &theirs["p"], &format!("{what}: p"));
    let ends = ["low", "high"].map(|end| theirs[end].as_f64().unwrap().clamp(-1.0, 1.0));
    let (low, high) = ours.interval();
    assert_close(&[low, high], &ends, TOLERANCE);
    if let Some(clusters) = theirs["clusters"].as_u64() {
        assert_eq!(ours.clusters as u64, clusters, "{what}");
    }
}

#[test]
fn one_runs_numbers_are_those_of_numpy() {
    let cases = golden("single");
    assert!(cases.len() > 20);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let input = Input::of(&case["run"]);
        let classes = input.classes(true);
        let grounds = Grounds::of(&classes, input.dim());
        assert_pearson(grounds.given_line.unwrap(), &case["line"], &format!("{name}, line"));
        let curve = &case["curve"];
        assert_pearson(grounds.given_curve.unwrap(), curve, &format!("{name}, curve"));
        assert_eq!(grounds.controls as u64, curve["controls"].as_u64().unwrap(), "{name}");
        assert_number(grounds.residual_df, &curve["residual_df"], name);
        assert_clustered(&grounds.robust.unwrap(), &curve["robust"], &format!("{name}, robust"));
        assert_eq!(grounds.by_group.is_some(), !curve["clustered"].is_null(), "{name}");
        if let Some(by_group) = &grounds.by_group {
            assert_clustered(by_group, &curve["clustered"], &format!("{name}, groups"));
        }
        assert_number(grounds.count_share, &case["count_share"], &format!("{name}: count share"));
        let left = grounds.left.clone().unwrap();
        assert_number(Some(left.share), &case["left_share"], &format!("{name}: left"));
        let half: Vec<_> = case["concentration"]["names"].as_array().unwrap().iter().collect();
        assert_eq!(left.half.iter().collect::<Vec<_>>(), half, "{name}");
        if !case["run"]["floor_bits"].is_null() {
            assert_number(grounds.floor_share, &case["floor_share"], name);
        }
        assert_number(grounds.detectable, &case["detectable"], name);
        assert_number(grounds.largest_share(), &case["largest_share"], name);
    }
}

#[test]
fn shares_of_the_variance_are_those_of_numpy() {
    for case in golden("single") {
        let name = case["name"].as_str().unwrap();
        let input = Input::of(&case["run"]);
        let parts = case["commonality"]["parts"].as_object().unwrap();
        let shares = Evidence::of(&input.classes(false), input.dim()).shares;
        assert_eq!(shares.len(), parts.len(), "{name}");
        for share in &shares {
            let theirs = &parts[&part_name(share).replace(' ', "")];
            assert_number(Some(share.share), theirs, &format!("{name}: {}", part_name(share)));
        }
    }
}

#[test]
fn numbers_over_all_runs_are_those_of_numpy() {
    let cases = golden("pooled");
    assert!(cases.len() > 5);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let inputs: Vec<_> = case["runs"].as_array().unwrap().iter().map(Input::of).collect();
        let pooled = |with_groups: bool| {
            let runs = inputs.iter().map(|input| input.run(with_groups));
            let runs: Vec<_> = runs.collect();
            Pooled::of(&runs).unwrap()
        };
        let plain = pooled(false);
        let (grounds, theirs) = (&plain.judged.grounds, &case["by_class"]);
        assert_clustered(grounds.robust.as_ref().unwrap(), &theirs["curve"], name);
        let pairs = [
            (grounds.given_curve.unwrap(), "curve"),
            (grounds.given_line.unwrap(), "line"),
            (grounds.information.unwrap(), "information"),
            (grounds.log_instances.unwrap(), "instances"),
        ];
        for (ours, which) in pairs {
            let theirs = &theirs[which];
            assert_number(Some(ours.r), &theirs["value"], &format!("{name}, {which}"));
            assert_number(ours.p_value, &theirs["p"], &format!("{name}, {which}"));
            let ends = ["low", "high"].map(|end| theirs[end].as_f64().unwrap().clamp(-1.0, 1.0));
            let (low, high) = ours.interval.unwrap();
            assert_close(&[low, high], &ends, TOLERANCE);
        }
        assert_number(grounds.detectable, &theirs["detectable"], name);
        assert_number(grounds.largest_share(), &theirs["largest_share"], name);
        let (agreement, theirs) = (plain.agreement.unwrap(), &case["agreement"]);
        assert_number(Some(agreement.least), &theirs["least"], name);
        assert_number(Some(agreement.greatest), &theirs["greatest"], name);
        assert_number(Some(agreement.effective), &theirs["effective_runs"], name);
        if !case["by_group"].is_null() {
            let by_group = pooled(true).judged.grounds.by_group.unwrap();
            assert_clustered(&by_group, &case["by_group"]["curve"], &format!("{name}, groups"));
        }
    }
}
