//! `probe.csv`, `probe_verdict.csv` and `probe_classes.csv`.

use crate::analysis::probe::{Finding, Probe, ProbedLoss, bias, mean, points};
use crate::normalization::Normalization;
use crate::output::{Cell, Table};
use crate::probe::Difference;
use crate::shrinkage::Estimator;

/// Columns that name a loss.
const LOSS: [&str; 5] = ["loss", "normalization", "estimator", "scale", "largest_margin"];

fn loss(loss: &ProbedLoss) -> Vec<Cell> {
    let variant = &loss.variant;
    vec![
        variant.kind.name().into(),
        variant.normalization.map(Normalization::name).into(),
        variant.estimator.map(Estimator::name).into(),
        variant.scale.into(),
        loss.largest_margin.into(),
    ]
}

/// A row for each loss and seed. Recall and AP are from 0 to 1, the bias in points².
pub fn probe(probe: &Probe) -> Table {
    let judged = probe.judged();
    let rows = probe.losses.iter().flat_map(|one| {
        let judged = &judged;
        one.seeds.iter().map(move |seed| {
            let mut row = loss(one);
            row.extend([
                seed.seed.into(),
                (seed.epochs as u64).into(),
                (seed.unfinished as u64).into(),
                seed.training_loss.into(),
                mean(&seed.recall, judged).into(),
                mean(&seed.average_precision, judged).into(),
                bias(seed).into(),
            ]);
            row
        })
    });
    let mut columns = LOSS.to_vec();
    columns.extend(["seed", "epochs", "unfinished", "training_loss", "recall", "ap", "bias"]);
    Table { columns, rows: rows.collect() }
}

/// What a change consists of: its column and the ends of its interval.
fn change(change: Option<&Difference>) -> [Cell; 3] {
    [
        change.map(|change| change.mean).into(),
        change.map(|change| change.low).into(),
        change.map(|change| change.high).into(),
    ]
}

/// A row for each loss but the cosine softmax and each group of classes: all of them first. Changes of recall and
/// AP are from −1 to 1, that of the bias in points².
pub fn probe_verdict(probe: &Probe) -> Table {
    let mut columns = LOSS.to_vec();
    columns.extend([
        "finding",
        "group",
        "classes",
        "recall_change",
        "recall_low",
        "recall_high",
        "recall_p",
        "ap_change",
        "ap_low",
        "ap_high",
        "ap_p",
        "bias_change",
        "bias_low",
        "bias_high",
    ]);
    let judged = probe.judged().len();
    let mut rows = Vec::new();
    for one in &probe.losses {
        let Some(compared) = &one.compared else { continue };
        let row = |name: &str, classes: usize, [recall, ap, bias]: [Option<&Difference>; 3]| {
            let mut row = loss(one);
            row.extend([compared.finding.name().into(), name.into(), (classes as u64).into()]);
            row.extend(change(recall));
            row.push(recall.map(|change| change.p_value).into());
            row.extend(change(ap));
            row.push(ap.map(|change| change.p_value).into());
            row.extend(change(bias));
            row
        };
        let all = [&compared.recall, &compared.average_precision, &compared.bias].map(Some);
        rows.push(row("all", judged, all));
        for ((name, members), changes) in probe.groups.iter().zip(&compared.groups) {
            let [recall, ap] = match changes {
                Some((recall, ap)) => [Some(recall), Some(ap)],
                None => [None, None],
            };
            rows.push(row(name, members.len(), [recall, ap, None]));
        }
    }
    Table { columns, rows }
}

/// A row for each loss and class: recall and AP (0 to 1), means over seeds, and what the loss changes.
pub fn probe_classes(probe: &Probe) -> Table {
    let mut columns = LOSS.to_vec();
    columns.extend([
        "class_id",
        "class",
        "instances",
        "information",
        "judged_on",
        "images",
        "recall",
        "ap",
        "recall_change",
        "recall_low",
        "recall_high",
        "recall_p",
        "recall_shows",
        "ap_change",
        "ap_low",
        "ap_high",
        "ap_p",
        "ap_shows",
    ]);
    let mut rows = Vec::new();
    for one in &probe.losses {
        for (at, class) in probe.classes.iter().enumerate() {
            let changed = one.compared.as_ref().and_then(|compared| compared.classes[at].as_ref());
            let mut row = loss(one);
            row.extend([
                Cell::Integer(class.id),
                class.name.as_str().into(),
                class.instances.into(),
                class.information.into(),
                class.judged_on.into(),
                class.images.into(),
                one.recall(&[at]).into(),
                one.average_precision(&[at]).into(),
            ]);
            for (of, shows) in [
                (changed.map(|one| &one.recall), changed.map(|one| one.recall_shows)),
                (
                    changed.map(|one| &one.average_precision),
                    changed.map(|one| one.average_precision_shows),
                ),
            ] {
                row.extend(change(of));
                row.push(of.map(|change| change.p_value).into());
                row.push(shows.into());
            }
            rows.push(row);
        }
    }
    Table { columns, rows }
}

/// The tables, each with the name of its file, without extension.
pub fn probes(probe: &Probe) -> [(&'static str, Table); 3] {
    [
        ("probe_verdict", probe_verdict(probe)),
        ("probe", self::probe(probe)),
        ("probe_classes", probe_classes(probe)),
    ]
}

/// A row for each loss: mean recall and mean AP in percent, and what the loss changes, in points.
pub fn probe_in_short(probe: &Probe) -> Table {
    let judged = probe.judged();
    let row = |one: &ProbedLoss| {
        let compared = one.compared.as_ref();
        let change = |of: Option<&Difference>| of.map(points).as_deref().into();
        vec![
            one.name.as_str().into(),
            one.recall(&judged).map(|recall| 100.0 * recall).into(),
            change(compared.map(|compared| &compared.recall)),
            one.average_precision(&judged).map(|ap| 100.0 * ap).into(),
            change(compared.map(|compared| &compared.average_precision)),
            one.finding().map(Finding::name).into(),
        ]
    };
    let columns = vec!["loss", "recall (%)", "recall change", "AP (%)", "AP change", "finding"];
    Table { columns, rows: probe.losses.iter().map(row).collect() }
}
