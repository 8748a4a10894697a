//! Information amount against average precision, a point per class.

use std::cmp::Reverse;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect, paint};
use super::colours::CountColours;
use super::labels;
use super::panels::{Grid, Head, draw_head, head_height, pearson_text};
use super::style::{
    GRID, INK, MUTED, NAME, ap_title, ap_words, count_words, cut_to_width, ending, font, starting,
    stroke, text_width,
};
use super::ticks::Step;
use crate::correlation::{Line, Pearson};

/// One run.
pub struct ScatterPanel {
    /// Name of the run.
    pub title: String,
    /// The classes that have both numbers, in any order; what is not finite is not drawn.
    pub points: Vec<ScatterPoint>,
    /// Information amount against AP; none where it does not exist.
    pub pearson: Option<Pearson>,
    /// Least-squares line of AP on information amount; none where it does not exist.
    pub line: Option<Line>,
    /// Whether there are enough classes to tell: else neither r nor line is drawn.
    pub enough_classes: bool,
    /// Estimator of the information amounts, for the axis; may be empty.
    pub estimator: String,
    /// The column that AP is from, such as "ap50", for the axis.
    pub ap_column: String,
}

/// One class of a run.
pub struct ScatterPoint {
    /// Name of the class.
    pub name: String,
    /// Information amount, bits.
    pub information: f64,
    /// Average precision, percent.
    pub ap: f64,
    /// Training instances.
    pub instances: u64,
}

/// How to read it.
const READING: &str = "Each point is a class: if the line rises, classes with more information have higher AP; the \
                       named classes are farthest from it.";

/// So many points, the farthest from the line, are named.
const NAMED: usize = 6;
/// Above so many points they are drawn smaller.
const MANY: usize = 200;

/// Up to this distance a name needs no line to its point.
const LEADERLESS: i32 = 10 * PX;

/// Draws a panel per run: points coloured by instance count, the least-squares line, and the names of
/// the classes farthest from it. Panels share the AP axis and the colour scale.
pub fn scatter(panels: &[ScatterPanel]) -> Result<String, Error> {
    let (columns, plot_width, plot_height) = match panels.len() {
        0 => return Err(Error::Empty),
        1 => (1, 728 * PX, 480 * PX),
        2..=4 => (2, 450 * PX, 320 * PX),
        _ => (3, 370 * PX, 270 * PX),
    };
    let heads = panels.iter().map(ScatterPanel::head);
    let grid = Grid {
        columns,
        plot_width,
        plot_height,
        left: 66 * PX,
        right: 16 * PX,
        below: 42 * PX,
        head: head_height(heads, plot_width),
        above: 0,
    };
    let clouds: Vec<_> = panels.iter().map(Cloud::new).collect();
    let ap_range = ap_range(&clouds);
    let (width, height) = grid.size(panels.len());
    let instances =
        clouds.iter().flat_map(|cloud| cloud.points.iter().map(|point| point.instances));
    let colours = CountColours::new(instances, (width, grid.strip_and_plot(0).1.top));

    let any = |of: fn(&ScatterPanel) -> bool| panels.iter().any(of);
    let reading = match (any(|panel| panel.enough_classes), any(|panel| panel.line.is_some())) {
        (true, true) => READING,
        (true, false) => "Each point is a class: the higher its AP, the higher it stands.",
        (false, _) => {
            "Each point is a class; there are too few of them to tell whether AP rises with information amount."
        }
    };
    paint((width + CountColours::WIDTH, height), reading, |canvas| {
        for (index, cloud) in clouds.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_head(canvas, strip, &cloud.panel.head());
            cloud.draw(canvas, plot, ap_range, &colours);
        }
        colours.draw_bar(canvas);
    })
}

impl ScatterPanel {
    fn head(&self) -> Head<'_> {
        let r = self.enough_classes.then(|| pearson_text(self.pearson.as_ref()));
        Head { title: &self.title, r }
    }

    fn shown_line(&self) -> Option<Line> {
        self.line.filter(|_| self.enough_classes)
    }
}

/// The range of AP over all panels with room around it.
fn ap_range(panels: &[Cloud]) -> (f64, f64) {
    padded(panels.iter().flat_map(|cloud| cloud.points.iter().map(|point| point.ap)), 100.0)
}

/// The range of `values` with room around it; `unit` is their size where they are all 0.
pub(super) fn padded(values: impl Iterator<Item = f64>, unit: f64) -> (f64, f64) {
    let empty = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = values.fold(empty, |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return (0.0, unit);
    }
    let span = high - low;
    let size = match low.abs().max(high.abs()) {
        tiny if tiny < 1e-12 => unit,
        size => size,
    };
    // A span that is tiny beside the values would need labels of endless length.
    let room = if span < 1e-6 * size { 0.1 * size } else { 0.05 * span };
    (low - room, high + room)
}

