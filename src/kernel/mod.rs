//! The kernels under the moments, the spectrum and the softmax: products YᵀY and YYᵀ, eigenvalues alone,
//! exponentials; and the median.

pub mod eigenvalues;
mod error;
mod median;
pub mod product;
mod softmax;
mod value;

pub use error::SpectrumError;
pub use median::median;
pub use softmax::exponentials;
pub use value::Value;
