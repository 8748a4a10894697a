//! What each loss does to the recall of each class.

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::legend::draw_legend;
use super::panels::{LINE, draw_title};
use super::style::{
    BLUE, GRID, INK, LABEL, MUTED, NAME, ORANGE, cut_to_width, ending, font, stroke, text_width,
    upwards,
};
use super::ticks::Step;

/// One loss.
pub struct ProbePanel {
    /// Its name.
    pub title: String,
    /// The change of mean recall with its interval, in words.
    pub mean: String,
    /// Of each class, in their order; none where there is no change to tell.
    pub changes: Vec<Option<ProbeBar>>,
}

/// The change of recall of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeBar {
    /// The change and the ends of its interval, points.
    pub points: [f64; 3],
    /// Whether it shows.
    pub shows: bool,
}

const PLOT_WIDTH: i32 = 780 * PX;
const PLOT_HEIGHT: i32 = 84 * PX;
const LEFT: i32 = 62 * PX;
const RIGHT: i32 = 16 * PX;
const GAP: i32 = 6 * PX;
const LEGEND: i32 = 26 * PX;
/// Between two panels.
const BETWEEN: i32 = 12 * PX;
/// Least distance between two class names.
const NAME_PITCH: i32 = 95;
/// Longer names are cut.
const LONGEST_NAME: i32 = 27 * NAME;
/// Whiskers that stand closer would be an area.
const WHISKER_PITCH: i32 = 6 * PX;

/// How to read it.
const READING: &str = "Each dot is the change of a class's recall against the cosine softmax: above 0 the loss helps the \
                       class, and classes with most information are at the left.";

/// Draws a panel for each loss, with a dot and a 95% whisker for each class. All panels have the same axis.
/// Beyond about 80 classes only every k-th is named; where classes stand close, there are no whiskers. Long whiskers
/// end at the edge of the panel.
///
/// # Errors
/// If there is no class or no loss.
pub fn probe(names: &[String], panels: &[ProbePanel]) -> Result<String, Error> {
    if names.is_empty() || panels.is_empty() {
        return Err(Error::Empty);
    }
    let every = (names.len() * NAME_PITCH as usize).div_ceil(PLOT_WIDTH as usize);
    let whiskers = PLOT_WIDTH / names.len() as i32 >= WHISKER_PITCH;
    // Of dots, not of whiskers: a few long ones would make all changes small. They end at the edge.
    let dots = panels.iter().flat_map(|panel| panel.changes.iter().flatten());
    let top = 1.5 * dots.map(|bar| bar.points[0].abs()).fold(1.0, f64::max);
    let step = Step::fitting(2.0 * top, 4);

    let named = names.iter().step_by(every);
    let longest = named.map(|name| text_width(name, NAME).min(LONGEST_NAME)).max().unwrap_or(0);
    let pitch = LINE + PLOT_HEIGHT + BETWEEN;
    let height = LEGEND + panels.len() as i32 * pitch + GAP + longest + GAP + LABEL + 2 * GAP;
    paint((LEFT + PLOT_WIDTH + RIGHT, height), READING, |canvas| {
        let keys =
            [("higher recall", BLUE), ("lower recall", ORANGE), ("no change that shows", MUTED)];
        draw_legend(canvas, (LEFT, LEGEND / 2), keys, whiskers);
        for (panel, top_edge) in panels.iter().zip((LEGEND..).step_by(pitch as usize)) {
            let strip = Rect {
                left: LEFT,
                top: top_edge,
                right: LEFT + PLOT_WIDTH,
                bottom: top_edge + LINE,
            };
            draw_title(
                canvas,
                strip,
                &format!("{}: {} points of mean recall", panel.title, panel.mean),
            );
            let plot = Rect { top: strip.bottom, bottom: strip.bottom + PLOT_HEIGHT, ..strip };
            let axis = Axis::linear((-top, top), step, (plot.bottom, plot.top));
            axis.draw_grid(canvas, plot, Side::Left, GRID);
            axis.draw(canvas, plot, Side::Left, "change (points)", INK);
            let zero = axis.at(0.0);
            canvas.line((plot.left, zero), (plot.right, zero), stroke(INK, 8));
            draw_classes(canvas, plot, &axis, names, panel, whiskers);
        }
        let bottom = height - (GAP + longest + GAP + LABEL + 2 * GAP) - BETWEEN + GAP;
        for (at, name) in names.iter().enumerate().step_by(every) {
            let name = cut_to_width(name, NAME, LONGEST_NAME);
            canvas.text(
                &name,
                (middle(at, names.len()), bottom),
                &upwards(ending(font(NAME, INK))),
            );
        }
        let order = "classes, most information first";
        let caption = match every {
            1 => order.to_owned(),
            every => format!("{order} (one in {every} is named)"),
        };
        let at = (LEFT + PLOT_WIDTH / 2, bottom + longest + GAP + LABEL / 2);
        canvas.text(&caption, at, &font(LABEL, INK));
    })
}

fn middle(at: usize, of: usize) -> i32 {
    let share = (2 * at as i64 + 1) * i64::from(PLOT_WIDTH) / (2 * of as i64);
    LEFT + share as i32
}

fn draw_classes(
    canvas: &mut Canvas,
    plot: Rect,
    axis: &Axis,
    names: &[String],
    panel: &ProbePanel,
    whiskers: bool,
) {
    let slot = plot.width() / names.len() as i32;
    let radius = (slot / 5).clamp(12, 30);
    for (at, (name, change)) in names.iter().zip(&panel.changes).enumerate() {
        let Some(ProbeBar { points: [mean, low, high], shows }) = *change else { continue };
        let colour = match (shows, mean > 0.0) {
            (false, _) => MUTED,
            (true, true) => BLUE,
            (true, false) => ORANGE,
        };
        let words = format!("recall {mean:+.1} points ({low:+.1} to {high:+.1})").replace('-', "−");
        canvas.mark(name, &[words], |canvas| {
            let x = middle(at, names.len());
            if whiskers {
                canvas.line((x, axis.at(low)), (x, axis.at(high)), stroke(colour, 12));
            }
            canvas.disc((x, axis.at(mean)), radius, colour);
        });
    }
}
