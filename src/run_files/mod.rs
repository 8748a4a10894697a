//! The files of a run, read into a detector.

mod collected;
mod geometry;
mod instances;
mod load;
mod moments;
mod probe;
mod runs_file;

pub use collected::collected;
pub use instances::{Instances, dump, instances, labelled};
use load::Source;
pub use load::{Load, compared, counts, is_runs_file, listed, load, load_explained, named, study};
pub use probe::probe;
pub use runs_file::{RunFiles, choose, read};