/// A panel whose points are in the order of drawing, the rarest last and so on top.
struct Cloud<'a> {
    panel: &'a ScatterPanel,
    points: Vec<&'a ScatterPoint>,
}

impl<'a> Cloud<'a> {
    fn new(panel: &'a ScatterPanel) -> Self {
        let finite = |point: &&ScatterPoint| point.information.is_finite() && point.ap.is_finite();
        let mut points: Vec<_> = panel.points.iter().filter(finite).collect();
        points.sort_by(|a, b| b.instances.cmp(&a.instances).then_with(|| a.name.cmp(&b.name)));
        Cloud { panel, points }
    }

    fn draw(&self, canvas: &mut Canvas, plot: Rect, ap_range: (f64, f64), colours: &CountColours) {
        let information = padded(self.points.iter().map(|point| point.information), 1.0);
        let x_step = Step::fitting(information.1 - information.0, plot.width() / (70 * PX));
        let x = Axis::linear(information, x_step, (plot.left, plot.right));
        let y_step = Step::fitting(ap_range.1 - ap_range.0, 6);
        let y = Axis::linear(ap_range, y_step, (plot.bottom, plot.top));

        x.draw_grid(canvas, plot, Side::Bottom, GRID);
        y.draw_grid(canvas, plot, Side::Left, GRID);
        let of = if self.panel.estimator.is_empty() { "" } else { ", " };
        let title = format!("information amount I (bits){of}{}", self.panel.estimator);
        x.draw(canvas, plot, Side::Bottom, &title, INK);
        y.draw(canvas, plot, Side::Left, &ap_title(&self.panel.ap_column), INK);

        let line = self.panel.shown_line();
        if let Some(line) = &line {
            let ends = within(line, information, ap_range);
            let [from, to] = ends.map(|(information, ap)| (x.at(information), y.at(ap)));
            canvas.line(from, to, stroke(MUTED, 10));
        }
        let radius = if self.points.len() > MANY { 25 } else { 40 };
        let mut marks = Vec::new();
        for point in &self.points {
            let center = (x.at(point.information), y.at(point.ap));
            let information = format!("I = {:.1} bits", point.information);
            let words = [information, ap_words(point.ap), count_words(point.instances)];
            canvas.mark(&point.name, &words, |canvas| {
                colours.draw_point(canvas, center, radius, point.instances);
            });
            let residual = line.map_or(0.0, |line| point.ap - line.at(point.information));
            let residual = residual / (ap_range.1 - ap_range.0);
            marks.push(Mark {
                center,
                area: Rect::around(center, radius),
                residual: (residual.abs() * f64::from(plot.height())).round() as i32,
                name: cut_to_width(&point.name, NAME, plot.width() / 2),
            });
        }
        name_outliers(canvas, plot, &marks, !self.panel.enough_classes);
    }
}

/// The ends, (information, AP), of the part of a line that lies in the plot.
fn within(line: &Line, (left, right): (f64, f64), (low, high): (f64, f64)) -> [(f64, f64); 2] {
    [left, right].map(|information| {
        let ap = line.at(information);
        if (low..=high).contains(&ap) {
            return (information, ap);
        }
        let edge = ap.clamp(low, high);
        (line.x + (edge - line.y) / line.slope, edge)
    })
}

/// A point as drawn.
struct Mark {
    center: Point,
    area: Rect,
    /// Distance from the line, in canvas units: the last bits of a number cannot reorder the names.
    residual: i32,
    name: String,
}

/// Names the points that are farthest from the line, or `all` of them.
fn name_outliers(canvas: &mut Canvas, plot: Rect, marks: &[Mark], all: bool) {
    let few = all || marks.len() <= NAMED;
    let mut far: Vec<_> = marks.iter().filter(|mark| few || mark.residual > 0).collect();
    far.sort_by_key(|mark| Reverse(mark.residual));
    far.truncate(if all { marks.len() } else { NAMED });

    let size = |mark: &&Mark| (mark.center, (text_width(&mark.name, NAME), NAME + 2 * PX));
    let labels: Vec<_> = far.iter().map(size).collect();
    let obstacles: Vec<_> = marks.iter().map(|mark| mark.area).collect();
    let areas = labels::place(&labels, &obstacles, plot.grown(-2 * PX));
    for (mark, area) in far.into_iter().zip(areas) {
        let (x, y) = mark.center;
        let near = (x.clamp(area.left, area.right), y.clamp(area.top, area.bottom));
        if (near.0 - x).abs().max((near.1 - y).abs()) > LEADERLESS {
            canvas.line(mark.center, near, stroke(MUTED, 5));
        }
        // The true width of the name is not known: fix the end that faces the point.
        let style = font(NAME, INK);
        let (x, style) = if area.left >= x {
            (area.left, starting(style))
        } else if area.right <= x {
            (area.right, ending(style))
        } else {
            (area.middle().0, style)
        };
        canvas.text(&mark.name, (x, area.middle().1), &style);
    }
}
