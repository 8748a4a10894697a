//! AP against instance count, a point per class, and what the count leads to expect.

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect, paint};
use super::panels::{Grid, HEADROOM, LINE, draw_title};
use super::style::{
    BLUE, GRID, INK, MUTED, ORANGE, PALE_BLUE, RED, TICK, ap_title, ap_words, count_words,
    cut_to_width, font, starting, stroke, text_width,
};
use super::ticks::{Step, round_down, round_up, top_of};

/// The classes of a run.
pub struct ExpectedFigure {
    /// The title.
    pub title: String,
    /// The classes, in any order.
    pub points: Vec<ExpectedPoint>,
    /// Whether what is to be expected follows from the count alone, and so is a curve.
    pub curve: bool,
    /// The column that AP is from, for the axis.
    pub ap_column: String,
    /// The point that is marked.
    pub marked: Option<usize>,
}

/// A class.
pub struct ExpectedPoint {
    /// Its name.
    pub name: String,
    /// Training instances.
    pub instances: u64,
    /// AP, percent.
    pub ap: f64,
    /// What is to be expected: the lower end of its interval, the value, the upper end.
    pub expected: Option<[f64; 3]>,
    /// Whether AP stands out from that.
    pub flagged: bool,
}

/// Where a point is, in units of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the left.
    pub x: i32,
    /// AP, from the top.
    pub ap: i32,
    /// What is to be expected, from the top: the lower end, the value, the upper end.
    pub expected: Option<[i32; 3]>,
}

/// Above so many points they are drawn smaller.
const MANY: usize = 200;
const GAP: i32 = 6 * PX;
const LEGEND: i32 = 20 * PX;

/// Draws AP against the logarithm of instance count, with what is to be expected and its 95% interval; those
/// that stand out are orange, the one that is marked red. Says where each point is.
///
/// # Errors
/// If there is no point.
pub fn expected(figure: &ExpectedFigure) -> Result<(String, Vec<Place>), Error> {
    if figure.points.is_empty() {
        return Err(Error::Empty);
    }
    let grid = Grid {
        columns: 1,
        plot_width: 560 * PX,
        plot_height: 300 * PX,
        left: 66 * PX,
        right: 24 * PX,
        below: 42 * PX,
        head: LINE + LEGEND,
        above: 0,
    };
    let (strip, plot) = grid.strip_and_plot(0);
    let (x, y) = axes(figure, plot);
    let place = |point: &ExpectedPoint| Place {
        x: x.at(point.instances as f64),
        ap: y.at(point.ap),
        expected: point.expected.map(|expected| expected.map(|ap| y.at(ap))),
    };
    let places: Vec<Place> = figure.points.iter().map(place).collect();
    let svg = paint(grid.size(1), figure.reading(), |canvas| {
        draw_title(canvas, strip, &figure.title);
        draw_legend(canvas, (strip.left, strip.bottom - LEGEND / 2), figure);
        if figure.curve {
            draw_band(canvas, &places);
        }
        x.draw_grid(canvas, plot, Side::Bottom, GRID);
        y.draw_grid(canvas, plot, Side::Left, GRID);
        if figure.curve {
            canvas.path(curve(&places, 1), stroke(BLUE, 14));
        }
        draw_points(canvas, figure, &places);
        x.draw(canvas, plot, Side::Bottom, "instances (log scale)", INK);
        y.draw(canvas, plot, Side::Left, &ap_title(&figure.ap_column), INK);
        if let Some(at) = figure.marked {
            draw_mark(canvas, places[at]);
        }
    })?;
    Ok((svg, places))
}

impl ExpectedFigure {
    fn reading(&self) -> &'static str {
        match (self.curve, self.points.iter().any(|point| point.flagged)) {
            (true, _) => {
                "Each point is a class. Above the band, its AP is higher than expected from its instance count; below, \
                 lower."
            }
            (false, true) => {
                "Each point is a class: the AP of orange ones is far from the AP expected from the other classes."
            }
            (false, false) => "Each point is a class: the higher its AP, the higher it stands.",
        }
    }
}

