//! `probe`: would another loss help these classes?

use igam_analyze::analysis::information::Given;
use igam_analyze::analysis::probe::{InMemory, Probe, ProbeSettings, of_arrays};
use igam_analyze::classes::Labels;
use igam_analyze::figure;
use igam_analyze::normalization::Normalization;
use igam_analyze::options::Options;
use igam_analyze::output::{Table, probe_html, tables};
use igam_analyze::probe::LossKind;
use igam_analyze::warning::Warnings;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::arrays::{self, Embeddings};
use crate::choices::{bytes, grouping, none, one_of};
use crate::figure::Figure;
use crate::information::{classes, estimators, numbering};
use crate::tables::table;
use crate::warn::{sentences, warn};
use crate::work::released;

/// What other losses do to the classes: classification layers trained on frozen embeddings, compared with the
/// cosine softmax. `probe` returns it; a notebook shows its verdict.
///
/// Attributes
/// ----------
/// verdict : str
///     Whether the IGAM losses help, what else does, and how that was found: a sentence on each line.
/// findings : dict of str to str
///     By loss: "helps", "hurts", "mixed" or "no-difference".
/// warnings : list of str
///     Warnings, one sentence each.
/// tables : dict of str to Table
///     All tables, by the names of their files.
///
/// Examples
/// --------
/// >>> probe = igam_analyze.probe(embeddings, labels, images=images)
/// >>> print(probe.verdict)
/// >>> probe.table("probe_verdict").to_pandas().query("group == 'all'")
/// >>> probe.figure().save("probe.svg")
#[pyclass(frozen, module = "igam_analyze", name = "Probe")]
pub struct PyProbe {
    probe: Probe,
    warnings: Warnings,
}

impl PyProbe {
    /// What was found.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// Warnings about it.
    pub fn sentences(&self) -> Vec<String> {
        sentences(&self.warnings, 1)
    }

    fn all_tables(&self) -> [(&'static str, Table); 3] {
        tables::probes(&self.probe)
    }
}

#[pymethods]
impl PyProbe {
    #[getter]
    fn verdict(&self) -> String {
        self.probe.verdict().join("\n")
    }

    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for one in &self.probe.losses {
            if let Some(finding) = one.finding() {
                dict.set_item(&one.name, finding.name())?;
            }
        }
        Ok(dict)
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.sentences()
    }

    #[getter]
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, cells) in self.all_tables() {
            dict.set_item(name, table(py, cells)?)?;
        }
        Ok(dict)
    }

    /// A table, by the name of its file: "probe_verdict", "probe" or "probe_classes".
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
    ///     If there is no such table.
    ///
    /// Examples
    /// --------
    /// >>> probe.table("probe_classes").to_pandas().sort_values("recall_change")
    fn table<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let all = self.all_tables();
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        let found = all.into_iter().find(|(one, _)| *one == name);
        let (_, cells) = found.ok_or_else(|| none("table", name, &names))?;
        table(py, cells)
    }

    /// The change of each class's recall by each loss, the classes with most information first.
    ///
    /// Returns
    /// -------
    /// Figure
    ///
    /// Examples
    /// --------
    /// >>> probe.figure().save("probe.svg")
    fn figure(&self, py: Python<'_>) -> PyResult<Figure> {
        Ok(Figure::of("probe", released(py, || figure::probe(&self.probe))?))
    }

    fn _repr_html_(&self) -> String {
        probe_html(&self.probe)
    }

    fn __repr__(&self) -> String {
        let (losses, classes) = (self.probe.losses.len(), self.probe.judged().len());
        format!("<igam_analyze.Probe of {losses} losses, {classes} classes>")
    }
}

