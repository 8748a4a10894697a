//! Information amounts, for the terminal.

use super::in_columns;
use crate::detector::{Class, Run};

/// The information amount of each class, and what comes from the eigenvalue floor.
pub fn information(run: &Run) -> String {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let percent =
        |value: Option<f64>| value.map_or(String::new(), |value| format!("{:.0}%", 100.0 * value));
    let row = |class: Class| {
        let information = class.amount();
        let floor = information.and_then(|information| information.floor);
        let share =
            information.zip(floor).map(|(information, floor)| floor.bits / information.bits);
        vec![
            class.name.to_owned(),
            class.instances.map_or(String::new(), |count| count.to_string()),
            number(information.map(|information| information.dim_per_instance), 2),
            number(information.map(|information| information.bits), 3),
            number(class.normalized, 5),
            percent(floor.map(|floor| floor.fraction)),
            percent(share),
        ]
    };
    let columns = ["class", "instances", "p/m", "I (bits)", "I′", "floored", "bits from floor"];
    in_columns(&columns, 1, run.classes().map(row).collect())
}
