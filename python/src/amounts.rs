//! `Amounts`: the information amounts of the classes by one estimator, for Python.

use igam_analyze::detector::{Amounts, NoInformation};
use igam_analyze::output::tables;
use igam_analyze::warning::{Warning, Warnings};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::tables::{columns, table_of};
use crate::warn::sentences;
use crate::work::exception;

/// What is known of a run and not of amounts alone.
const OF_RUNS: [&str; 4] = ["run", "ap", "ap_scale", "estimator"];

/// `Amounts` of several sets of classes as one, without raising its warnings.
#[pyfunction]
pub fn _joined<'py>(parts: Vec<Bound<'py, PyAny>>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let parts = parts.iter().map(|part| Ok(_Amounts::of(part)?.amounts));
    let amounts = Amounts::joined(&parts.collect::<PyResult<Vec<_>>>()?).map_err(exception)?;
    _Amounts { amounts, listed: false, no_background: None }.object(py)
}

/// The amounts themselves, which their columns show.
#[pyclass(frozen, module = "igam_analyze._igam_analyze")]
#[derive(Clone)]
pub struct _Amounts {
    pub amounts: Amounts,
    /// Whether the classes were listed, or are those that labels name.
    pub listed: bool,
    /// A label of the background that no embedding had.
    pub no_background: Option<String>,
}

#[pymethods]
impl _Amounts {
    #[new]
    fn new(text: &str, listed: bool, no_background: Option<String>) -> PyResult<_Amounts> {
        let amounts = Amounts::from_text(text).map_err(exception)?;
        Ok(_Amounts { amounts, listed, no_background })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let _Amounts { amounts, listed, no_background } = slf.get();
        let text = amounts.to_text().map_err(exception)?;
        (slf.get_type(), (text, listed, no_background)).into_pyobject(slf.py())
    }
}

impl _Amounts {
    /// Warnings; `run` is named in the sentences.
    pub fn warnings(&self, run: &str) -> Warnings {
        let mut warnings = Warnings::default();
        if let Some(label) = &self.no_background {
            let (runs, label) = (vec![run.to_owned()], label.clone());
            warnings.add(Warning::NoBackground { runs, label });
        }
        warnings.extend(self.amounts.warnings(run));
        warnings
    }

    /// As `igam_analyze.Amounts`.
    pub fn object<'py>(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut table = tables::amounts(&self.amounts).map_err(exception)?;
        let columns = columns(py, &table)?;
        OF_RUNS.iter().try_for_each(|name| columns.del_item(name))?;
        // The file has all but this.
        table.remove("dim_per_instance");
        let object = table_of(py, "Amounts", columns, table)?;
        let refused = PyDict::new(py);
        let classes = self.amounts.classes().names().iter().zip(self.amounts.of_classes());
        for (name, amount) in classes {
            if let Err(why @ (NoInformation::Empty | NoInformation::Refused(_))) = amount {
                refused.set_item(name, why.to_string())?;
            }
        }
        object.setattr(intern!(py, "estimator"), self.amounts.estimator().name())?;
        object.setattr(intern!(py, "refused"), refused)?;
        object.setattr(intern!(py, "warnings"), sentences(&self.warnings(""), 1))?;
        object.setattr(intern!(py, "_amounts"), self)?;
        Ok(object)
    }

    /// Of an `igam_analyze.Amounts`; what else it may be is refused.
    pub fn of(object: &Bound<'_, PyAny>) -> PyResult<_Amounts> {
        let amounts = object.getattr_opt(intern!(object.py(), "_amounts"))?;
        match amounts.as_ref().map(|amounts| amounts.cast::<_Amounts>()) {
            Some(Ok(amounts)) => Ok(amounts.get().clone()),
            _ => Err(PyTypeError::new_err(format!(
                "{} is not an igam_analyze.Amounts: give the result of information()",
                object.get_type().name()?
            ))),
        }
    }

    /// Whether an object is `igam_analyze.Amounts`.
    pub fn is(object: &Bound<'_, PyAny>) -> bool {
        _Amounts::of(object).is_ok()
    }
}
