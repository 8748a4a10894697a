//! The floating-point types that embeddings are stored in.

use std::any::TypeId;
use std::io;

use bytemuck::cast_slice_mut;
use half::{bf16, f16};

use crate::rows::Element;

/// A floating-point element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float {
    /// Bytes per element: 2, 4 or 8.
    pub width: usize,
    big_endian: bool,
    /// Whether two bytes are a bfloat16, not an IEEE half.
    brain: bool,
}

impl Float {
    /// Little-endian f32.
    pub const SINGLE: Float = Float { width: 4, big_endian: false, brain: false };

    /// Little-endian f64.
    pub const DOUBLE: Float = Float { width: 8, ..Float::SINGLE };

    /// From a type description such as `<f4`, or `BF16`; `<V2` is what NumPy writes for ml_dtypes' bfloat16,
    /// and for nothing else: bytes that are no number have no order.
    pub fn parse(descr: &str) -> Option<Float> {
        let big_endian = descr.starts_with('>');
        let brain = ["BF16", "<V2"].contains(&descr);
        let width = match descr.trim_start_matches(['<', '>', '=', '|']) {
            _ if brain => 2,
            "f2" => 2,
            "f4" => 4,
            "f8" => 8,
            _ => return None,
        };
        Some(Float { width, big_endian, brain })
    }

    /// Makes `elements` the next `count` ones, whose bytes `read` fills: where they lie in a file as they do in
    /// memory, at once, else by way of `bytes`.
    ///
    /// # Errors
    /// If reading fails.
    pub fn read<T: Element>(
        self,
        count: usize,
        elements: &mut Vec<T>,
        bytes: &mut Vec<u8>,
        read: impl FnOnce(&mut [u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.lies_as::<T>() {
            elements.resize(count, T::zeroed());
            return read(cast_slice_mut(elements));
        }
        bytes.resize(count * self.width, 0);
        read(bytes)?;
        elements.clear();
        self.decode(bytes, elements);
        Ok(())
    }

    fn lies_as<T: Element>(self) -> bool {
        let of = |float| Float { big_endian: cfg!(target_endian = "big"), ..float };
        (self == of(Float::SINGLE) && TypeId::of::<T>() == TypeId::of::<f32>())
            || (self == of(Float::DOUBLE) && TypeId::of::<T>() == TypeId::of::<f64>())
    }

    /// Appends the elements in `bytes` to `out`.
    pub fn decode<T: Element>(self, bytes: &[u8], out: &mut Vec<T>) {
        macro_rules! decode {
            ($float:ty, $width:literal) => {{
                let elements = bytes.as_chunks::<$width>().0.iter();
                if self.big_endian {
                    out.extend(
                        elements.map(|&bytes| T::from_f64(<$float>::from_be_bytes(bytes).into())),
                    );
                } else {
                    out.extend(
                        elements.map(|&bytes| T::from_f64(<$float>::from_le_bytes(bytes).into())),
                    );
                }
            }};
        }
        match self.width {
            2 if self.brain => decode!(bf16, 2),
            2 => decode!(f16, 2),
            4 => decode!(f32, 4),
            _ => decode!(f64, 8),
        }
    }
}
