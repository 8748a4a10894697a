//! Where moments come from.

use crate::error::Result;
use crate::kernel::product::Precision;
use crate::moments::Moments;
use crate::rows::Element;

/// Merges some moments of a class into those before.
pub type MomentsPart<'a, T> = Box<dyn FnOnce(&mut Moments<T>) -> Result<()> + Send + 'a>;

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

    /// Hands out the moments of the `wanted` classes, as far as they have any, in order: each time some that are
    /// in memory together, with their classes. What is no moments is found when a part is merged.
    ///
    /// # Errors
    /// If reading fails.
    fn read<'a, T: Element>(
        &'a self,
        wanted: impl Fn(usize) -> bool,
        sink: &mut dyn FnMut(Vec<(usize, MomentsPart<'a, T>)>),
    ) -> Result<()>;
}
