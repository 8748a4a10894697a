//! `compare` and `margin_readings`: what a change did to each class, and the margins between classes.

use igam_analyze::analysis::{self, ComparedRun, Margins};
use igam_analyze::detector::RunSummary;
use igam_analyze::figure;
use igam_analyze::normalization::Normalization;
use igam_analyze::options::Options;
use igam_analyze::output::page::{Part, fragment};
use igam_analyze::output::tables;
use igam_analyze::run_files;
use igam_analyze::warning::Warnings;
use numpy::{PyArray2, ToPyArray};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::amounts::_Amounts;
use crate::by_class::path;
use crate::choices::{estimator, one_of};
use crate::figure::Figure;
use crate::study::PyStudy;
use crate::tables::table;
use crate::warn::{sentences, warn};
use crate::work::{exception, released};

/// What a change did to each class. `compare` returns it; a notebook shows its table.
///
/// Attributes
/// ----------
/// names : (str, str)
///     The run before, and the run after.
/// table : Table
///     The columns of `compare.csv`; a difference is after − before.
/// reasons : Table or None
///     The columns of `reasons.csv`: the classes whose reasons appeared or disappeared. None unless both
///     are studies or runs files.
/// warnings : list of str
///     Warnings, one sentence each.
///
/// Examples
/// --------
/// >>> comparison = igam_analyze.compare(before, after)
/// >>> comparison.table["information_difference"]
#[pyclass(frozen, module = "igam_analyze")]
pub struct Comparison {
    comparison: analysis::Comparison,
    /// The warnings of its files are among them.
    warnings: Warnings,
}

#[pymethods]
impl Comparison {
    #[getter]
    fn names(&self) -> (&str, &str) {
        let [before, after] = &self.comparison.names;
        (before, after)
    }

    #[getter]
    fn table<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        table(py, tables::compare(&self.comparison))
    }

    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let reasons = self.comparison.reasons.as_deref();
        reasons.map(|reasons| table(py, tables::reasons_changed(reasons))).transpose()
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        sentences(&self.warnings, 1)
    }

    /// The information amount of each class before and after, and its AP where both have it.
    ///
    /// Returns
    /// -------
    /// Figure
    ///
    /// Examples
    /// --------
    /// >>> comparison.figure().save("slope.svg")
    fn figure(&self, py: Python<'_>) -> PyResult<Figure> {
        Ok(Figure::of("slope", released(py, || figure::slope(&self.comparison))?))
    }

    fn _repr_html_(&self) -> String {
        fragment(&[Part::Table(tables::compare(&self.comparison))])
    }

    fn __repr__(&self) -> String {
        let [before, after] = &self.comparison.names;
        format!("<igam_analyze.Comparison of {before:?} and {after:?}>")
    }
}

/// What a change did to each class: a run before and a run after, as `igam-analyze compare`.
///
/// Parameters
/// ----------
/// before, after : Amounts, Study or path
///     Information amounts, a study, or a file: an information.csv, or a runs file (.toml), which is
///     computed.
/// run : str or (str, str), optional
///     The run, if there are several: one name for both, or one name each.
/// estimator : str, optional
///     For runs files, "mp-floor" unless given.
///
/// Returns
/// -------
/// Comparison
///
/// Raises
/// ------
/// ValueError
///     If the two have different estimators or AP scales, or no class in common.
///
/// Examples
/// --------
/// >>> igam_analyze.compare("last_week/information.csv", study).figure()
#[pyfunction]
#[pyo3(signature = (before, after, *, run=None, estimator=None))]
pub fn compare<'py>(
    py: Python<'py>,
    before: &Bound<'py, PyAny>,
    after: &Bound<'py, PyAny>,
    run: Option<&Bound<'py, PyAny>>,
    estimator: Option<&str>,
) -> PyResult<Comparison> {
    let wanted: [Option<String>; 2] = match run {
        None => [None, None],
        Some(run) => match run.extract::<String>() {
            Ok(both) => [Some(both.clone()), Some(both)],
            Err(_) => run.extract::<(String, String)>().map(|(a, b)| [Some(a), Some(b)])?,
        },
    };
    let mut warnings = Warnings::default();
    let [a, b] = &wanted;
    let before = summary(py, before, "before", a.as_deref(), estimator, &mut warnings)?;
    let after = summary(py, after, "after", b.as_deref(), estimator, &mut warnings)?;
    let comparison = released(py, || analysis::Comparison::of(before, after))?;
    warnings.extend(comparison.warnings.clone());
    warn(py, &warnings)?;
    Ok(Comparison { comparison, warnings })
}

