//! How much classes overlap, as a heat map.

use ndarray::ArrayView2;
use plotters::prelude::RGBColor;

use super::Error;
use super::heat_map::{HeatMap, RISING};
use super::ticks::Step;

/// The overlap of classes, in the order of drawing.
pub struct OverlapFigure<'a> {
    /// Class names; few enough for a row each.
    pub names: &'a [String],
    /// Overlap of each two, 0–0.5; what is not finite is not drawn, nor is the diagonal.
    pub overlap: ArrayView2<'a, f64>,
    /// Row, column, and the share of the row's boxes that are taken for the column's class.
    pub taken_for: Vec<(usize, usize, f64)>,
    /// The title.
    pub title: String,
    /// What the order and the dots are.
    pub caption: String,
}

/// What overlaps less is white.
const LEAST: f64 = 1e-3;
/// The least radius of a dot that is seen, and the most, in parts of a cell.
const DOTS: (f64, f64) = (0.06, 0.42);
/// Dots on pale cells and on dark ones. The cells have their colours in the dark too, and so have these.
const ON_PALE: RGBColor = RGBColor(0xC0, 0x39, 0x2B);
const ON_DARK: RGBColor = RGBColor(0xFF, 0xC8, 0x57);

/// Draws the overlap of each two classes, and a dot where boxes of the one are taken for the other: its area is
/// their share.
///
/// # Errors
/// If there is no class.
pub fn overlap(figure: &OverlapFigure) -> Result<String, Error> {
    let count = figure.names.len();
    if count == 0 {
        return Err(Error::Empty);
    }
    let cell = |(row, column): (usize, usize)| {
        let overlap = figure.overlap[(row, column)];
        (row != column && overlap >= LEAST && overlap.is_finite()).then_some(overlap)
    };
    let places = (0..count).flat_map(|row| (0..count).map(move |column| (row, column)));
    let cells: Vec<Option<f64>> = places.map(cell).collect();
    let top = cells.iter().flatten().fold(0.0, |top: f64, &overlap| top.max(overlap));
    let step = Step::fitting(if top > 0.0 { top } else { 0.5 }, 5);
    let top = if top > 0.0 { step.round_up(top) } else { 0.5 };
    let dotted = !figure.taken_for.is_empty();
    let says = |row: usize, column: usize| {
        format!("overlap with {}: {:.3}", figure.names[column], figure.overlap[(row, column)])
    };
    let reading = match dotted {
        true => {
            "Darker cells are pairs of classes that overlap more; the larger a dot, the more often the row's class \
             is classified as the column's class."
        }
        false => "Darker cells are pairs of classes that overlap more.",
    };
    let map = HeatMap {
        title: &figure.title,
        labels: figure.names.to_vec(),
        cells,
        range: (0.0, top),
        step,
        ramp: RISING,
        rows: if dotted { "true class" } else { "class" },
        columns: if dotted { "classified as" } else { "other class" },
        bar: "overlap Φ(−D/2)",
        caption: &figure.caption,
        says: &says,
        reading,
    };
    map.paint(|canvas, area| {
        for &(row, column, share) in &figure.taken_for {
            let area = area(row, column);
            let size = f64::from(area.width());
            let radius = (DOTS.1 * share.clamp(0.0, 1.0).sqrt()).max(DOTS.0) * size;
            let dark = map.cells[row * count + column].is_some_and(|overlap| overlap > 0.5 * top);
            let colour = if dark { ON_DARK } else { ON_PALE };
            let words = format!("{:.1}% classified as {}", 100.0 * share, figure.names[column]);
            canvas.mark(&figure.names[row], &[words], |canvas| {
                canvas.disc(area.middle(), radius.round() as i32, colour);
            });
        }
    })
}
