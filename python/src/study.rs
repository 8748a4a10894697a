//! `correlate`, `Study` and `report`: the results for one or several detectors.

use std::path::PathBuf;

use igam_analyze::analysis::Study;
use igam_analyze::analysis::information::of_class_moments;
use igam_analyze::ap::ApScale;
use igam_analyze::classes::Numbering;
use igam_analyze::detector::{ApFormat, Detector, Parts};
use igam_analyze::error::Error;
use igam_analyze::figure::{self, Drawn};
use igam_analyze::input::ap::ApIou;
use igam_analyze::input::detections::{self, GroundTruthFiles};
use igam_analyze::options::Options;
use igam_analyze::output::{self, Output, Table, brief, tables, write_to};
use igam_analyze::run_files::{self, load_explained};
use igam_analyze::warning::{Warning, Warnings};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::amounts::_Amounts;
use crate::by_class::{self, path};
use crate::choices::{grouping, none, one_of_if};
use crate::explain::{ClassCards, PyGeometry};
use crate::figure::Figure;
use crate::information::estimators;
use crate::moments::Moments;
use crate::probe::PyProbe;
use crate::tables::table;
use crate::warn::{raise, sentences, warn};
use crate::work::{exception, released};

/// What was found about detectors: whether information amount or instance count is correlated with AP, and
/// how certain that is. `correlate` returns it; a notebook shows its verdict.
///
/// Attributes
/// ----------
/// verdict : str
///     The finding, in words.
/// finding : str or None
///     The word of the main verdict, as `finding` in `table("verdict")`: over all runs, or of the only run.
///     None if there is no verdict.
/// pearson : float or None
///     r of information amount with AP, of the main verdict.
/// partial : float or None
///     The same, with the count and all covariates held constant.
/// partial_interval : (float, float) or None
///     Its 95% interval.
/// warnings : list of str
///     Warnings, one sentence each, with those about its input.
/// runs : list of str
///     Names of the runs.
/// tables : dict of str to Table
///     All tables, by the names of their files.
/// figures : list of str
///     Names of the figures.
///
/// Examples
/// --------
/// >>> study = igam_analyze.correlate(amounts, ap={"bolt": 0.41, "nut": 0.22, "key": 0.35})
/// >>> print(study.verdict)
/// >>> study.figure("scatter").save("scatter.pdf")
#[pyclass(frozen, module = "igam_analyze", name = "Study")]
pub struct PyStudy {
    study: Study,
    /// Of what it was made of.
    joined: Warnings,
}

impl PyStudy {
    pub fn study(&self) -> &Study {
        &self.study
    }

    fn all_warnings(&self) -> Warnings {
        let mut all = self.joined.clone();
        all.extend(self.study.warnings.clone());
        all
    }

    fn sentences(&self) -> Vec<String> {
        sentences(&self.all_warnings(), self.study.detectors().len())
    }

    fn drawn(&self, py: Python<'_>) -> PyResult<Vec<Drawn>> {
        released(py, || figure::all(&self.study))
    }

    fn all_tables(&self) -> Vec<(&'static str, Table)> {
        tables::study(&self.study)
    }
}

#[pymethods]
impl PyStudy {
    #[getter]
    fn verdict(&self) -> String {
        self.study.verdict.to_string().trim_end().to_owned()
    }

