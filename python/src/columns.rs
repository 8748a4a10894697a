//! Columns of a table as a dict of arrays.

use igam_analyze::class_moments::Amounts;
use igam_analyze::classes::Classes;
use igam_analyze::error::{Error, Result};
use igam_analyze::information::{FloorShare, Information};
use igam_analyze::normalization::Normalization;
use igam_analyze::stream::ClassInformation;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The information amount of each class, as far as it has one.
pub struct InformationColumns {
    pub classes: Classes,
    pub counts: Vec<u64>,
    pub information: Vec<Option<Information>>,
}

impl InformationColumns {
    /// What was computed, under one estimator.
    ///
    /// # Errors
    /// If a class has no spectrum.
    pub fn new(amounts: Amounts) -> Result<InformationColumns> {
        let Amounts { classes, counts, information: computed } = amounts;
        let of_class = |(name, computed): (&String, ClassInformation)| match computed {
            Ok(each) => Ok(each.and_then(|each| each.into_iter().next()?.ok())),
            Err(source) => Err(Error::Spectrum { class: name.clone(), source }),
        };
        let information =
            classes.names().iter().zip(computed).map(of_class).collect::<Result<_>>()?;
        Ok(InformationColumns { classes, counts, information })
    }

    /// The columns of `information.csv` and p/m, as far as they are known of arrays.
    pub fn dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let InformationColumns { classes, counts, information } = self;
        let bits: Vec<f64> = information.iter().flatten().map(|class| class.bits).collect();
        let normalized = Normalization::Printed.normalize(&bits);
        let mut normalized = normalized.values();
        let normalized = information.iter().map(|class| class.and_then(|_| normalized.next()));
        let column = |of: fn(Information) -> Option<f64>| {
            numbers(py, information.iter().map(|class| class.and_then(of)))
        };
        let floor = |of: fn(FloorShare) -> f64| {
            numbers(py, information.iter().map(|class| Some(of(class.as_ref()?.floor?))))
        };
        let counts: Vec<i64> = counts.into_iter().map(|count| count as i64).collect();
        let dict = PyDict::new(py);
        dict.set_item("class_id", classes.ids().to_vec().into_pyarray(py))?;
        dict.set_item("class", classes.names())?;
        dict.set_item("instances", counts.into_pyarray(py))?;
        dict.set_item("information", column(|class| Some(class.bits)))?;
        dict.set_item("normalized_information", numbers(py, normalized))?;
        dict.set_item("floor", floor(|floor| floor.level))?;
        dict.set_item("floored_fraction", floor(|floor| floor.fraction))?;
        dict.set_item("floor_bits", floor(|floor| floor.bits))?;
        dict.set_item("dim_per_instance", column(|class| Some(class.dim_per_instance)))?;
        Ok(dict)
    }
}

/// Numbers, NaN where there is none. As in the files, what is not finite does not exist.
pub fn numbers(
    py: Python<'_>,
    numbers: impl Iterator<Item = Option<f64>>,
) -> Bound<'_, PyArray1<f64>> {
    let or_nan = |number: Option<f64>| number.filter(|number| number.is_finite());
    numbers.map(|number| or_nan(number).unwrap_or(f64::NAN)).collect::<Vec<_>>().into_pyarray(py)
}
