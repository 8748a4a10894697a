//! What a study finds, for the terminal.

use super::in_columns;
use crate::analysis::{Bias, Correlated, Study};
use crate::correlation::Pearson;
use crate::output::Cell;
use crate::output::tables::{left_out, verdict_rows, verdicts_in_short};
use crate::words::signed;

/// The verdict, the correlations, what was left out, and the bias.
pub fn study(study: &Study) -> String {
    let correlations = match verdict_rows(study).iter().filter(|row| row.main).count() {
        0 | 1 => detailed(study),
        _ => short(study),
    };
    let left_out = left_out(study.detectors()).into_iter();
    let left_out: String =
        left_out.map(|(subject, words)| format!("{subject}: {words}\n")).collect();
    format!("{}{correlations}{left_out}\n{}", study.verdict, bias(study.bias()))
}

/// A row a run and estimator.
fn short(study: &Study) -> String {
    let text = |cell: &Cell| match cell {
        Cell::Missing => "n/a".into(),
        Cell::Number(r) => signed(*r),
        cell => cell.csv(),
    };
    // The finding last, where it is read after the numbers.
    let row = |cells: &Vec<Cell>| {
        let [run, finding, numbers @ ..] = &cells[..] else { return Vec::new() };
        let numbers = numbers.iter().map(text);
        std::iter::once(run.csv()).chain(numbers).chain([text(finding)]).collect()
    };
    let columns = ["run", "r(I)", "r(m)", "r(log m)", "partial r", "95% CI", "finding"];
    let rows = verdicts_in_short(study).rows.iter().map(row).collect();
    let all = if study.over_runs().is_empty() { "" } else { "; all: means over the runs" };
    let legend = format!(
        "r with AP over the classes: of information amount I, instance count m, its logarithm; partial r: \
         of I, given all that is held constant{all}\n"
    );
    in_columns(&columns, 1, rows) + &legend
}

/// A row a number that is correlated with AP.
fn detailed(study: &Study) -> String {
    let row = |one: &Correlated, name: String, r: Option<Pearson>| {
        let interval = r.and_then(|r| r.interval);
        let p = r.and_then(|r| r.p_value);
        vec![
            one.run.name().to_owned(),
            name,
            r.map_or(one.used().count(), |r| r.classes).to_string(),
            r.map_or("n/a".into(), |r| format!("{:+.4}", r.r)),
            interval.map_or("n/a".into(), |(low, high)| format!("{low:+.3} … {high:+.3}")),
            match p {
                Some(p) if p < 0.0001 => "< 0.0001".into(),
                Some(p) => format!("{p:.4}"),
                None => "n/a".into(),
            },
        ]
    };
    let mut rows = Vec::new();
    for one in study.first() {
        if let (Some(evidence), Some(estimator)) = (&one.evidence, one.run.estimator()) {
            rows.push(row(one, format!("information ({})", estimator.name()), one.information()));
            let partial = evidence.judged.grounds.given_curve.ok();
            rows.push(row(one, "its partial r".into(), partial));
        }
        rows.push(row(one, "instances".into(), one.count()));
        rows.push(row(one, "log instances".into(), one.log_count()));
    }
    in_columns(&["run", "AP against", "classes", "r", "95% interval", "p"], 2, rows)
}

/// Model bias and mean AP, a row a run.
fn bias(runs: &[Bias]) -> String {
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.2}"));
    let row = |one: &Bias| {
        let all = [
            one.run.name().to_owned(),
            one.all.classes.to_string(),
            number(one.all.mean),
            number(one.all.bias),
        ];
        all.into_iter().chain(one.groups.iter().map(|(_, ap)| number(ap.mean))).collect()
    };
    let groups = runs.first().map_or(&[][..], |one| &one.groups);
    let mut columns = vec!["run", "classes with AP", "mean AP", "bias"];
    columns.extend(groups.iter().map(|(name, _)| name.as_str()));
    in_columns(&columns, 1, runs.iter().map(row).collect())
}
