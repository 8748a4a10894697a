//! Losses by class, for the terminal.

use super::choice::{Choice, shown};
use super::columns::{Column, in_columns};
use crate::classes::Classes;
use crate::error::Result;
use crate::loss::MeanLoss;
use crate::output::tables;

const COLUMNS: [Column; 5] = [
    Column::words("class"),
    Column::number("instances").rank(1),
    Column::number("cosine softmax"),
    Column::number("IGAM"),
    Column::number("difference"),
];

/// Cosine softmax and IGAM loss of each class, and of all.
///
/// # Errors
/// If the column to sort by is none of `loss.csv`.
pub fn loss(
    classes: &Classes,
    losses: &[MeanLoss],
    mean: MeanLoss,
    choice: &Choice,
) -> Result<String> {
    let places = choice.places(&tables::loss(classes, losses))?;
    let names = classes.names();
    let mut rows: Vec<_> = places.iter().map(|&at| row(&names[at], &losses[at])).collect();
    rows.push(row("all", &mean));
    Ok(in_columns(&COLUMNS, &rows) + &shown(places.len(), names.len()))
}

fn row(name: &str, loss: &MeanLoss) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.5}"));
    vec![
        name.to_owned(),
        loss.samples().to_string(),
        number(loss.cosine_softmax()),
        number(loss.igam()),
        loss.difference()
            .map_or("n/a".into(), |difference| format!("{difference:+.5}").replace('-', "−")),
    ]
}
