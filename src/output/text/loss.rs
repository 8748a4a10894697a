//! Losses by class, for the terminal.

use super::in_columns;
use crate::classes::Classes;
use crate::loss::MeanLoss;

/// Cosine softmax and IGAM loss of each class, and of all.
pub fn loss(classes: &Classes, losses: &[MeanLoss], mean: MeanLoss) -> String {
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.5}"));
    let row = |name: &str, loss: &MeanLoss| {
        vec![
            name.to_owned(),
            loss.samples().to_string(),
            number(loss.cosine_softmax()),
            number(loss.igam()),
            loss.difference().map_or("n/a".into(), |difference| format!("{difference:+.5}")),
        ]
    };
    let mut rows: Vec<_> =
        classes.names().iter().zip(losses).map(|(name, loss)| row(name, loss)).collect();
    rows.push(row("all", &mean));
    in_columns(&["class", "instances", "cosine softmax", "IGAM", "difference"], 1, rows)
}
