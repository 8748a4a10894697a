//! A thin canvas over plotters' SVG backend.
//!
//! plotters' coordinates are whole pixels, so everything is drawn ten times larger and the root
//! element scales it back. What plotters cannot write is added to its text: how to read the figure, and
//! the names of marks.

use std::ops::Range;

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
    /// Elements so far.
    drawn: usize,
    marks: Vec<Mark>,
}

/// Elements that stand for one class.
struct Mark {
    elements: Range<usize>,
    /// Its name and, a line each, its values; escaped.
    title: String,
}

/// Paints on a white canvas of `width` × `height` units and returns the SVG text. `reading` says in one
/// sentence how to read it.
pub(super) fn paint(
    (width, height): (i32, i32),
    reading: &str,
    picture: impl FnOnce(&mut Canvas),
) -> Result<String, Error> {
    let mut svg = String::new();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let marks = {
        let backend = SVGBackend::with_string(&mut svg, size);
        let mut canvas = Canvas { backend, outcome: Ok(()), drawn: 0, marks: Vec::new() };
        let sheet = Rect { left: 0, top: 0, right: width, bottom: height };
        canvas.fill(sheet, WHITE);
        picture(&mut canvas);
        canvas.draw(|backend| backend.present());
        canvas.outcome?;
        canvas.marks
    };
    let svg = finished(&svg, reading, marks);
    let fine = format!("<svg width=\"{width}\" height=\"{height}\"");
    let [width, height] = [width, height].map(|units| f64::from(units) / f64::from(PX));
    let nominal = format!("<svg width=\"{width}\" height=\"{height}\"");
    Ok(svg.replacen(&fine, &nominal, 1))
}

/// plotters' text with the sentence and the marks in it, and without attributes that say what holds anyway.
fn finished(svg: &str, reading: &str, marks: Vec<Mark>) -> String {
    let mut marks = marks.into_iter().peekable();
    let mut done = String::with_capacity(svg.len());
    let mut lines = svg.lines();
    done.push_str(lines.next().unwrap_or_default());
    done.push_str(&format!("\n<desc>{}</desc>\n", escaped(reading)));
    let (mut element, mut end) = (0, None);
    for line in lines {
        // An element begins a line; a text is on a line of its own, and its < is escaped.
        let is_end = line == "</svg>";
        let begins = line.starts_with('<') && !line.starts_with("</");
        if (begins || is_end) && end == Some(element) {
            done.push_str("</g>\n");
            end = None;
        }
        if begins {
            if let Some(mark) = marks.next_if(|mark| mark.elements.start == element) {
                done.push_str(&format!("<g><title>{}</title>\n", mark.title));
                end = Some(mark.elements.end);
            }
            element += 1;
            let line = line.replace(" opacity=\"1\"", "");
            let line = line.replace(" stroke=\"none\" stroke-width=\"1\"", "");
            done.push_str(&line.replace(" stroke=\"none\"", ""));
        } else {
            done.push_str(line);
        }
        done.push('\n');
    }
    done
}

/// With `&`, `<`, `>` and quotes escaped, and without what XML cannot hold.
fn escaped(text: &str) -> String {
    let text = legal(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// What XML cannot hold at all is replaced.
fn legal(text: &str) -> String {
    let legal = |c| match c {
        '\t' | '\n' | '\r' => ' ',
        '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(legal).collect()
}

impl<'a> Canvas<'a> {
    fn draw<E: std::fmt::Display>(
        &mut self,
        stroke: impl FnOnce(&mut SVGBackend<'a>) -> Result<(), E>,
    ) {
        if self.outcome.is_ok() {
            self.outcome = stroke(&mut self.backend).map_err(|error| Error::Svg(error.to_string()));
            self.drawn += 1;
        }
    }

    /// What `strokes` draws stands for a class: its name and `values`, a line each, are shown where it is
    /// pointed at. Marks lie side by side, none within another.
    pub fn mark(&mut self, name: &str, values: &[String], strokes: impl FnOnce(&mut Canvas<'a>)) {
        let start = self.drawn;
        strokes(self);
        if self.drawn > start {
            let lines = [name].into_iter().chain(values.iter().map(String::as_str));
            let title = lines.map(escaped).collect::<Vec<_>>().join("\n");
            self.marks.push(Mark { elements: start..self.drawn, title });
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

    /// plotters escapes `&`, `<` and quotes.
    pub fn text(&mut self, text: &str, at: Point, style: &TextStyle) {
        let legal = legal(text);
        if !legal.is_empty() {
            self.draw(|backend| backend.draw_text(&legal, style, at));
        }
    }
}
