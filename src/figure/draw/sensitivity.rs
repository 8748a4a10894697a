//! How r(I, AP) depends on the covariance estimator, alone and given the instance count.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect, paint};
use super::legend::draw_legend;
use super::panels::{Grid, LINE, OF_TOO_FEW, TOO_FEW, draw_title};
use super::style::{
    BLUE, GRID, INK, MUTED, NAME, ORANGE, TICK, cut_to_width, ending, font, starting, stroke,
    text_width, three_decimals,
};
use super::ticks::Step;
use crate::correlation::Pearson;

/// One run.
pub struct SensitivityPanel {
    /// Name of the run.
    pub title: String,
    /// A row per estimator, from top to bottom.
    pub rows: Vec<SensitivityRow>,
    /// Whether there are enough classes to tell: else no correlation is drawn.
    pub enough_classes: bool,
}

/// The correlations of information amount and AP under one estimator. One is none where it does not
/// exist.
pub struct SensitivityRow {
    /// Name of the estimator.
    pub estimator: String,
    /// r(I, AP).
    pub raw: Option<Whiskered>,
    /// Partial r(I, AP) given all that is held constant.
    pub partial: Option<Whiskered>,
}

/// A correlation with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whiskered {
    /// r, −1 to 1.
    pub r: f64,
    /// The interval; none where it does not exist.
    pub interval: Option<(f64, f64)>,
}

impl From<Pearson> for Whiskered {
    fn from(pearson: Pearson) -> Self {
        Whiskered { r: pearson.r, interval: pearson.interval }
    }
}

/// How to read it.
const READING: &str = "Each row is a covariance estimator: where the dots of a colour stand below one another, the \
                       choice of estimator does not matter.";

const RAW: (&str, RGBColor) = ("r(information amount, AP)", BLUE);
const PARTIAL: (&str, RGBColor) = ("partial r, given what is held constant", ORANGE);

const ROW: i32 = 38 * PX;
/// Distance of a dot from the middle of its row.
const BESIDE: i32 = 8 * PX;
const DOT: i32 = 40;
const GAP: i32 = 6 * PX;
const LEGEND: i32 = 24 * PX;
/// Longer names of estimators are cut.
const LONGEST_NAME: i32 = 14 * TICK;

/// Draws a panel per run. Each estimator has a dot and a 95% whisker for r(I, AP), and for the partial r
/// given the count. The axis is from −1 to 1, the values stand at the right.
///
/// # Errors
/// If there is no panel.
pub fn sensitivity(panels: &[SensitivityPanel]) -> Result<String, Error> {
    let most_rows = panels.iter().map(|panel| panel.rows.len()).max().ok_or(Error::Empty)?;
    let (columns, plot_width) = match panels.len() {
        1 => (1, 420 * PX),
        2..=4 => (2, 360 * PX),
        _ => (3, 280 * PX),
    };
    let rows = || panels.iter().flat_map(|panel| &panel.rows);
    let names = rows().map(|row| text_width(&row.estimator, TICK).min(LONGEST_NAME));
    let grid = Grid {
        columns,
        plot_width,
        plot_height: most_rows.max(1) as i32 * ROW,
        left: 3 * GAP + names.max().unwrap_or(0) + GAP,
        right: GAP + text_width("−0.000", NAME) + 2 * GAP,
        below: 42 * PX,
        head: LINE,
        above: LEGEND,
    };
    let enough = panels.iter().any(|panel| panel.enough_classes);
    let reading = if enough { READING } else { OF_TOO_FEW };
    paint(grid.size(panels.len()), reading, |canvas| {
        draw_legend(canvas, (3 * GAP, LEGEND), [RAW, PARTIAL], true);
        for (index, panel) in panels.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_title(canvas, strip, &panel.title);
            draw_panel(canvas, plot, panel);
        }
    })
}

fn draw_panel(canvas: &mut Canvas, plot: Rect, panel: &SensitivityPanel) {
    // Room for a dot at either end.
    let inner = (plot.left + 2 * DOT, plot.right - 2 * DOT);
    let axis = Axis::linear((-1.0, 1.0), Step::fitting(2.0, 4), inner);
    axis.draw_grid(canvas, plot, Side::Bottom, GRID);
    axis.draw(canvas, plot, Side::Bottom, "Pearson r over classes", INK);
    let zero = axis.at(0.0);
    canvas.line((zero, plot.top), (zero, plot.bottom), stroke(INK, 8));
    for (row, top) in panel.rows.iter().zip((plot.top..).step_by(ROW as usize)) {
        let middle = top + ROW / 2;
        if top > plot.top {
            canvas.line((plot.left, top), (plot.right, top), stroke(GRID, 6));
        }
        let name = cut_to_width(&row.estimator, TICK, LONGEST_NAME);
        canvas.text(&name, (plot.left - GAP, middle), &ending(font(TICK, INK)));
        if !panel.enough_classes {
            continue;
        }
        let pair = [(row.raw, RAW.1, middle - BESIDE), (row.partial, PARTIAL.1, middle + BESIDE)];
        for (correlation, color, y) in pair {
            draw_correlation(canvas, &axis, correlation, color, (plot.right + GAP, y));
        }
    }
    if !panel.enough_classes {
        let (_, y) = plot.middle();
        canvas.text(TOO_FEW, ((zero + plot.right) / 2, y), &font(TICK, MUTED));
    }
}

/// Draws the dot and its whisker at the height of the point at which the value is written.
fn draw_correlation(
    canvas: &mut Canvas,
    axis: &Axis,
    correlation: Option<Whiskered>,
    color: RGBColor,
    (x, y): Point,
) {
    let Some(Whiskered { r, interval }) = correlation.filter(|found| found.r.is_finite()) else {
        canvas.text("n/a", (x, y), &starting(font(NAME, MUTED)));
        return;
    };
    if let Some((low, high)) = interval {
        let (low, high) = (axis.at(low), axis.at(high));
        canvas.line((low, y), (high, y), stroke(color, 15));
        for end in [low, high] {
            canvas.line((end, y - GAP / 2), (end, y + GAP / 2), stroke(color, 15));
        }
    }
    canvas.disc((axis.at(r), y), DOT, color);
    canvas.text(&three_decimals(r), (x, y), &starting(font(NAME, INK)));
}
