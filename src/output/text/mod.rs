//! Results in words and columns, for the terminal.

mod choice;
mod columns;
mod compare;
mod explain;
mod information;
mod loss;
mod margins;
mod probe;
mod storage;
mod study;

pub use choice::{Choice, Sort};
pub use columns::wrapped;
pub use compare::compare;
pub use explain::{card, explain, reasons_changed};
pub use information::information;
pub use loss::loss;
pub use margins::margins;
pub use probe::probe;
pub use storage::{budget, replay, storage};
pub use study::study;
