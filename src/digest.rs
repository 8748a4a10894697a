//! Digests of embeddings, so that none is counted twice.

use std::fmt;

use xxhash_rust::xxh3::xxh3_128;

use crate::kernel::Value;

/// A fingerprint of embeddings: the sum of a hash of each (XXH3, 128 bits, over its little-endian
/// values). So it does not depend on their order, on files or on batches, and that of two sets is the
/// sum of theirs. It tells copies, not forgeries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub u128);

impl Digest {
    /// Takes in one embedding.
    pub fn add<T: Value>(&mut self, row: &[T]) {
        self.merge(Digest(xxh3_128(bytemuck::cast_slice(row))));
    }

    /// Takes in those of another.
    pub fn merge(&mut self, other: Digest) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl fmt::Display for Digest {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
