//! Category information amount: how much of the embedding space a class fills, and whether that
//! or its instance count goes with the detector's average precision.
//!
//! The source is "Pursuing Better Decision Boundaries for Long-Tailed Object Detection via
//! Category Information Amount" (arXiv 2502.03852); `docs/paper.md` fixes how each formula is read.
//!
//! | In the paper | Here |
//! | --- | --- |
//! | Eq. 7–8, Appendix A: moments and their merge | [`moments`], of all classes [`class_moments`] |
//! | the two kernels under them: YᵀY and YYᵀ, eigenvalues alone | [`kernel::product`], [`kernel::eigenvalues`] |
//! | Eq. 1, Listing 1: the eigenvalue floor | [`spectrum`], [`shrinkage`] |
//! | Eq. 2: information amount I | [`information`] |
//! | Eq. 9–10, Listing 2: storage, the best queue length | [`storage`] |
//! | §3.3.1: the queue of an epoch, replayed | [`queue`] |
//! | after Eq. 6: normalized information I′, angular margins m_ij | [`normalization`], [`margin`] |
//! | Eq. 5–6: cosine softmax and IGAM loss | [`loss`] |
//! | Table 1, Figures 1–2: Pearson's r | [`correlation`], [`figure`] |
//! | Figure 4, Tables 3–5: model bias, mean AP by group | [`groups`], [`figure`] |
//! | Eq. 8 across machines: files of moments, each embedding once | [`moments_file`], [`digest`] |
//! | what the paper does not ask: does I explain AP beyond the count? | [`evidence`] |
//!
//! Data flow one way: [`input`] → [`rows`] → [`stream`] → moments → spectrum → shrinkage → information →
//! (normalization → margin → loss), (correlation) → [`output`] and figure. The mathematics knows no
//! file; a figure takes finished numbers; a [`command`] only joins the rooms.
//!
//! ```
//! use igam_analyze::{information::Information, moments::Moments, shrinkage::Estimator, spectrum::Spectrum};
//!
//! let mut moments = Moments::new(2);
//! for row in [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]] {
//!     moments.push(&row);
//! }
//! // Σ = ½·1, so that I = ½·2·log₂(1.5).
//! let spectrum = Spectrum::of(moments)?.expect("four embeddings");
//! let information = Information::of(&spectrum, Estimator::Sample)?;
//! assert!((information.bits - 1.5_f64.log2()).abs() < 1e-15);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod ap;
pub mod class_moments;
pub mod classes;
pub mod cli;
pub mod command;
pub mod correlation;
pub mod digest;
pub mod error;
pub mod evidence;
pub mod figure;
pub mod files;
pub mod groups;
pub mod information;
pub mod input;
pub mod kernel;
pub mod loss;
pub mod margin;
pub mod moments;
pub mod moments_file;
pub mod normalization;
pub mod output;
pub mod queue;
pub mod rows;
pub mod shrinkage;
pub mod spectrum;
pub mod storage;
pub mod stream;
pub mod words;
