//! What other losses do to the classes, for the terminal.

use super::columns::{Column, in_columns, limit, wrapped};
use crate::analysis::probe::{LIMITS, Probe, ProbedLoss, points};

const COLUMNS: [Column; 6] = [
    Column::words("loss"),
    Column::number("recall"),
    Column::words("change, points"),
    Column::number("AP"),
    Column::words("change, points"),
    Column::words("finding").rank(1),
];

/// The verdict, a table of the losses, and the groups and classes that change.
pub fn probe(probe: &Probe) -> String {
    let mut text = String::new();
    let say = |line: &str, text: &mut String| {
        *text += &wrapped(line, limit(), 0);
        text.push('\n');
    };
    let verdict = probe.verdict();
    let (limits, lines): (Vec<_>, Vec<_>) = verdict.iter().partition(|line| *line == LIMITS);
    lines.into_iter().for_each(|line| say(line, &mut text));
    text.push('\n');
    let judged = probe.judged();
    let rows: Vec<Vec<String>> = probe.losses.iter().map(|one| row(one, &judged)).collect();
    text += &in_columns(&COLUMNS, &rows);
    probe.changes().iter().for_each(|line| say(line, &mut text));
    limits.into_iter().for_each(|line| say(line, &mut text));
    text
}

fn row(one: &ProbedLoss, judged: &[usize]) -> Vec<String> {
    let percent =
        |mean: Option<f64>| mean.map_or("n/a".into(), |mean| format!("{:.1}", 100.0 * mean));
    let compared = one.compared.as_ref();
    let change = |of: Option<String>| of.unwrap_or_else(|| "–".into());
    vec![
        one.name.clone(),
        percent(one.recall(judged)),
        change(compared.map(|compared| points(&compared.recall))),
        percent(one.average_precision(judged)),
        change(compared.map(|compared| points(&compared.average_precision))),
        one.finding().map_or("compared with", |finding| finding.name()).into(),
    ]
}
