//! A summary of a run, as in `information.csv`.

use std::path::{Path, PathBuf};

use super::{Amounts, Run};
use crate::ap::ApScale;
use crate::error::{self, Error};
use crate::information::Information;
use crate::shrinkage::Estimator;
use crate::words::{list, suggestion};

/// A run's classes with their information amounts and AP.
///
/// ```
/// use igam_analyze::{Classes, Detector, RunSummary};
///
/// let detector = Detector::new("R-50", Classes::from_names(["bolt", "nut"])?);
/// let summary = RunSummary::of(&detector.runs()[0][0], "before");
/// assert_eq!((summary.name.as_str(), summary.classes.len()), ("R-50", 2));
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    /// The file, or its name in messages.
    pub path: PathBuf,
    /// The run's name; may be empty.
    pub name: String,
    /// The covariance estimator, if the file says it: files of version 0.1.0 do not.
    pub estimator: Option<Estimator>,
    /// The scale of AP, if the file says it.
    pub ap_scale: Option<ApScale>,
    /// Its classes, in order of id.
    pub classes: Vec<ClassSummary>,
}

/// A class with its information amount and AP.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSummary {
    /// Class id.
    pub id: i64,
    /// Class name.
    pub name: String,
    /// I in bits, where the class has one.
    pub information: Option<f64>,
    /// AP on the run's scale, where the class has one.
    pub ap: Option<f64>,
}

impl RunSummary {
    /// The summary of information amounts, without a name and without AP.
    pub fn of_amounts(amounts: &Amounts, path: impl Into<PathBuf>) -> RunSummary {
        let classes = amounts.classes();
        let of_classes = classes.ids().iter().zip(classes.names()).zip(amounts.of_classes());
        let class = |((&id, name), amount): ((&i64, &String), &Result<Information, _>)| {
            let information = amount.as_ref().ok().map(|amount| amount.bits);
            ClassSummary { id, name: name.clone(), information, ap: None }
        };
        RunSummary {
            path: path.into(),
            name: String::new(),
            estimator: Some(amounts.estimator()),
            ap_scale: None,
            classes: of_classes.map(class).collect(),
        }
    }

    /// The summary of a computed run; `path` names it in messages.
    pub fn of(run: &Run, path: impl Into<PathBuf>) -> RunSummary {
        let classes = run.classes().map(|class| ClassSummary {
            id: class.id,
            name: class.name.to_owned(),
            information: class.amount().map(|amount| amount.bits),
            ap: class.ap,
        });
        RunSummary {
            path: path.into(),
            name: run.name().to_owned(),
            estimator: run.estimator(),
            ap_scale: run.ap_scale(),
            classes: classes.collect(),
        }
    }
}

/// The index of the run that is `wanted` by name, or of the only one, among those that `path` holds.
///
/// # Errors
/// If there is no such run, or there are several and none is wanted.
pub fn chosen<S: AsRef<str>>(
    path: &Path,
    names: &[S],
    wanted: Option<&str>,
) -> error::Result<usize> {
    let problem = match (wanted, names) {
        (None, [_]) => return Ok(0),
        (None, _) => format!("holds several runs, {}: choose one with --run", list(names)),
        (Some(wanted), _) => match names.iter().position(|name| name.as_ref() == wanted) {
            Some(at) => return Ok(at),
            None => {
                let near = suggestion(wanted, names);
                format!("holds no run {wanted:?}; it holds {}{near}", list(names))
            }
        },
    };
    Err(Error::content(path, problem))
}
