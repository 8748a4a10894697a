//! What every figure shares: colours, type and numbers.

use plotters::prelude::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{ShapeStyle, TextStyle};

use super::canvas::PX;
use crate::words::grouped;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const MUTED: RGBColor = RGBColor(0x77, 0x77, 0x77);
pub(super) const GRID: RGBColor = RGBColor(0xE6, 0xE6, 0xE6);
/// Grid lines of the blue axis.
pub(super) const PALE_BLUE: RGBColor = RGBColor(0xD9, 0xE8, 0xF2);
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

/// A text's width in DejaVu Sans, which is wide among the common faces: which one will be used is not known
/// here. Beyond Latin an upper estimate.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    let thousandths: i32 = text.chars().map(character_width).sum();
    thousandths * size / 1000
}

/// Widths of the characters from ' ' to '~', thousandths of the size.
#[rustfmt::skip]
const WIDTHS: [i32; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

fn character_width(c: char) -> i32 {
    match c {
        ' '..='~' => WIDTHS[c as usize - ' ' as usize],
        '–' => 500,
        '\u{300}'..='\u{36f}' => 0,
        '\0'..='\u{24f}' => 740,
        '\u{250}'..='\u{2e7f}' => 850,
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

/// The title of an AP axis: "AP (%)", and the column it is from where that is called otherwise.
pub(super) fn ap_title(column: &str) -> String {
    if column.is_empty() || column.eq_ignore_ascii_case("ap") {
        "AP (%)".to_owned()
    } else {
        // A name must not run beyond the shortest axis.
        format!("AP (%), {}", cut_to_width(column, LABEL, 14 * LABEL))
    }
}

/// AP in percent, as a mark says it.
pub(super) fn ap_words(ap: f64) -> String {
    format!("AP {ap:.1}%")
}

/// An instance count, as a mark says it.
pub(super) fn count_words(instances: u64) -> String {
    format!("{} instances", grouped(instances))
}

/// Three decimals, a true minus sign, and no negative zero.
pub(super) fn three_decimals(value: f64) -> String {
    match format!("{value:.3}") {
        zero if zero == "-0.000" => "0.000".to_owned(),
        text => text.replace('-', "−"),
    }
}
