//! `Moments`: the covariance of each class, batch by batch (Eq. 7–8).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use igam_analyze::classes::{Classes, Union};
use igam_analyze::digest::Digest;
use igam_analyze::error::{Error, Result};
use igam_analyze::information::Information;
use igam_analyze::input::labels::Labels;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments;
use igam_analyze::moments_file::{Header, MomentsFiles, write_moments};
use igam_analyze::rows::Element;
use igam_analyze::shrinkage::Estimator;
use igam_analyze::stream::{ClassInformation, MomentsSource, largest_first};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use rayon::prelude::*;

use crate::arrays::{self, Embeddings, Rows, View, Widen, by_class};
use crate::columns::InformationColumns;
use crate::information::{CLASS_NAMES, estimator, known, precision};
use crate::kept::Kept;
use crate::work::{locked, released};

/// Moments of each class's embeddings: count, mean and scatter (Eq. 7), merged by Eq. 8.
///
/// §3.3.1's dynamic update of covariances without a queue: a class keeps its embeddings while they are
/// at most p, then mean and scatter. So it never holds more than about C·p²/2 numbers, however many
/// embeddings are pushed. A program may use one object on several threads; it can be pickled.
///
/// Parameters
/// ----------
/// precision : "f64", or "f32": faster, right to about six digits
/// class_names : names in order of id from 0, or a dict of id to name; a label that is none of them is
///     refused. Else the classes are those that the labels name
#[pyclass(frozen, module = "igam_analyze")]
pub struct Moments(Mutex<State>);

/// What is held.
#[derive(Clone)]
pub struct State {
    pub precision: Precision,
    /// p, once there are embeddings.
    pub dim: Option<usize>,
    pub classes: Union,
    /// Whether they are all that there are.
    pub fixed: bool,
    /// A class each.
    pub stores: Stores,
    /// Of the files that were loaded.
    pub sources: BTreeSet<String>,
    /// Of the embeddings that were pushed, if any were.
    pub pushed: Option<Digest>,
}

/// As wide as the embeddings so far need.
#[derive(Clone)]
pub enum Stores {
    Single(Vec<moments::Moments<f32>>),
    Double(Vec<moments::Moments<f64>>),
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

#[pymethods]
impl Moments {
    #[new]
    #[pyo3(signature = (precision="f64", class_names=None))]
    fn new(precision: &str, class_names: Option<&Bound<'_, PyAny>>) -> PyResult<Moments> {
        let precision = self::precision(precision)?;
        let mut state = State::empty(precision);
        if let Some(names) = class_names {
            state.fixed = true;
            let known = known(names)?;
            for (id, name) in known.lasting_ids().zip(known.names()) {
                state.classes.place(id, name.clone()).map_err(PyValueError::new_err)?;
            }
        }
        Ok(Moments(Mutex::new(state)))
    }

    /// Adds a batch: (n, p) embeddings of float16, float32 or float64, and their (n,) labels, integers or
    /// class names. No row is the fewest; a batch that is refused changes nothing.
    ///
    /// Raises
    /// ------
    /// ValueError : if the arrays do not go together or with those before, a value is NaN or infinite, or
    ///     a label is no class
    fn push(
        &self,
        py: Python<'_>,
        embeddings: &Bound<'_, PyAny>,
        labels: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let embeddings = Embeddings::of(embeddings)?;
        let labels = arrays::labels(labels)?;
        let view = embeddings.view()?;
        locked(py, &self.0, |state| state.push(view, &labels))
    }

    /// Adds the embeddings of `other`, which stays as it is (Eq. 8).
    ///
    /// Raises
    /// ------
    /// ValueError : if the two differ in dimension, precision or classes, or hold the same file
    fn merge(slf: &Bound<'_, Self>, other: &Bound<'_, Self>) -> PyResult<()> {
        if slf.is(other) {
            return Err(PyValueError::new_err("moments cannot be merged with themselves"));
        }
        // One lock at a time: somebody else may merge them the other way round.
        let theirs = locked(slf.py(), &other.get().0, |theirs| Ok(theirs.clone()))?;
        locked(slf.py(), &slf.get().0, |ours| ours.merge(theirs))
    }

