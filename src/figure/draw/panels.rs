//! A grid of equal panels, each with its title and r box in a strip over the plot.

use super::canvas::{Canvas, PX, Rect};
use super::style::{
    INK, MUTED, RED, TICK, TITLE, cut_to_width, font, starting, stroke, text_width, three_decimals,
};
use crate::correlation::Pearson;

const MARGIN: i32 = 14 * PX;
const GAP: i32 = 6 * PX;

/// Room between the end of an axis and what reaches the most: no mark touches the frame.
pub(super) const HEADROOM: i32 = 10 * PX;

/// What is said in place of correlations, and of all that follows from them.
pub(super) const TOO_FEW: &str = "too few classes to tell";

/// How to read a figure of nothing but correlations, of too few classes.
pub(super) const OF_TOO_FEW: &str =
    "No correlation is drawn: with so few classes none can be told from chance.";

/// Measures of a panel in canvas units; the panels fill the grid row by row.
pub(super) struct Grid {
    pub columns: usize,
    pub plot_width: i32,
    pub plot_height: i32,
    /// Room around the plot for the axes.
    pub left: i32,
    pub right: i32,
    pub below: i32,
    /// From [`head_height`], or [`LINE`] for a title alone.
    pub head: i32,
    /// Room over all panels for a legend.
    pub above: i32,
}

impl Grid {
    pub fn size(&self, panels: usize) -> (i32, i32) {
        let (width, height) = self.cell();
        let rows = panels.div_ceil(self.columns);
        (self.columns as i32 * width, self.above + rows as i32 * height)
    }

    /// The strip for the head and the plot of panel `index`.
    pub fn strip_and_plot(&self, index: usize) -> (Rect, Rect) {
        let (width, height) = self.cell();
        let left = (index % self.columns) as i32 * width + self.left;
        let top = self.above + (index / self.columns) as i32 * height + MARGIN;
        let right = left + self.plot_width;
        let bottom = top + self.head;
        let strip = Rect { left, top, right, bottom };
        let top = bottom + GAP;
        let plot = Rect { top, bottom: top + self.plot_height, ..strip };
        (strip, plot)
    }

    fn cell(&self) -> (i32, i32) {
        let width = self.left + self.plot_width + self.right;
        (width, MARGIN + self.head + GAP + self.plot_height + self.below)
    }
}

/// "r = −0.016 (95% CI −0.455…0.430)".
pub(super) fn pearson_text(pearson: Option<&Pearson>) -> String {
    let Some(pearson) = pearson else {
        return "r = n/a".to_owned();
    };
    let r = three_decimals(pearson.r);
    match pearson.interval {
        Some((low, high)) => {
            let (low, high) = (three_decimals(low), three_decimals(high));
            format!("r = {r} (95% CI {low}…{high})")
        }
        None => format!("r = {r}"),
    }
}

/// Height of a title, and of an r box.
pub(super) const LINE: i32 = 18 * PX;
const BOX_PADDING: i32 = 6 * PX;

fn box_width(text: &str) -> i32 {
    text_width(text, TICK) + 2 * BOX_PADDING
}

/// What stands over a plot.
pub(super) struct Head<'a> {
    /// The title.
    pub title: &'a str,
    /// What the box says of r; none where there are too few classes to tell.
    pub r: Option<String>,
}

impl Head<'_> {
    fn words(&self) -> &str {
        self.r.as_deref().unwrap_or(TOO_FEW)
    }
}

/// Height of the strip that holds titles and r boxes, which no data can reach: one line, or two
/// where a title does not fit beside its box in `width`.
pub(super) fn head_height<'a>(heads: impl IntoIterator<Item = Head<'a>>, width: i32) -> i32 {
    let beside = heads
        .into_iter()
        .all(|head| text_width(head.title, TITLE) + BOX_PADDING + box_width(head.words()) <= width);
    if beside { LINE } else { 2 * LINE }
}

/// Title at the upper left of the strip.
pub(super) fn draw_title(canvas: &mut Canvas, strip: Rect, title: &str) {
    let title = cut_to_width(title, TITLE, strip.width());
    let at = (strip.left, strip.top + LINE / 2);
    canvas.text(&title, at, &starting(font(TITLE, INK)));
}

/// Title at the upper left and r box at the lower right of the strip: red, but not of too few classes.
pub(super) fn draw_head(canvas: &mut Canvas, strip: Rect, head: &Head) {
    draw_title(canvas, strip, head.title);
    let (words, colour) = (head.words(), if head.r.is_some() { RED } else { MUTED });
    let frame = Rect { left: strip.right - box_width(words), top: strip.bottom - LINE, ..strip };
    canvas.border(frame, stroke(colour, 10));
    canvas.text(words, frame.middle(), &font(TICK, colour));
}
