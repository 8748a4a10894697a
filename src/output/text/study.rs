//! What a study finds, for the terminal.

use anstyle::Style;

use super::columns::{Column, in_columns, limit, wrapped};
use crate::analysis::{Bias, Correlated, Said, Study};
use crate::correlation::Pearson;
use crate::output::Cell;
use crate::output::tables::{left_out, verdict_rows, verdicts_in_short};
use crate::words::signed;

/// The verdict, the correlations, what was skipped, and the mean and variance of AP.
pub fn study(study: &Study) -> String {
    let correlations = match verdict_rows(study).iter().filter(|row| row.main).count() {
        0 | 1 => detailed(study),
        _ => short(study),
    };
    let line = |text: &str, indent: usize| wrapped(text, limit(), indent) + "\n";
    let left_out = left_out(study.detectors()).into_iter();
    let left_out: String =
        left_out.map(|(subject, words)| line(&format!("{subject}: {words}"), 2)).collect();
    let verdicts: String = study.verdict.0.iter().map(said).collect();
    format!("{verdicts}{correlations}{left_out}\n{}", bias(study.bias()))
}

/// A verdict: the finding in bold, and each point below it.
fn said(Said { subject, finding, points }: &Said) -> String {
    let bold = Style::new().bold();
    let finding = wrapped(&format!("{subject}: {finding}"), limit(), 0);
    let finding = finding.lines().map(|line| format!("{bold}{line}{bold:#}\n"));
    let points = points.iter().map(|point| wrapped(&format!("- {point}"), limit(), 2) + "\n");
    finding.chain(points).chain(["\n".to_owned()]).collect()
}

/// A row per run and estimator.
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
    let mut rows: Vec<Vec<String>> = verdicts_in_short(study).rows.iter().map(row).collect();
    let mut columns = vec![
        Column::words("run"),
        Column::number("r(I)"),
        Column::number("r(m)").rank(3),
        Column::number("r(log m)").rank(2),
        Column::number("partial r"),
        Column::number("95% CI").rank(1),
        Column::words("finding"),
    ];
    let mut partial = "; partial r: of I, with the controls held constant";
    if !study.first().into_iter().any(Correlated::has_enough_classes) {
        columns.drain(4..6);
        rows.iter_mut().for_each(|row| drop(row.drain(4..6)));
        partial = "";
    }
    let all = if study.over_runs().is_empty() { "" } else { "; all: means over the runs" };
    let legend = format!(
        "r: correlation with AP over the classes, of information amount I, instance count m and log m{partial}{all}"
    );
    in_columns(&columns, &rows) + &wrapped(&legend, limit(), 0) + "\n"
}

/// A row a number that is correlated with AP. Of too few classes r alone is shown.
fn detailed(study: &Study) -> String {
    let row = |one: &Correlated, name: String, r: Option<Pearson>| {
        let interval = r.and_then(|r| r.interval);
        let p = r.and_then(|r| r.p_value);
        vec![
            one.run.name().to_owned(),
            name,
            r.map_or(one.used().count(), |r| r.classes).to_string(),
            r.map_or("n/a".into(), |r| plus(r.r)),
            interval.map_or("n/a".into(), |(low, high)| format!("{} … {}", plus(low), plus(high))),
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
            if one.has_enough_classes() {
                let partial = evidence.judged.basis.given_curve.ok();
                rows.push(row(one, "information, partial r".into(), partial));
            }
        }
        rows.push(row(one, "instances".into(), one.count()));
        rows.push(row(one, "log instances".into(), one.log_count()));
    }
    let mut columns = vec![
        Column::words("run"),
        Column::words("AP against"),
        Column::number("classes").rank(2),
        Column::number("r"),
        Column::number("95% interval"),
        Column::number("p").rank(1),
    ];
    if !study.first().into_iter().any(Correlated::has_enough_classes) {
        columns.truncate(4);
    }
    in_columns(&columns, &rows)
}

/// A correlation with its sign and three decimals.
fn plus(r: f64) -> String {
    format!("{r:+.3}").replace('-', "−")
}

/// Mean AP and its variance over the classes (model bias), a row per run.
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
    let mut columns = vec![
        Column::words("run"),
        Column::number("classes with AP").rank(2),
        Column::number("mean AP (%)"),
        Column::number("AP variance (points²)").rank(1),
    ];
    columns.extend(groups.iter().map(|(name, _)| Column::number(name)));
    in_columns(&columns, &runs.iter().map(row).collect::<Vec<_>>())
}
