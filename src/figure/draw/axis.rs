//! Axes: the map from a value to a canvas coordinate, and its drawing.

use plotters::prelude::RGBColor;

use super::canvas::{Canvas, PX, Rect};
use super::style::{LABEL, TICK, ending, font, starting, stroke, text_width, upwards};
use super::ticks::Step;

const TICK_LENGTH: i32 = 4 * PX;
const GAP: i32 = 3 * PX;

/// Where an axis stands on its plot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    Bottom,
}

/// Maps `low..high` onto the canvas coordinates `from..to`.
pub(super) struct Axis {
    low: f64,
    high: f64,
    from: i32,
    to: i32,
    log: bool,
    /// Coordinate and label; between decades there are ticks without a label.
    ticks: Vec<(i32, String)>,
}

impl Axis {
    pub fn linear((low, high): (f64, f64), step: Step, (from, to): (i32, i32)) -> Axis {
        let mut axis = Axis::bare((low, high), (from, to), false);
        let top = low.abs().max(high.abs());
        axis.ticks = step
            .multiples(low, high)
            .map(|n| (axis.at(step.times(n)), step.label(n, top)))
            .collect();
        axis
    }

    /// `low` and `high` are positive and differ. Ticks begin at 1; from three decades up only the
    /// decades are labelled.
    pub fn log((low, high): (f64, f64), (from, to): (i32, i32)) -> Axis {
        let mut axis = Axis::bare((low, high), (from, to), true);
        let labelled: &[i64] = if high / low >= 1000.0 { &[1] } else { &[1, 2, 5] };
        let mut exponent = 0;
        while 10f64.powi(exponent) <= high {
            for digit in 1..10 {
                let step = Step { digit, exponent };
                let value = step.times(1);
                if (low..=high).contains(&value) {
                    let label =
                        if labelled.contains(&digit) { step.label(1, high) } else { String::new() };
                    axis.ticks.push((axis.at(value), label));
                }
            }
            exponent += 1;
        }
        axis
    }

    fn bare((low, high): (f64, f64), (from, to): (i32, i32), log: bool) -> Axis {
        Axis { low, high, from, to, log, ticks: Vec::new() }
    }

    /// How far `value` is along the axis, 0–1.
    pub fn share(&self, value: f64) -> f64 {
        let place = |v: f64| if self.log { v.log10() } else { v };
        let low = place(self.low);
        ((place(value) - low) / (place(self.high) - low)).clamp(0.0, 1.0)
    }

    pub fn at(&self, value: f64) -> i32 {
        self.from + (self.share(value) * f64::from(self.to - self.from)).round() as i32
    }

    /// Light lines across the plot at the labelled ticks.
    pub fn draw_grid(&self, canvas: &mut Canvas, plot: Rect, side: Side, color: RGBColor) {
        for (at, _) in self.ticks.iter().filter(|(_, label)| !label.is_empty()) {
            let (from, to) = match side {
                Side::Bottom => ((*at, plot.top), (*at, plot.bottom)),
                Side::Left | Side::Right => ((plot.left, *at), (plot.right, *at)),
            };
            canvas.line(from, to, stroke(color, 6));
        }
    }

    /// The line, its ticks and labels, and the title beyond the widest label.
    pub fn draw(&self, canvas: &mut Canvas, plot: Rect, side: Side, title: &str, color: RGBColor) {
        let text = font(TICK, color);
        let line = stroke(color, 8);
        let beyond = TICK_LENGTH + GAP;
        let widths = self.ticks.iter().map(|(_, label)| text_width(label, TICK));
        let away = beyond + widths.max().unwrap_or(0) + 2 * GAP + LABEL / 2;
        let (x, y) = plot.middle();
        let title_style = font(LABEL, color);
        match side {
            Side::Bottom => {
                canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), line);
                let mut free = i32::MIN;
                for (at, label) in &self.ticks {
                    canvas.line((*at, plot.bottom), (*at, plot.bottom + TICK_LENGTH), line);
                    // Labels side by side may be longer than their step.
                    let half = text_width(label, TICK) / 2;
                    if !label.is_empty() && at - half >= free {
                        canvas.text(label, (*at, plot.bottom + beyond + TICK / 2), &text);
                        free = at + half + GAP;
                    }
                }
                let below = plot.bottom + beyond + TICK + GAP + LABEL / 2;
                canvas.text(title, (x, below), &title_style);
            }
            Side::Left | Side::Right => {
                let (edge, sign, text) = if side == Side::Left {
                    (plot.left, -1, ending(text))
                } else {
                    (plot.right, 1, starting(text))
                };
                canvas.line((edge, plot.top), (edge, plot.bottom), line);
                for (at, label) in &self.ticks {
                    let length = if label.is_empty() { TICK_LENGTH / 2 } else { TICK_LENGTH };
                    canvas.line((edge, *at), (edge + sign * length, *at), line);
                    if !label.is_empty() {
                        canvas.text(label, (edge + sign * beyond, *at), &text);
                    }
                }
                canvas.text(title, (edge + sign * away, y), &upwards(title_style));
            }
        }
    }
}
