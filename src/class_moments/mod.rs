//! The moments of all classes, batch by batch: §3.3.1's dynamic update of covariances without a queue.
//!
//! A class stores what [`Moments`] store: its embeddings while they are at most p, then mean
//! and scatter. Each embedding has a digest, so that none is merged twice.

mod flat;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::classes::{Classes, Labels, Union, tally};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::information::Information;
use crate::kernel::product::Precision;
use crate::moments::Moments;
use crate::pooled::{WithinClasses, check_size};
use crate::rows::{Array, Element, Rows, converted};
use crate::shrinkage::Estimator;
use crate::stream::{
    ClassInformation, MomentsSource, by_class, largest_first, merged, within_classes_in_memory,
};

pub use flat::{Flat, FlatRows};

/// Moments of each class's embeddings, which grow batch by batch (Eq. 7) and are merged (Eq. 8).
#[derive(Clone, Debug)]
pub struct ClassMoments {
    precision: Precision,
    /// p, once there are embeddings.
    dim: Option<usize>,
    classes: Union,
    /// Whether these classes are all that there are.
    fixed: bool,
    /// A class each, in the order of `classes`.
    stores: Stores,
    /// Of the files that were loaded.
    sources: BTreeSet<String>,
    /// Of the embeddings that were pushed, if any were.
    pushed: Option<Digest>,
}

/// Moments as wide as the embeddings so far need.
#[derive(Clone, Debug)]
pub enum Stores {
    /// f32.
    Single(Vec<Moments<f32>>),
    /// f64.
    Double(Vec<Moments<f64>>),
}

/// Does the same with either.
macro_rules! either {
    ($stores:expr, $name:ident => $do:expr) => {
        match $stores {
            Stores::Single($name) => $do,
            Stores::Double($name) => $do,
        }
    };
}

impl ClassMoments {
    /// No embeddings yet, and no classes: they will be those that labels name. Products are summed up in
    /// `precision`.
    pub fn new(precision: Precision) -> ClassMoments {
        ClassMoments {
            precision,
            dim: None,
            classes: Union::default(),
            fixed: false,
            stores: Stores::Single(Vec::new()),
            sources: BTreeSet::new(),
            pushed: None,
        }
    }

    /// No embeddings yet of these classes, which are all that there will be.
    ///
    /// # Errors
    /// If two have the same name or id.
    pub fn of_classes(precision: Precision, classes: &Classes) -> Result<ClassMoments> {
        let classes = union(classes)?;
        Ok(ClassMoments { classes, fixed: true, ..ClassMoments::new(precision) })
    }

    /// All moments of a source, whose classes these are, in f64 if `double`. `sources` are the digests of
    /// the embeddings that they are of.
    ///
    /// # Errors
    /// If reading fails.
    pub fn of_source(
        source: &impl MomentsSource,
        classes: &Classes,
        double: bool,
        sources: impl IntoIterator<Item = String>,
    ) -> Result<ClassMoments> {
        let mut all = ClassMoments::new(source.precision());
        all.grow(source.dim(), union(classes)?, double);
        let some = source.counts().iter().enumerate().filter(|(_, count)| **count > 0);
        let pass = some.map(|(class, _)| class).collect();
        either!(&mut all.stores, stores => merged(&[pass], source, &|_| {}, &mut |pass| {
            pass.into_iter().for_each(|(class, moments)| stores[class] = moments);
            Ok(())
        })?);
        all.sources = sources.into_iter().collect();
        Ok(all)
    }

    /// Number of dimensions p, once there are embeddings.
    pub fn dim(&self) -> Option<usize> {
        self.dim
    }

