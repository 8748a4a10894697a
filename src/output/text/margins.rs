//! Angular margins, for the terminal.

use super::in_columns;
use crate::analysis::{Margins, Reading};
use crate::loss::SCALE;
use crate::words::list;

/// What the margins do.
pub fn margins(margins: &Margins) -> String {
    let Margins { chosen, readings, .. } = margins;
    let angle = |radians: f64| format!("{} rad = {}°", short(radians), short(radians.to_degrees()));
    let row = |reading: &Reading| {
        let mark = if reading.normalization == *chosen { " *" } else { "" };
        vec![
            format!("{}{mark}", reading.normalization.name()),
            angle(reading.summary.largest),
            reading.summary.median_positive.map_or("n/a".into(), angle),
            short(reading.logit_change()),
        ]
    };
    let columns = ["reading", "largest margin", "median above 0", "logit change"];
    let mut text = in_columns(&columns, 1, readings.iter().map(row).collect());
    text += &format!("* in the files; the largest change of a logit at s = {SCALE}\n");
    for reading in readings.iter().filter(|reading| reading.normalization == *chosen) {
        if reading.gain.is_empty() {
            continue;
        }
        text += &format!(
            "training region grows most: {} (their samples are judged more gently)\n\
             trained boundaries lie nearer to them: at test time they lose space\n\
             space at test time is gained most by: {}\n",
            list(&reading.gain),
            list(&reading.lose)
        );
    }
    text
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
