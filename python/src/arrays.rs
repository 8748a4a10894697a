//! Embeddings and labels as Python has them.

use std::path::Path;

use half::f16;
use igam_analyze::error::Result;
use igam_analyze::input::labels::Labels;
use igam_analyze::rows::Element;
use igam_analyze::rows::check_dim;
use igam_analyze::rows::not_finite;
use numpy::{PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use rayon::prelude::*;

/// What stands for the file in sentences on arrays.
const EMBEDDINGS: &str = "embeddings";

/// Embeddings, borrowed from an array in C order.
pub enum Embeddings<'py> {
    Half(PyReadonlyArray2<'py, f16>),
    Single(PyReadonlyArray2<'py, f32>),
    Double(PyReadonlyArray2<'py, f64>),
}

/// What lies in them.
#[derive(Clone, Copy)]
pub enum View<'a> {
    Half(Rows<'a, f16>),
    Single(Rows<'a, f32>),
    Double(Rows<'a, f64>),
}

/// Rows of `dim` values.
#[derive(Clone, Copy)]
pub struct Rows<'a, S> {
    values: &'a [S],
    dim: usize,
}

impl<'py> Embeddings<'py> {
    /// Of whatever NumPy makes an array of; copied only where it is not in C order, aligned and in this
    /// machine's byte order.
    pub fn of(object: &Bound<'py, PyAny>) -> PyResult<Embeddings<'py>> {
        let numpy = object.py().import(intern!(object.py(), "numpy"))?;
        let array = numpy.call_method1(intern!(object.py(), "asarray"), (object,))?;
        let dtype = array.getattr(intern!(object.py(), "dtype"))?;
        let native = dtype.call_method1(intern!(object.py(), "newbyteorder"), ("=",))?;
        let shape = array.cast::<PyUntypedArray>()?.shape().to_vec();
        let [_, dim] = shape[..] else {
            return Err(refused(format!(
                "holds an array of shape {shape:?}: embeddings have two axes"
            )));
        };
        if dim == 0 {
            return Err(refused("holds rows without values".into()));
        }
        check_dim(dim).map_err(refused)?;
        let order = numpy.call_method1(intern!(object.py(), "require"), (array, native, "CA"))?;
        if let Ok(half) = order.extract() {
            Ok(Embeddings::Half(half))
        } else if let Ok(single) = order.extract() {
            Ok(Embeddings::Single(single))
        } else if let Ok(double) = order.extract() {
            Ok(Embeddings::Double(double))
        } else {
            Err(refused(format!("holds elements of type {dtype}: embeddings are f16, f32 or f64")))
        }
    }

    /// Their rows, which another thread may look at.
    pub fn view(&self) -> PyResult<View<'_>> {
        Ok(match self {
            Embeddings::Half(array) => View::Half(Rows::of(array)?),
            Embeddings::Single(array) => View::Single(Rows::of(array)?),
            Embeddings::Double(array) => View::Double(Rows::of(array)?),
        })
    }
}

impl View<'_> {
    /// Number of rows, and of dimensions p.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            View::Half(rows) => (rows.len(), rows.dim),
            View::Single(rows) => (rows.len(), rows.dim),
            View::Double(rows) => (rows.len(), rows.dim),
        }
    }

    /// Checks that all values in the rows of these numbers are finite.
    ///
    /// # Errors
    /// If one is not; says in how many rows.
    pub fn check(&self, numbers: &[usize]) -> Result<()> {
        match self {
            View::Half(rows) => rows.check::<f32>(numbers),
            View::Single(rows) => rows.check::<f32>(numbers),
            View::Double(rows) => rows.check::<f64>(numbers),
        }
    }
}

fn refused(problem: String) -> PyErr {
    PyValueError::new_err(format!("{EMBEDDINGS}: {problem}"))
}

/// An element type whose rows can be had in another that holds all its values.
pub trait Widen<T>: Copy + Send + Sync {
    /// The row itself, or in a `buffer`.
    fn widen<'a>(row: &'a [Self], buffer: &'a mut Vec<T>) -> &'a [T];
}

macro_rules! widen {
    ($from:ty, $to:ty) => {
        impl Widen<$to> for $from {
            fn widen<'a>(row: &'a [$from], buffer: &'a mut Vec<$to>) -> &'a [$to] {
                buffer.clear();
                buffer.extend(row.iter().map(|&value| <$to>::from(value)));
                buffer
            }
        }
    };
    ($same:ty) => {
        impl Widen<$same> for $same {
            fn widen<'a>(row: &'a [$same], _: &'a mut Vec<$same>) -> &'a [$same] {
                row
            }
        }
    };
}

widen!(f32);
widen!(f64);
widen!(f16, f32);
widen!(f32, f64);

impl<'a, S: numpy::Element> Rows<'a, S> {
    fn of(array: &'a PyReadonlyArray2<S>) -> PyResult<Rows<'a, S>> {
        Ok(Rows { values: array.as_slice()?, dim: array.shape()[1] })
    }
}

impl<S> Rows<'_, S> {
    /// Number of rows.
    fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Number of dimensions p.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Hands out the rows of these numbers, in order.
    pub fn each<T>(&self, numbers: &[usize], mut sink: impl FnMut(&[T]))
    where
        S: Widen<T>,
    {
        let mut buffer = Vec::new();
        for number in numbers {
            sink(S::widen(&self.values[number * self.dim..][..self.dim], &mut buffer));
        }
    }

    fn check<T: Element>(&self, numbers: &[usize]) -> Result<()>
    where
        S: Widen<T>,
    {
        let place = |number: usize| {
            let mut buffer = Vec::new();
            let row = S::widen(&self.values[number * self.dim..][..self.dim], &mut buffer);
            let column = row.iter().position(|value| !value.is_finite())?;
            Some((number, column))
        };
        let invalid: Vec<_> =
            numbers.par_iter().with_min_len(64).filter_map(|&number| place(number)).collect();
        match invalid.first() {
            None => Ok(()),
            Some(&first) => {
                Err(not_finite(Path::new(EMBEDDINGS), first, invalid.len(), numbers.len()))
            }
        }
    }
}

/// Labels of whatever NumPy makes an array of: integers, whole numbers, or class names.
pub fn labels(object: &Bound<'_, PyAny>) -> PyResult<Labels> {
    let numpy = object.py().import(intern!(object.py(), "numpy"))?;
    let array = numpy.call_method1(intern!(object.py(), "asarray"), (object,))?;
    let dtype = array.getattr(intern!(object.py(), "dtype"))?;
    let shape = array.cast::<PyUntypedArray>()?.shape().to_vec();
    let refused = |problem: String| PyValueError::new_err(format!("labels: {problem}"));
    let wrong = |(row, problem): (usize, String)| refused(format!("row {row}: {problem}"));
    if shape.len() != 1 {
        return Err(refused(format!("holds an array of shape {shape:?}: labels have one axis")));
    }
    if shape == [0] {
        return Ok(Labels::of_ids([]));
    }
    let list = array.call_method0(intern!(object.py(), "tolist"))?;
    let kind: String = dtype.getattr(intern!(object.py(), "kind"))?.extract()?;
    match kind.as_str() {
        "i" | "u" => match list.extract::<Vec<i64>>() {
            Ok(ids) => Ok(Labels::of_ids(ids)),
            Err(_) => Err(refused("holds a label that is too large".into())),
        },
        "f" => {
            let numbers: Vec<f64> = list.extract()?;
            Labels::of_numbers(numbers.into_iter()).map_err(wrong)
        }
        "U" | "T" | "O" => {
            let Ok(names) = list.extract::<Vec<String>>() else {
                return Err(refused("holds other things than integers or class names".into()));
            };
            Labels::of_names(names.iter().map(String::as_str)).map_err(wrong)
        }
        _ => Err(refused(format!(
            "holds elements of type {dtype}: labels are integers or class names"
        ))),
    }
}

/// The class names as they were given: in order of id, or by id.
pub fn class_names(object: &Bound<'_, PyAny>) -> PyResult<Vec<(i64, String)>> {
    if let Ok(by_id) = object.cast::<pyo3::types::PyDict>() {
        return by_id.iter().map(|(id, name)| Ok((id.extract()?, name.extract()?))).collect();
    }
    let names: Vec<String> = object.extract()?;
    Ok((0..).zip(names).collect())
}

/// The numbers of the rows of each class, given the class of each row that is not left out.
pub fn by_class(classes: usize, of_rows: &[u32], numbers: &[usize]) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); classes];
    for (&class, &number) in of_rows.iter().zip(numbers) {
        rows[class as usize].push(number);
    }
    rows
}
