//! A study from the options or the runs file.

use super::arguments::Detectors;
use super::console::Console;
use crate::analysis::Study;
use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::run_files::{self, Load, RunFiles};

/// Reads and computes the detectors, and correlates.
pub fn study(
    sources: &[RunFiles],
    arguments: &Detectors,
    load: Load,
    console: &mut Console,
) -> Result<Study> {
    let has_dump = |files: &RunFiles| !(files.embeddings.is_empty() && files.moments.is_empty());
    if arguments.statistics.estimator.is_typed() && !sources.iter().any(has_dump) {
        return Err(Error::Usage(
            "--estimator is for embeddings: instance counts alone have no covariance".into(),
        ));
    }
    let options = console.options(arguments.statistics.estimator.estimators());
    let study =
        run_files::study(sources, &options, arguments.statistics.groups.as_ref(), load, console)?;
    console.set_runs(study.detectors().len());
    study.warnings.iter().for_each(|warning| console.warn(warning.clone()));
    Ok(study)
}
