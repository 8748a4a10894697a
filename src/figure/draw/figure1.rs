//! Figure 1: instance counts and average precision of every class.

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect, paint};
use super::panels::{Grid, HEADROOM, Head, draw_head, head_height, pearson_text};
use super::style::{
    BLUE, INK, LABEL, NAME, PALE, PALE_BLUE, ap_title, ap_words, count_words, cut_to_width, ending,
    font, stroke, text_width, three_decimals, upwards,
};
use super::ticks::{Step, round_down, round_up, top_of};
use crate::correlation::Pearson;

/// One run.
pub struct Figure1Panel {
    /// Name of the run.
    pub title: String,
    /// The classes, in any order.
    pub classes: Vec<Figure1Class>,
    /// Instance count against AP; none where it does not exist.
    pub pearson: Option<Pearson>,
    /// Its logarithm against AP.
    pub log_pearson: Option<Pearson>,
    /// Whether there are enough classes to tell: else no correlation is drawn.
    pub enough_classes: bool,
    /// The column that AP is from, such as "ap50", for the axis.
    pub ap_column: String,
}

/// One class of a run.
pub struct Figure1Class {
    /// Name of the class.
    pub name: String,
    /// Training instances.
    pub instances: u64,
    /// Average precision, percent; none where it was not measured.
    pub ap: Option<f64>,
}

/// Room for a name of about 40 Latin characters; longer ones are cut.
const LONGEST_NAME: i32 = 27 * NAME;
/// Least distance between two class names.
const NAME_PITCH: i32 = 95;
/// Up to this many classes two panels stand side by side.
const NARROW: usize = 40;
/// Radius of the AP marks where there are hundreds of classes.
const FINEST_MARK: i32 = 12;
const WIDEST_BAR: i32 = 60 * PX;
/// Width of the line below the bars.
const BASELINE: u32 = 8;

/// Bars of less than this are drawn as one area: gaps between hairlines would only flicker.
const HAIRLINE: i32 = 3 * PX;

const GAP: i32 = 6 * PX;

/// How to read it.
const READING: &str = "Bars are instance counts and dots are AP: if AP depended on the count, the dots would fall from \
                       left to right as the bars do.";
const OF_TOO_FEW: &str = "Bars are instance counts and dots are AP; there are too few classes to tell whether one \
                          depends on the other.";

/// Draws bars of instance counts in descending order with a dot for AP over them, a panel per run. Where the
/// classes are not many, a line joins the dots.
///
/// The AP axis is the same in every panel. The count axis is logarithmic where positive counts span
/// more than two decades. Beyond about 80 classes only every k-th is named.
pub fn figure1(panels: &[Figure1Panel]) -> Result<String, Error> {
    let most_classes = panels.iter().map(|panel| panel.classes.len()).max();
    let (columns, plot_width, plot_height) = match (panels.len(), most_classes) {
        (_, None) => return Err(Error::Empty),
        (1, _) => (1, 780 * PX, 320 * PX),
        (_, Some(..=NARROW)) => (2, 480 * PX, 210 * PX),
        _ => (1, 780 * PX, 240 * PX),
    };
    let ranked: Vec<_> = panels.iter().map(|panel| Ranked::new(panel, plot_width)).collect();
    let names = ranked.iter().map(Ranked::names_height).max().unwrap_or(0);
    let heads = panels.iter().map(Figure1Panel::head);
    let grid = Grid {
        columns,
        plot_width,
        plot_height,
        left: 62 * PX,
        right: 58 * PX,
        below: GAP + names + GAP + LABEL + 2 * GAP,
        head: head_height(heads, plot_width),
        above: 0,
    };
    let ap_top = ap_top(panels);
    let enough = panels.iter().any(|panel| panel.enough_classes);
    let reading = if enough { READING } else { OF_TOO_FEW };
    paint(grid.size(panels.len()), reading, |canvas| {
        for (index, ranked) in ranked.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_head(canvas, strip, &ranked.panel.head());
            ranked.draw(canvas, plot, ap_top);
            let caption = (plot.middle().0, plot.bottom + GAP + names + GAP + LABEL / 2);
            canvas.text(&ranked.caption(), caption, &font(LABEL, INK));
        }
    })
}