    #[getter]
    fn finding(&self) -> Option<&'static str> {
        Some(self.study.main()?.verdict.finding.token())
    }

    #[getter]
    fn pearson(&self) -> Option<f64> {
        Some(self.study.main()?.basis.information.as_ref().ok()?.r)
    }

    #[getter]
    fn partial(&self) -> Option<f64> {
        Some(self.study.main()?.basis.given_curve.as_ref().ok()?.r)
    }

    #[getter]
    fn partial_interval(&self) -> Option<(f64, f64)> {
        self.study.main()?.basis.given_curve.as_ref().ok()?.interval
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.sentences()
    }

    #[getter]
    fn runs(&self) -> Vec<String> {
        self.study.first().iter().map(|one| one.run.name().to_owned()).collect()
    }

    #[getter]
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, cells) in self.all_tables() {
            dict.set_item(name, table(py, cells)?)?;
        }
        Ok(dict)
    }

    /// A table, by the name of its file: "verdict", "correlations", "evidence", "bias", "commonality" or
    /// "information".
    ///
    /// Parameters
    /// ----------
    /// name : str
    ///
    /// Returns
    /// -------
    /// Table
    ///
    /// Raises
    /// ------
    /// KeyError
    ///     If there is no such table. Without information amounts there are fewer.
    ///
    /// Examples
    /// --------
    /// >>> study.table("correlations").to_pandas()
    fn table<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let all = self.all_tables();
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        let found = all.into_iter().find(|(one, _)| *one == name);
        let (_, cells) = found.ok_or_else(|| none("table", name, &names))?;
        table(py, cells)
    }

    /// Why a class is bad: what is known about it, and possible reasons for its AP.
    ///
    /// Parameters
    /// ----------
    /// name : str or int, optional
    ///     The class, by name or id; by default all.
    /// run : str, optional
    ///     The run; by default each that has the class.
    ///
    /// Returns
    /// -------
    /// ClassCard or Table
    ///     A card of the class, or the columns of `classes.csv`.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If there is no such class, or no such run.
    ///
    /// Examples
    /// --------
    /// >>> print(study.explain("Cutter"))
    /// >>> study.explain().to_pandas().sort_values("deleted_residual")
    #[pyo3(signature = (name=None, *, run=None))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        name: Option<&Bound<'py, PyAny>>,
        run: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let explanations = released(py, || Ok(self.study.explain()))?;
        let cards = ClassCards::of(explanations, run)?;
        match name {
            Some(name) => {
                let name: String = name.str()?.extract()?;
                Ok(Bound::new(py, cards.card(&name)?)?.into_any())
            }
            None => table(py, cards.table()),
        }
    }

    #[getter]
    fn figures(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        Ok(self.drawn(py)?.iter().map(|drawn| drawn.name).collect())
    }

    /// A figure, by the name of its file: "figure2", "scatter", "sensitivity", "commonality", "figure1" or
    /// "figure4".
    ///
    /// Parameters
    /// ----------
    /// name : str
    ///
    /// Returns
    /// -------
    /// Figure
    ///
    /// Raises
    /// ------
    /// KeyError
    ///     If there is no such figure. `figures` lists the names.
    ///
    /// Examples
    /// --------
    /// >>> study.figure("scatter").save("scatter.svg")
    fn figure(&self, py: Python<'_>, name: &str) -> PyResult<Figure> {
        let drawn = self.drawn(py)?;
        let names: Vec<_> = drawn.iter().map(|drawn| drawn.name).collect();
        let found = drawn.into_iter().find(|drawn| drawn.name == name);
        let found = found.ok_or_else(|| none("figure", name, &names))?;
        Ok(Figure::of(found.name, found.svg))
    }

    fn _repr_html_(&self) -> String {
        brief(&self.study, &self.sentences())
    }

    fn __repr__(&self) -> String {
        let runs = self.study.detectors().len();
        let s = if runs == 1 { "" } else { "s" };
        format!("<igam_analyze.Study of {runs} run{s}: {}>", self.finding().unwrap_or("no verdict"))
    }
}

