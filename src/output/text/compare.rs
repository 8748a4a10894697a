//! What a change did to the classes, for the terminal.

use super::{in_columns, reasons_changed};
use crate::analysis::{Comparison, NUMBERS, Number, Pair, difference, mean};
use crate::words::list;

/// Classes in the table.
const SHOWN: usize = 10;

/// The sums, and the classes whose AP, or else information amount, changes most.
pub fn compare(comparison: &Comparison) -> String {
    let Comparison { names, pairs, .. } = comparison;
    let mut text = format!("{}\n\n", names.join(" → "));
    let row = |(name, number): (&str, Number)| {
        let differences = comparison.differences(number);
        let count = |sign: fn(&&f64) -> bool| differences.iter().filter(sign).count().to_string();
        vec![
            name.to_owned(),
            count(|difference| **difference > 0.0),
            count(|difference| **difference < 0.0),
            count(|difference| **difference == 0.0),
            mean(&differences).map_or("n/a".into(), |mean| format!("{mean:+.4}")),
        ]
    };
    let columns = ["", "rose", "fell", "same", "mean difference"];
    text += &in_columns(&columns, 1, NUMBERS.map(row).into());

    let has = |(_, number): &(&str, Number)| !comparison.differences(*number).is_empty();
    let (by, number) = NUMBERS.into_iter().rev().find(has).unwrap_or(NUMBERS[0]);
    let size = |pair: &Pair| difference(number(pair)).unwrap_or(0.0).abs();
    let mut changed: Vec<&Pair> = pairs.iter().filter(|pair| size(pair) > 0.0).collect();
    changed.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let shown = changed.len().min(SHOWN);
    text += &format!("\nlargest changes of {by}, {shown} of {}:\n", changed.len());
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.3}"));
    let signed = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:+.3}"));
    let row = |pair: &&Pair| {
        vec![
            pair.name.clone(),
            number(pair.information[0]),
            number(pair.information[1]),
            signed(difference(pair.information)),
            number(pair.ap[0]),
            number(pair.ap[1]),
            signed(difference(pair.ap)),
            pair.risen().map_or("n/a".into(), |places| match places {
                0 => "0".into(),
                places => format!("{places:+}"),
            }),
        ]
    };
    let columns = ["class", "I: A", "B", "B − A", "AP: A", "B", "B − A", "rank"];
    text += &in_columns(&columns, 1, changed.iter().take(SHOWN).map(row).collect());
    let only = |side: usize| -> Vec<&str> {
        let missing = |pair: &&Pair| pair.information[side].is_none() && pair.ap[side].is_none();
        pairs.iter().filter(missing).map(|pair| pair.name.as_str()).collect()
    };
    for (side, name) in names.iter().enumerate() {
        let missing = only(side);
        if !missing.is_empty() {
            text += &format!("neither number in {name}: {}\n", list(&missing));
        }
    }
    text + &comparison.reasons.as_deref().map_or(String::new(), reasons_changed)
}