    /// What products are summed up in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Number of embeddings of all classes.
    pub fn instances(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// The moments of each class, in the order in which the classes came.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Digests of the embeddings: of those of each file that was loaded, and of those that were pushed.
    pub fn sources(&self) -> BTreeSet<String> {
        let pushed = self.pushed.map(|digest| digest.to_string());
        self.sources.iter().cloned().chain(pushed).collect()
    }

    /// All classes in order of id, and the index there of each in the order in which they came.
    ///
    /// # Errors
    /// If two have the same name or id.
    pub fn classes(&self) -> Result<(Classes, Vec<usize>)> {
        if self.classes.is_empty() {
            return Ok((Classes::default(), Vec::new()));
        }
        self.classes.clone().classes().map_err(Error::Input)
    }

    /// Embeddings of each class, in the order in which they came.
    fn counts(&self) -> Vec<u64> {
        either!(&self.stores, stores => stores.iter().map(Moments::count).collect())
    }

    /// Takes in classes: all of these numbers of dimensions from now on.
    fn grow(&mut self, dim: usize, classes: Union, double: bool) {
        if double && let Stores::Single(stores) = &mut self.stores {
            let stores = std::mem::take(stores);
            self.stores = Stores::Double(stores.into_iter().map(Moments::widened).collect());
        }
        let precision = self.precision;
        either!(&mut self.stores, stores => stores.resize_with(classes.len(), || {
            Moments::with_precision(dim, precision)
        }));
        self.classes = classes;
        self.dim = Some(dim);
    }

    /// Adds a batch of embeddings with their labels. One that is refused changes nothing.
    ///
    /// # Errors
    /// If the embeddings have not as many dimensions as those before, there are more or fewer labels, or
    /// a label is no class.
    pub fn push(&mut self, rows: &Array, labels: &Labels) -> Result<()> {
        let dim = rows.dim();
        if let Some(ours) = self.dim.filter(|&ours| ours != dim) {
            return Err(Error::Input(format!(
                "the embeddings have {dim} dimensions, but earlier ones have {ours}: they do not \
                 belong together"
            )));
        }
        labels.check_length(rows.rows())?;
        let (classes, index) = self.classes_of(labels)?;
        let counts = tally(&index, classes.len());
        let by_class = by_class(&index, &counts);
        self.grow(dim, classes, rows.double());
        let digest = match &mut self.stores {
            Stores::Single(to) => push::<f32, f32>(to, rows, &counts, &by_class),
            Stores::Double(to) if rows.double() => push::<f64, f64>(to, rows, &counts, &by_class),
            Stores::Double(to) => push::<f32, f64>(to, rows, &counts, &by_class),
        }?;
        if !index.is_empty() {
            self.pushed.get_or_insert_default().merge(digest);
        }
        Ok(())
    }

    /// The classes here and those of labels, and the index of each label's.
    fn classes_of(&self, labels: &Labels) -> Result<(Union, Vec<u32>)> {
        if self.fixed {
            return Ok((self.classes.clone(), labels.index_as_given(&self.classes()?.0, &[])?));
        }
        let mut classes = self.classes.clone();
        let new = labels.classes(&[])?;
        let places: Vec<u32> = new
            .lasting_ids()
            .zip(new.names())
            .map(|(id, name)| classes.place_label(id, name).map(|place| place as u32))
            .collect::<std::result::Result<_, _>>()
            .map_err(Error::Input)?;
        let index = labels.index_as_given(&new, &[])?;
        Ok((classes, index.into_iter().map(|class| places[class as usize]).collect()))
    }

    /// Adds the embeddings of others (Eq. 8).
    ///
    /// # Errors
    /// If the two differ in dimension, precision or classes, or hold the same embeddings.
    pub fn merge(&mut self, theirs: &ClassMoments) -> Result<()> {
        let cannot = |of: &str, theirs: String, ours: String| {
            Err(Error::Input(format!(
                "their moments are of {theirs} {of}, these of {ours}: they cannot be merged"
            )))
        };
        if let (Some(ours), Some(dim)) = (self.dim, theirs.dim)
            && ours != dim
        {
            return cannot("dimensions", dim.to_string(), ours.to_string());
        }
        if self.precision != theirs.precision {
            let [theirs, ours] = [theirs.precision, self.precision].map(Precision::name);
            return cannot("precision", theirs.into(), ours.into());
        }
        let pushed = |all: &ClassMoments| all.pushed.map(|digest| digest.to_string());
        let both = self.sources.intersection(&theirs.sources).next().is_some()
            || pushed(self).is_some_and(|source| theirs.sources.contains(&source))
            || pushed(theirs).is_some_and(|source| self.sources.contains(&source));
        if both {
            return Err(Error::Input(
                "these moments hold embeddings that the others hold too: merge each shard once"
                    .into(),
            ));
        }
        let mut classes = self.classes.clone();
        let place = |(id, name): (Option<i64>, &str)| classes.place(id, name.to_owned());
        let places: Vec<usize> = theirs
            .classes
            .iter()
            .map(place)
            .collect::<std::result::Result<_, _>>()
            .map_err(Error::Input)?;
        if self.fixed && classes.len() > self.classes.len() {
            let new = classes.iter().nth(self.classes.len()).map_or("", |(_, name)| name);
            return Err(Error::Input(format!(
                "their class {new:?} is not one of the {} classes: check --class-names",
                self.classes.len()
            )));
        }
        self.sources.extend(theirs.sources.iter().cloned());
        if let Some(digest) = theirs.pushed {
            self.pushed.get_or_insert_default().merge(digest);
        }
        let Some(dim) = theirs.dim else {
            self.classes = classes;
            return Ok(());
        };
        self.grow(dim, classes, matches!(theirs.stores, Stores::Double(_)));
        match (&mut self.stores, &theirs.stores) {
            (Stores::Single(ours), Stores::Single(theirs)) => merge(ours, theirs, &places),
            (Stores::Double(ours), Stores::Double(theirs)) => merge(ours, theirs, &places),
            (Stores::Double(ours), Stores::Single(theirs)) => {
                let theirs: Vec<_> = theirs.iter().cloned().map(Moments::widened).collect();
                merge(ours, &theirs, &places);
            }
            (Stores::Single(_), Stores::Double(_)) => unreachable!("grown for them"),
        }
        Ok(())
    }

    /// The classes in order of id, the embeddings of each, and its information amount so far under each of
    /// `estimators`.
    ///
    /// # Errors
    /// As for [`ClassMoments::classes`].
    pub fn information(
        &self,
        estimators: &[Estimator],
    ) -> Result<(Classes, Vec<u64>, Vec<ClassInformation>)> {
        let (classes, index) = self.classes()?;
        let mut information: Vec<ClassInformation> = vec![Ok(None); classes.len()];
        let mut counts = vec![0; classes.len()];
        let of_stores = self.counts();
        let of_each = either!(&self.stores, stores => {
            let of_class = |_, moments: &Moments<_>| {
                Ok(Information::of_moments(moments.clone(), estimators))
            };
            largest_first(&of_stores, stores.iter().enumerate().collect(), of_class)
        });
        for (at, of_class) in of_each? {
            information[index[at]] = of_class;
            counts[index[at]] = of_stores[at];
        }
        Ok((classes, counts, information))
    }

    /// The classes in order of id, and what they have inside.
    ///
    /// # Errors
    /// As for [`ClassMoments::classes`]; if there are no embeddings, or too many classes for a matrix of their
    /// distances.
    pub fn within(&self) -> Result<(Classes, WithinClasses)> {
        let Some(dim) = self.dim else {
            return Err(Error::Input("the moments are of no embeddings: push some first".into()));
        };
        let (classes, index) = self.classes()?;
        check_size(classes.len()).map_err(Error::Input)?;
        let within = either!(&self.stores, stores => {
            within_classes_in_memory(dim, &self.counts(), stores, self.precision)
        });
        let within = within.placed(&index, classes.len());
        Ok((classes, within))
    }
}

fn union(classes: &Classes) -> Result<Union> {
    let mut union = Union::default();
    for (id, name) in classes.lasting_ids().zip(classes.names()) {
        union.place(id, name.clone()).map_err(Error::Input)?;
    }
    Ok(union)
}

/// Pushes the rows of each class, read as `V`, to its moments, and digests them.
fn push<V: Element, T: Element>(
    to: &mut [Moments<T>],
    rows: &Array,
    counts: &[u64],
    by_class: &[Vec<usize>],
) -> Result<Digest> {
    let work = to.iter_mut().zip(by_class).enumerate();
    let work = work.filter(|(_, (_, numbers))| !numbers.is_empty()).collect();
    let of_class = |_, (moments, numbers): (&mut Moments<T>, &Vec<usize>)| {
        let (mut digest, mut buffer) = (Digest::default(), Vec::new());
        rows.gather(numbers, &mut |_, row: &[V]| {
            digest.add(row);
            moments.push(converted(row, &mut buffer));
        })?;
        Ok(digest)
    };
    let mut digest = Digest::default();
    for (_, one) in largest_first(counts, work, of_class)? {
        digest.merge(one);
    }
    Ok(digest)
}

/// Eq. 8: `theirs` into those of `ours` with these indices.
fn merge<T: Element>(ours: &mut [Moments<T>], theirs: &[Moments<T>], places: &[usize]) {
    let mut at: Vec<Option<&Moments<T>>> = vec![None; ours.len()];
    for (theirs, &place) in theirs.iter().zip(places) {
        at[place] = Some(theirs);
    }
    ours.par_iter_mut().zip(at).with_max_len(1).for_each(|(ours, theirs)| {
        if let Some(theirs) = theirs {
            ours.merge(theirs);
        }
    });
}
