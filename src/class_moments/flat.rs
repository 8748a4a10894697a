//! Moments of all classes as plain numbers in few large arrays, to be stored elsewhere.

use std::borrow::Cow;
use std::slice;

use super::{ClassMoments, Stores};
use crate::classes::Union;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::kernel::Value;
use crate::kernel::product::{Precision, packed_len};
use crate::moments::{Moments, Parts};

/// The parts of [`ClassMoments`].
#[derive(Clone, Debug)]
pub struct Flat<'a> {
    /// What products are summed up in.
    pub precision: Precision,
    /// p, once there are embeddings.
    pub dim: Option<usize>,
    /// Whether these classes are all that there are.
    pub fixed: bool,
    /// Id of each class, as far as it has one.
    pub ids: Vec<Option<i64>>,
    /// Name of each class.
    pub names: Vec<String>,
    /// Embeddings of each class.
    pub counts: Vec<u64>,
    /// Whether they are folded.
    pub folded: Vec<bool>,
    /// Raw rows of the classes that are not, one after the other.
    pub rows: FlatRows<'a>,
    /// Mean, packed scatter, third and fourth moment of those that are.
    pub moments: Cow<'a, [f64]>,
    /// Digests of the embeddings of the files that were loaded.
    pub sources: Vec<String>,
    /// That of the embeddings that were pushed, if any were.
    pub pushed: Option<Digest>,
}

/// Raw rows, row-major.
#[derive(Clone, Debug)]
pub enum FlatRows<'a> {
    /// f32.
    Single(Cow<'a, [f32]>),
    /// f64.
    Double(Cow<'a, [f64]>),
}

impl Flat<'_> {
    /// Adds the moments of each class; returns the raw rows.
    fn take_apart<T: Value>(&mut self, stores: &[Moments<T>]) -> Vec<T> {
        let mut all = Vec::new();
        for moments in stores {
            self.counts.push(moments.count());
            self.folded.push(moments.raw_rows().is_none());
            // Rows are the most of it: they are not cloned first.
            if let Some(rows) = moments.raw_rows() {
                all.push(rows);
            } else if let Parts::Folded { mean, scatter, third, fourth, .. } =
                moments.clone().into_parts()
            {
                for part in [&mean[..], &scatter, &third, slice::from_ref(&fourth)] {
                    self.moments.to_mut().extend_from_slice(part);
                }
            }
        }
        all.concat()
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
}

impl ClassMoments {
    /// The parts.
    pub fn to_flat(&self) -> Flat<'static> {
        let (ids, names) = self.classes.iter().map(|(id, name)| (id, name.to_owned())).unzip();
        let mut flat = Flat {
            precision: self.precision,
            dim: self.dim,
            fixed: self.fixed,
            ids,
            names,
            counts: Vec::new(),
            folded: Vec::new(),
            rows: FlatRows::Single(Cow::default()),
            moments: Cow::default(),
            sources: self.sources.iter().cloned().collect(),
            pushed: self.pushed,
        };
        flat.rows = match &self.stores {
            Stores::Single(stores) => FlatRows::Single(flat.take_apart(stores).into()),
            Stores::Double(stores) => FlatRows::Double(flat.take_apart(stores).into()),
        };
        flat
    }

    /// What such parts were of; none if they do not go together.
    ///
    /// # Errors
    /// If two classes have the same name or id.
    pub fn from_flat(flat: Flat) -> Result<Option<ClassMoments>> {
        let mut classes = Union::default();
        for (id, name) in flat.ids.iter().zip(&flat.names) {
            classes.place(*id, name.clone()).map_err(Error::Input)?;
        }
        let stores = match &flat.rows {
            FlatRows::Single(rows) => flat.put_together(rows).map(Stores::Single),
            FlatRows::Double(rows) => flat.put_together(rows).map(Stores::Double),
        };
        Ok(stores.map(|stores| ClassMoments {
            precision: flat.precision,
            dim: flat.dim,
            classes,
            fixed: flat.fixed,
            stores,
            sources: flat.sources.into_iter().collect(),
            pushed: flat.pushed,
        }))
    }
}
