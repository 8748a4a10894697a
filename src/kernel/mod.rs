//! The kernels under the moments, the spectrum and the softmax: products YᵀY and YYᵀ, eigenvalues alone,
//! exponentials; and the median.

mod blocks;
pub mod eigenvalues;
mod error;
mod line;
mod median;
pub mod product;
mod softmax;
mod value;

pub use blocks::Blocks;
pub use error::SpectrumError;
pub use median::median;
pub use softmax::exponentials;
pub use value::Value;
