//! Model bias and mean AP by group of classes (Figure 4, Tables 3–5).

use crate::detector::Run;
use crate::error::{Error, Result};
use crate::groups::{ApSummary, Grouping, Groups};

/// A run's AP over all classes, and group by group.
#[derive(Clone, Debug)]
pub struct Bias {
    /// The run.
    pub run: Run,
    /// Over all classes.
    pub all: ApSummary,
    /// By group, with its name.
    pub groups: Vec<(String, ApSummary)>,
}

impl Bias {
    /// Mean and variance of AP of a run that has AP.
    ///
    /// # Errors
    /// If `grouping` cannot be applied to the classes.
    pub fn of(run: &Run, grouping: Option<&Grouping>) -> Result<Bias> {
        let ap: Vec<_> = run.classes().map(|class| class.ap).collect();
        let scale = run.ap_scale().unwrap_or_default();
        let groups = match grouping {
            None => Vec::new(),
            Some(grouping) => {
                let groups = groups(run, grouping)?;
                groups.names().iter().cloned().zip(groups.summarize(&ap, scale)).collect()
            }
        };
        Ok(Bias { run: run.clone(), all: ApSummary::of(ap, scale), groups })
    }
}

/// The classes of a run in groups.
///
/// # Errors
/// If `grouping` cannot be applied to them.
pub fn groups(run: &Run, grouping: &Grouping) -> Result<Groups> {
    let classes = run.classes();
    match grouping {
        Grouping::Instances(cuts) => {
            Ok(Groups::by_instances(cuts, classes.map(|class| class.instances)))
        }
        Grouping::Frequency if run.classes().all(|class| class.frequency.is_none()) => {
            Err(Error::Input(
                "--groups lvis needs to know how often classes occur: give --counts a csv with a column \
                 `frequency` (r, c or f) or `images`"
                    .into(),
            ))
        }
        Grouping::Frequency => Ok(Groups::by_frequency(classes.map(|class| class.frequency))),
    }
}
