//! What the colours of series of correlations mean.

use plotters::prelude::RGBColor;

use super::canvas::{Canvas, PX, Point, Rect};
use super::style::{INK, MUTED, TICK, font, starting, text_width};

const GAP: i32 = 4 * PX;

/// Draws a swatch and a name a series, and that whiskers are intervals where there are some, from a point onwards.
pub(super) fn draw_legend<'a>(
    canvas: &mut Canvas,
    (mut left, y): Point,
    series: impl IntoIterator<Item = (&'a str, RGBColor)>,
    whiskers: bool,
) {
    for (name, color) in series {
        let swatch = Rect { left, top: y - TICK / 2, right: left + TICK, bottom: y + TICK / 2 };
        canvas.fill(swatch, color);
        canvas.text(name, (swatch.right + GAP, y), &starting(font(TICK, INK)));
        left = swatch.right + GAP + text_width(name, TICK) + 3 * GAP;
    }
    if whiskers {
        canvas.text("whiskers: 95% CI", (left, y), &starting(font(TICK, MUTED)));
    }
}