/// Correlates information amount and instance count with AP: the verdict, as `igam-analyze correlate`.
///
/// Parameters
/// ----------
/// detectors : Amounts, list of Amounts, Moments, list of Study, path or None
///     One detector: its information amounts, by one or several estimators, or its moments; None for
///     instance counts alone. Or several detectors: their studies, or a runs file (.toml).
/// ap : mapping, Series, sequence, path or an evaluator's results, optional
///     AP by class, 0 to 1 or 0 to 100: by name or id, or in the order of the classes; a result of
///     torchmetrics or COCOeval, or a file.
/// detections, ground_truth : path, optional
///     Instead of AP: COCO results (boxes with scores), and the annotations to evaluate them against: COCO
///     or LVIS json, Pascal VOC, YOLO or Open Images, or a list of files that are parts of one data set.
///     `ap_column` is then "ap" (IoU 0.5:0.95), "ap50" or "ap75".
/// name : str
///     The run's name; by default backbone and loss, or the name of AP.
/// backbone, loss : str
///     For Figures 2 and 4.
/// instances : mapping, Series, sequence, path or list of paths, optional
///     Instances of each class; by default the number of embeddings. A table, or annotations as COCO or
///     LVIS json,
///     Pascal VOC, YOLO or Open Images, whose other numbers are held constant too.
/// covariates : DataFrame, mapping of mappings, or path, optional
///     Other numbers of the classes, to be held constant.
/// class_groups : mapping, Series or path, optional
///     The group of similar classes that each class belongs to.
/// groups : {"lvis", "coco-lt"} or sequence of int, optional
///     Groups for the model bias, or the instance counts at which groups begin.
/// estimator : str or sequence of str, optional
///     Covariance estimator for moments and runs files, by default "mp-floor"; several, or "all".
/// ap_column : str or sequence of str, optional
///     Columns of AP, one run each.
/// ap_format : str, optional
///     Format of AP, if it cannot be detected: "table", "ultralytics", "mmdetection", …
/// ap_iou : str, optional
///     The IoU thresholds of AP, if the input has all of them, such as pycocotools' array.
/// ap_numbering : {"names", "ids", "positions", "file-order"}, optional
///     How the rows of AP mean classes, if this cannot be detected.
/// ap_scale : {"fraction", "percent"}, optional
///     The scale of AP, if the values do not show it.
/// geometry : Geometry, optional
///     The result of `geometry` for the same classes, so that `Study.explain` uses it.
///
/// Returns
/// -------
/// Study
///
/// Raises
/// ------
/// ValueError
///     If the class of a value is doubtful, or an input cannot be used. The sentence is that of the command
///     line, and names its options.
/// OSError
///     If a file cannot be read.
///
/// Warns
/// -----
/// IgamWarning
///     If something makes the result doubtful. Warnings of `information` are not repeated.
///
/// Examples
/// --------
/// >>> amounts = igam_analyze.information(embeddings, labels, class_names=["bolt", "nut", "key"])
/// >>> study = igam_analyze.correlate(amounts, ap={"bolt": 0.41, "nut": 0.22, "key": 0.35})
/// >>> study.finding
/// 'too-few'
#[pyfunction]
#[pyo3(signature = (
    detectors, ap=None, *, detections=None, ground_truth=None, name="", backbone="", loss="",
    instances=None, covariates=None, class_groups=None, groups=None, estimator=None, ap_column=None,
    ap_format=None, ap_iou=None, ap_numbering=None, ap_scale=None, geometry=None
))]
#[expect(clippy::too_many_arguments, reason = "all that is known of a detector")]
pub fn correlate<'py>(
    py: Python<'py>,
    detectors: Option<&Bound<'py, PyAny>>,
    ap: Option<&Bound<'py, PyAny>>,
    detections: Option<PathBuf>,
    ground_truth: Option<&Bound<'py, PyAny>>,
    name: &str,
    backbone: &str,
    loss: &str,
    instances: Option<&Bound<'py, PyAny>>,
    covariates: Option<&Bound<'py, PyAny>>,
    class_groups: Option<&Bound<'py, PyAny>>,
    groups: Option<&Bound<'py, PyAny>>,
    estimator: Option<&Bound<'py, PyAny>>,
    ap_column: Option<&Bound<'py, PyAny>>,
    ap_format: Option<&str>,
    ap_iou: Option<&str>,
    ap_numbering: Option<&str>,
    ap_scale: Option<&str>,
    geometry: Option<&Bound<'py, PyGeometry>>,
) -> PyResult<PyStudy> {
    let grouping = groups.map(grouping).transpose()?;
    let grouping = grouping.as_ref();
    let others = [
        ap.is_some() || detections.is_some() || ground_truth.is_some(),
        !(name.is_empty() && backbone.is_empty() && loss.is_empty()),
        instances.is_some() || covariates.is_some() || class_groups.is_some(),
        ap_column.is_some() || ap_format.is_some() || ap_iou.is_some(),
        ap_numbering.is_some() || ap_scale.is_some() || geometry.is_some(),
    ];
    let refuse = |refused: bool, sentence: &'static str| match refused {
        true => Err(PyTypeError::new_err(sentence)),
        false => Ok(()),
    };
    let given = others.contains(&true);
    let study = match Detectors::of(detectors)? {
        Detectors::Studies(studies) => {
            refuse(
                given || estimator.is_some(),
                "a study is complete: give only `groups` with it, and other arguments when you \
                 make each study",
            )?;
            let studies: Vec<&PyStudy> = studies.iter().map(|study| study.get()).collect();
            let mut joined = Warnings::default();
            studies.iter().for_each(|study| joined.extend(study.joined.clone()));
            let together = || Study::together(studies.iter().map(|study| study.study()), grouping);
            // Each has warned already.
            return Ok(PyStudy { study: released(py, together)?, joined });
        }
        Detectors::Runs(path) => {
            refuse(
                given,
                "a runs file describes all its runs: give only groups and estimator with it",
            )?;
            let options = Options::new().estimators(estimators(estimator)?.all());
            let (study, joined) = released(py, || {
                let (sources, mut joined) = (run_files::read(&path)?, Warnings::default());
                Ok((
                    run_files::study(&sources, &options, grouping, load_explained, &mut joined)?,
                    joined,
                ))
            })?;
            let study = PyStudy { study, joined };
            raise(py, study.sentences())?;
            return Ok(study);
        }
        Detectors::Amounts(amounts) => {
            refuse(
                estimator.is_some(),
                "estimator is for moments and runs files: information() has already used one",
            )?;
            (amounts, true)
        }
        Detectors::Moments(moments) => {
            let options = Options::new().estimators(estimators(estimator)?.all());
            let amounts =
                moments.get().compute(py, |moments| of_class_moments(moments, &options))?;
            let amounts = amounts.into_iter().map(|amounts| _Amounts {
                amounts,
                // As from a moments file, whose classes are those of its labels.
                listed: false,
                no_background: None,
            });
            (amounts.collect(), false)
        }
        Detectors::None => {
            refuse(
                estimator.is_some(),
                "estimator is for embeddings: instance counts alone have no covariance",
            )?;
            (Vec::new(), false)
        }
    };
    let (amounts, have_warned) = study;
    let wanted = match ap_column {
        None => Vec::new(),
        Some(one) if one.is_instance_of::<PyString>() => vec![one.extract()?],
        Some(several) => several.extract()?,
    };
    let format = one_of_if("ap_format", ApFormat::ALL, ApFormat::name, ap_format)?;
    let iou = one_of_if("ap_iou", ApIou::ALL, |one| one.name(), ap_iou)?;
    let scale = one_of_if("ap_scale", ApScale::ALL, ApScale::name, ap_scale)?;
    let numbering = one_of_if("ap_numbering", Numbering::ALL, Numbering::name, ap_numbering)?;
    let evaluated = match (detections, ground_truth) {
        (None, None) => None,
        (Some(detections), Some(ground_truth)) => {
            let of_ap = ap.is_some() || format.is_some() || iou.is_some() || scale.is_some();
            refuse(
                of_ap,
                "detections are evaluated here: give no ap with them, and no argument that says \
                 how to read it",
            )?;
            let Some(paths) = by_class::one_or_more(ground_truth)? else {
                return Err(PyTypeError::new_err("ground_truth is a path, or a list of paths"));
            };
            let files = GroundTruthFiles { paths, numbering, ..GroundTruthFiles::default() };
            Some(released(py, || detections::read(&detections, files, &Warnings::default()))?)
        }
        _ => {
            return Err(PyTypeError::new_err("detections and ground_truth go together: give both"));
        }
    };
    let columns = match (&evaluated, ap) {
        (Some(evaluated), _) => evaluated.columns(&wanted).map_err(exception)?,
        (None, Some(ap)) => by_class::average_precision(ap, &wanted, format, iou, scale)?,
        (None, None) => Vec::new(),
    };
    let parts = Parts {
        name: name.into(),
        backbone: backbone.into(),
        loss: loss.into(),
        ap: columns,
        ap_numbering: numbering,
        detections: evaluated,
        counts: instances.map(by_class::counts).transpose()?,
        has_own_list: false,
        covariates: covariates.map(by_class::covariates).transpose()?,
        groups: class_groups.map(by_class::class_groups).transpose()?,
        no_background: amounts.first().and_then(|amounts| amounts.no_background.clone()),
    };
    let listed = amounts.first().is_some_and(|amounts| amounts.listed);
    let of_classes = amounts.iter().map(|amounts| amounts.amounts.clone()).collect();
    let geometry = geometry.map(|geometry| geometry.get().0.clone());
    let compute = || {
        let mut joined = Warnings::default();
        let mut detector = Detector::of_parts(of_classes, listed, parts, &mut joined)?;
        if let Some(geometry) = geometry {
            detector = detector.with_geometry(geometry)?;
        }
        let name = detector.name().to_owned();
        Ok((Study::of([detector], grouping)?, joined, name))
    };
    let (study, joined, name) = released(py, compute)?;
    let study = PyStudy { study, joined };
    let said: Vec<Warning> = match have_warned {
        true => amounts.iter().flat_map(|amounts| amounts.warnings(&name)).collect(),
        false => Vec::new(),
    };
    warn(py, study.all_warnings().iter().filter(|warning| !said.contains(warning)))?;
    Ok(study)
}

