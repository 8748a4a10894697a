//! Figure 4: model bias of every run, and its mean AP by group of classes.

use std::iter;

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::by_backbone::ByBackbone;
use super::canvas::{Canvas, PX, Rect, paint};
use super::panels::{Grid, LINE, draw_title};
use super::style::{BLUE, GREEN, GRID, INK, MUTED, NAME, ORANGE, SKY, TICK, font, stroke};
use super::ticks::{Step, top_of};

/// One run. A number is none where it does not exist; what is not finite is not drawn.
pub struct Figure4Run {
    /// Backbone of the detector; runs are grouped by it.
    pub backbone: String,
    /// Loss it was trained with, which gives the bars their colour.
    pub loss: String,
    /// Variance of the class APs, points² of the scale 0 to 100.
    pub bias: Option<f64>,
    /// Mean AP of each group of classes, points of the scale 0 to 100.
    pub group_means: Vec<Option<f64>>,
}

/// One colour a loss, after Okabe and Ito; a ninth loss has the first again.
const COLOURS: [RGBColor; 8] = [
    BLUE,
    ORANGE,
    GREEN,
    RGBColor(0xCC, 0x79, 0xA7),
    SKY,
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0xF0, 0xE4, 0x42),
    RGBColor(0x99, 0x99, 0x99),
];

const LEFT: i32 = 66 * PX;
const RIGHT: i32 = 16 * PX;
const BAR: i32 = 34 * PX;
/// Room for a value over its bar.
const LEAST_SLOT: i32 = 42 * PX;
const LEAST_WIDTH: i32 = 230 * PX;
const WIDEST_SHEET: i32 = 1500 * PX;

/// Draws the model bias of each run as a bar, the runs grouped by backbone in order of first
/// appearance. Each group of classes has a panel with the runs' mean AP, all on one scale.
///
/// # Errors
/// If there is no run.
///
/// # Panics
/// If a run has not one mean for each of the named `groups`.
pub fn figure4(runs: &[Figure4Run], groups: &[String]) -> Result<String, Error> {
    if runs.is_empty() {
        return Err(Error::Empty);
    }
    let complete = runs.iter().all(|run| run.group_means.len() == groups.len());
    assert!(complete, "a mean, or none, a group");
    let bias = Bars {
        title: "Model bias".to_owned(),
        axis_title: "variance of class AP (points²)",
        decimals: 2,
        top: top_of(finite(runs.iter().map(|run| run.bias)), 1.0),
        values: runs.iter().map(|run| run.bias).collect(),
    };
    let means = runs.iter().flat_map(|run| run.group_means.iter().copied());
    let top = top_of(finite(means), 1.0);
    let means = groups.iter().enumerate().map(|(group, name)| Bars {
        title: format!("Mean AP: {name}"),
        axis_title: "mean AP (%)",
        decimals: 1,
        top,
        values: runs.iter().map(|run| run.group_means[group]).collect(),
    });
    let panels: Vec<Bars> = iter::once(bias).chain(means).collect();

    let names = runs.iter().map(|run| (run.backbone.as_str(), run.loss.as_str()));
    let slots = ByBackbone::new(names, LEAST_SLOT);
    let colours = colours(runs);
    let grid = grid(&slots, panels.len());
    let reading = match groups.is_empty() {
        true => "Each bar is a run: the lower it is, the more equal is AP over the classes.",
        false => {
            "Each bar is a run: a lower model bias means that AP is more equal over the classes; the other \
             panels say which groups of classes have how much."
        }
    };
    paint(grid.size(panels.len()), reading, |canvas| {
        for (index, bars) in panels.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_title(canvas, strip, &bars.title);
            bars.draw(canvas, plot, &slots, &colours);
        }
    })
}

fn finite(values: impl Iterator<Item = Option<f64>>) -> impl Iterator<Item = f64> {
    values.flatten().filter(|value| value.is_finite())
}

/// As many columns as a sheet holds, in rows of about the same length.
fn grid(slots: &ByBackbone, panels: usize) -> Grid {
    let plot_width = slots.width().max(LEAST_WIDTH);
    let fitting = (WIDEST_SHEET / (LEFT + plot_width + RIGHT)).max(1) as usize;
    Grid {
        columns: panels.div_ceil(panels.div_ceil(fitting)),
        plot_width,
        plot_height: 220 * PX,
        left: LEFT,
        right: RIGHT,
        below: slots.below(),
        head: LINE,
        above: 0,
    }
}

/// The colour of each run, by its loss.
fn colours(runs: &[Figure4Run]) -> Vec<RGBColor> {
    let mut losses: Vec<&str> = Vec::new();
    let place = |loss| {
        let known = losses.iter().position(|&known| known == loss);
        known.unwrap_or_else(|| {
            losses.push(loss);
            losses.len() - 1
        })
    };
    let places = runs.iter().map(|run| run.loss.as_str()).map(place);
    places.map(|place| COLOURS[place % COLOURS.len()]).collect()
}

/// A panel: a value per run.
struct Bars {
    title: String,
    axis_title: &'static str,
    /// With which values are printed.
    decimals: usize,
    /// Of the axis.
    top: f64,
    values: Vec<Option<f64>>,
}

impl Bars {
    fn draw(&self, canvas: &mut Canvas, plot: Rect, slots: &ByBackbone, colours: &[RGBColor]) {
        // Room above for the printed values.
        let vertical = (plot.bottom, plot.top + 2 * TICK);
        let axis = Axis::linear((0.0, self.top), Step::fitting(self.top, 5), vertical);
        axis.draw_grid(canvas, plot, Side::Left, GRID);
        axis.draw(canvas, plot, Side::Left, self.axis_title, INK);
        slots.draw(canvas, plot, |canvas, run, middle| {
            let Some(value) = self.values[run].filter(|value| value.is_finite()) else {
                canvas.text("n/a", (middle, plot.bottom - TICK), &font(NAME, MUTED));
                return;
            };
            let (left, tip) = (middle - BAR / 2, axis.at(value));
            canvas.fill(
                Rect { left, top: tip, right: left + BAR, bottom: plot.bottom },
                colours[run],
            );
            let text = format!("{value:.*}", self.decimals);
            canvas.text(&text, (middle, tip - 8 * PX), &font(NAME, INK));
        });
        canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), stroke(INK, 8));
    }
}
