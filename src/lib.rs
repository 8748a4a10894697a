//! Category information amount: how much of the embedding space a class fills. And whether that amount,
//! or its instance count, is correlated with the detector's average precision.
//!
//! The source is "Pursuing Better Decision Boundaries for Long-Tailed Object Detection via
//! Category Information Amount" (arXiv 2502.03852); `docs/paper.md` fixes how each formula is read.
//!
//! ```
//! use igam_analyze::{ApColumn, Classes, Detector, Options, information};
//! use ndarray::Array2;
//!
//! // Embeddings of three classes, 60 each, that fill less and less of four dimensions.
//! let x = Array2::from_shape_fn((180, 4), |(row, at)| {
//!     let (class, row) = (row / 60, row % 60);
//!     (row as f64 * (at + 2) as f64).sin() / (class + 1) as f64
//! });
//! let labels: Vec<i64> = (0..180).map(|row| row / 60).collect();
//! let classes = Classes::from_names(["bolt", "nut", "key"])?;
//!
//! let mut detector = Detector::new("R-50", classes.clone());
//! for amounts in information(x.view(), &labels, classes, &Options::new())? {
//!     detector = detector.information(amounts)?;
//! }
//! let ap = ApColumn::by_name([("bolt", 0.41), ("nut", 0.22), ("key", 0.35)])?;
//! let study = detector.average_precision(&ap)?.correlate()?;
//! println!("{}", study.verdict);
//! for warning in &study.warnings {
//!     eprintln!("{warning}");
//! }
//! # #[cfg(feature = "figures")]
//! let svg = igam_analyze::figure::scatter(&study)?;
//! # Ok::<(), igam_analyze::Error>(())
//! ```
//!
//! # Features
//!
//! - `cli` (default): the command line, [`cli::main`], and all that follows.
//! - `files`: what lies in files, [`load`]: dumps, labels, counts, AP, moments files.
//! - `figures`: the figures as SVG, [`figure`], and the report page, [`report`].
//! - `raster`: figures as PNG and PDF.
//!
//! Without any of them, the library computes from arrays, and compiles in a fraction of the time.
//!
//! # Where each formula is
//!
//! | In the paper | Here |
//! | --- | --- |
//! | Eq. 7–8, Appendix A: moments and their merge | `moments`, of all classes `class_moments` |
//! | the two kernels under them: YᵀY and YYᵀ, eigenvalues alone | `kernel::product`, `kernel::eigenvalues` |
//! | Eq. 1, Listing 1: the eigenvalue floor | `spectrum`, `shrinkage` |
//! | Eq. 2: information amount I | `information` |
//! | Eq. 9–10, Listing 2: storage, the best queue length | `storage` |
//! | §3.3.1: the queue of an epoch, replayed | `queue` |
//! | after Eq. 6: normalized information I′, angular margins m_ij | `normalization`, `margin` |
//! | Eq. 5–6: cosine softmax and IGAM loss | `loss` |
//! | Table 1, Figures 1–2: Pearson's r | `correlation`, `figure` |
//! | Figure 4, Tables 3–5: model bias, mean AP by group | `groups`, `figure` |
//! | Eq. 8 across machines: files of moments, each embedding once | `moments_file`, `digest` |
//! | what the paper does not ask: does I explain AP beyond the count? | `evidence` |
//! | why is one class bad? Distances D of classes; errors of detections; the rules of the reasons | `overlap`; `detections`; `analysis::explain` |
//!
//! # What is promised
//!
//! The items on this page, and those in [`types`] that they are made of. The other modules are public for the
//! program, the Python wheel and the tests alone, and may change in any version; `docs/architecture.md` in
//! the repository shows them. Arrays are those of `ndarray` 0.17.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[doc(hidden)]
pub mod analysis;
#[doc(hidden)]
pub mod ap;
#[doc(hidden)]
pub mod class_moments;
#[doc(hidden)]
pub mod classes;
#[cfg(feature = "cli")]
pub mod cli;
#[doc(hidden)]
pub mod correlation;
#[doc(hidden)]
pub mod detections;
#[doc(hidden)]
pub mod detector;
#[doc(hidden)]
pub mod digest;
#[doc(hidden)]
pub mod error;
#[doc(hidden)]
pub mod evidence;
#[cfg(feature = "figures")]
pub mod figure;
#[doc(hidden)]
pub mod geometry;
#[doc(hidden)]
pub mod groups;
#[doc(hidden)]
pub mod information;
#[cfg(feature = "files")]
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod kernel;
#[doc(hidden)]
pub mod loss;
#[doc(hidden)]
pub mod margin;
#[doc(hidden)]
pub mod moments;
#[cfg(feature = "files")]
#[doc(hidden)]
pub mod moments_file;
#[doc(hidden)]
pub mod normalization;
#[doc(hidden)]
pub mod observer;
#[doc(hidden)]
pub mod options;
#[doc(hidden)]
pub mod output;
#[doc(hidden)]
pub mod overlap;
#[doc(hidden)]
pub mod pooled;
#[doc(hidden)]
pub mod probe;
#[doc(hidden)]
pub mod queue;
#[doc(hidden)]
pub mod recognition;
#[doc(hidden)]
pub mod row_mapping;
#[doc(hidden)]
pub mod rows;
#[cfg(feature = "files")]
#[doc(hidden)]
pub mod run_files;
#[doc(hidden)]
pub mod shrinkage;
#[doc(hidden)]
pub mod spectrum;
#[doc(hidden)]
pub mod spread;
#[doc(hidden)]
pub mod storage;
#[doc(hidden)]
pub mod stream;
#[doc(hidden)]
pub mod suspects;
#[doc(hidden)]
pub mod warning;
#[cfg(feature = "files")]
#[doc(hidden)]
pub mod whole_files;
#[doc(hidden)]
pub mod words;

