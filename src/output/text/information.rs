//! Information amounts, for the terminal.

use super::choice::{Choice, shown};
use super::columns::{Column, in_columns};
use crate::detector::{Class, Run};
use crate::error::Result;
use crate::output::tables;

const COLUMNS: [Column; 7] = [
    Column::words("class"),
    Column::number("instances").rank(1),
    Column::number("p/m").rank(5),
    Column::number("I (bits)"),
    Column::number("I′").rank(4),
    Column::number("floored").rank(3),
    Column::number("bits from floor").rank(2),
];

/// The information amount of each class, and what comes from the eigenvalue floor.
///
/// # Errors
/// If the column to sort by is none of `information.csv`.
pub fn information(run: &Run, choice: &Choice) -> Result<String> {
    let classes: Vec<Class> = run.classes().collect();
    let places = choice.places(&tables::information_and_ratio(&[run]))?;
    let rows: Vec<_> = places.iter().map(|&at| row(&classes[at])).collect();
    Ok(in_columns(&COLUMNS, &rows) + &shown(places.len(), classes.len()))
}

fn row(class: &Class) -> Vec<String> {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let percent =
        |value: Option<f64>| value.map_or(String::new(), |value| format!("{:.0}%", 100.0 * value));
    let information = class.amount();
    let floor = information.and_then(|information| information.floor);
    let share = information.zip(floor).map(|(information, floor)| floor.bits / information.bits);
    vec![
        class.name.to_owned(),
        class.instances.map_or(String::new(), |count| count.to_string()),
        number(information.map(|information| information.dim_per_instance), 2),
        number(information.map(|information| information.bits), 3),
        number(class.normalized, 5),
        percent(floor.map(|floor| floor.fraction)),
        percent(share),
    ]
}
