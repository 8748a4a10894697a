//! Writes a figure as svg, png or pdf.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use svg2pdf::{ConversionOptions, PageOptions};

use super::Output;
use crate::error::{Error, FigureError, Result};

/// Format of the figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FigureFormat {
    /// Vectors for browsers, with their own sans-serif face.
    #[default]
    Svg,
    /// Pixels.
    Png,
    /// Vectors for papers.
    Pdf,
}

impl FigureFormat {
    /// All values.
    pub const ALL: &'static [FigureFormat] =
        &[FigureFormat::Svg, FigureFormat::Png, FigureFormat::Pdf];

    /// The name on the command line, and the ending of the file.
    pub fn name(self) -> &'static str {
        match self {
            FigureFormat::Svg => "svg",
            FigureFormat::Png => "png",
            FigureFormat::Pdf => "pdf",
        }
    }
}

/// Pixels for a pixel of the drawing in a png of no given width: sharp on today's screens.
const SHARP: f32 = 2.0;

/// Most pixels of a png, 256 MiB of memory.
const MOST_PIXELS: f32 = (64 << 20) as f32;

/// Pixels in an inch of paper, as CSS has them.
const DPI: f32 = 96.0;

/// The face for all letters, so that they are there on a machine without fonts, and the same on all.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// The file `name` (without extension) of a figure, `width` pixels wide: as wide as drawn unless
/// given, a png twice that. A pixel of a pdf is 1/96 inch.
///
/// # Errors
/// If it is no SVG of this crate, or a png would have more than 64 million pixels.
pub fn figure(
    name: &str,
    svg: String,
    format: FigureFormat,
    width: Option<u32>,
) -> Result<Output<'static>> {
    let cannot = |error: &dyn ToString| Error::Figure(FigureError::Svg(error.to_string()));
    let svg = match (format, width) {
        (FigureFormat::Png, _) | (_, None) => svg,
        (_, Some(width)) => with_width(&svg, width).ok_or_else(|| cannot(&"it has no size"))?,
    };
    if format == FigureFormat::Svg {
        return Ok(Output::text(format!("{name}.svg"), svg));
    }
    let options = Options { fontdb: FONTS.clone(), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(|error| cannot(&error))?;
    let (name, bytes) = if format == FigureFormat::Pdf {
        let page = PageOptions { dpi: DPI };
        let pdf = svg2pdf::to_pdf(&tree, ConversionOptions::default(), page);
        (format!("{name}.pdf"), pdf.map_err(|error| cannot(&error))?)
    } else {
        let name = format!("{name}.png");
        let size = tree.size();
        let scale = width.map_or(SHARP, |width| width as f32 / size.width());
        let [width, height] =
            [size.width(), size.height()].map(|side| (scale * side).round().max(1.0));
        let pixels = Some((width as u32, height as u32))
            .filter(|_| width * height <= MOST_PIXELS)
            .and_then(|(width, height)| Pixmap::new(width, height));
        let mut pixels = pixels.ok_or_else(|| {
            Error::Input(format!(
                "{name} would have {width} × {height} pixels, which are too many: give a smaller --width, \
                 or --figure-format svg"
            ))
        })?;
        // To the last row, which a height that is no whole number would paint in part.
        let fit = Transform::from_scale(width / size.width(), height / size.height());
        resvg::render(&tree, fit, &mut pixels.as_mut());
        (name, pixels.encode_png().map_err(|error| cannot(&error))?)
    };
    Ok(Output::written(name, move |file| std::io::Write::write_all(file, &bytes)))
}

/// The SVG with another width and height on its root, which its viewBox is stretched to.
fn with_width(svg: &str, width: u32) -> Option<String> {
    let head = svg.strip_prefix("<svg width=\"")?;
    let (drawn, head) = head.split_once("\" height=\"")?;
    let (height, rest) = head.split_once('"')?;
    let scale = f64::from(width) / drawn.parse::<f64>().ok()?;
    let height = scale * height.parse::<f64>().ok()?;
    Some(format!("<svg width=\"{width}\" height=\"{height:.1}\"{rest}"))
}
