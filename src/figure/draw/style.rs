//! What every figure shares: colours, type and numbers.

use plotters::prelude::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{ShapeStyle, TextStyle};

use super::canvas::PX;
use crate::ap::ApScale;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const MUTED: RGBColor = RGBColor(0x77, 0x77, 0x77);
pub(super) const GRID: RGBColor = RGBColor(0xE6, 0xE6, 0xE6);
/// Grid lines of the blue axis.
pub(super) const PALE_BLUE: RGBColor = RGBColor(0xD9, 0xE8, 0xF2);
/// The AP line where there are hundreds of classes.
pub(super) const MID_BLUE: RGBColor = RGBColor(0xA0, 0xC6, 0xDE);
pub(super) const PALE: RGBColor = RGBColor(0xCB, 0xD3, 0xDE);
/// Red for r alone; blue, sky, green and orange (Okabe and Ito) stay apart for colour-blind readers.
pub(super) const RED: RGBColor = RGBColor(0xB8, 0x1D, 0x24);
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(super) const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
pub(super) const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);

/// Type sizes, in canvas units.
pub(super) const TITLE: i32 = 12 * PX;
pub(super) const LABEL: i32 = 11 * PX;
pub(super) const TICK: i32 = 10 * PX;
pub(super) const NAME: i32 = 9 * PX;

/// A stroke whose width is in tenths of a nominal pixel.
pub(super) fn stroke(color: RGBColor, width: u32) -> ShapeStyle {
    color.stroke_width(width)
}

/// Text of `size` canvas units, centred on its point.
pub(super) fn font(size: i32, color: RGBColor) -> TextStyle<'static> {
    // The SVG backend divides every size by 1.24.
    let size = f64::from(size) * 1.24;
    let font = FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal);
    TextStyle { color: color.to_backend_color(), ..TextStyle::from(font) }
        .pos(Pos::new(HPos::Center, VPos::Center))
}

/// The same text from its point onwards.
pub(super) fn starting(style: TextStyle) -> TextStyle {
    style.pos(Pos::new(HPos::Left, VPos::Center))
}

/// The same text up to its point.
pub(super) fn ending(style: TextStyle) -> TextStyle {
    style.pos(Pos::new(HPos::Right, VPos::Center))
}

/// The same text, upwards.
pub(super) fn upwards(style: TextStyle) -> TextStyle {
    style.transform(FontTransform::Rotate270)
}

/// An upper estimate of a text's width, after the widths of a wide common face (DejaVu Sans): the
/// face that will be used is not known here.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    let thousandths: i32 = text.chars().map(character_width).sum();
    thousandths * size / 1000
}

fn character_width(c: char) -> i32 {
    match c {
        '\u{300}'..='\u{36f}' => 0,
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '\'' | ' ' => 340,
        'f' | 'r' | 't' | 'J' | '(' | ')' | '[' | ']' | '/' | '-' => 420,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1000,
        'A'..='Z' | '&' => 760,
        '=' | '+' | '−' | '<' | '>' | '~' => 840,
        '\0'..='\u{24f}' => 640,
        '\u{250}'..='\u{2e7f}' => 800,
        _ => 1100,
    }
}

/// The text, cut with … to `width` canvas units.
pub(super) fn cut_to_width(text: &str, size: i32, width: i32) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut room = width - text_width("…", size);
    let mut short: String = text
        .chars()
        .take_while(|&c| {
            room -= text_width(c.encode_utf8(&mut [0; 4]), size);
            room >= 0
        })
        .collect();
    short.push('…');
    short
}

/// The title of an AP axis: "AP" with its unit, and the column it is from where that is called otherwise.
pub(super) fn ap_title(column: &str, scale: ApScale) -> String {
    let unit = match scale {
        ApScale::Fraction => "",
        ApScale::Percent => " (%)",
    };
    if column.is_empty() || column.eq_ignore_ascii_case("ap") {
        format!("AP{unit}")
    } else {
        // A name must not run beyond the shortest axis.
        format!("AP, {}{unit}", cut_to_width(column, LABEL, 14 * LABEL))
    }
}

/// Three decimals, a true minus sign, and no negative zero.
pub(super) fn three_decimals(value: f64) -> String {
    match format!("{value:.3}") {
        zero if zero == "-0.000" => "0.000".to_owned(),
        text => text.replace('-', "−"),
    }
}
