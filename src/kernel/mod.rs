//! The two kernels under the moments and the spectrum: products YᵀY and YYᵀ, and eigenvalues alone.

pub mod eigenvalues;
mod error;
pub mod product;
mod value;

pub use error::SpectrumError;
pub use value::Value;
