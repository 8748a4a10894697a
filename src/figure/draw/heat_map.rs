//! A square of coloured cells, a row and a column per class, and the bar that explains the colours.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::colours::{BAR_HEIGHT, BAR_WIDTH, Ramp};
use super::style::{
    INK, LABEL, NAME, TITLE, cut_to_width, ending, font, starting, stroke, text_width, upwards,
};
use super::ticks::Step;

/// Up to so many classes each has a row of its own.
pub(super) const MOST_CLASSES: usize = 80;

/// Room for a name of about 40 Latin characters; longer ones are cut.
const LONGEST_NAME: i32 = 27 * NAME;
const SIDE: i32 = 560 * PX;
/// No cell is lower than its name.
const LEAST_CELL: i32 = 95;
const WIDEST_CELL: i32 = 60 * PX;
const MARGIN: i32 = 14 * PX;
const GAP: i32 = 6 * PX;
const BAR_ROOM: i32 = BAR_WIDTH + 84 * PX;

/// Nothing is white, in the dark too, where the paper is not: what is coloured is there.
pub(super) const NONE: RGBColor = RGBColor(0xFE, 0xFE, 0xFE);
pub(super) const RISING: Ramp = Ramp(&[
    NONE,
    RGBColor(0xD3, 0xE4, 0xF3),
    RGBColor(0x94, 0xC4, 0xDF),
    RGBColor(0x4A, 0x98, 0xC9),
    RGBColor(0x17, 0x64, 0xAB),
    RGBColor(0x08, 0x30, 0x6B),
]);

/// What is drawn.
pub(super) struct HeatMap<'a> {
    pub title: &'a str,
    /// Of each row, and of each column; long ones are cut.
    pub labels: Vec<String>,
    /// Row by row; none is white.
    pub cells: Vec<Option<f64>>,
    /// The ends of the colour scale, and the step of its axis.
    pub range: (f64, f64),
    pub step: Step,
    pub ramp: Ramp,
    /// What the rows are, the columns, and the colours.
    pub rows: &'a str,
    pub columns: &'a str,
    pub bar: &'a str,
    pub caption: &'a str,
    /// What the cell of a row and a column says.
    pub says: &'a dyn Fn(usize, usize) -> String,
    /// How to read it.
    pub reading: &'a str,
}

impl HeatMap<'_> {
    /// Draws it, and over it what `over` draws into the cell that a row and a column have.
    pub fn paint(
        &self,
        over: impl FnOnce(&mut Canvas, &dyn Fn(usize, usize) -> Rect),
    ) -> Result<String, Error> {
        let labels = self.labels.iter().map(|label| cut_to_width(label, NAME, LONGEST_NAME));
        let labels: Vec<String> = labels.collect();
        let count = labels.len() as i32;
        let cell = (SIDE / count.max(1)).clamp(LEAST_CELL, WIDEST_CELL);
        let longest = labels.iter().map(|label| text_width(label, NAME)).max().unwrap_or(0);
        let left = MARGIN + LABEL + GAP + longest + GAP;
        let top = MARGIN + TITLE + 2 * GAP;
        // A title or a bar may need more than the cells of a few classes.
        let width = (left + count * cell + 3 * GAP + BAR_ROOM)
            .max(2 * MARGIN + text_width(self.title, TITLE))
            .max(2 * MARGIN + text_width(self.caption, LABEL));
        let plot = Rect { left, top, right: left + count * cell, bottom: top + count * cell };
        let below = plot.bottom + GAP + longest + GAP + LABEL / 2;
        let bar = Rect {
            left: plot.right + 3 * GAP,
            top,
            right: plot.right + 3 * GAP + BAR_WIDTH,
            bottom: top + BAR_HEIGHT,
        };
        // A caption that is long stands below the bar of a map of few classes.
        let beside = MARGIN + text_width(self.caption, LABEL) < bar.left;
        let lowest = if beside { 0 } else { bar.bottom + GAP + LABEL };
        let caption = (below + LABEL + 2 * GAP).max(lowest);
        let height = (caption + GAP + LABEL + MARGIN).max(bar.bottom + MARGIN);
        let area = |row: usize, column: usize| {
            let (left, top) = (plot.left + column as i32 * cell, plot.top + row as i32 * cell);
            Rect { left, top, right: left + cell, bottom: top + cell }
        };

        paint((width, height), self.reading, |canvas| {
            canvas.text(self.title, (MARGIN, MARGIN + TITLE / 2), &starting(font(TITLE, INK)));
            canvas.fill(plot, NONE);
            for (index, value) in self.cells.iter().enumerate() {
                if let Some(value) = value {
                    let (row, column) = (index / labels.len(), index % labels.len());
                    let fill = |canvas: &mut Canvas| {
                        canvas.fill(area(row, column), self.colour(*value));
                    };
                    canvas.mark(&self.labels[row], &[(self.says)(row, column)], fill);
                }
            }
            over(canvas, &area);
            canvas.border(plot, stroke(INK, 6));
            for (index, label) in (0..).zip(&labels) {
                let middle = index * cell + cell / 2;
                let name = ending(font(NAME, INK));
                canvas.text(label, (plot.left - GAP, plot.top + middle), &name);
                canvas.text(label, (plot.left + middle, plot.bottom + GAP), &upwards(name));
            }
            let title = font(LABEL, INK);
            let (x, y) = plot.middle();
            canvas.text(self.rows, (MARGIN + LABEL / 2, y), &upwards(title.clone()));
            canvas.text(self.columns, (x.max(plot.left + 40 * PX), below), &title);
            canvas.text(self.caption, (MARGIN, caption), &starting(title));
            self.ramp.fill(canvas, bar);
            let axis = Axis::linear(self.range, self.step, (bar.bottom, bar.top));
            axis.draw(canvas, bar, Side::Right, self.bar, INK);
        })
    }

    fn colour(&self, value: f64) -> RGBColor {
        let (low, high) = self.range;
        self.ramp.at((value - low) / (high - low))
    }
}
