//! Figure 2: how AP correlates with information amount and with instance count, run by run.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::style::{
    BLUE, GRID, INK, LABEL, MUTED, NAME, ORANGE, TICK, cut_to_width, font, starting, stroke,
    text_width, three_decimals,
};
use super::ticks::Step;
use crate::correlation::Pearson;

/// One run. A correlation is none where it does not exist.
pub struct Figure2Run {
    /// Backbone of the detector; runs are grouped by it.
    pub backbone: String,
    /// Loss it was trained with.
    pub loss: String,
    /// Information amount against AP.
    pub information: Option<Pearson>,
    /// Instance count against AP.
    pub instances: Option<Pearson>,
}

/// One of the two bars of a run.
struct Series {
    name: &'static str,
    color: RGBColor,
    of: fn(&Figure2Run) -> Option<Pearson>,
}

const SERIES: [Series; 2] = [
    Series { name: "r(information amount, AP)", color: BLUE, of: |run| run.information },
    Series { name: "r(instances, AP)", color: ORANGE, of: |run| run.instances },
];

const LEFT: i32 = 62 * PX;
const RIGHT: i32 = 20 * PX;
const TOP: i32 = 40 * PX;
const BOTTOM: i32 = 58 * PX;
const PLOT_HEIGHT: i32 = 320 * PX;
const LEAST_WIDTH: i32 = 520 * PX;
const BAR: i32 = 34 * PX;
const WIDEST_SLOT: i32 = 170 * PX;
const GROUP_GAP: i32 = 26 * PX;
const GAP: i32 = 4 * PX;

/// Draws a pair of bars a run with 95% whiskers, the runs grouped by backbone in order of first
/// appearance.
pub fn figure2(runs: &[Figure2Run]) -> Result<String, Error> {
    if runs.is_empty() {
        return Err(Error::Empty);
    }
    let groups = by_backbone(runs);
    let slot = slot_width(&groups);
    let bars = runs.len() as i32 * slot + groups.len() as i32 * GROUP_GAP;
    let width = (LEFT + bars + RIGHT).max(LEAST_WIDTH);
    let plot = Rect { left: LEFT, top: TOP, right: width - RIGHT, bottom: TOP + PLOT_HEIGHT };
    // Room above 1 and below −1 for the printed values.
    let inner = (plot.bottom - 2 * TICK, plot.top + 2 * TICK);
    let axis = Axis::linear((-1.0, 1.0), Step::fitting(2.0, 8), inner);

    paint((width, plot.bottom + BOTTOM), |canvas| {
        draw_legend(canvas, plot);
        axis.draw_grid(canvas, plot, Side::Left, GRID);
        axis.draw(canvas, plot, Side::Left, "Pearson r over classes", INK);
        let mut left = plot.left + (plot.width() - bars + GROUP_GAP) / 2;
        for group in &groups {
            let right = left + group.len() as i32 * slot;
            for (index, run) in group.iter().enumerate() {
                let middle = left + index as i32 * slot + slot / 2;
                draw_run(canvas, &axis, run, middle);
                let loss = cut_to_width(&run.loss, TICK, slot - GAP);
                canvas.text(&loss, (middle, plot.bottom + 2 * GAP + TICK / 2), &font(TICK, INK));
            }
            draw_backbone(canvas, &group[0].backbone, (left, right), plot.bottom + 3 * GAP + TICK);
            left = right + GROUP_GAP;
        }
        let zero = axis.at(0.0);
        canvas.line((plot.left, zero), (plot.right, zero), stroke(INK, 8));
    })
}

fn by_backbone(runs: &[Figure2Run]) -> Vec<Vec<&Figure2Run>> {
    let mut groups: Vec<Vec<&Figure2Run>> = Vec::new();
    for run in runs {
        match groups.iter_mut().find(|group| group[0].backbone == run.backbone) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    groups
}

/// Wide enough for two bars and for the names below them.
fn slot_width(groups: &[Vec<&Figure2Run>]) -> i32 {
    let names = groups.iter().flat_map(|group| {
        let backbone = text_width(&group[0].backbone, LABEL) / group.len() as i32;
        let losses = group.iter().map(|run| text_width(&run.loss, TICK));
        losses.chain([backbone])
    });
    let widest = names.max().unwrap_or(0) + 2 * GAP;
    widest.clamp(2 * BAR + 3 * GAP, WIDEST_SLOT)
}

fn draw_legend(canvas: &mut Canvas, plot: Rect) {
    let (mut left, y) = (plot.left, TOP / 2);
    for Series { name, color, .. } in SERIES {
        let swatch = Rect { left, top: y - TICK / 2, right: left + TICK, bottom: y + TICK / 2 };
        canvas.fill(swatch, color);
        canvas.text(name, (swatch.right + GAP, y), &starting(font(TICK, INK)));
        left = swatch.right + GAP + text_width(name, TICK) + 3 * GAP;
    }
    canvas.text("whiskers: 95% CI", (left, y), &starting(font(TICK, MUTED)));
}

fn draw_run(canvas: &mut Canvas, axis: &Axis, run: &Figure2Run, middle: i32) {
    for (Series { color, of, .. }, left) in SERIES.into_iter().zip([middle - BAR, middle]) {
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

fn draw_backbone(canvas: &mut Canvas, name: &str, (left, right): (i32, i32), y: i32) {
    if !name.is_empty() {
        canvas.line((left + GAP, y + GAP), (right - GAP, y + GAP), stroke(MUTED, 8));
        let name = cut_to_width(name, LABEL, right - left);
        canvas.text(&name, ((left + right) / 2, y + 3 * GAP + LABEL / 2), &font(LABEL, INK));
    }
}
