//! Where moments come from.

use crate::error::Result;
use crate::kernel::product::Precision;
use crate::moments::Moments;
use crate::rows::Element;

/// What gives the moments of classes, in parts that Eq. 8 merges.
pub trait MomentsSource {
    /// Number of dimensions p.
    fn dim(&self) -> usize;

    /// Whether some values need f64; f32 holds them all otherwise.
    fn double(&self) -> bool;

    /// What products were summed up in.
    fn precision(&self) -> Precision;

    /// Embeddings of each class.
    fn counts(&self) -> &[u64];

    /// Bytes of the largest part that is in memory at once.
    fn largest_row_group(&self) -> u64;

    /// Hands out the moments of the `wanted` classes, as far as they have any, part by part: each time
    /// classes with moments to be merged with those before.
    ///
    /// # Errors
    /// If reading fails, or there is what are no moments.
    fn read<T: Element>(
        &self,
        wanted: impl Fn(usize) -> bool,
        sink: &mut dyn FnMut(Vec<(usize, Moments<T>)>),
    ) -> Result<()>;
}