pub use analysis::information::information;
pub use analysis::probe::Probe;
pub use analysis::{Comparison, Correlated, Margins, Population, Said, Storage, Study, Verdicts};
pub use ap::ApScale;
pub use classes::Classes;
pub use detector::{
    Amounts, ApColumn, Class, ClassSummary, Detector, NoInformation, Run, RunSummary,
};
pub use error::{Error, Result};
pub use evidence::Finding;
pub use information::Information;
pub use kernel::product::Precision;
pub use normalization::Normalization;
pub use options::Options;
#[cfg(feature = "figures")]
pub use output::{Report, report};
#[cfg(feature = "files")]
pub use run_files::{RunFiles, load, load_explained, probe};
pub use shrinkage::Estimator;
pub use warning::{Warning, Warnings};

/// The types of fields and arguments of the items on this page.
pub mod types {
    pub use crate::analysis::explain::{
        Because, ExplainedClass, Explanation, Reason, ReasonsChanged, SeenIn, Weight,
    };
    pub use crate::analysis::last_layer::LastLayer;
    pub use crate::analysis::probe::{
        ClassChange, Compared, Finding, JudgedBy, ProbeSettings, ProbedClass, ProbedLoss,
        SeedResult, Variant,
    };
    pub use crate::analysis::{Bias, ComparedRun, Formula, OverRuns, Pair};
    pub use crate::classes::{Keys, Numbering};
    pub use crate::correlation::{Expected, Line, Pearson};
    pub use crate::detections::{ClassDetections, ErrorCost, ErrorType};
    pub use crate::detector::{ApFormat, ClassGroups, Covariate, Covariates, Evaluated};
    pub use crate::evidence::{Association, Basis, Evidence, Judged, Pooled, Verdict};
    pub use crate::geometry::{Geometry, Of};
    pub use crate::groups::{ApSummary, Frequency, Grouping};
    pub use crate::observer::{Observer, Unit};
    #[cfg(feature = "figures")]
    pub use crate::output::Again;
    pub use crate::output::{Cell, Table};
    pub use crate::overlap::{Neighbour, Overlap, Shift};
    pub use crate::probe::{Difference, LossKind};
    pub use crate::recognition::{BackgroundRow, Recognition};
    pub use crate::rows::Values;
    pub use crate::shrinkage::Refusal;
    pub use crate::spread::Spread;
    pub use crate::storage::{Shape, Store, Strategy};
    pub use crate::suspects::{Suspect, Suspects};
}
