//! Figure 3: what the paper's store takes at every queue length, beside the other stores.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::panels::{Grid, HEADROOM, LINE, draw_title};
use super::style::{BLUE, GREEN, GRID, INK, ORANGE, TICK, cut_to_width, font, starting, stroke};
use super::ticks::Step;
use crate::storage::Strategy;
use crate::words::grouped;

/// One data set.
pub struct Figure3Panel {
    /// Its name and measures.
    pub title: String,
    /// The corners of R(d), (d, R), d descending from N.
    pub sawtooth: Vec<(u64, f64)>,
    /// The stores to be marked.
    pub stores: Vec<Figure3Store>,
}

/// A store of a known size.
pub struct Figure3Store {
    /// Which.
    pub strategy: Strategy,
    /// Embeddings in its queue, where it has one.
    pub queue_length: Option<u64>,
    /// Its share of the original storage.
    pub ratio: f64,
    /// MiB.
    pub mib: f64,
}

/// How to read it.
const READING: &str = "The blue curve is the memory that the paper's store needs at each queue length d; a store \
                       that lies lower needs less.";

/// Of the legend.
const ROW: i32 = 15 * PX;
const SAMPLE: i32 = 22 * PX;
/// The curve is drawn up to so many times the storage at d = N, but at least over so many corners.
const TOP: f64 = 1.2;
const CORNERS: usize = 8;

/// Draws a panel per data set: R(d) over a logarithmic d axis, R = 1, the d of the paper's grid, the best
/// d, and the running and hybrid stores as horizontal lines. Very short queues, which take far more
/// than the original storage, lie beyond the axes.
pub fn figure3(panels: &[Figure3Panel]) -> Result<String, Error> {
    let (columns, plot_width, plot_height) = match panels.len() {
        0 => return Err(Error::Empty),
        1 => (1, 700 * PX, 360 * PX),
        _ => (2, 450 * PX, 280 * PX),
    };
    let rows = panels.iter().map(|panel| panel.stores.len()).max().unwrap_or(0) as i32;
    let grid = Grid {
        columns,
        plot_width,
        plot_height,
        left: 62 * PX,
        right: 20 * PX,
        below: 44 * PX,
        head: LINE + rows * ROW,
        above: 0,
    };
    paint(grid.size(panels.len()), READING, |canvas| {
        for (index, panel) in panels.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_title(canvas, strip, &panel.title);
            panel.draw(canvas, plot);
            let mut y = strip.top + LINE + ROW / 2;
            for store in &panel.stores {
                let sample =
                    Rect { left: strip.left, right: strip.left + SAMPLE, top: y, bottom: y };
                store.draw_mark(canvas, sample.middle(), (sample.left, sample.right));
                let words = cut_to_width(&store.words(), TICK, strip.width() - 2 * SAMPLE);
                canvas.text(&words, (sample.right + ROW / 2, y), &starting(font(TICK, INK)));
                y += ROW;
            }
        }
    })
}

impl Figure3Panel {
    fn draw(&self, canvas: &mut Canvas, plot: Rect) {
        let (longest, at_longest) = self.sawtooth.first().copied().unwrap_or((1, 1.0));
        let corners = self.sawtooth.iter().take(CORNERS).map(|(_, ratio)| *ratio);
        let top = corners.fold(TOP * at_longest.max(1.0), f64::max);
        // From N down to the first d that is beyond the top.
        let shown: Vec<_> = self.sawtooth.iter().take_while(|(_, ratio)| *ratio <= top).collect();
        let shortest = shown.last().map_or(1, |(d, _)| *d);
        let across = (plot.left + HEADROOM, plot.right - HEADROOM);
        let x = Axis::log((shortest as f64, longest.max(shortest + 1) as f64), across);
        let upwards = (plot.bottom, plot.top + HEADROOM);
        let y = Axis::linear((0.0, top), Step::fitting(top, 8), upwards);
        x.draw_grid(canvas, plot, Side::Bottom, GRID);
        y.draw_grid(canvas, plot, Side::Left, GRID);
        x.draw(canvas, plot, Side::Bottom, "queue length d (log scale)", INK);
        y.draw(canvas, plot, Side::Left, "R(d), share of the original storage", INK);

        let at = |d: u64, ratio: f64| (x.at(d as f64), y.at(ratio));
        canvas.path(shown.iter().map(|(d, ratio)| at(*d, *ratio)), stroke(BLUE, 12));
        for store in &self.stores {
            let center = match store.queue_length {
                Some(d) if store.is_point() && !(shortest..=longest).contains(&d) => continue,
                Some(d) => at(d, store.ratio),
                None => (plot.left, y.at(store.ratio)),
            };
            store.draw_mark(canvas, center, (plot.left, plot.right));
        }
    }
}

impl Figure3Store {
    /// Whether it stands on the curve; the others are lines across the plot.
    fn is_point(&self) -> bool {
        matches!(self.strategy, Strategy::PaperGrid | Strategy::Paper)
    }

    fn draw_mark(&self, canvas: &mut Canvas, center: (i32, i32), (left, right): (i32, i32)) {
        let mut line = |color: RGBColor, width| {
            canvas.line((left, center.1), (right, center.1), stroke(color, width));
        };
        match self.strategy {
            Strategy::Original => line(INK, 10),
            Strategy::Running => line(ORANGE, 16),
            Strategy::Hybrid => line(GREEN, 16),
            Strategy::Paper => canvas.disc(center, 4 * PX, BLUE),
            Strategy::PaperGrid => canvas.circle(center, 6 * PX, stroke(INK, 12)),
        }
    }

    fn words(&self) -> String {
        let name = match self.strategy {
            Strategy::Original => "original",
            Strategy::PaperGrid => "paper, grid of Listing 2",
            Strategy::Paper => "paper, best point of the curve R(d)",
            Strategy::Running => "running",
            Strategy::Hybrid => "hybrid",
        };
        let queue = self.queue_length.map_or(String::new(), |d| format!("d = {}, ", grouped(d)));
        format!("{name}: {queue}R = {:.4}, {:.2} MiB", self.ratio, self.mib)
    }
}
