//! `geometry`, and `Study.explain`: why is *this* class bad?

use std::sync::Arc;

use igam_analyze::analysis::explain::Explanation;
use igam_analyze::analysis::geometry::{of_arrays, of_class_moments};
use igam_analyze::analysis::information::Given;
use igam_analyze::analysis::last_layer::LastLayer;
use igam_analyze::classes::Labels;
use igam_analyze::geometry::Geometry;
use igam_analyze::options::Options;
use igam_analyze::output::{Table, card_html, tables, text};
use igam_analyze::warning::Warnings;
use numpy::{AllowTypeChange, IntoPyArray, PyArray2, PyArrayLike1, PyArrayLike2};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{self, Embeddings};
use crate::choices::{background_row, precision};
use crate::information::{classes, numbering};
use crate::moments::Moments;
use crate::tables::table;
use crate::warn::warn;
use crate::work::{exception, released};

/// Distances between classes in embedding space, and what the classifier predicts for them. `geometry`
/// returns it. Give it to `correlate`, so that `Study.explain` uses it.
///
/// Attributes
/// ----------
/// distances : numpy.ndarray or None
///     (C, C) float64: Mahalanobis distances of the means under the pooled within-class covariance; NaN for a
///     class without embeddings. None where no two embeddings of a class differ.
/// held_out : bool
///     Whether they are of held-out embeddings.
///
/// Examples
/// --------
/// >>> geometry = igam_analyze.geometry(embeddings, labels, class_names=names)
/// >>> geometry.distances.shape
#[pyclass(frozen, module = "igam_analyze", name = "Geometry")]
pub struct PyGeometry(pub Arc<Geometry>);

#[pymethods]
impl PyGeometry {
    #[getter]
    fn distances<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray2<f64>>> {
        let overlap = self.0.overlap.as_ref()?;
        Some(overlap.distances().to_owned().into_pyarray(py))
    }

    #[getter]
    fn held_out(&self) -> bool {
        self.0.of == igam_analyze::geometry::Of::HeldOut
    }

    fn __repr__(&self) -> String {
        format!("<igam_analyze.Geometry of {} classes>", self.0.counts.len())
    }
}

