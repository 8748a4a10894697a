//! What Table 1 can be made of: AP rises with the instance count, the floor's bits fall, and so they correlate.

use plotters::prelude::RGBColor;

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Rect, paint};
use super::panels::{HEADROOM, LINE, draw_title};
use super::style::{
    BLUE, GREEN, GRID, INK, MUTED, NAME, ORANGE, PALE, RED, TICK, ending, font, starting, stroke,
    text_width,
};
use super::ticks::{Step, round_up, top_of};

/// What the figure shows.
pub struct Table1Figure {
    /// Groups of classes, each with one AP for all its classes.
    pub groups: Vec<Table1Group>,
    /// Bits per dimension against instances, a curve a p; each has its own colour.
    pub curves: Vec<Table1Curve>,
    /// The correlations, from top to bottom.
    pub sections: Vec<Table1Section>,
    /// Least and greatest r of the paper.
    pub paper: (f64, f64),
}

/// Classes of about the same frequency.
pub struct Table1Group {
    /// Its name.
    pub name: String,
    /// Mean AP of its classes, percent.
    pub ap: f64,
    /// Instances of each class, at least 1.
    pub instances: Vec<u64>,
}

/// A function of the instance count.
pub struct Table1Curve {
    /// Its name in the legend.
    pub name: String,
    /// Instances and bits per dimension, in ascending order.
    pub points: Vec<(u64, f64)>,
}

/// Correlations under one heading.
pub struct Table1Section {
    /// The heading.
    pub title: String,
    /// The correlations.
    pub rows: Vec<Table1Row>,
}

/// One correlation with AP.
pub struct Table1Row {
    /// What correlates with AP.
    pub name: String,
    /// Position of the curve whose colour it has; none is ink.
    pub curve: Option<usize>,
    /// r.
    pub r: f64,
    /// The least and the greatest r under other laws of AP.
    pub range: (f64, f64),
}

/// How to read it.
const READING: &str = "From left to right: classes with more instances have higher AP and fewer bits of floor, so \
                       that at the right the floor alone correlates with AP.";

const COLOURS: [RGBColor; 3] = [BLUE, GREEN, ORANGE];

const LEFT: i32 = 58 * PX;
const WIDTH: i32 = 400 * PX;
const HEIGHT: i32 = 172 * PX;
const TOP: i32 = 14 * PX + LINE + 4 * PX;
/// From the upper plot to the lower one, with the lower one's title.
const BETWEEN: i32 = 14 * PX + LINE + 4 * PX;
const BELOW: i32 = 46 * PX;
/// From the left plots to that of the correlations, with the names of its rows.
const NAMES: i32 = 186 * PX;
const R_WIDTH: i32 = 300 * PX;
const RIGHT: i32 = 52 * PX;
const GAP: i32 = 6 * PX;
const DOT: i32 = 40;

/// Bars of a histogram in one decade, and the height of the tallest in points of AP.
const PER_DECADE: f64 = 5.0;
const TALLEST: f64 = 11.0;

/// Draws, on one logarithmic axis of instances, the groups of classes at their AP and below them the curves;
/// beside them r of AP and other numbers over the classes, with the paper's range as a band.
///
/// # Errors
/// If there is no class.
pub fn table1(figure: &Table1Figure) -> Result<String, Error> {
    let most = figure.groups.iter().flat_map(|group| &group.instances).max().ok_or(Error::Empty)?;
    let upper = Rect { left: LEFT, top: TOP, right: LEFT + WIDTH, bottom: TOP + HEIGHT };
    let top = upper.bottom + BETWEEN;
    let lower = Rect { top, bottom: top + HEIGHT, ..upper };
    let left = upper.right + NAMES;
    let beside = Rect { left, right: left + R_WIDTH, ..upper };
    let beside = Rect { bottom: lower.bottom, ..beside };
    let x = Axis::log((1.0, round_up(*most as f64).max(10.0)), (upper.left, upper.right));
    paint((beside.right + RIGHT, lower.bottom + BELOW), READING, |canvas| {
        let strip = |plot: Rect| Rect { top: plot.top - LINE - 4 * PX, bottom: plot.top, ..plot };
        draw_title(canvas, strip(upper), "LVIS v1.0: AP rises with the instances of a class …");
        draw_groups(canvas, upper, &x, &figure.groups);
        draw_title(canvas, strip(lower), "… and the bits of a class that is all floor fall …");
        draw_curves(canvas, lower, &x, &figure.curves);
        let names = Rect { left: beside.left - NAMES + 3 * GAP, ..beside };
        draw_title(canvas, strip(names), "… so that the floor alone correlates with AP");
        draw_correlations(canvas, beside, figure);
    })
}

