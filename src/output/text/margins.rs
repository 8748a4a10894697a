//! Angular margins, for the terminal.

use super::columns::{Column, in_columns, limit, wrapped};
use crate::analysis::{FELT, Formula, Margins};
use crate::loss::SCALE;
use crate::words::list;

const COLUMNS: [Column; 6] = [
    Column::words("normalization"),
    Column::number("largest (rad)"),
    Column::number("(°)").rank(1),
    Column::number("median (rad)").rank(2),
    Column::number("(°)").rank(3),
    Column::number("logit change"),
];

/// What the margins do, and at the end whether they are large enough to matter.
pub fn margins(margins: &Margins) -> String {
    let Margins { chosen, formulas, .. } = margins;
    let row = |formula: &Formula| {
        let mark = if formula.normalization == *chosen { " *" } else { "" };
        let median = formula.summary.median_positive;
        let number = |value: Option<f64>| value.map_or("n/a".into(), short);
        vec![
            format!("{}{mark}", formula.normalization.name()),
            short(formula.summary.largest),
            short(formula.summary.largest.to_degrees()),
            number(median),
            number(median.map(f64::to_degrees)),
            short(formula.logit_change()),
        ]
    };
    let mut text = in_columns(&COLUMNS, &formulas.iter().map(row).collect::<Vec<_>>());
    let legend = format!(
        "*: written to the files; median: of the margins above 0; logit change: the largest, at scale s = {SCALE}"
    );
    let mut lines = vec![legend];
    for formula in formulas.iter().filter(|formula| formula.normalization == *chosen) {
        if !formula.gain.is_empty() {
            lines.extend(regions(formula));
        }
        lines.push(answer(formula, formulas));
    }
    for line in lines {
        text += &wrapped(&line, limit(), 0);
        text.push('\n');
    }
    text
}

/// Which classes gain space in training, and which at test time.
fn regions(formula: &Formula) -> [String; 3] {
    [
        format!(
            "training region grows most: {} (the loss is lower for their samples)",
            list(&formula.gain)
        ),
        "at test time, the decision boundaries are nearer to these classes: they lose space".into(),
        format!("classes that gain most space at test time: {}", list(&formula.lose)),
    ]
}

/// Whether margins are large enough to matter: yes or no, and why.
fn answer(chosen: &Formula, formulas: &[Formula]) -> String {
    let question = "Are these margins large enough to matter in training?";
    let largest = short(chosen.summary.largest);
    if chosen.is_felt() {
        return format!(
            "{question} Yes: the largest is {largest} rad, and changes a logit by up to {}.",
            short(chosen.logit_change())
        );
    }
    let size = |formula: &&Formula| formula.summary.largest;
    let felt = formulas.iter().filter(|formula| formula.is_felt());
    let other = match felt.max_by(|a, b| size(a).total_cmp(&size(b))) {
        Some(formula) => format!(
            "--normalization {} reaches {} rad",
            formula.normalization.name(),
            short(formula.summary.largest)
        ),
        None => {
            "the other normalizations do not reach it either, because the classes have nearly the \
                 same information amount"
                .into()
        }
    };
    format!("{question} No: the largest is {largest} rad, below {FELT} rad; {other}.")
}

/// Three significant digits.
fn short(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-3..1e4).contains(&size) {
        return format!("{number:.2e}");
    }
    let digits = if size < 1.0 {
        4
    } else if size < 10.0 {
        3
    } else {
        1
    };
    format!("{number:.digits$}")
}