/// Would the IGAM loss, or another one, help these classes? Trains classification layers on the embeddings as they
/// are, one loss after the other, as `igam-analyze probe`.
///
/// It compares classifiers on frozen features. It is not a detector: the features do not adapt to the loss, and
/// there is no background.
///
/// Parameters
/// ----------
/// embeddings : array_like
///     (n, p), float16, float32 or float64: the training embeddings.
/// labels : array_like
///     (n,) integers, or class names.
/// validation_embeddings : array_like, optional
///     (v, p), of the same layer, of ground-truth boxes of other images. Without them the losses are judged by
///     cross-validation.
/// validation_labels : array_like, optional
///     (v,), as `labels`.
/// images : array_like, optional
///     (n,) integers or names: the image of each embedding. Without them the intervals are too narrow.
/// validation_images : array_like, optional
///     (v,), the same of the held-out embeddings.
/// class_names : sequence, mapping or path, optional
///     As for `information()`.
/// label_numbering : {"names", "ids", "positions", "file-order"}, optional
///     How labels mean classes, if this cannot be detected.
/// background_label : int or str, optional
///     Label of rows to skip.
/// losses : str or sequence of str, optional
///     To compare with "cosine": "igam", "igam-signed", "igam-transposed", "softmax", "logit-adjustment", "ldam",
///     "seesaw", "focal". By default all but "igam-signed".
/// normalization : str or sequence of str, optional
///     Of the IGAM losses: "printed", "printed-mean", "softmax". By default all.
/// estimator : str or sequence of str
///     Covariance estimator of the IGAM losses; several, or "all".
/// scale : float or sequence of float
///     Scales s of the logits s·cosθ.
/// groups : {"coco-lt"} or sequence of int, optional
///     Groups of classes, or the instance counts at which groups begin. By default thirds.
/// seeds : int
///     At least 3. Each draws other weights of the images.
/// folds : int
///     Folds of cross-validation, 2 to 255.
/// epochs : int
///     Most passes over the training embeddings.
/// memory_limit : int or str, optional
///     Bytes, or a string such as "8GiB": larger embeddings are not copied, which takes longer.
///
/// Returns
/// -------
/// Probe
///
/// Raises
/// ------
/// ValueError
///     If the arrays do not fit together, a value is NaN or infinite, a label is not a class, or no class can be
///     judged.
///
/// Warns
/// -----
/// IgamWarning
///     If images are not known, classes are not judged, or layers were still improving.
///
/// Examples
/// --------
/// >>> probe = igam_analyze.probe(
/// ...     x, y, images=frames, validation_embeddings=vx, validation_labels=vy, validation_images=vframes
/// ... )
/// >>> probe.findings["igam-transposed softmax"]
#[pyfunction]
#[pyo3(signature = (
    embeddings, labels, *, validation_embeddings=None, validation_labels=None, images=None,
    validation_images=None, class_names=None, label_numbering=None, background_label=None, losses=None,
    normalization=None, estimator=None, scale=None, groups=None, seeds=10, folds=5, epochs=1000,
    memory_limit=None
), text_signature = "(embeddings, labels, *, validation_embeddings=None, validation_labels=None, images=None, validation_images=None, class_names=None, label_numbering=None, background_label=None, losses=None, normalization=None, estimator='mp-floor', scale=30.0, groups=None, seeds=10, folds=5, epochs=1000, memory_limit=None)")]
#[expect(clippy::too_many_arguments, reason = "embeddings of two kinds, and what is compared")]
pub fn probe<'py>(
    py: Python<'py>,
    embeddings: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    validation_embeddings: Option<&Bound<'py, PyAny>>,
    validation_labels: Option<&Bound<'py, PyAny>>,
    images: Option<&Bound<'py, PyAny>>,
    validation_images: Option<&Bound<'py, PyAny>>,
    class_names: Option<&Bound<'py, PyAny>>,
    label_numbering: Option<&str>,
    background_label: Option<&Bound<'py, PyAny>>,
    losses: Option<&Bound<'py, PyAny>>,
    normalization: Option<&Bound<'py, PyAny>>,
    estimator: Option<&Bound<'py, PyAny>>,
    scale: Option<&Bound<'py, PyAny>>,
    groups: Option<&Bound<'py, PyAny>>,
    seeds: usize,
    folds: usize,
    epochs: usize,
    memory_limit: Option<&Bound<'py, PyAny>>,
) -> PyResult<PyProbe> {
    if validation_embeddings.is_some() != validation_labels.is_some() {
        let problem = "give validation_embeddings and validation_labels, or neither";
        return Err(PyTypeError::new_err(problem));
    }
    if validation_images.is_some() && validation_embeddings.is_none() {
        return Err(PyTypeError::new_err("validation_images are for validation_embeddings"));
    }
    let usual = ProbeSettings::default();
    let settings = ProbeSettings {
        losses: several("losses", LossKind::ALL, LossKind::name, losses)?.unwrap_or(usual.losses),
        normalizations: several(
            "normalization",
            Normalization::ALL,
            Normalization::name,
            normalization,
        )?
        .unwrap_or(usual.normalizations),
        scales: scale.map(scales).transpose()?.unwrap_or(usual.scales),
        seeds,
        folds,
        epochs,
    };
    let options = Options::new().estimators(estimators(estimator)?.all());
    let limit = memory_limit.map(|limit| bytes("memory_limit", limit)).transpose()?;
    let options = limit.into_iter().fold(options, Options::memory_limit);
    let grouping = groups.map(grouping).transpose()?;
    let classes = class_names.map(classes).transpose()?.map(Into::into);
    let numbering = numbering(label_numbering)?;
    let background: Option<String> =
        background_label.map(|label| label.str()?.extract()).transpose()?;
    let training = Arrays::of(embeddings, labels, images)?;
    let held_out = match (validation_embeddings, validation_labels) {
        (Some(embeddings), Some(labels)) => {
            Some(Arrays::of(embeddings, labels, validation_images)?)
        }
        _ => None,
    };
    let (training, held_out) = (training.in_memory(), held_out.as_ref().map(Arrays::in_memory));
    let compute = || {
        let mut warnings = Warnings::default();
        let given = Given { classes, numbering, background: background.as_deref() };
        let (grouping, observer) = (grouping.as_ref(), &mut warnings);
        let probe = of_arrays(training, held_out, given, grouping, &settings, &options, observer)?;
        Ok(PyProbe { probe, warnings })
    };
    let probe = released(py, compute)?;
    warn(py, &probe.warnings)?;
    Ok(probe)
}