fn draw_groups(canvas: &mut Canvas, plot: Rect, x: &Axis, groups: &[Table1Group]) {
    let most_ap = groups.iter().map(|group| group.ap + 1.2 * TALLEST);
    let top = most_ap.fold(TALLEST, f64::max);
    let y = Axis::linear((0.0, top), Step::fitting(top, 5), (plot.bottom, plot.top));
    x.draw_grid(canvas, plot, Side::Bottom, GRID);
    y.draw_grid(canvas, plot, Side::Left, GRID);
    let histograms: Vec<_> = groups.iter().map(|group| histogram(&group.instances)).collect();
    let tallest = histograms.iter().flatten().copied().max().unwrap_or(1) as f64;
    for (group, histogram) in groups.iter().zip(&histograms) {
        let edge = |bin: usize| 10f64.powf(bin as f64 / PER_DECADE);
        let occupied = || (0..histogram.len()).filter(|&bin| histogram[bin] > 0);
        for bin in occupied() {
            let height = TALLEST * histogram[bin] as f64 / tallest;
            let (left, right) = (x.at(edge(bin)), x.at(edge(bin + 1)));
            let bar = Rect {
                left,
                right: right - PX,
                top: y.at(group.ap + height),
                bottom: y.at(group.ap),
            };
            canvas.fill(bar, PALE);
        }
        let (Some(first), Some(last)) = (occupied().next(), occupied().next_back()) else {
            continue;
        };
        let ends = (x.at(edge(first)), x.at(edge(last + 1)));
        let level = y.at(group.ap);
        canvas.line((ends.0, level), (ends.1, level), stroke(INK, 16));
        // On the side that is free.
        let words = format!("{}: AP {:.1}%", group.name, group.ap);
        let (style, level) = (font(TICK, INK), level - GAP);
        if plot.right - ends.1 > text_width(&words, TICK) + GAP {
            canvas.text(&words, (ends.1 + GAP, level), &starting(style));
        } else {
            canvas.text(&words, (ends.0 - GAP, level), &ending(style));
        }
    }
    let note = (plot.left + GAP, plot.top + TICK);
    canvas.text(
        "bars: how many classes have so many instances",
        note,
        &starting(font(NAME, MUTED)),
    );
    canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), stroke(INK, 8));
    y.draw(canvas, plot, Side::Left, "AP (%)", INK);
}

/// How many counts lie in each part of a decade, from 1 on.
fn histogram(instances: &[u64]) -> Vec<usize> {
    let mut bins = Vec::new();
    for &count in instances {
        // A count on an edge belongs above it, whatever its logarithm rounds to.
        let bin = ((count.max(1) as f64).log10() * PER_DECADE + 1e-9) as usize;
        bins.resize(bins.len().max(bin + 1), 0);
        bins[bin] += 1;
    }
    bins
}

fn draw_curves(canvas: &mut Canvas, plot: Rect, x: &Axis, curves: &[Table1Curve]) {
    let top =
        top_of(curves.iter().flat_map(|curve| curve.points.iter().map(|(_, bits)| *bits)), 1.0);
    let y = Axis::linear((0.0, top), Step::fitting(top, 6), (plot.bottom, plot.top + HEADROOM));
    x.draw_grid(canvas, plot, Side::Bottom, GRID);
    y.draw_grid(canvas, plot, Side::Left, GRID);
    x.draw(canvas, plot, Side::Bottom, "instances m of the class (log scale)", INK);
    y.draw(canvas, plot, Side::Left, "bits per dimension, ½ log₂(1+λ₋)", INK);
    for (index, curve) in curves.iter().enumerate() {
        let colour = colour(Some(index));
        let points = curve.points.iter().map(|&(m, bits)| (x.at(m as f64), y.at(bits)));
        canvas.path(points, stroke(colour, 20));
        let line = plot.top + (3 + 5 * index as i32) * TICK / 3 + GAP;
        let (from, to) = (plot.right - 92 * PX, plot.right - 70 * PX);
        canvas.line((from, line), (to, line), stroke(colour, 20));
        canvas.text(&curve.name, (to + GAP, line), &starting(font(TICK, INK)));
    }
}

fn draw_correlations(canvas: &mut Canvas, plot: Rect, figure: &Table1Figure) {
    let axis = Axis::linear((-1.0, 1.0), Step::fitting(2.0, 4), (plot.left, plot.right));
    axis.draw_grid(canvas, plot, Side::Bottom, GRID);
    let (low, high) = (axis.at(figure.paper.0), axis.at(figure.paper.1));
    canvas.fill(Rect { left: low, right: high, ..plot }, PALE);
    axis.draw(canvas, plot, Side::Bottom, "r with AP; whiskers: other laws of AP, and noise", INK);
    let lines = figure.sections.iter().map(|section| 1 + section.rows.len() as i32).sum::<i32>();
    let row_height = plot.height() / (lines + 1).max(1);
    for edge in [low, high] {
        canvas.line((edge, plot.top), (edge, plot.bottom), stroke(RED, 6));
    }
    // Below what is written beside the band.
    let zero = axis.at(0.0);
    canvas.line((zero, plot.top + row_height), (zero, plot.bottom), stroke(INK, 8));
    let mut y = plot.top + row_height / 2;
    let paper = format!("paper: {}…{}", two(figure.paper.0), two(figure.paper.1));
    canvas.text(&paper, (high + GAP, y), &starting(font(TICK, RED)));
    for section in &figure.sections {
        y += row_height;
        let heading = (plot.left - NAMES + 3 * GAP, y + row_height / 8);
        canvas.text(&section.title, heading, &starting(font(TICK, MUTED)));
        for row in &section.rows {
            y += row_height;
            let colour = colour(row.curve);
            canvas.text(&row.name, (plot.left - GAP, y), &ending(font(TICK, INK)));
            let (from, to) = (axis.at(row.range.0), axis.at(row.range.1));
            canvas.line((from, y), (to, y), stroke(colour, 15));
            for end in [from, to] {
                canvas.line((end, y - GAP / 2), (end, y + GAP / 2), stroke(colour, 15));
            }
            canvas.disc((axis.at(row.r), y), DOT, colour);
            canvas.text(&two(row.r), (plot.right + GAP, y), &starting(font(NAME, INK)));
        }
    }
}

fn colour(curve: Option<usize>) -> RGBColor {
    curve.map_or(INK, |curve| COLOURS[curve % COLOURS.len()])
}

/// Two decimals and a sign.
fn two(r: f64) -> String {
    format!("{r:+.2}").replace('-', "−")
}
