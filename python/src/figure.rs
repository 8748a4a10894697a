//! `Figure`: a drawing to show in a notebook or to save to a file.

use std::path::PathBuf;

use igam_analyze::error::Error;
use igam_analyze::figure::Theme;
use igam_analyze::output::{FigureFormat, figure, write_to};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::choices::one_of;
use crate::work::released;

/// Widths that a figure can have, in pixels.
const WIDTHS: std::ops::RangeInclusive<u32> = 100..=20_000;

/// A figure: a notebook shows it, `save` writes it.
///
/// Attributes
/// ----------
/// name : str
///     The name of the command line's file, without extension.
/// svg : str
///     The drawing, in the light theme: the bytes of that file.
///
/// Examples
/// --------
/// >>> study.figure("scatter").save("scatter.pdf", width=600)
#[pyclass(frozen, module = "igam_analyze")]
pub struct Figure {
    #[pyo3(get)]
    name: String,
    #[pyo3(get)]
    svg: String,
}

impl Figure {
    pub fn of(name: &str, svg: String) -> Figure {
        Figure { name: name.into(), svg }
    }
}

#[pymethods]
impl Figure {
    #[new]
    fn new(name: String, svg: String) -> Figure {
        Figure { name, svg }
    }

    /// Writes the figure in the format of the extension: .svg, .png or .pdf.
    ///
    /// Parameters
    /// ----------
    /// path : str or os.PathLike
    ///     The file. Its directory is made if it is missing.
    /// width : int, optional
    ///     Pixels, 100 to 20000. By default as drawn, a png twice that. A pixel of a pdf is 1/96 inch.
    /// theme : {"light", "dark"}
    ///     Dark ink on white paper, or light ink on dark paper.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If the extension is another, or the width is not possible.
    /// OSError
    ///     If it cannot be written.
    ///
    /// Examples
    /// --------
    /// >>> figure.save("figures/scatter.png", width=1200, theme="dark")
    #[pyo3(signature = (path, width=None, theme="light"))]
    fn save(&self, py: Python<'_>, path: PathBuf, width: Option<i64>, theme: &str) -> PyResult<()> {
        let theme = one_of("theme", Theme::ALL, Theme::name, theme)?;
        let in_range = |&width: &u32| WIDTHS.contains(&width);
        let width = match width {
            None => None,
            Some(width) => {
                let fits = u32::try_from(width).ok().filter(in_range);
                Some(fits.ok_or_else(|| {
                    PyValueError::new_err(format!("width {width} is not within 100 to 20000"))
                })?)
            }
        };
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let format = FigureFormat::ALL.iter().find(|one| Some(one.name()) == ending.as_deref());
        let Some(&format) = format else {
            let problem = "a figure's name ends in .svg, .png or .pdf".into();
            return Err(crate::work::exception(Error::Content { path, problem }));
        };
        let write = || write_to(&path, figure(&self.name, theme.of(&self.svg), format, width)?);
        released(py, write)
    }

    fn _repr_svg_(&self) -> &str {
        &self.svg
    }

    fn __repr__(&self) -> String {
        format!("<igam_analyze.Figure {:?}>", self.name)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let Figure { name, svg } = slf.get();
        (slf.get_type(), (name, svg)).into_pyobject(slf.py())
    }
}