/// A run in short; `origin` stands for what is no file in sentences.
fn summary(
    py: Python<'_>,
    object: &Bound<'_, PyAny>,
    origin: &str,
    wanted: Option<&str>,
    named: Option<&str>,
    warnings: &mut Warnings,
) -> PyResult<ComparedRun> {
    if let Some(path) = path(object)? {
        let estimator = named.map_or(Ok(Default::default()), estimator)?;
        let options = Options::new().estimator(estimator);
        return released(py, || run_files::compared(&path, wanted, &options, warnings));
    }
    if let Ok(study) = object.cast::<PyStudy>() {
        return study.get().study().run(origin.as_ref(), wanted).map_err(exception);
    }
    if _Amounts::is(object) {
        let amounts = _Amounts::of(object)?.amounts;
        let summary = RunSummary::of_amounts(&amounts, origin);
        return Ok(RunSummary { name: origin.into(), ..summary }.into());
    }
    Err(PyTypeError::new_err(format!(
        "{origin} is {}: give Amounts, a Study, or a path",
        object.get_type().name()?
    )))
}

/// The margins between classes, and whether training with them is worthwhile.
///
/// Attributes
/// ----------
/// matrix : numpy.ndarray
///     (C, C) float64, radians, row i the true class; 0 where a class has no information amount.
/// table : Table
///     The columns of `margins.csv`: a summary for each normalization.
/// warnings : list of str
///     Warnings, one sentence each.
///
/// Examples
/// --------
/// >>> formulas = igam_analyze.margin_readings(amounts, "softmax")
/// >>> formulas.table["largest_margin"]
#[pyclass(frozen, module = "igam_analyze")]
pub struct MarginReadings(Margins);

#[pymethods]
impl MarginReadings {
    #[getter]
    fn matrix<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f64>> {
        self.0.all.to_pyarray(py)
    }

    #[getter]
    fn table<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        table(py, tables::margins(&self.0))
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        sentences(&self.0.warnings, 1)
    }

    /// The margins as a matrix of colours.
    ///
    /// Returns
    /// -------
    /// Figure
    ///
    /// Examples
    /// --------
    /// >>> formulas.figure().save("margins.png")
    fn figure(&self, py: Python<'_>) -> PyResult<Figure> {
        Ok(Figure::of("margins", released(py, || figure::margins(&self.0))?))
    }

    fn _repr_html_(&self) -> String {
        fragment(&[Part::Table(tables::margins(&self.0))])
    }

    fn __repr__(&self) -> String {
        format!("<igam_analyze.MarginReadings, {}>", self.0.chosen.name())
    }
}

/// The angular margins between classes under each version of the paper's normalization, as `igam-analyze
/// margins`.
///
/// Parameters
/// ----------
/// information : Amounts, Study or path
///     Information amounts, a study, or an information.csv.
/// normalization : {"printed", "printed-mean", "softmax"}
///     The normalization of the matrix.
/// signed : bool
///     Keep negative margins, instead of 0 where the other class has more information.
/// run : str, optional
///     The run, if there are several.
///
/// Returns
/// -------
/// MarginReadings
///
/// Raises
/// ------
/// ValueError
///     If no class has an information amount, or there are more than 32768.
///
/// Warns
/// -----
/// IgamWarning
///     If the margins hardly change training, or classes have none.
///
/// Examples
/// --------
/// >>> igam_analyze.margin_readings(amounts).matrix
#[pyfunction]
#[pyo3(signature = (information, normalization="printed", signed=false, *, run=None))]
pub fn margin_readings(
    py: Python<'_>,
    information: &Bound<'_, PyAny>,
    normalization: &str,
    signed: bool,
    run: Option<&str>,
) -> PyResult<MarginReadings> {
    let chosen = one_of("normalization", Normalization::ALL, |one| one.name(), normalization)?;
    let mut warnings = Warnings::default();
    let run = summary(py, information, "information", run, None, &mut warnings)?.summary;
    let mut margins = released(py, || Margins::of(&run.classes, chosen, signed))?;
    warnings.extend(std::mem::take(&mut margins.warnings));
    warn(py, &warnings)?;
    margins.warnings = warnings;
    Ok(MarginReadings(margins))
}