/// Distances between the means of classes, and what the classifier predicts for them.
///
/// Give held-out embeddings of ground-truth boxes. The model is fitted to training boxes, which tell little
/// about confusion.
///
/// Parameters
/// ----------
/// embeddings : array_like or Moments
///     (n, p), float16, float32 or float64: the training embeddings. Or their moments, which have their own
///     labels and class names.
/// labels : array_like, optional
///     (n,) integers, or class names; not for moments.
/// validation_embeddings : array_like, optional
///     (v, p), of the same layer, of held-out ground-truth boxes.
/// validation_labels : array_like, optional
///     (v,), as `labels`.
/// weights : array_like, optional
///     (C, p) or (C+1, p) weights of the classifier's last layer, row = class in order of id; one more row
///     for the background.
/// bias : array_like, optional
///     One value per row of the weights.
/// background_row : {"first", "last", "none"} or int, optional
///     The row of the background: first in torchvision, last in detectron2, mmdetection and DETR, or its number
///     from 0. Not needed if there is one more row than classes and the embeddings show which it is.
/// cosine : bool
///     Whether the classifier takes features and weights at unit length.
/// precision : {"f64", "f32"}
///     f32 is faster, and accurate to about six digits.
/// class_names : sequence, mapping or path, optional
///     As for `information()`.
/// label_numbering : {"names", "ids", "positions", "file-order"}, optional
///     How labels mean classes, if this cannot be detected.
/// background_label : int or str, optional
///     Label of rows to skip.
///
/// Returns
/// -------
/// Geometry
///
/// Raises
/// ------
/// ValueError
///     If the arrays do not fit together, a value is NaN or infinite, or a label is not a class.
///
/// Examples
/// --------
/// >>> geometry = igam_analyze.geometry(
/// ...     x, y, validation_embeddings=vx, validation_labels=vy, weights=w, bias=b
/// ... )
/// >>> study = igam_analyze.correlate(amounts, ap=ap, geometry=geometry)
/// >>> study.explain("Cutter")
#[pyfunction]
#[pyo3(signature = (
    embeddings, labels=None, *, validation_embeddings=None, validation_labels=None, weights=None, bias=None,
    background_row=None, cosine=false, precision="f64", class_names=None, label_numbering=None,
    background_label=None
))]
#[expect(clippy::too_many_arguments, reason = "embeddings of two kinds, and a classifier")]
pub fn geometry<'py>(
    py: Python<'py>,
    embeddings: &Bound<'py, PyAny>,
    labels: Option<&Bound<'py, PyAny>>,
    validation_embeddings: Option<&Bound<'py, PyAny>>,
    validation_labels: Option<&Bound<'py, PyAny>>,
    weights: Option<PyArrayLike2<'py, f64, AllowTypeChange>>,
    bias: Option<PyArrayLike1<'py, f64, AllowTypeChange>>,
    background_row: Option<&Bound<'_, PyAny>>,
    cosine: bool,
    precision: &str,
    class_names: Option<&Bound<'py, PyAny>>,
    label_numbering: Option<&str>,
    background_label: Option<&Bound<'py, PyAny>>,
) -> PyResult<PyGeometry> {
    if validation_embeddings.is_some() != validation_labels.is_some() {
        let problem = "give validation_embeddings and validation_labels, or neither";
        return Err(PyTypeError::new_err(problem));
    }
    if weights.is_none() && (bias.is_some() || background_row.is_some() || cosine) {
        return Err(PyTypeError::new_err("bias, background_row and cosine are for weights"));
    }
    let background_row = background_row.map(self::background_row).transpose()?;
    let options = Options::new().precision(self::precision(precision)?);
    let classes = class_names.map(classes).transpose()?.map(Arc::new);
    let numbering = numbering(label_numbering)?;
    let background: Option<String> =
        background_label.map(|label| label.str()?.extract()).transpose()?;
    let training = Training::of(embeddings, labels, classes.is_some())?;
    let held_out = validation_embeddings.map(Embeddings::of).transpose()?;
    let held_out_labels = validation_labels.map(arrays::labels).transpose()?;
    let held_out = held_out.as_ref().map(Embeddings::values);
    let layer = weights.map(|weights| LastLayer {
        weights: weights.as_array().to_owned(),
        bias: bias.map(|bias| bias.as_array().to_vec()),
        background: background_row,
        cosine,
    });
    let given = Given { classes, numbering, background: background.as_deref() };
    let held_out = held_out.zip(held_out_labels.as_ref());
    let mut warnings = Warnings::default();
    let (options, observer) = (&options, &mut warnings);
    let geometry = match &training {
        Training::Arrays(embeddings, labels) => {
            let arrays = (embeddings.values(), labels);
            released(py, || of_arrays(arrays, held_out, layer, given, options, observer))?
        }
        Training::Moments(moments) => moments.get().compute(py, |moments| {
            of_class_moments(moments, held_out, layer, given, options, observer)
        })?,
    };
    warn(py, &warnings)?;
    Ok(PyGeometry(Arc::new(geometry)))
}

/// What is known of the embeddings of training.
enum Training<'py> {
    Arrays(Embeddings<'py>, Labels),
    Moments(Bound<'py, Moments>),
}

impl<'py> Training<'py> {
    /// Of arrays, or of moments, which say all that labels and class names could (`named`).
    fn of(
        embeddings: &Bound<'py, PyAny>,
        labels: Option<&Bound<'py, PyAny>>,
        named: bool,
    ) -> PyResult<Training<'py>> {
        let problem = match (embeddings.cast::<Moments>(), labels) {
            (Ok(moments), None) if !named => return Ok(Training::Moments(moments.clone())),
            (Ok(_), _) => "moments already hold their labels and class names: give neither",
            (Err(_), None) => "give the labels of the embeddings",
            (Err(_), Some(labels)) => {
                let embeddings = Embeddings::of(embeddings)?;
                return Ok(Training::Arrays(embeddings, arrays::labels(labels)?));
            }
        };
        Err(PyTypeError::new_err(problem))
    }
}