    /// Information amount of each class so far, the columns of `information()`.
    ///
    /// Raises
    /// ------
    /// ValueError : if the embeddings of a class are so large that its covariance overflows
    #[pyo3(signature = (estimator="mp-floor"))]
    fn information<'py>(&self, py: Python<'py>, estimator: &str) -> PyResult<Bound<'py, PyDict>> {
        let estimator = self::estimator(estimator)?;
        locked(py, &self.0, |state| state.information(estimator))?.dict(py)
    }

    /// Writes a moments file (`docs/moments.md`), which `igam-analyze merge` and every `--moments` take.
    ///
    /// Raises
    /// ------
    /// OSError : if it cannot be written
    /// ValueError : if nothing was pushed, or the covariance of a class overflows
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        locked(py, &self.0, |state| state.save(&path))
    }

    /// Reads a moments file; or a directory or glob of several, merged.
    ///
    /// Raises
    /// ------
    /// OSError : if it cannot be read
    /// ValueError : if it is no moments file, or two cannot be merged
    #[classmethod]
    fn load(_: &Bound<'_, PyType>, py: Python<'_>, path: PathBuf) -> PyResult<Moments> {
        let state = released(py, || State::load(path))?;
        Ok(Moments(Mutex::new(state)))
    }

    /// Number of dimensions p; None before the first embedding.
    #[getter]
    fn dim(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        locked(py, &self.0, |state| Ok(state.dim))
    }

    /// Number of embeddings of all classes.
    #[getter]
    fn instances(&self, py: Python<'_>) -> PyResult<u64> {
        locked(py, &self.0, |state| Ok(state.counts().iter().sum()))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let kept = locked(py, &slf.get().0, |state| Ok(Kept::of(state)))?;
        (py.get_type::<Moments>(), PyTuple::empty(py), kept.dict(py)?).into_pyobject(py)
    }

    fn __setstate__(&self, py: Python<'_>, state: &Bound<'_, PyDict>) -> PyResult<()> {
        let kept = Kept::read(state)?;
        locked(py, &self.0, |state| {
            *state = kept.state()?;
            Ok(())
        })
    }
}

impl State {
    fn empty(precision: Precision) -> State {
        State {
            precision,
            dim: None,
            classes: Union::default(),
            fixed: false,
            stores: Stores::Single(Vec::new()),
            sources: BTreeSet::new(),
            pushed: None,
        }
    }

    /// All classes in order of id, and the index there of each class here.
    fn classes(&self) -> Result<(Classes, Vec<usize>)> {
        if self.classes.is_empty() {
            return Ok((Classes::default(), Vec::new()));
        }
        let none = |problem| Error::Content { path: CLASS_NAMES.into(), problem };
        self.classes.clone().classes().map_err(none)
    }

    /// Embeddings of each class here.
    fn counts(&self) -> Vec<u64> {
        either!(&self.stores, stores => stores.iter().map(|moments| moments.count()).collect())
    }

    /// Takes in classes: all of these numbers of dimensions from now on.
    fn grow(&mut self, dim: usize, classes: Union, double: bool) {
        if double && let Stores::Single(stores) = &mut self.stores {
            let stores = std::mem::take(stores);
            self.stores = Stores::Double(stores.into_iter().map(|each| each.widened()).collect());
        }
        let precision = self.precision;
        either!(&mut self.stores, stores => stores.resize_with(classes.len(), || {
            moments::Moments::with_precision(dim, precision)
        }));
        self.classes = classes;
        self.dim = Some(dim);
    }

    fn push(&mut self, view: View, labels: &Labels) -> Result<()> {
        let (count, dim) = view.shape();
        if let Some(ours) = self.dim.filter(|&ours| ours != dim) {
            return Err(Error::Input(format!(
                "the embeddings have {dim} dimensions, those before have {ours}: they cannot be one dump"
            )));
        }
        labels.check_length(count)?;
        let (classes, index) = self.classes_of(labels)?;
        let numbers: Vec<usize> = (0..index.len()).collect();
        let rows = by_class(classes.len(), &index, &numbers);
        view.check(&numbers)?;
        self.grow(dim, classes, matches!(view, View::Double(_)));
        let digest = match (&mut self.stores, view) {
            (Stores::Single(to), View::Half(all)) => push::<_, f32, _>(to, all, &rows),
            (Stores::Single(to), View::Single(all)) => push::<_, f32, _>(to, all, &rows),
            (Stores::Double(to), View::Half(all)) => push::<_, f32, _>(to, all, &rows),
            (Stores::Double(to), View::Single(all)) => push::<_, f32, _>(to, all, &rows),
            (Stores::Double(to), View::Double(all)) => push::<_, f64, _>(to, all, &rows),
            (Stores::Single(_), View::Double(_)) => unreachable!("grown for them"),
        }?;
        if !index.is_empty() {
            self.pushed.get_or_insert_default().merge(digest);
        }
        Ok(())
    }

    /// The classes here and those of labels, and the place of each label's.
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