impl Figure1Panel {
    /// r of the count, and of its logarithm, for the box.
    fn head(&self) -> Head<'_> {
        let count = pearson_text(self.pearson.as_ref());
        let r = match self.log_pearson {
            Some(log) => format!("count: {count}; log count: r = {}", three_decimals(log.r)),
            None => format!("count: {count}"),
        };
        Head { title: &self.title, r: self.enough_classes.then_some(r) }
    }
}

/// The greatest AP of all panels, rounded up.
fn ap_top(panels: &[Figure1Panel]) -> f64 {
    top_of(panels.iter().flat_map(|panel| panel.classes.iter().filter_map(measured)), 100.0)
}

fn measured(class: &Figure1Class) -> Option<f64> {
    class.ap.filter(|ap| ap.is_finite())
}

/// A panel whose classes are in the order of drawing.
struct Ranked<'a> {
    panel: &'a Figure1Panel,
    classes: Vec<&'a Figure1Class>,
    /// Each `every`-th class is named.
    every: usize,
    /// Whether the names fit side by side, so that they need not stand upright.
    level: bool,
    /// Whether the bars are too fine for gaps.
    hairlines: bool,
    /// Of the dots for AP.
    radius: i32,
}

impl<'a> Ranked<'a> {
    fn new(panel: &'a Figure1Panel, width: i32) -> Self {
        let mut classes: Vec<_> = panel.classes.iter().collect();
        classes.sort_by(|a, b| b.instances.cmp(&a.instances).then_with(|| a.name.cmp(&b.name)));
        let count = classes.len().max(1);
        let slot = width / count as i32;
        Ranked {
            every: (count * NAME_PITCH as usize).div_ceil(width as usize),
            hairlines: slot < HAIRLINE,
            radius: (slot / 4).clamp(FINEST_MARK, 28),
            level: classes.iter().all(|class| name_width(class) + GAP <= slot),
            panel,
            classes,
        }
    }

    fn names_height(&self) -> i32 {
        let named = self.classes.iter().step_by(self.every);
        let longest = named.map(|class| name_width(class)).max().unwrap_or(0);
        if self.level { NAME } else { longest }
    }

    fn caption(&self) -> String {
        let order = "classes, most instances first";
        match self.every {
            1 => order.to_owned(),
            every => format!("{order} (one in {every} is named)"),
        }
    }

    fn draw(&self, canvas: &mut Canvas, plot: Rect, ap_top: f64) {
        let vertical = (plot.bottom, plot.top + HEADROOM);
        let ap = Axis::linear((0.0, ap_top), Step::fitting(ap_top, 5), vertical);
        let (instances, title) = self.count_axis(vertical);

        ap.draw_grid(canvas, plot, Side::Right, PALE_BLUE);
        if self.hairlines {
            canvas.polygon(self.outline(plot, &instances), PALE);
        }
        instances.draw(canvas, plot, Side::Left, title, INK);
        ap.draw(canvas, plot, Side::Right, &ap_title(&self.panel.ap_column), BLUE);
        let (left, right) = ((plot.left, plot.bottom), (plot.right, plot.bottom));
        canvas.line(left, right, stroke(INK, BASELINE));
        let points: Vec<Option<Point>> = (0..self.classes.len())
            .map(|index| Some((self.middle(index, plot), ap.at(measured(self.classes[index])?))))
            .collect();
        for (index, class) in self.classes.iter().enumerate() {
            let words = measured(class).map_or("no AP".to_owned(), ap_words);
            canvas.mark(&class.name, &[count_words(class.instances), words], |canvas| {
                // Where bars are one area, a dot marks the class; without one, its own bar.
                if class.instances > 0 && !(self.hairlines && points[index].is_some()) {
                    canvas.fill(self.bar(index, plot, &instances), PALE);
                }
                if let Some(center) = points[index] {
                    canvas.disc(center, self.radius, BLUE);
                }
            });
        }
        self.join(canvas, &points);
        self.draw_names(canvas, plot);
    }

