//! The questions about detectors, answered as plain values with their warnings.

mod bias;
mod commonality;
mod compare;
mod correlated;
pub mod explain;
pub mod geometry;
pub mod information;
pub mod last_layer;
mod losses;
mod margins;
pub mod probe;
mod replay;
mod storage;
mod study;
mod verdicts;

pub use bias::{Bias, groups};
pub use commonality::{Part, PartKind, parts};
pub use compare::{ComparedRun, Comparison, NUMBERS, Number, Pair, both, difference, mean};
pub use correlated::{Correlated, OverRuns};
pub use losses::{Losses, check_margins, output_classes};
pub use margins::{FELT, Formula, Margins};
pub use replay::Replay;
pub use storage::{Fit, Population, Storage, fits};
pub use study::Study;
pub use verdicts::{Said, Verdicts, untrained};