fn axes(figure: &ExpectedFigure, plot: Rect) -> (Axis, Axis) {
    let counts = || figure.points.iter().map(|point| point.instances).filter(|&count| count > 0);
    let low = round_down(counts().min().unwrap_or(1) as f64 / 1.2);
    let high = match round_up(counts().max().unwrap_or(1) as f64) {
        high if high > low => high,
        _ => 10.0 * low,
    };
    // The interval may reach beyond what AP can be.
    let upper = figure.points.iter().flat_map(|point| {
        let upper = point.expected.map_or(0.0, |expected| expected[2].min(100.0));
        [point.ap, upper]
    });
    let top = top_of(upper, 100.0);
    let inner = plot.grown(-HEADROOM);
    let y = Axis::linear((0.0, top), Step::fitting(top, 5), (inner.bottom, inner.top));
    (Axis::log((low, high), (inner.left, inner.right)), y)
}

/// One of the three lines, from left to right; the mean where classes have one count.
fn curve(places: &[Place], line: usize) -> Vec<Point> {
    let mut known: Vec<(i32, i32)> =
        places.iter().filter_map(|place| Some((place.x, place.expected?[line]))).collect();
    known.sort_unstable();
    let mut points: Vec<Point> = Vec::new();
    for group in known.chunk_by(|a, b| a.0 == b.0) {
        let sum: i64 = group.iter().map(|(_, y)| i64::from(*y)).sum();
        points.push((group[0].0, (sum / group.len() as i64) as i32));
    }
    points
}

fn draw_band(canvas: &mut Canvas, places: &[Place]) {
    let mut outline = curve(places, 0);
    outline.extend(curve(places, 2).into_iter().rev());
    canvas.polygon(outline, PALE_BLUE);
}

fn draw_points(canvas: &mut Canvas, figure: &ExpectedFigure, places: &[Place]) {
    let radius = if places.len() > MANY { 22 } else { 34 };
    let mut order: Vec<usize> = (0..places.len()).collect();
    // Those that stand out last, and so on top.
    order.sort_by_key(|&at| (figure.points[at].flagged, places[at].x, places[at].ap));
    for at in order {
        let Place { x, ap, .. } = places[at];
        let colour = if figure.points[at].flagged { ORANGE } else { MUTED };
        let point = &figure.points[at];
        let ap_words = match point.expected {
            Some([_, expected, _]) => format!("{}, expected {expected:.1}%", ap_words(point.ap)),
            None => ap_words(point.ap),
        };
        canvas.mark(&point.name, &[count_words(point.instances), ap_words], |canvas| {
            canvas.disc((x, ap), radius, colour);
        });
    }
}

fn draw_mark(canvas: &mut Canvas, place: Place) {
    let Place { x, ap, expected } = place;
    if let Some([low, value, high]) = expected {
        canvas.line((x, low), (x, high), stroke(RED, 12));
        for end in [low, value, high] {
            canvas.line((x - GAP, end), (x + GAP, end), stroke(RED, 12));
        }
    }
    canvas.disc((x, ap), 5 * PX, RED);
}

fn draw_legend(canvas: &mut Canvas, (mut left, y): Point, figure: &ExpectedFigure) {
    let mut entry = |canvas: &mut Canvas, words: &str, draw: &dyn Fn(&mut Canvas, i32)| {
        draw(canvas, left);
        canvas.text(words, (left + TICK + GAP, y), &starting(font(TICK, INK)));
        left += TICK + 4 * GAP + text_width(words, TICK);
    };
    let dot = |colour| {
        move |canvas: &mut Canvas, left: i32| canvas.disc((left + TICK / 2, y), 34, colour)
    };
    if let Some(marked) = figure.marked {
        let name = cut_to_width(&figure.points[marked].name, TICK, 14 * TICK);
        entry(canvas, &name, &dot(RED));
    }
    entry(canvas, "a class", &dot(MUTED));
    if figure.points.iter().any(|point| point.flagged) {
        entry(canvas, "stands out", &dot(ORANGE));
    }
    if figure.curve {
        entry(canvas, "expected from its count, with 95% interval", &|canvas, left| {
            let area = Rect { left, top: y - TICK / 2, right: left + TICK, bottom: y + TICK / 2 };
            canvas.fill(area, PALE_BLUE);
            canvas.line((left, y), (left + TICK, y), stroke(BLUE, 14));
        });
    }
}
