//! `Moments` as plain numbers in few large arrays: what a pickle holds.

use std::slice;

use igam_analyze::classes::Union;
use igam_analyze::digest::Digest;
use igam_analyze::error::{Error, Result};
use igam_analyze::kernel::Value;
use igam_analyze::kernel::product::{Precision, packed_len};
use igam_analyze::moments::{Moments, Parts};
use numpy::{Element, IntoPyArray, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::information::precision;
use crate::moments::{State, Stores};

/// The parts of a `Moments`.
pub struct Kept {
    precision: Precision,
    dim: Option<usize>,
    fixed: bool,
    ids: Vec<Option<i64>>,
    names: Vec<String>,
    /// Embeddings of each class.
    counts: Vec<u64>,
    /// Whether they are folded.
    folded: Vec<bool>,
    /// Raw rows of the classes that are not, one after the other.
    rows: Values,
    /// Mean, packed scatter, third and fourth moment of those that are.
    moments: Vec<f64>,
    sources: Vec<String>,
    pushed: Option<String>,
}

enum Values {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Kept {
    /// The parts.
    pub fn of(state: &State) -> Kept {
        let (ids, names) = state.classes.iter().map(|(id, name)| (id, name.to_owned())).unzip();
        let mut kept = Kept {
            precision: state.precision,
            dim: state.dim,
            fixed: state.fixed,
            ids,
            names,
            counts: Vec::new(),
            folded: Vec::new(),
            rows: Values::Single(Vec::new()),
            moments: Vec::new(),
            sources: state.sources.iter().cloned().collect(),
            pushed: state.pushed.map(|digest| digest.to_string()),
        };
        kept.rows = match &state.stores {
            Stores::Single(stores) => Values::Single(kept.take_apart(stores)),
            Stores::Double(stores) => Values::Double(kept.take_apart(stores)),
        };
        kept
    }

    /// Adds the moments of each class; returns the raw rows.
    fn take_apart<T: Value>(&mut self, stores: &[Moments<T>]) -> Vec<T> {
        let mut all = Vec::new();
        for moments in stores {
            self.counts.push(moments.count());
            let parts = moments.clone().into_parts();
            self.folded.push(matches!(parts, Parts::Folded { .. }));
            match parts {
                Parts::Rows(rows) => all.extend(rows),
                Parts::Folded { mean, scatter, third, fourth, .. } => {
                    for part in [&mean[..], &scatter, &third, slice::from_ref(&fourth)] {
                        self.moments.extend_from_slice(part);
                    }
                }
            }
        }
        all
    }

    /// What they are the parts of.
    ///
    /// # Errors
    /// If they are not of one another.
    pub fn state(self) -> Result<State> {
        let foreign = || Error::Input("this pickle holds no moments, or is damaged".into());
        let mut classes = Union::default();
        for (id, name) in self.ids.iter().zip(&self.names) {
            classes.place(*id, name.clone()).map_err(Error::Input)?;
        }
        let stores = match &self.rows {
            Values::Single(rows) => self.put_together(rows).map(Stores::Single),
            Values::Double(rows) => self.put_together(rows).map(Stores::Double),
        };
        let digest = |text: &String| u128::from_str_radix(text, 16).ok().map(Digest);
        Ok(State {
            precision: self.precision,
            dim: self.dim,
            classes,
            fixed: self.fixed,
            stores: stores.ok_or_else(foreign)?,
            pushed: self
                .pushed
                .as_ref()
                .map(|text| digest(text).ok_or_else(foreign))
                .transpose()?,
            sources: self.sources.into_iter().collect(),
        })
    }

    fn put_together<T: Value>(&self, mut rows: &[T]) -> Option<Vec<Moments<T>>> {
        let mut moments = &self.moments[..];
        let mut stores = Vec::new();
        for (&count, &folded) in self.counts.iter().zip(&self.folded) {
            let dim = self.dim.filter(|&dim| dim > 0)?;
            let parts = if folded {
                let mut next = |length| moments.split_off(..length).map(<[f64]>::to_vec);
                let (mean, scatter) = (next(dim)?, next(packed_len(dim))?);
                let (third, fourth) = (next(dim)?, next(1)?[0]);
                Parts::Folded { count, mean, scatter, third, fourth }
            } else {
                let length = usize::try_from(count).ok()?.checked_mul(dim)?;
                Parts::Rows(rows.split_off(..length)?.to_vec())
            };
            stores.push(Moments::from_parts(dim, self.precision, parts));
        }
        (rows.is_empty() && moments.is_empty()).then_some(stores)
    }

    /// As Python has them.
    pub fn dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("precision", self.precision.name())?;
        dict.set_item("dim", self.dim)?;
        dict.set_item("fixed", self.fixed)?;
        dict.set_item("class_id", self.ids)?;
        dict.set_item("class", self.names)?;
        dict.set_item("instances", self.counts.into_pyarray(py))?;
        dict.set_item("folded", self.folded.into_pyarray(py))?;
        match self.rows {
            Values::Single(rows) => dict.set_item("rows", rows.into_pyarray(py))?,
            Values::Double(rows) => dict.set_item("rows", rows.into_pyarray(py))?,
        }
        dict.set_item("moments", self.moments.into_pyarray(py))?;
        dict.set_item("sources", self.sources)?;
        dict.set_item("pushed", self.pushed)?;
        Ok(dict)
    }

    /// From there.
    pub fn read(dict: &Bound<'_, PyDict>) -> PyResult<Kept> {
        let item = |name| dict.as_any().get_item(name);
        let rows = item("rows")?;
        let rows = match array::<f32>(&rows) {
            Ok(rows) => Values::Single(rows),
            Err(_) => Values::Double(array(&rows)?),
        };
        Ok(Kept {
            precision: precision(&item("precision")?.extract::<String>()?)?,
            dim: item("dim")?.extract()?,
            fixed: item("fixed")?.extract()?,
            ids: item("class_id")?.extract()?,
            names: item("class")?.extract()?,
            counts: array(&item("instances")?)?,
            folded: array(&item("folded")?)?,
            rows,
            moments: array(&item("moments")?)?,
            sources: item("sources")?.extract()?,
            pushed: item("pushed")?.extract()?,
        })
    }
}

fn array<T: Element>(object: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    Ok(object.extract::<PyReadonlyArray1<T>>()?.to_vec()?)
}
