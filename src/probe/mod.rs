//! Does another loss help? The classification layer alone, trained anew on frozen embeddings.
//!
//! [`LossKind`] names the losses, [`RowLoss`] computes one with its gradient, [`minimize`] finds its optimum.
//! [`Resampled`] draws weights of images for a seed, [`folds_of`] their folds. [`RankedScores`] gives average precision, and
//! [`Difference`] what a loss changes, with its interval.

mod loss_kind;
mod minimize;
mod paired;
mod ranking;
mod resample;
mod row_loss;

pub use loss_kind::LossKind;
pub use minimize::{Minimum, VECTORS, minimize};
pub use paired::{Difference, holm};
pub use ranking::RankedScores;
pub use resample::{Resampled, folds_of};
pub use row_loss::{DECAY, RowLoss};
