//! A thin canvas over plotters' SVG backend.
//!
//! plotters' coordinates are whole pixels, so everything is drawn ten times larger and the root
//! element scales it back.

use plotters::prelude::{Color, DrawingBackend, RGBColor, SVGBackend, WHITE};
use plotters::style::{ShapeStyle, TextStyle};

use super::Error;

/// Canvas units in one nominal pixel.
pub(super) const PX: i32 = 10;

pub(super) type Point = (i32, i32);

/// A rectangle in canvas units, y downwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Rect {
    pub fn width(&self) -> i32 {
        self.right - self.left
    }

    pub fn height(&self) -> i32 {
        self.bottom - self.top
    }

    pub fn middle(&self) -> Point {
        ((self.left + self.right) / 2, (self.top + self.bottom) / 2)
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub fn contains(&self, other: &Rect) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }

    pub fn around((x, y): Point, radius: i32) -> Rect {
        let point = Rect { left: x, top: y, right: x, bottom: y };
        point.grown(radius)
    }

    /// Larger by `margin` on every side.
    pub fn grown(&self, margin: i32) -> Rect {
        Rect {
            left: self.left - margin,
            top: self.top - margin,
            right: self.right + margin,
            bottom: self.bottom + margin,
        }
    }
}

/// Remembers its first failure, so that a figure reads as a list of strokes.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    outcome: Result<(), Error>,
}

/// Paints on a white canvas of `width` × `height` units and returns the SVG text.
pub(super) fn paint(
    (width, height): (i32, i32),
    picture: impl FnOnce(&mut Canvas),
) -> Result<String, Error> {
    let mut svg = String::new();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    {
        let mut canvas =
            Canvas { backend: SVGBackend::with_string(&mut svg, size), outcome: Ok(()) };
        let sheet = Rect { left: 0, top: 0, right: width, bottom: height };
        canvas.fill(sheet, WHITE);
        picture(&mut canvas);
        canvas.draw(|backend| backend.present());
        canvas.outcome?;
    }
    let fine = format!("<svg width=\"{width}\" height=\"{height}\"");
    let [width, height] = [width, height].map(|units| f64::from(units) / f64::from(PX));
    let nominal = format!("<svg width=\"{width}\" height=\"{height}\"");
    Ok(svg.replacen(&fine, &nominal, 1))
}

impl<'a> Canvas<'a> {
    fn draw<E: std::fmt::Display>(
        &mut self,
        stroke: impl FnOnce(&mut SVGBackend<'a>) -> Result<(), E>,
    ) {
        if self.outcome.is_ok() {
            self.outcome = stroke(&mut self.backend).map_err(|error| Error::Svg(error.to_string()));
        }
    }

    pub fn line(&mut self, from: Point, to: Point, style: ShapeStyle) {
        self.draw(|backend| backend.draw_line(from, to, &style));
    }

    pub fn path(&mut self, points: impl IntoIterator<Item = Point>, style: ShapeStyle) {
        self.draw(|backend| backend.draw_path(points, &style));
    }

    pub fn fill(&mut self, area: Rect, color: RGBColor) {
        let (from, to) = ((area.left, area.top), (area.right, area.bottom));
        self.draw(|backend| backend.draw_rect(from, to, &color.filled(), true));
    }

    pub fn polygon(&mut self, corners: impl IntoIterator<Item = Point>, color: RGBColor) {
        self.draw(|backend| backend.fill_polygon(corners, &color.filled()));
    }

    /// A path, because plotters draws the border of a rectangle one unit wide.
    pub fn border(&mut self, area: Rect, style: ShapeStyle) {
        let Rect { left, top, right, bottom } = area;
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.path(corners, style);
    }

    pub fn disc(&mut self, center: Point, radius: i32, color: RGBColor) {
        let radius = radius.unsigned_abs();
        self.draw(|backend| backend.draw_circle(center, radius, &color.filled(), true));
    }

    pub fn circle(&mut self, center: Point, radius: i32, style: ShapeStyle) {
        let radius = radius.unsigned_abs();
        self.draw(|backend| backend.draw_circle(center, radius, &style, false));
    }

    /// plotters escapes `&`, `<` and quotes; what XML cannot hold at all is replaced here.
    pub fn text(&mut self, text: &str, at: Point, style: &TextStyle) {
        let legal: String = text
            .chars()
            .map(|c| match c {
                '\t' | '\n' | '\r' => ' ',
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
                c => c,
            })
            .collect();
        if !legal.is_empty() {
            self.draw(|backend| backend.draw_text(&legal, style, at));
        }
    }
}