/// Embeddings with the label of each, and its image where it is known.
struct Arrays<'py> {
    embeddings: Embeddings<'py>,
    labels: Labels,
    images: Option<Labels>,
}

impl<'py> Arrays<'py> {
    fn of(
        embeddings: &Bound<'py, PyAny>,
        labels: &Bound<'py, PyAny>,
        images: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Arrays<'py>> {
        Ok(Arrays {
            embeddings: Embeddings::of(embeddings)?,
            labels: arrays::labels(labels)?,
            images: images.map(arrays::images).transpose()?,
        })
    }

    fn in_memory(&self) -> InMemory<'_> {
        let Arrays { embeddings, labels, images } = self;
        InMemory { values: embeddings.values(), labels, images: images.as_ref() }
    }
}

/// Choices by name, one or several, each once.
fn several<T: Copy + PartialEq>(
    what: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
    names: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Vec<T>>> {
    let Some(names) = names else { return Ok(None) };
    let names: Vec<String> = match names.is_instance_of::<PyString>() {
        true => vec![names.extract()?],
        false => names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?,
    };
    if names.is_empty() {
        return Err(PyValueError::new_err(format!("{what} has no name")));
    }
    let mut chosen = Vec::new();
    for name in &names {
        let one = one_of(what, all, &name_of, name)?;
        if !chosen.contains(&one) {
            chosen.push(one);
        }
    }
    Ok(Some(chosen))
}

/// One scale, or several.
fn scales(scales: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    match scales.extract::<f64>() {
        Ok(one) => Ok(vec![one]),
        Err(_) => scales.try_iter()?.map(|scale| scale?.extract()).collect(),
    }
}
