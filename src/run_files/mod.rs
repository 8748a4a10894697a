//! The files of a run, read into a detector.

mod instances;
mod load;
mod moments;
mod runs_file;

pub use instances::{Instances, dump, instances, labelled};
pub use load::{counts, listed, load, named};
pub use runs_file::{RunFiles, choose, read};
