//! The two kernels under the moments and the spectrum: products YᵀY and YYᵀ, and eigenvalues alone; and the
//! median.

pub mod eigenvalues;
mod error;
mod median;
pub mod product;
mod value;

pub use error::SpectrumError;
pub use median::median;
pub use value::Value;