/// What is known about a class, in each run that has it. `Study.explain` returns it; a notebook and `print`
/// show it.
///
/// Attributes
/// ----------
/// name : str
///     The class.
/// table : Table
///     The columns of `classes.csv`, one row per run.
/// reasons : list of dict
///     Possible reasons for its AP, the most certain first: "run", "token", "with" (the other class, or
///     None), "weight" ("shown", "likely" or "weak"), "sentence" and "next_step".
///
/// Examples
/// --------
/// >>> card = study.explain("Cutter")
/// >>> print(card)
/// >>> [reason["token"] for reason in card.reasons]
#[pyclass(frozen, module = "igam_analyze", name = "ClassCard")]
pub struct ClassCard {
    /// Each run that has the class, and its index there.
    runs: Vec<(Explanation, usize)>,
}

/// The classes of a run, or of all.
pub struct ClassCards(Vec<Explanation>);

impl ClassCards {
    /// Those of the run that is wanted, or all.
    pub fn of(all: Vec<Explanation>, run: Option<&str>) -> PyResult<ClassCards> {
        let wanted = |one: &Explanation| run.is_none_or(|run| one.run.name() == run);
        let names: Vec<String> = all.iter().map(|one| one.run.name().to_owned()).collect();
        let wanted: Vec<Explanation> = all.into_iter().filter(wanted).collect();
        if wanted.is_empty() {
            let run = run.unwrap_or_default();
            return Err(PyValueError::new_err(format!(
                "there is no run {run:?}; there are {}",
                names.join(", ")
            )));
        }
        Ok(ClassCards(wanted))
    }

    /// The columns of `classes.csv`.
    pub fn table(&self) -> Table {
        tables::classes(&self.0)
    }

    /// The card of the class that is wanted by name or id.
    pub fn card(self, wanted: &str) -> PyResult<ClassCard> {
        let unknown = exception(Explanation::no_class(&self.0, wanted));
        let placed = |one: Explanation| one.place(wanted).map(|at| (one, at));
        let runs: Vec<_> = self.0.into_iter().filter_map(placed).collect();
        if runs.is_empty() { Err(unknown) } else { Ok(ClassCard { runs }) }
    }
}

#[pymethods]
impl ClassCard {
    #[getter]
    fn name(&self) -> &str {
        self.runs.first().map_or("", |(explanation, at)| explanation.name(*at))
    }

    #[getter]
    fn table<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut all = tables::classes(&[]);
        for (explanation, at) in &self.runs {
            all.rows.push(tables::classes(std::slice::from_ref(explanation)).rows.swap_remove(*at));
        }
        table(py, all)
    }

    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let mut all = Vec::new();
        for (explanation, at) in &self.runs {
            for reason in &explanation.classes[*at].reasons {
                let dict = PyDict::new(py);
                dict.set_item("run", explanation.run.name())?;
                dict.set_item("token", reason.because.token())?;
                dict.set_item("with", reason.because.other())?;
                dict.set_item("weight", reason.weight.name())?;
                dict.set_item("sentence", reason.because.sentence())?;
                dict.set_item("next_step", reason.because.next_step())?;
                all.push(dict);
            }
        }
        Ok(all)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let card = |(explanation, at): &(Explanation, usize)| card_html(explanation, *at);
        released(py, || self.runs.iter().map(card).collect())
    }

    fn __str__(&self) -> String {
        let card = |(explanation, at): &(Explanation, usize)| text::card(explanation, *at);
        let text = self.runs.iter().map(card).collect::<Vec<_>>().join("\n");
        anstream::adapter::strip_str(&text).to_string()
    }

    fn __repr__(&self) -> String {
        format!("<igam_analyze.ClassCard of {:?}>", self.name())
    }
}
