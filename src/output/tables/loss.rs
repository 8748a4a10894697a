//! `loss.csv`.

use crate::classes::Classes;
use crate::loss::MeanLoss;
use crate::output::{Cell, Table};

/// Cosine softmax and IGAM loss of each class.
pub fn loss(classes: &Classes, losses: &[MeanLoss]) -> Table {
    let row = |((&id, name), loss): ((&i64, &String), &MeanLoss)| {
        vec![
            Cell::Integer(id),
            name.as_str().into(),
            loss.samples().into(),
            loss.cosine_softmax().into(),
            loss.igam().into(),
            loss.difference().into(),
        ]
    };
    let columns =
        vec!["class_id", "class", "instances", "cosine_softmax_loss", "igam_loss", "difference"];
    let rows = classes.ids().iter().zip(classes.names()).zip(losses).map(row).collect();
    Table { columns, rows }
}