    fn count_axis(&self, vertical: (i32, i32)) -> (Axis, &'static str) {
        let counts = || self.classes.iter().map(|class| class.instances);
        let most = counts().max().unwrap_or(0).max(1);
        let least = counts().filter(|&count| count > 0).min().unwrap_or(most);
        let (least, most) = (least as f64, most as f64);
        if most / least > 100.0 {
            // Half a decade or so of room, or the rarest class would have a bar of no height.
            let range = (round_down(least / 2.0), round_up(most));
            return (Axis::log(range, vertical), "instances (log scale)");
        }
        let step = Step::fitting(most, 5).at_least_one();
        let range = (0.0, step.round_up(most));
        (Axis::linear(range, step, vertical), "instances")
    }

    /// The horizontal extent of class `index`.
    fn slot(&self, index: usize, plot: Rect) -> (i32, i32) {
        let edge = |index: usize| {
            let share = index as i64 * i64::from(plot.width()) / self.classes.len() as i64;
            plot.left + share as i32
        };
        (edge(index), edge(index + 1))
    }

    fn middle(&self, index: usize, plot: Rect) -> i32 {
        let (left, right) = self.slot(index, plot);
        (left + right) / 2
    }

    /// It stands on the line below it.
    fn bar(&self, index: usize, plot: Rect, instances: &Axis) -> Rect {
        let (left, right) = self.slot(index, plot);
        let slot = right - left;
        let width = if self.hairlines { slot } else { slot * 4 / 5 }.clamp(1, WIDEST_BAR);
        let left = (left + right - width) / 2;
        let bottom = plot.bottom - BASELINE as i32 / 2;
        let top = instances.at(self.classes[index].instances as f64).min(bottom);
        Rect { left, top, right: left + width, bottom }
    }

    /// Around all bars, side by side.
    fn outline(&self, plot: Rect, instances: &Axis) -> Vec<Point> {
        let mut corners: Vec<Point> = vec![(plot.left, plot.bottom)];
        for (index, class) in self.classes.iter().enumerate() {
            let (left, right) = self.slot(index, plot);
            let top = match class.instances {
                0 => plot.bottom,
                count => instances.at(count as f64),
            };
            // Of equal bars one corner is enough.
            if corners.last().is_some_and(|last| last.1 == top) {
                corners.pop();
            } else {
                corners.push((left, top));
            }
            corners.push((right, top));
        }
        corners.push((plot.right, plot.bottom));
        corners
    }

    /// A line through the dots; through the finest it would be a haze.
    fn join(&self, canvas: &mut Canvas, points: &[Option<Point>]) {
        if self.radius == FINEST_MARK {
            return;
        }
        for unbroken in points.split(Option::is_none) {
            if unbroken.len() > 1 {
                let width = (self.radius.unsigned_abs() / 2).saturating_sub(1);
                canvas.path(unbroken.iter().flatten().copied(), stroke(BLUE, width));
            }
        }
    }

    fn draw_names(&self, canvas: &mut Canvas, plot: Rect) {
        for (index, class) in self.classes.iter().enumerate().step_by(self.every) {
            let at = (self.middle(index, plot), plot.bottom + GAP);
            let name = cut_to_width(&class.name, NAME, LONGEST_NAME);
            if self.level {
                canvas.text(&name, (at.0, at.1 + NAME / 2), &font(NAME, INK));
            } else {
                canvas.text(&name, at, &upwards(ending(font(NAME, INK))));
            }
        }
    }
}

fn name_width(class: &Figure1Class) -> i32 {
    text_width(&cut_to_width(&class.name, NAME, LONGEST_NAME), NAME)
}
