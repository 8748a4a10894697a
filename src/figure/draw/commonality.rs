//! How much of AP's variance goes with what.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect, paint};
use super::panels::{Grid, HEADROOM, LINE, draw_title};
use super::style::{
    BLUE, GRID, INK, MUTED, NAME, PALE, SKY, TICK, ending, font, starting, stroke, text_width,
};
use super::ticks::{Step, top_of};
use crate::analysis::{Part, PartKind};

fn color(kind: PartKind) -> RGBColor {
    match kind {
        PartKind::Unique => BLUE,
        PartKind::Shared => SKY,
        PartKind::Rest => PALE,
    }
}

/// How to read it.
const READING: &str = "Each bar is a share of the differences in AP between classes; only what reaches beyond its \
                       black tick is more than noise.";

const ROW: i32 = 22 * PX;
const BAR: i32 = 14 * PX;
const GAP: i32 = 6 * PX;
const LEGEND: i32 = 30 * PX;

/// Draws a panel per run, with its title: a bar per part, and a tick where noise would reach.
///
/// # Errors
/// If there is no panel, or one without parts.
pub fn commonality(panels: &[(String, Vec<Part>)]) -> Result<String, Error> {
    if panels.is_empty() || panels.iter().any(|(_, parts)| parts.is_empty()) {
        return Err(Error::Empty);
    }
    let parts = || panels.iter().flat_map(|(_, parts)| parts);
    let names = parts().map(|part| text_width(&part.name, TICK)).max().unwrap_or(0);
    let rows = panels.iter().map(|(_, parts)| parts.len()).max().unwrap_or(0);
    let (columns, plot_width) = match panels.len() {
        1 => (1, 360 * PX),
        2..=4 => (2, 300 * PX),
        _ => (3, 240 * PX),
    };
    let grid = Grid {
        columns,
        plot_width,
        plot_height: rows as i32 * ROW,
        left: 2 * GAP + names + GAP,
        right: text_width("−100.0%", NAME) + 2 * GAP,
        below: 42 * PX,
        head: LINE,
        above: LEGEND,
    };
    let reaches = |part: &Part| part.share.max(part.by_chance.unwrap_or(0.0));
    let top = top_of(parts().map(reaches), 1.0);
    let least = parts().map(|part| part.share).fold(0.0, f64::min);
    let step = Step::fitting(100.0 * (top - least), 4);
    // What is below 0 by rounding is 0.
    let range = (5.0 * (20.0 * least + 1e-9).floor(), 100.0 * top);
    paint(grid.size(panels.len()), READING, |canvas| {
        draw_legend(canvas, (2 * GAP, LEGEND / 2 + GAP));
        for (index, (title, parts)) in panels.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            // From the left end of the names, or a long title would be cut.
            draw_title(canvas, Rect { left: strip.left - grid.left + 2 * GAP, ..strip }, title);
            let axis = Axis::linear(range, step, (plot.left, plot.right - HEADROOM));
            axis.draw_grid(canvas, plot, Side::Bottom, GRID);
            axis.draw(canvas, plot, Side::Bottom, "share of the variance of AP (%)", INK);
            for (part, top) in parts.iter().zip((plot.top..).step_by(ROW as usize)) {
                draw_part(canvas, &axis, plot, part, top + ROW / 2);
            }
            let zero = axis.at(0.0);
            canvas.line((zero, plot.top), (zero, plot.bottom), stroke(INK, 8));
        }
    })
}

fn draw_part(canvas: &mut Canvas, axis: &Axis, plot: Rect, part: &Part, middle: i32) {
    canvas.text(&part.name, (plot.left - GAP, middle), &ending(font(TICK, INK)));
    let (zero, end) = (axis.at(0.0), axis.at(100.0 * part.share));
    let (top, bottom) = (middle - BAR / 2, middle + BAR / 2);
    canvas.fill(Rect { left: zero.min(end), top, right: zero.max(end), bottom }, color(part.kind));
    if let Some(by_chance) = part.by_chance {
        let at = axis.at(100.0 * by_chance);
        canvas.line((at, top - GAP / 3), (at, bottom + GAP / 3), stroke(INK, 15));
    }
    let percent = (1000.0 * part.share).round() / 10.0 + 0.0;
    let percent = format!("{percent:.1}%").replace('-', "−");
    canvas.text(&percent, (plot.right + GAP, middle), &starting(font(NAME, INK)));
}

fn draw_legend(canvas: &mut Canvas, (mut left, y): Point) {
    for (kind, name) in
        [(PartKind::Unique, "goes with one alone"), (PartKind::Shared, "with both or all")]
    {
        let swatch = Rect { left, top: y - TICK / 2, right: left + TICK, bottom: y + TICK / 2 };
        canvas.fill(swatch, color(kind));
        canvas.text(name, (swatch.right + GAP, y), &starting(font(TICK, INK)));
        left = swatch.right + GAP + text_width(name, TICK) + 2 * GAP;
    }
    canvas.line((left, y - TICK / 2), (left, y + TICK / 2), stroke(INK, 15));
    canvas.text("what noise would reach", (left + GAP, y), &starting(font(TICK, MUTED)));
}
