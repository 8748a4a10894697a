//! Results as tables: the columns of the files that are written.

mod bias;
mod classes;
mod compare;
mod correlations;
mod information;
mod loss;
mod margins;
mod probe;
mod storage;
mod verdict;

pub use bias::bias;
pub use classes::{classes, classes_json, details, in_short, reasons_changed};
pub use compare::compare;
pub use correlations::{commonality, correlations, evidence, left_out, left_out_json};
pub use information::{amounts, information, information_and_ratio};
pub use loss::loss;
pub use margins::margins;
pub use probe::{probe, probe_classes, probe_in_short, probe_verdict, probes};
pub use storage::{budget, replay, storage};
pub use verdict::{
    VERDICT_COLUMNS, VERDICT_HEAD, VerdictRow, verdict, verdict_rows, verdicts_in_short,
};

use super::Table;
use crate::analysis::Study;
use crate::detector::Run;

/// The tables of a study, each with the name of its file, without extension.
pub fn study(study: &Study) -> Vec<(&'static str, Table)> {
    let detectors = study.detectors();
    let mut all = vec![
        ("correlations", correlations(detectors)),
        ("evidence", evidence(detectors)),
        ("bias", bias(study.bias())),
    ];
    let analysed = analysed(study);
    if !analysed.is_empty() {
        all.insert(0, ("verdict", verdict(study)));
        all.push(("commonality", commonality(detectors)));
        all.push(("information", information(&analysed)));
    }
    all
}

/// The runs with information amounts.
pub fn analysed(study: &Study) -> Vec<&Run> {
    study.analysed().into_iter().map(|one| &one.run).collect()
}