    fn merge(&mut self, theirs: State) -> Result<()> {
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
        let pushed = |state: &State| state.pushed.map(|digest| digest.to_string());
        let both = self.sources.intersection(&theirs.sources).next().is_some()
            || pushed(self).is_some_and(|source| theirs.sources.contains(&source))
            || pushed(&theirs).is_some_and(|source| self.sources.contains(&source));
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
                "their class {new:?} is none of the {} classes: check --class-names",
                self.classes.len()
            )));
        }
        self.sources.extend(theirs.sources);
        if let Some(digest) = theirs.pushed {
            self.pushed.get_or_insert_default().merge(digest);
        }
        let Some(dim) = theirs.dim else {
            self.classes = classes;
            return Ok(());
        };
        self.grow(dim, classes, matches!(theirs.stores, Stores::Double(_)));
        match (&mut self.stores, theirs.stores) {
            (Stores::Single(ours), Stores::Single(theirs)) => merge(ours, theirs, &places),
            (Stores::Double(ours), Stores::Double(theirs)) => merge(ours, theirs, &places),
            (Stores::Double(ours), Stores::Single(theirs)) => {
                merge(ours, theirs.into_iter().map(|each| each.widened()).collect(), &places);
            }
            (Stores::Single(_), Stores::Double(_)) => unreachable!("grown for them"),
        }
        Ok(())
    }

    fn information(&self, estimator: Estimator) -> Result<InformationColumns> {
        let (classes, index) = self.classes()?;
        let mut computed: Vec<ClassInformation> = vec![Ok(None); classes.len()];
        let mut counts = vec![0; classes.len()];
        let of_stores = self.counts();
        let of_each = either!(&self.stores, stores => {
            let of_class = |_, moments: &moments::Moments<_>| {
                Ok(Information::of_moments(moments.clone(), &[estimator]))
            };
            largest_first(&of_stores, stores.iter().enumerate().collect(), of_class)
        });
        for (at, of_class) in of_each? {
            computed[index[at]] = of_class;
            counts[index[at]] = of_stores[at];
        }
        InformationColumns::new(classes, counts, computed)
    }

    fn save(&self, path: &Path) -> Result<()> {
        let mut sources = self.sources.clone();
        sources.extend(self.pushed.map(|digest| digest.to_string()));
        let (Some(dim), false) = (self.dim, sources.is_empty()) else {
            return Err(Error::Input("there are no moments to save: push embeddings first".into()));
        };
        either!(&self.stores, stores => self.write(path, dim, stores, sources))
    }

    fn write<T: Element>(
        &self,
        path: &Path,
        dim: usize,
        stores: &[moments::Moments<T>],
        sources: BTreeSet<String>,
    ) -> Result<()> {
        let (classes, index) = self.classes()?;
        let double = size_of::<T>() == size_of::<f64>();
        let mut places: Vec<_> = index.into_iter().zip(stores).collect();
        places.sort_by_key(|&(class, _)| class);
        write_moments(path, Header::new(dim, self.precision, double), &classes, |sink| {
            for (class, moments) in places.into_iter().filter(|(_, moments)| moments.count() > 0) {
                sink(vec![(class, moments.clone())])?;
            }
            Ok(sources.into_iter().collect())
        })
    }

    fn load(path: PathBuf) -> Result<State> {
        let files = MomentsFiles::open(&[path])?;
        let header = files.header();
        let mut state = State::empty(header.precision());
        let mut classes = Union::default();
        let known = files.classes();
        for (id, name) in known.lasting_ids().zip(known.names()) {
            classes.place(id, name.clone()).map_err(Error::Input)?;
        }
        state.grow(header.dimension, classes, header.double());
        either!(&mut state.stores, stores => files.read(|_| true, &mut |row_group| {
            let (places, theirs): (Vec<_>, Vec<_>) = row_group.into_iter().unzip();
            merge(stores, theirs, &places);
        })?);
        state.sources = header.sources.iter().cloned().collect();
        Ok(state)
    }
}

/// Pushes the rows of each class to its moments, and digests them.
fn push<S: Widen<V>, V: Element + Widen<T>, T: Element>(
    to: &mut [moments::Moments<T>],
    all: Rows<S>,
    by_class: &[Vec<usize>],
) -> Result<Digest> {
    let counts: Vec<_> = by_class.iter().map(|rows| rows.len() as u64).collect();
    let work = to.iter_mut().zip(by_class).enumerate();
    let work = work.filter(|(_, (_, rows))| !rows.is_empty()).collect();
    let of_class = |_, (moments, rows): (&mut moments::Moments<T>, &Vec<usize>)| {
        let (mut digest, mut buffer) = (Digest::default(), Vec::new());
        all.each(rows, |row: &[V]| {
            digest.add(row);
            moments.push(V::widen(row, &mut buffer));
        });
        Ok(digest)
    };
    let mut digest = Digest::default();
    for (_, one) in largest_first(&counts, work, of_class)? {
        digest.merge(one);
    }
    Ok(digest)
}

/// Eq. 8: `theirs` into those of `ours` at these places.
fn merge<T: Element>(
    ours: &mut [moments::Moments<T>],
    theirs: Vec<moments::Moments<T>>,
    places: &[usize],
) {
    let mut at: Vec<Option<moments::Moments<T>>> = ours.iter().map(|_| None).collect();
    for (theirs, &place) in theirs.into_iter().zip(places) {
        at[place] = Some(theirs);
    }
    ours.par_iter_mut().zip(at).with_max_len(1).for_each(|(ours, theirs)| {
        if let Some(theirs) = theirs {
            ours.merge(theirs);
        }
    });
}
