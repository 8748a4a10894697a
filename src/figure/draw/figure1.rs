//! Figure 1: instance counts and average precision of every class.

use super::Error;
use super::axis::{Axis, Side};
use super::canvas::{Canvas, PX, Point, Rect, paint};
use super::panels::{Grid, draw_head, head_height, pearson_text};
use super::style::{
    BLUE, INK, LABEL, MID_BLUE, NAME, PALE, PALE_BLUE, ap_title, cut_to_width, ending, font,
    stroke, text_width, three_decimals, upwards,
};
use super::ticks::{Step, round_down, round_up, top_of};
use crate::ap::ApScale;
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
    /// Scale of the classes' AP.
    pub ap_scale: ApScale,
    /// The column that AP is from, such as "ap50", for the axis.
    pub ap_column: String,
}

/// One class of a run.
pub struct Figure1Class {
    /// Name of the class.
    pub name: String,
    /// Training instances.
    pub instances: u64,
    /// Average precision on the panel's scale; none where it was not measured.
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

const GAP: i32 = 6 * PX;

/// Draws bars of instance counts in descending order with the AP line over them, a panel per run.
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
    let heads = panels.iter().map(|panel| (panel.title.as_str(), panel.correlations()));
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
    paint(grid.size(panels.len()), |canvas| {
        for (index, ranked) in ranked.iter().enumerate() {
            let (strip, plot) = grid.strip_and_plot(index);
            draw_head(canvas, strip, &ranked.panel.title, &ranked.panel.correlations());
            ranked.draw(canvas, plot, ap_top);
            let caption = (plot.middle().0, plot.bottom + GAP + names + GAP + LABEL / 2);
            canvas.text(&ranked.caption(), caption, &font(LABEL, INK));
        }
    })
}

impl Figure1Panel {
    /// r of the count, and of its logarithm, for the box.
    fn correlations(&self) -> String {
        let count = pearson_text(self.pearson.as_ref());
        match self.log_pearson {
            Some(log) => format!("{count}; log count: r = {}", three_decimals(log.r)),
            None => count,
        }
    }
}

/// The greatest AP of all panels as a share of the full scale, rounded up.
fn ap_top(panels: &[Figure1Panel]) -> f64 {
    let shares = panels.iter().flat_map(|panel| {
        let full = panel.ap_scale.full();
        panel.classes.iter().filter_map(move |class| Some(measured(class)? / full))
    });
    top_of(shares, 1.0)
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
}

impl<'a> Ranked<'a> {
    fn new(panel: &'a Figure1Panel, width: i32) -> Self {
        let mut classes: Vec<_> = panel.classes.iter().collect();
        classes.sort_by(|a, b| b.instances.cmp(&a.instances).then_with(|| a.name.cmp(&b.name)));
        let count = classes.len().max(1);
        let slot = width / count as i32;
        Ranked {
            every: (count * NAME_PITCH as usize).div_ceil(width as usize),
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
        let full = self.panel.ap_scale.full();
        let vertical = (plot.bottom, plot.top);
        let ap_step = Step::fitting(ap_top * full, 5);
        let ap = Axis::linear((0.0, ap_top * full), ap_step, vertical);
        let (instances, title) = self.count_axis(vertical);

        ap.draw_grid(canvas, plot, Side::Right, PALE_BLUE);
        self.draw_bars(canvas, plot, &instances);
        instances.draw(canvas, plot, Side::Left, title, INK);
        ap.draw(
            canvas,
            plot,
            Side::Right,
            &ap_title(&self.panel.ap_column, self.panel.ap_scale),
            BLUE,
        );
        let (left, right) = ((plot.left, plot.bottom), (plot.right, plot.bottom));
        canvas.line(left, right, stroke(INK, 8));
        self.draw_ap(canvas, plot, &ap);
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

    fn draw_bars(&self, canvas: &mut Canvas, plot: Rect, instances: &Axis) {
        for (index, class) in self.classes.iter().enumerate() {
            if class.instances > 0 {
                let (left, right) = self.slot(index, plot);
                let slot = right - left;
                // Gaps between hairlines would only flicker.
                let width = if slot < 3 * PX { slot } else { slot * 4 / 5 }.clamp(1, WIDEST_BAR);
                let left = (left + right - width) / 2;
                let bar = Rect {
                    left,
                    top: instances.at(class.instances as f64),
                    right: left + width,
                    bottom: plot.bottom,
                };
                canvas.fill(bar, PALE);
            }
        }
    }

    fn draw_ap(&self, canvas: &mut Canvas, plot: Rect, ap: &Axis) {
        let point = |(index, class): (usize, &&Figure1Class)| -> Option<Point> {
            Some((self.middle(index, plot), ap.at(measured(class)?)))
        };
        let points: Vec<_> = self.classes.iter().enumerate().map(point).collect();
        let radius = (plot.width() / points.len().max(1) as i32 / 4).clamp(FINEST_MARK, 28);
        // Many classes: a pale line, or it would bury the bars and its own marks.
        let color = if radius == FINEST_MARK { MID_BLUE } else { BLUE };
        let line = stroke(color, (radius.unsigned_abs() / 2).saturating_sub(1));
        for unbroken in points.split(Option::is_none) {
            if unbroken.len() > 1 {
                canvas.path(unbroken.iter().flatten().copied(), line);
            }
        }
        for &center in points.iter().flatten() {
            canvas.disc(center, radius, BLUE);
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
