//! Instance counts as colours, and the bar that explains them.

use plotters::prelude::RGBColor;

use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect};
use super::style::{INK, MUTED, TICK, font, starting, stroke};
use super::ticks::{round_down, round_up};

/// Colours at equal steps of a scale.
pub(super) struct Ramp(pub &'static [RGBColor]);

/// viridis, dark (few) to light (many).
const VIRIDIS: Ramp = Ramp(&[
    RGBColor(68, 1, 84),
    RGBColor(71, 44, 122),
    RGBColor(59, 81, 139),
    RGBColor(44, 113, 142),
    RGBColor(33, 144, 141),
    RGBColor(39, 173, 129),
    RGBColor(92, 200, 99),
    RGBColor(170, 220, 50),
    RGBColor(253, 231, 37),
]);

impl Ramp {
    /// The colour at `share` (0–1) of the scale.
    pub fn at(&self, share: f64) -> RGBColor {
        let last = self.0.len() - 1;
        let place = share.clamp(0.0, 1.0) * last as f64;
        let index = (place as usize).min(last - 1);
        let (from, to) = (self.0[index], self.0[index + 1]);
        let mix = |a: u8, b: u8| {
            let (a, b) = (f64::from(a), f64::from(b));
            (a + (b - a) * (place - index as f64)).round() as u8
        };
        RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
    }

    /// Fills a bar with the scale, upwards.
    pub fn fill(&self, canvas: &mut Canvas, bar: Rect) {
        for rung in 0..RUNGS {
            // Each rung reaches to the top, so that no seam shows between two.
            let bottom = bar.bottom - rung * bar.height() / RUNGS;
            let color = self.at((f64::from(rung) + 0.5) / f64::from(RUNGS));
            canvas.fill(Rect { bottom, ..bar }, color);
        }
    }
}

pub(super) const BAR_WIDTH: i32 = 12 * PX;
pub(super) const BAR_HEIGHT: i32 = 220 * PX;
const RUNGS: i32 = 64;
const GAP: i32 = 6 * PX;

/// Counts on a logarithmic viridis scale. A count of 0 is not on it: an open circle.
pub(super) struct CountColours {
    axis: Axis,
    bar: Rect,
    has_zero: bool,
}

impl CountColours {
    /// What the bar and its labels take from the width of the canvas.
    pub const WIDTH: i32 = 84 * PX;

    /// The bar stands to the right of and below `corner`.
    pub fn new(counts: impl Iterator<Item = u64>, (left, top): Point) -> Self {
        let (zero, positive): (Vec<u64>, Vec<u64>) = counts.partition(|&count| count == 0);
        let least = positive.iter().copied().min().unwrap_or(1) as f64;
        let most = positive.iter().copied().max().unwrap_or(1) as f64;
        let low = round_down(least);
        let high = match round_up(most) {
            high if high > low => high,
            _ => 10.0 * low,
        };
        let left = left + GAP;
        let bar = Rect { left, top, right: left + BAR_WIDTH, bottom: top + BAR_HEIGHT };
        CountColours {
            axis: Axis::log((low, high), (bar.bottom, bar.top)),
            bar,
            has_zero: !zero.is_empty(),
        }
    }

    pub fn draw_point(&self, canvas: &mut Canvas, center: Point, radius: i32, count: u64) {
        if count > 0 {
            canvas.disc(center, radius, VIRIDIS.at(self.axis.share(count as f64)));
        }
        // The light end of the scale needs an edge on white.
        canvas.circle(center, radius, stroke(INK, 5));
    }

    pub fn draw_bar(&self, canvas: &mut Canvas) {
        let bar = self.bar;
        VIRIDIS.fill(canvas, bar);
        self.axis.draw(canvas, bar, Side::Right, "instances (log scale)", INK);
        if self.has_zero {
            let (x, y) = (bar.middle().0, bar.bottom + 3 * GAP);
            self.draw_point(canvas, (x, y), BAR_WIDTH / 3, 0);
            canvas.text("0", (bar.right + GAP, y), &starting(font(TICK, MUTED)));
        }
    }
}
