//! Rows of embeddings from any source: the trait that each source implements.

mod array;

use std::any::TypeId;
use std::path::Path;

use bytemuck::cast_slice;

use crate::error::{Error, Result};
use crate::kernel::Value;

pub use array::{Array, Values};

/// Largest p: its covariance alone takes 8 TB.
const LARGEST_DIM: usize = 1 << 20;

/// A type that embeddings are read into.
pub trait Element: Value {
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
}

impl Element for f32 {
    fn from_f64(value: f64) -> f32 {
        value as f32
    }
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }
}

impl Element for f64 {
    fn from_f64(value: f64) -> f64 {
        value
    }
    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }
}

/// Where blocks of rows (row-major) go; answers whether it wants more. It may take a block, and put in its
/// stead a vector with memory for the next one, whatever that holds.
pub type Sink<'a, T> = &'a mut dyn FnMut(&mut Vec<T>) -> bool;

/// What gives rows of embeddings, all of them finite and of the same number of dimensions. They are
/// numbered from 0, without those that are skipped.
pub trait Rows: Sync {
    /// Number of rows N.
    fn rows(&self) -> usize;

    /// Number of dimensions p, above 0.
    fn dim(&self) -> usize;

    /// Whether some values need f64; f32 holds them all otherwise.
    fn double(&self) -> bool;

    /// Hands out all rows in order, in blocks of up to `rows` rows, until `sink` declines.
    ///
    /// # Errors
    /// If reading fails, or a value is not finite; then says in how many rows.
    fn read<T: Element>(&self, rows: usize, sink: Sink<T>) -> Result<()>;

    /// Hands out single rows by their numbers, in the order of these, where
    /// [`Rows::rows_come_at_once`].
    ///
    /// # Errors
    /// As for [`Rows::read`].
    fn gather<T: Element>(
        &self,
        numbers: &[usize],
        sink: &mut dyn FnMut(usize, &[T]),
    ) -> Result<()>;

    /// Whether single rows can be had as fast as all in order.
    ///
    /// # Errors
    /// If they cannot be read.
    fn rows_come_at_once<T: Element>(&self) -> Result<bool>;

    /// Whether they are all in memory before anyone asks for them.
    fn in_memory(&self) -> bool;

    /// Bytes of values in the largest group of rows that can only be decoded together; none where each
    /// row can be decoded by itself.
    fn largest_group(&self) -> Option<u64>;
}

/// Checks that embeddings of `dim` values can be worked with.
///
/// # Errors
/// A sentence, if there are too many.
pub fn check_dim(dim: usize) -> std::result::Result<(), String> {
    if dim <= LARGEST_DIM {
        return Ok(());
    }
    Err(format!(
        "holds rows of {dim} values, where embeddings have at most {LARGEST_DIM} dimensions: is it transposed?"
    ))
}

/// The index of the first value that is not finite.
pub fn first_invalid<T: Element>(values: &[T]) -> Option<usize> {
    const RUN: usize = 4096;
    // Whole runs without an early exit, so that the common case vectorizes.
    let bad = |run: &[T]| run.iter().fold(false, |bad, value| bad | !value.is_finite());
    let start = values.chunks(RUN).position(bad)? * RUN;
    values[start..].iter().position(|value| !value.is_finite()).map(|at| start + at)
}

/// That the value at `(row, column)` is not finite, as is one in `count` of `rows` rows.
pub fn not_finite(path: &Path, (row, column): (usize, usize), count: usize, rows: usize) -> Error {
    let problem = format!(
        "row {row}, column {column} (from 0) is NaN or infinite, as is some value in {count} of \
         {rows} rows: save them again, or skip such embeddings with --skip-invalid-rows"
    );
    Error::content(path, problem)
}

/// A row as values of another type: the row itself if it is of that type, else in the `buffer`.
pub fn converted<'a, S: Element, T: Element>(row: &'a [S], buffer: &'a mut Vec<T>) -> &'a [T] {
    if TypeId::of::<S>() == TypeId::of::<T>() {
        return cast_slice(row);
    }
    buffer.clear();
    buffer.extend(row.iter().map(|&value| T::from_f64(value.into())));
    buffer
}
