//! Rows in memory.

use std::path::Path;

use half::f16;
use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use super::{Element, Rows, Sink, check_dim, converted, first_invalid, not_finite};
use crate::error::{Error, Result};

/// Its name in messages on arrays.
const EMBEDDINGS: &str = "embeddings";

/// Embeddings in memory, a row each; they may lie in any order.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// f16, which is read into f32.
    Half(ArrayView2<'a, f16>),
    /// f32.
    Single(ArrayView2<'a, f32>),
    /// f64.
    Double(ArrayView2<'a, f64>),
}

impl<'a> From<ArrayView2<'a, f16>> for Values<'a> {
    fn from(values: ArrayView2<'a, f16>) -> Values<'a> {
        Values::Half(values)
    }
}

impl<'a> From<ArrayView2<'a, f32>> for Values<'a> {
    fn from(values: ArrayView2<'a, f32>) -> Values<'a> {
        Values::Single(values)
    }
}

impl<'a> From<ArrayView2<'a, f64>> for Values<'a> {
    fn from(values: ArrayView2<'a, f64>) -> Values<'a> {
        Values::Double(values)
    }
}

impl Values<'_> {
    /// Number of rows, and of values in each.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Values::Half(values) => values.dim(),
            Values::Single(values) => values.dim(),
            Values::Double(values) => values.dim(),
        }
    }

    /// The values of a row: themselves where they are of type `T` and lie side by side, else in the
    /// `buffer`.
    fn row<'b, T: Element>(&'b self, at: usize, buffer: &'b mut Vec<T>) -> &'b [T] {
        match self {
            Values::Half(values) => copied(values.row(at), buffer),
            Values::Single(values) => lent(values.row(at), buffer),
            Values::Double(values) => lent(values.row(at), buffer),
        }
    }
}

fn lent<'b, S: Element, T: Element>(row: ArrayView1<'b, S>, buffer: &'b mut Vec<T>) -> &'b [T] {
    match row.to_slice() {
        Some(row) => converted(row, buffer),
        None => copied(row, buffer),
    }
}

fn copied<'b, S: Copy + Into<f64>, T: Element>(
    row: ArrayView1<S>,
    buffer: &'b mut Vec<T>,
) -> &'b [T] {
    buffer.clear();
    buffer.extend(row.iter().map(|&value| T::from_f64(value.into())));
    buffer
}

/// Rows of an array, all of them finite. The array is not copied: a row is, for as long as it is used
/// at, where it must be converted.
#[derive(Clone, Debug)]
pub struct Array<'a> {
    values: Values<'a>,
    /// The rows of the array that are handed out, ascending.
    kept: Vec<usize>,
}

impl<'a> Array<'a> {
    /// All rows but those `left_out` (ascending), which may hold anything.
    ///
    /// # Errors
    /// If rows have no or too many values, or one is not finite; then says in how many rows.
    pub fn new(values: impl Into<Values<'a>>, left_out: &[usize]) -> Result<Array<'a>> {
        let values = values.into();
        let (rows, dim) = values.shape();
        let wrong = |problem: String| Error::content(Path::new(EMBEDDINGS), problem);
        if dim == 0 {
            return Err(wrong("holds rows without values".into()));
        }
        check_dim(dim).map_err(wrong)?;
        let mut rest = left_out.iter().copied().peekable();
        let kept = (0..rows).filter(|&row| rest.next_if_eq(&row).is_none()).collect();
        let array = Array { values, kept };
        if array.double() { array.check::<f64>() } else { array.check::<f32>() }?;
        Ok(array)
    }

    fn check<T: Element>(&self) -> Result<()> {
        let invalid = |buffer: &mut Vec<T>, &at: &usize| {
            first_invalid(self.values.row(at, buffer)).map(|column| (at, column))
        };
        let rows = self.kept.par_iter().with_min_len(64);
        let invalid: Vec<_> = rows.map_init(Vec::new, invalid).flatten().collect();
        match invalid.first() {
            None => Ok(()),
            Some(&first) => {
                Err(not_finite(Path::new(EMBEDDINGS), first, invalid.len(), self.kept.len()))
            }
        }
    }
}

impl Rows for Array<'_> {
    fn rows(&self) -> usize {
        self.kept.len()
    }

    fn dim(&self) -> usize {
        self.values.shape().1
    }

    fn double(&self) -> bool {
        matches!(self.values, Values::Double(_))
    }

    fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()> {
        let (mut buffer, mut block) = (Vec::new(), Vec::new());
        for numbers in self.kept.chunks(rows) {
            block.clear();
            block.reserve_exact(numbers.len() * self.dim());
            for &at in numbers {
                block.extend_from_slice(self.values.row(at, &mut buffer));
            }
            if !sink(&mut block) {
                break;
            }
        }
        Ok(())
    }

    fn gather<T: Element>(
        &self,
        numbers: &[usize],
        sink: &mut dyn FnMut(usize, &[T]),
    ) -> Result<()> {
        let mut buffer = Vec::new();
        for &number in numbers {
            sink(number, self.values.row(self.kept[number], &mut buffer));
        }
        Ok(())
    }

    fn rows_come_at_once<T: Element>(&self) -> Result<bool> {
        Ok(true)
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn largest_group(&self) -> Option<u64> {
        None
    }
}
