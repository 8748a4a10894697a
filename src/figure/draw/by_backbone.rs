//! Runs side by side, grouped by backbone, with their names below.

use super::canvas::{Canvas, PX, Rect};
use super::style::{INK, LABEL, MUTED, TICK, cut_to_width, font, stroke, text_width};

const WIDEST_SLOT: i32 = 170 * PX;
const GROUP_GAP: i32 = 26 * PX;
const GAP: i32 = 4 * PX;

/// A slot of equal width for each run; the backbones are in order of first appearance.
pub(super) struct ByBackbone<'a> {
    backbones: Vec<Backbone<'a>>,
    slot: i32,
}

struct Backbone<'a> {
    name: &'a str,
    /// Index and loss of each run.
    runs: Vec<(usize, &'a str)>,
}

impl<'a> ByBackbone<'a> {
    /// Takes backbone and loss of each run; a slot is at least `least` wide.
    pub fn new(runs: impl IntoIterator<Item = (&'a str, &'a str)>, least: i32) -> Self {
        let mut backbones: Vec<Backbone> = Vec::new();
        for (index, (name, loss)) in runs.into_iter().enumerate() {
            match backbones.iter_mut().find(|backbone| backbone.name == name) {
                Some(backbone) => backbone.runs.push((index, loss)),
                None => backbones.push(Backbone { name, runs: vec![(index, loss)] }),
            }
        }
        // Wide enough for the names below.
        let names = backbones.iter().flat_map(|backbone| {
            let name = text_width(backbone.name, LABEL) / backbone.runs.len() as i32;
            let losses = backbone.runs.iter().map(|(_, loss)| text_width(loss, TICK));
            losses.chain([name])
        });
        let widest = names.max().unwrap_or(0) + 2 * GAP;
        ByBackbone { slot: widest.clamp(least, WIDEST_SLOT), backbones }
    }

    /// Room below the plot for the names: of losses alone, or of backbones too.
    pub fn below(&self) -> i32 {
        match self.backbones.iter().all(|backbone| backbone.name.is_empty()) {
            true => TICK + 5 * GAP,
            false => 58 * PX,
        }
    }

    /// Width of all slots.
    pub fn width(&self) -> i32 {
        let width = |backbone: &Backbone| backbone.runs.len() as i32 * self.slot + GROUP_GAP;
        self.backbones.iter().map(width).sum()
    }

    /// Draws each run with `draw_run`, which takes the run's index and the middle of its slot, and
    /// the names below the plot.
    pub fn draw(
        &self,
        canvas: &mut Canvas,
        plot: Rect,
        draw_run: impl Fn(&mut Canvas, usize, i32),
    ) {
        let mut left = plot.left + (plot.width() - self.width() + GROUP_GAP) / 2;
        for backbone in &self.backbones {
            let right = left + backbone.runs.len() as i32 * self.slot;
            let middles = (left + self.slot / 2..).step_by(self.slot as usize);
            for (&(index, loss), middle) in backbone.runs.iter().zip(middles) {
                draw_run(canvas, index, middle);
                let loss = cut_to_width(loss, TICK, self.slot - GAP);
                canvas.text(&loss, (middle, plot.bottom + 2 * GAP + TICK / 2), &font(TICK, INK));
            }
            draw_backbone(canvas, backbone.name, (left, right), plot.bottom + 3 * GAP + TICK);
            left = right + GROUP_GAP;
        }
    }
}

fn draw_backbone(canvas: &mut Canvas, name: &str, (left, right): (i32, i32), y: i32) {
    if !name.is_empty() {
        canvas.line((left + GAP, y + GAP), (right - GAP, y + GAP), stroke(MUTED, 8));
        let name = cut_to_width(name, LABEL, right - left);
        canvas.text(&name, ((left + right) / 2, y + 3 * GAP + LABEL / 2), &font(LABEL, INK));
    }
}