/// What `correlate` is given.
enum Detectors<'py> {
    Amounts(Vec<_Amounts>),
    Moments(Bound<'py, Moments>),
    Studies(Vec<Bound<'py, PyStudy>>),
    Runs(PathBuf),
    None,
}

impl<'py> Detectors<'py> {
    fn of(object: Option<&Bound<'py, PyAny>>) -> PyResult<Detectors<'py>> {
        let Some(object) = object else { return Ok(Detectors::None) };
        if let Some(path) = path(object)? {
            return Ok(Detectors::Runs(path));
        }
        if let Ok(moments) = object.cast::<Moments>() {
            return Ok(Detectors::Moments(moments.clone()));
        }
        if _Amounts::is(object) {
            return Ok(Detectors::Amounts(vec![_Amounts::of(object)?]));
        }
        let wrong = || {
            PyTypeError::new_err(
                "detectors is not one of Amounts, Moments, a list of Amounts, a list of Study, \
                 the path of a runs file, None",
            )
        };
        let list: Vec<Bound<'py, PyAny>> = object.extract().map_err(|_| wrong())?;
        if list.is_empty() {
            return Err(PyValueError::new_err("detectors is empty: give at least one"));
        }
        let studies = list.iter().map(|one| one.cast::<PyStudy>().cloned());
        if let Ok(studies) = studies.collect::<Result<Vec<_>, _>>() {
            return Ok(Detectors::Studies(studies));
        }
        let amounts = list.iter().map(_Amounts::of).collect::<PyResult<_>>();
        amounts.map(Detectors::Amounts).map_err(|_| wrong())
    }
}

/// Writes all results on one page, as `igam-analyze report`: one HTML file that needs no network, or a
/// summary in Markdown.
///
/// Parameters
/// ----------
/// study : Study
/// path : str or os.PathLike
///     The file; its name ends in .html or .md. Its directory is made if it is missing.
/// probe : Probe, optional
///     The result of `probe` for the same classes, which gets a section.
///
/// Raises
/// ------
/// ValueError
///     If the extension is another.
/// OSError
///     If the file cannot be written.
///
/// Examples
/// --------
/// >>> igam_analyze.report(study, "report.html")
#[pyfunction]
#[pyo3(signature = (study, path, *, probe=None))]
pub fn report(
    py: Python<'_>,
    study: &Bound<'_, PyStudy>,
    path: PathBuf,
    probe: Option<&Bound<'_, PyProbe>>,
) -> PyResult<()> {
    let study = study.get();
    let probe = probe.map(|probe| probe.get());
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let html = match ending.as_deref() {
        Some("html" | "htm") => true,
        Some("md") => false,
        _ => {
            let problem = "a report's name ends in .html or .md".into();
            return Err(exception(Error::Content { path, problem }));
        }
    };
    released(py, || {
        let mut warnings = study.sentences();
        warnings.extend(probe.into_iter().flat_map(PyProbe::sentences));
        let probes: Vec<_> =
            probe.into_iter().map(|probe| (String::new(), probe.probe().clone())).collect();
        let explained = study.study().explain();
        let report = output::report(study.study(), &explained, &probes, &warnings, None)?;
        let text = if html { report.html } else { report.markdown };
        write_to(&path, Output::text("", text))
    })
}
