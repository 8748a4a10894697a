//! The angular margins as a heat map.

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::ArrayView2;
use plotters::prelude::RGBColor;

use super::Error;
use super::colours::Ramp;
use super::heat_map::{HeatMap, MOST_CLASSES, NONE, RISING};
use super::ticks::Step;

/// The C×C margins with their classes, for the heat map.
pub struct MarginsFigure<'a> {
    /// Class names, in the order of the matrix.
    pub names: &'a [String],
    /// Information amount of each class in bits, by which the map is ordered.
    pub information: &'a [f64],
    /// Margins in radians: row = true class i, column = other class j.
    pub margins: ArrayView2<'a, f64>,
    /// The title.
    pub title: String,
}

/// Groups of classes where there are too many for a row each.
const GROUPS: usize = 40;

const SIGNED: Ramp = Ramp(&[
    RGBColor(0x8C, 0x51, 0x0A),
    RGBColor(0xD8, 0xA8, 0x5A),
    NONE,
    RGBColor(0x4A, 0x98, 0xC9),
    RGBColor(0x08, 0x30, 0x6B),
]);

/// Draws the margins with the classes in descending order of information amount on both axes.
///
/// Beyond 80 classes each cell is the mean over two of 40 groups of classes. Angles above π are
/// drawn as π: no angle is wider.
///
/// # Errors
/// If there is no class.
pub fn margins(figure: &MarginsFigure) -> Result<String, Error> {
    let classes = figure.names.len();
    if classes == 0 {
        return Err(Error::Empty);
    }
    let mut order: Vec<usize> = (0..classes).collect();
    order.sort_by(|&a, &b| {
        let information = figure.information[b].total_cmp(&figure.information[a]);
        information.then_with(|| figure.names[a].cmp(&figure.names[b]))
    });
    let count = if classes > MOST_CLASSES { GROUPS } else { classes };
    let groups: Vec<Range<usize>> =
        (0..count).map(|k| k * classes / count..(k + 1) * classes / count).collect();
    let mean = |rows: &Range<usize>, columns: &Range<usize>| {
        let mut sum = 0.0;
        for i in rows.clone() {
            for j in columns.clone() {
                sum += figure.margins[(order[i], order[j])].clamp(-PI, PI);
            }
        }
        sum / (rows.len() * columns.len()) as f64
    };
    let mean = &mean;
    let cells: Vec<f64> = groups
        .iter()
        .flat_map(|rows| groups.iter().map(move |columns| mean(rows, columns)))
        .collect();

    let top = cells.iter().fold(0.0, |top: f64, cell| top.max(cell.abs()));
    let step = Step::fitting(if top > 0.0 { top } else { 1.0 }, 5);
    let top = if top > 0.0 { step.round_up(top) } else { 1.0 };
    let signed = cells.iter().any(|&cell| cell < 0.0);
    let label = |group: &Range<usize>| match group.len() {
        1 => figure.names[order[group.start]].clone(),
        _ => format!("{}–{}", group.start + 1, group.end),
    };
    let caption = if count < classes {
        format!("{classes} classes in {count} groups, most information first; each cell is a mean")
    } else {
        "classes, most information first".to_owned()
    };
    let labels: Vec<String> = groups.iter().map(label).collect();
    let says = |row: usize, column: usize| {
        format!("margin to {}: {:.4} rad", labels[column], cells[row * count + column])
    };
    let reading = match signed {
        true => {
            "Each cell is the margin of the row's class against the column's class: blue ones are above 0, brown \
             ones below, and dark ones far from it."
        }
        false => {
            "Each cell is the margin of the row's class against the column's class: the darker, the larger."
        }
    };
    let map = HeatMap {
        title: &figure.title,
        labels: labels.clone(),
        cells: cells.iter().map(|&margin| (margin != 0.0).then_some(margin)).collect(),
        range: (if signed { -top } else { 0.0 }, top),
        step,
        ramp: if signed { SIGNED } else { RISING },
        rows: "true class i",
        columns: "other class j",
        bar: "margin m_ij (rad)",
        caption: &caption,
        says: &says,
        reading,
    };
    map.paint(|_, _| {})
}
