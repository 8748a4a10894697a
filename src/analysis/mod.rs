//! What is asked of detectors, answered as plain values with what to beware of.

mod bias;
mod commonality;
mod compare;
mod correlate;
pub mod information;
mod lead;
mod margins;
mod replay;
mod storage;

pub use bias::Bias;
pub use commonality::{Part, PartKind, parts};
pub use compare::{Comparison, NUMBERS, Number, Pair, both, difference, mean};
pub use correlate::{Correlated, OverRuns, Study};
pub use lead::{Lead, Said};
pub use margins::{Margins, Reading};
pub use replay::Replay;
pub use storage::{Fit, Population, Storage, fits};
