//! The angular margins as a heat map.

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::ArrayView2;
use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::colours::{BAR_HEIGHT, BAR_WIDTH, Ramp};
use super::style::{
    INK, LABEL, NAME, TITLE, cut_to_width, ending, font, starting, stroke, text_width, upwards,
};
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

/// Up to so many classes each has a row of its own.
const MOST_CLASSES: usize = 80;
/// Groups of classes beyond that.
const GROUPS: usize = 40;

/// Room for a name of about 40 Latin characters; longer ones are cut.
const LONGEST_NAME: i32 = 27 * NAME;
const SIDE: i32 = 560 * PX;
/// No cell is lower than its name.
const LEAST_CELL: i32 = 95;
const WIDEST_CELL: i32 = 60 * PX;
const MARGIN: i32 = 14 * PX;
const GAP: i32 = 6 * PX;
const BAR_ROOM: i32 = BAR_WIDTH + 84 * PX;

/// No margin is white, in the dark too, where the paper is not: what is coloured is there.
const NONE: RGBColor = RGBColor(0xFE, 0xFE, 0xFE);
const RISING: Ramp = Ramp(&[
    NONE,
    RGBColor(0xD3, 0xE4, 0xF3),
    RGBColor(0x94, 0xC4, 0xDF),
    RGBColor(0x4A, 0x98, 0xC9),
    RGBColor(0x17, 0x64, 0xAB),
    RGBColor(0x08, 0x30, 0x6B),
]);
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
    if figure.names.is_empty() {
        return Err(Error::Empty);
    }
    let map = Map::new(figure);
    let count = map.labels.len() as i32;
    let cell = (SIDE / count).clamp(LEAST_CELL, WIDEST_CELL);
    let longest = map.labels.iter().map(|label| text_width(label, NAME)).max().unwrap_or(0);
    let left = MARGIN + LABEL + GAP + longest + GAP;
    let top = MARGIN + TITLE + 2 * GAP;
    // A title or a bar may need more than the cells of a few classes.
    let width = (left + count * cell + 3 * GAP + BAR_ROOM)
        .max(2 * MARGIN + text_width(&figure.title, TITLE))
        .max(2 * MARGIN + text_width(&map.caption, LABEL));
    let plot = Rect { left, top, right: left + count * cell, bottom: top + count * cell };
    let below = plot.bottom + GAP + longest + GAP + LABEL / 2;
    let bar = Rect {
        left: plot.right + 3 * GAP,
        top,
        right: plot.right + 3 * GAP + BAR_WIDTH,
        bottom: top + BAR_HEIGHT,
    };
    let height = (below + LABEL + 3 * GAP + LABEL + MARGIN).max(bar.bottom + MARGIN);

    paint((width, height), |canvas| {
        canvas.text(&figure.title, (MARGIN, MARGIN + TITLE / 2), &starting(font(TITLE, INK)));
        canvas.fill(plot, NONE);
        map.draw_cells(canvas, plot, cell);
        canvas.border(plot, stroke(INK, 6));
        for (index, label) in (0..).zip(&map.labels) {
            let middle = index * cell + cell / 2;
            let name = ending(font(NAME, INK));
            canvas.text(label, (plot.left - GAP, plot.top + middle), &name);
            canvas.text(label, (plot.left + middle, plot.bottom + GAP), &upwards(name));
        }
        let title = font(LABEL, INK);
        let (x, y) = plot.middle();
        canvas.text("true class i", (MARGIN + LABEL / 2, y), &upwards(title.clone()));
        canvas.text("other class j", (x.max(plot.left + 40 * PX), below), &title);
        canvas.text(&map.caption, (MARGIN, below + LABEL + 2 * GAP), &starting(title));
        map.ramp().fill(canvas, bar);
        let axis = Axis::linear(map.range, map.step, (bar.bottom, bar.top));
        axis.draw(canvas, bar, Side::Right, "margin m_ij (rad)", INK);
    })
}

/// The map in the order of drawing.
struct Map {
    /// Of each class, or of each group.
    labels: Vec<String>,
    /// Row by row.
    cells: Vec<f64>,
    caption: String,
    /// The ends of the colour scale.
    range: (f64, f64),
    step: Step,
}

impl Map {
    fn new(figure: &MarginsFigure) -> Map {
        let classes = figure.names.len();
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
            1 => cut_to_width(&figure.names[order[group.start]], NAME, LONGEST_NAME),
            _ => format!("{}–{}", group.start + 1, group.end),
        };
        let caption = if count < classes {
            format!(
                "{classes} classes in {count} groups, most information first; each cell is a mean"
            )
        } else {
            "classes, most information first".to_owned()
        };
        Map {
            labels: groups.iter().map(label).collect(),
            cells,
            caption,
            range: (if signed { -top } else { 0.0 }, top),
            step,
        }
    }

    fn ramp(&self) -> Ramp {
        if self.range.0 < 0.0 { SIGNED } else { RISING }
    }

    fn draw_cells(&self, canvas: &mut Canvas, plot: Rect, cell: i32) {
        let columns = self.labels.len();
        let (low, high) = self.range;
        for (index, &margin) in self.cells.iter().enumerate() {
            if margin != 0.0 {
                let left = plot.left + (index % columns) as i32 * cell;
                let top = plot.top + (index / columns) as i32 * cell;
                let area = Rect { left, top, right: left + cell, bottom: top + cell };
                canvas.fill(area, self.ramp().at((margin - low) / (high - low)));
            }
        }
    }
}
