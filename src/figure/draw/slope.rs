//! What two runs have of each class, joined by a line per class.

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::panels::{Grid, LINE, draw_title};
use super::scatter::padded;
use super::style::{
    BLUE, GRID, INK, LABEL, MUTED, NAME, ORANGE, PALE, TICK, cut_to_width, font, starting, stroke,
    text_width,
};
use super::ticks::Step;
use plotters::prelude::RGBColor;

/// One number of every class, in two runs.
pub struct SlopePanel {
    /// What the number is.
    pub title: String,
    /// Names of the two runs.
    pub runs: [String; 2],
    /// The classes that have it in both, in any order.
    pub classes: Vec<SlopeClass>,
}

/// One class.
pub struct SlopeClass {
    /// Its name.
    pub name: String,
    /// The number in the first run and in the second.
    pub values: [f64; 2],
}

/// How to read it.
const READING: &str = "Each line is a class, from the first run at the left to the second at the right; the classes \
                       that changed most are coloured and named.";

/// So many classes, those that change most, are coloured and named.
const NAMED: usize = 10;
/// Longest name of a class, and of a run.
const LONGEST_NAME: i32 = 20 * NAME;
const LONGEST_RUN: i32 = 16 * TICK;
/// Least distance between two names.
const PITCH: i32 = NAME + 3 * PX;
const GAP: i32 = 6 * PX;
/// From the end of a line to its name.
const LEADER: i32 = 26 * PX;
const LEGEND: i32 = 26 * PX;

/// Draws a panel per number: a line per class from the first run to the second; the ten that change most
/// are coloured, blue up and orange down, and named.
///
/// # Errors
/// If there is no panel.
pub fn slope(panels: &[SlopePanel]) -> Result<String, Error> {
    if panels.is_empty() {
        return Err(Error::Empty);
    }
    let grid = Grid {
        columns: 2.min(panels.len()),
        plot_width: 240 * PX,
        plot_height: 420 * PX,
        left: 84 * PX,
        right: LEADER + LONGEST_NAME + 2 * GAP,
        below: GAP + TICK + GAP + LABEL,
        head: LINE,
        above: LEGEND,
    };
    paint(grid.size(panels.len()), READING, |canvas| {
        draw_legend(canvas, grid.left);
        for (index, panel) in panels.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_title(canvas, strip, &panel.title);
            draw(canvas, plot, panel);
        }
    })
}

fn draw_legend(canvas: &mut Canvas, mut left: i32) {
    let y = LEGEND / 2 + GAP;
    for (name, color) in [("rose most", BLUE), ("fell most", ORANGE), ("changed less", PALE)] {
        canvas.line((left, y), (left + 2 * TICK, y), stroke(color, 20));
        canvas.text(name, (left + 2 * TICK + GAP, y), &starting(font(TICK, INK)));
        left += 2 * TICK + 4 * GAP + text_width(name, TICK);
    }
}

fn draw(canvas: &mut Canvas, plot: Rect, panel: &SlopePanel) {
    let mut classes: Vec<_> = panel.classes.iter().filter(|class| finite(class)).collect();
    classes.sort_by(|a, b| {
        change(b).abs().total_cmp(&change(a).abs()).then_with(|| a.name.cmp(&b.name))
    });
    let range = padded(classes.iter().flat_map(|class| class.values), 1.0);
    let step = Step::fitting(range.1 - range.0, 6);
    let axis = Axis::linear(range, step, (plot.bottom, plot.top));
    axis.draw_grid(canvas, plot, Side::Left, GRID);
    axis.draw(canvas, plot, Side::Left, "", INK);
    canvas.line((plot.right, plot.top), (plot.right, plot.bottom), stroke(INK, 8));
    let below = plot.bottom + GAP + TICK / 2;
    for (x, run) in [plot.left, plot.right].into_iter().zip(&panel.runs) {
        let run = cut_to_width(run, TICK, LONGEST_RUN);
        canvas.text(&run, (x, below), &font(TICK, INK));
    }

    let named: Vec<_> =
        classes.iter().take(NAMED).copied().filter(|class| change(class) != 0.0).collect();
    let ends = |class: &SlopeClass| {
        let [from, to] = class.values.map(|value| axis.at(value));
        ((plot.left, from), (plot.right, to))
    };
    // The largest change last and so on top.
    for class in classes.iter().skip(named.len()).rev() {
        let (from, to) = ends(class);
        canvas.mark(&class.name, &[words(class)], |canvas| canvas.line(from, to, stroke(PALE, 8)));
    }
    for class in named.iter().rev() {
        let (from, to) = ends(class);
        canvas.mark(&class.name, &[words(class)], |canvas| {
            canvas.line(from, to, stroke(colour(class), 14));
            canvas.disc(from, 24, colour(class));
            canvas.disc(to, 24, colour(class));
        });
    }
    draw_names(canvas, plot, &named, |class| ends(class).1.1);
}

/// Names beside the ends of their lines, moved apart where they would overlap.
fn draw_names(
    canvas: &mut Canvas,
    plot: Rect,
    named: &[&SlopeClass],
    at: impl Fn(&SlopeClass) -> i32,
) {
    let mut order: Vec<_> = named.iter().map(|class| (at(class), *class)).collect();
    order.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let mut places: Vec<i32> = order.iter().map(|&(y, _)| y).collect();
    for index in 1..places.len() {
        places[index] = places[index].max(places[index - 1] + PITCH);
    }
    let mut lowest = plot.bottom;
    for place in places.iter_mut().rev() {
        *place = (*place).min(lowest);
        lowest = *place - PITCH;
    }
    let left = plot.right + LEADER;
    for ((y, class), place) in order.into_iter().zip(places) {
        canvas.line((plot.right + 4 * PX, y), (left - 3 * PX, place), stroke(MUTED, 5));
        let name = cut_to_width(&class.name, NAME, LONGEST_NAME);
        canvas.text(&name, (left, place), &starting(font(NAME, INK)));
    }
}

fn change(class: &SlopeClass) -> f64 {
    class.values[1] - class.values[0]
}

/// What it was and what it is.
fn words(class: &SlopeClass) -> String {
    let [from, to] = class.values;
    format!("{from:.1} → {to:.1}")
}

fn finite(class: &SlopeClass) -> bool {
    class.values.iter().all(|value| value.is_finite())
}

fn colour(class: &SlopeClass) -> RGBColor {
    if change(class) > 0.0 { BLUE } else { ORANGE }
}
