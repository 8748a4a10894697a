//! Figure 2: how AP correlates with information amount and with instance count, run by run.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::by_backbone::ByBackbone;
use super::canvas::{Canvas, PX, Rect, paint};
use super::legend::draw_legend;
use super::panels::{OF_TOO_FEW, TOO_FEW};
use super::style::{
    BLUE, GREEN, GRID, INK, MUTED, NAME, ORANGE, TICK, font, stroke, three_decimals,
};
use super::ticks::Step;
use crate::correlation::Pearson;

/// One run. A correlation is none where it does not exist.
pub struct Figure2Run {
    /// Backbone of the detector; runs are grouped by it.
    pub backbone: String,
    /// Loss it was trained with.
    pub loss: String,
    /// Estimator of the information amounts, empty where there are none.
    pub estimator: String,
    /// Information amount against AP.
    pub information: Option<Pearson>,
    /// Instance count against AP.
    pub instances: Option<Pearson>,
    /// Its logarithm against AP.
    pub log_instances: Option<Pearson>,
    /// Whether there are enough classes to tell: else no correlation is drawn.
    pub enough_classes: bool,
}

/// How to read it.
const READING: &str = "Each bar is a correlation over the classes of a run; where its whisker crosses 0, the data \
                       leave open whether AP rises or falls.";

/// One of the bars of a run.
struct Series {
    name: &'static str,
    color: RGBColor,
    of: fn(&Figure2Run) -> Option<Pearson>,
}

const SERIES: [Series; 3] = [
    Series { name: "r(information amount, AP)", color: BLUE, of: |run| run.information },
    Series { name: "r(instances, AP)", color: ORANGE, of: |run| run.instances },
    Series { name: "r(log instances, AP)", color: GREEN, of: |run| run.log_instances },
];

const LEFT: i32 = 62 * PX;
const RIGHT: i32 = 20 * PX;
const TOP: i32 = 40 * PX;
const PLOT_HEIGHT: i32 = 320 * PX;
const LEAST_WIDTH: i32 = 660 * PX;
const BAR: i32 = 34 * PX;
const GAP: i32 = 4 * PX;

/// Draws three bars a run with 95% whiskers, the runs grouped by backbone in order of first
/// appearance.
pub fn figure2(runs: &[Figure2Run]) -> Result<String, Error> {
    if runs.is_empty() {
        return Err(Error::Empty);
    }
    let names = runs.iter().map(|run| (run.backbone.as_str(), run.loss.as_str()));
    let slots = ByBackbone::new(names, 3 * BAR + 3 * GAP);
    let width = (LEFT + slots.width() + RIGHT).max(LEAST_WIDTH);
    let plot = Rect { left: LEFT, top: TOP, right: width - RIGHT, bottom: TOP + PLOT_HEIGHT };
    // Room above 1 and below −1 for the printed values.
    let inner = (plot.bottom - 2 * TICK, plot.top + 2 * TICK);
    let axis = Axis::linear((-1.0, 1.0), Step::fitting(2.0, 8), inner);

    let enough = runs.iter().any(|run| run.enough_classes);
    let reading = if enough { READING } else { OF_TOO_FEW };
    paint((width, plot.bottom + slots.below()), reading, |canvas| {
        let estimator = runs.iter().map(|run| &run.estimator).find(|name| !name.is_empty());
        let information = estimator.map(|name| format!("{}, {name}", SERIES[0].name));
        let mut series = SERIES.map(|Series { name, color, .. }| (name, color));
        if let Some(information) = &information {
            series[0].0 = information;
        }
        draw_legend(canvas, (plot.left, TOP / 2), series, true);
        axis.draw_grid(canvas, plot, Side::Left, GRID);
        axis.draw(canvas, plot, Side::Left, "Pearson r over classes", INK);
        slots.draw(canvas, plot, |canvas, index, middle| {
            draw_run(canvas, &axis, &runs[index], middle);
        });
        let zero = axis.at(0.0);
        canvas.line((plot.left, zero), (plot.right, zero), stroke(INK, 8));
    })
}

fn draw_run(canvas: &mut Canvas, axis: &Axis, run: &Figure2Run, middle: i32) {
    if !run.enough_classes {
        let (first, second) = TOO_FEW.split_at(TOO_FEW.find(" to").unwrap_or(TOO_FEW.len()));
        for (words, lines) in [(first, 2), (second, 1)] {
            canvas.text(words.trim(), (middle, axis.at(0.0) - lines * TICK), &font(NAME, MUTED));
        }
        return;
    }
    for (Series { color, of, .. }, left) in
        SERIES.into_iter().zip((middle - 3 * BAR / 2..).step_by(BAR as usize))
    {
        let (x, zero) = (left + BAR / 2, axis.at(0.0));
        let Some(Pearson { r, interval, .. }) = of(run) else {
            canvas.text("n/a", (x, zero - TICK), &font(NAME, MUTED));
            continue;
        };
        let tip = axis.at(r);
        let bar = Rect {
            left: left + GAP / 2,
            top: tip.min(zero),
            right: left + BAR - GAP / 2,
            bottom: tip.max(zero),
        };
        canvas.fill(bar, color);
        let (low, high) = interval.unwrap_or((r, r));
        let (low, high) = (axis.at(low), axis.at(high));
        if interval.is_some() {
            canvas.line((x, low), (x, high), stroke(INK, 9));
            for end in [low, high] {
                canvas.line((x - GAP, end), (x + GAP, end), stroke(INK, 9));
            }
        }
        // Beyond the whisker and the zero line, on the bar's side.
        let value = if r < 0.0 { low.max(zero) + 11 * PX } else { high.min(zero) - 9 * PX };
        canvas.text(&three_decimals(r), (x, value), &font(NAME, INK));
    }
}
