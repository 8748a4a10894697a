//! Light and dark: the same drawing in other colours.

use plotters::prelude::{RGBColor, WHITE};

use super::style::{BLUE, GREEN, GRID, INK, MUTED, ORANGE, PALE, PALE_BLUE, RED, SKY};

/// What a figure is to be seen on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white paper.
    #[default]
    Light,
    /// Light ink on dark paper.
    Dark,
}

/// The colours of a figure, and what each is in the dark. Colour scales stay as they are.
const DARK: [(RGBColor, RGBColor); 11] = [
    (WHITE, RGBColor(0x16, 0x1B, 0x22)),
    (INK, RGBColor(0xE2, 0xE4, 0xE8)),
    (MUTED, RGBColor(0x9A, 0xA1, 0xAB)),
    (GRID, RGBColor(0x30, 0x36, 0x3F)),
    (PALE_BLUE, RGBColor(0x22, 0x35, 0x48)),
    (PALE, RGBColor(0x46, 0x50, 0x5E)),
    (RED, RGBColor(0xFF, 0x7B, 0x72)),
    (BLUE, RGBColor(0x3A, 0x9B, 0xDC)),
    (SKY, RGBColor(0xA9, 0xDC, 0xFF)),
    (GREEN, RGBColor(0x2B, 0xC0, 0x95)),
    (ORANGE, RGBColor(0xF2, 0xB1, 0x34)),
];

impl Theme {
    /// Both.
    pub const ALL: &'static [Theme] = &[Theme::Light, Theme::Dark];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// A figure of this crate in the theme's colours.
    pub fn of(self, svg: &str) -> String {
        match self {
            Theme::Light => svg.to_owned(),
            Theme::Dark => DARK.iter().fold(svg.to_owned(), |svg, &(light, dark)| {
                // Text cannot resemble this: its quotes are escaped.
                ["fill", "stroke"].iter().fold(svg, |svg, paint| {
                    let attribute = |color| format!("{paint}=\"{}\"", hex(color));
                    svg.replace(&attribute(light), &attribute(dark))
                })
            }),
        }
    }

    /// Rules of CSS that show the light figures inside a page in this theme's colours.
    pub fn css(self) -> String {
        match self {
            Theme::Light => String::new(),
            Theme::Dark => DARK
                .iter()
                .map(|&(light, dark)| {
                    let (light, dark) = (hex(light), hex(dark));
                    format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}\n")
                })
                .collect(),
        }
    }
}

/// As plotters writes it.
fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}
