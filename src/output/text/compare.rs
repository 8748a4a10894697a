//! What a change did to the classes, for the terminal.

use super::columns::{Column, in_columns};
use super::reasons_changed;
use crate::analysis::{Comparison, NUMBERS, Number, Pair, difference, mean};
use crate::words::list;

/// Classes in the table.
const SHOWN: usize = 10;

const SUMS: [Column; 5] = [
    Column::words(""),
    Column::number("rose"),
    Column::number("fell"),
    Column::number("same"),
    Column::number("mean difference"),
];

const CLASSES: [Column; 8] = [
    Column::words("class"),
    Column::number("I (A)").rank(5),
    Column::number("I (B)").rank(4),
    Column::number("ΔI").rank(1),
    Column::number("AP % (A)").rank(3),
    Column::number("AP % (B)").rank(2),
    Column::number("ΔAP"),
    Column::number("rank change").rank(6),
];

/// The sums, and the classes whose AP, or else information amount, changes most.
pub fn compare(comparison: &Comparison) -> String {
    let Comparison { names, pairs, .. } = comparison;
    let percent = 100.0 / comparison.ap_scale.full();
    let mut text = format!("{}\n\n", names.join(" → "));
    let shown = [("information (bits)", 1.0, 4), ("AP (%)", percent, 2)];
    let row = |((_, number), (name, unit, digits)): ((&str, Number), (&str, f64, usize))| {
        let differences = comparison.differences(number);
        let count = |sign: fn(&&f64) -> bool| differences.iter().filter(sign).count().to_string();
        vec![
            name.to_owned(),
            count(|difference| **difference > 0.0),
            count(|difference| **difference < 0.0),
            count(|difference| **difference == 0.0),
            mean(&differences).map_or("n/a".into(), |mean| plus(unit * mean, digits)),
        ]
    };
    text += &in_columns(&SUMS, &NUMBERS.into_iter().zip(shown).map(row).collect::<Vec<_>>());

    let has = |(_, number): &(&str, Number)| !comparison.differences(*number).is_empty();
    let (by, number) = NUMBERS.into_iter().rev().find(has).unwrap_or(NUMBERS[0]);
    let size = |pair: &Pair| difference(number(pair)).unwrap_or(0.0).abs();
    let mut changed: Vec<&Pair> = pairs.iter().filter(|pair| size(pair) > 0.0).collect();
    changed.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let most = changed.len().min(SHOWN);
    let by = if by == "ap" { "AP" } else { by };
    text += &format!("\nlargest changes of {by} (B − A), {most} of {}:\n", changed.len());
    let row = |pair: &&Pair| class(pair, percent);
    text += &in_columns(&CLASSES, &changed.iter().take(SHOWN).map(row).collect::<Vec<_>>());
    let only = |side: usize| -> Vec<&str> {
        let missing = |pair: &&Pair| pair.information[side].is_none() && pair.ap[side].is_none();
        pairs.iter().filter(missing).map(|pair| pair.name.as_str()).collect()
    };
    for (side, name) in names.iter().enumerate() {
        let missing = only(side);
        if !missing.is_empty() {
            text += &format!("no AP and no information amount in {name}: {}\n", list(&missing));
        }
    }
    text + &comparison.reasons.as_deref().map_or(String::new(), reasons_changed)
}

/// A class in both runs; AP by `percent`.
fn class(pair: &Pair, percent: f64) -> Vec<String> {
    let number = |value: Option<f64>, unit: f64, digits: usize| {
        value.map_or("n/a".into(), |value| format!("{:.digits$}", unit * value))
    };
    let signed = |value: Option<f64>, unit: f64, digits: usize| {
        value.map_or("n/a".into(), |value| plus(unit * value, digits))
    };
    vec![
        pair.name.clone(),
        number(pair.information[0], 1.0, 3),
        number(pair.information[1], 1.0, 3),
        signed(difference(pair.information), 1.0, 3),
        number(pair.ap[0], percent, 1),
        number(pair.ap[1], percent, 1),
        signed(difference(pair.ap), percent, 1),
        pair.risen().map_or("n/a".into(), |places| match places {
            0 => "0".into(),
            places => format!("{places:+}").replace('-', "−"),
        }),
    ]
}

/// A number with its sign.
fn plus(number: f64, digits: usize) -> String {
    format!("{number:+.digits$}").replace('-', "−")
}
