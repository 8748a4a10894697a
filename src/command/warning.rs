//! All warnings there are: what was seen, what it means, and what to do.

use std::fmt;
use std::path::PathBuf;

use crate::input::list;

/// Something the user should know about a result.
#[derive(Debug)]
pub enum Warning {
    /// Much of the information amount comes from the eigenvalue floor.
    Floor {
        /// The run, where it has a name.
        run: String,
        /// Classes of which more than half of the bits come from the floor.
        classes: usize,
        /// All classes with an information amount.
        of: usize,
        /// The floor's share of all bits, 0 to 1.
        share: f64,
    },
    /// Classes without any instance.
    Empty {
        /// Their names.
        classes: Vec<String>,
    },
    /// Every information amount is zero.
    NothingToNormalize,
    /// Rows of a table whose class is not among the classes.
    Unmatched {
        /// The table.
        path: PathBuf,
        /// What it calls them.
        classes: Vec<String>,
    },
    /// A counts file and the labels say different things.
    Counts {
        /// The counts file.
        path: PathBuf,
        /// Class, count in the file, count in the labels.
        classes: Vec<(String, u64, u64)>,
    },
    /// A correlation that does not exist.
    NoCorrelation {
        /// The run, where it has a name.
        run: String,
        /// Which correlation.
        between: String,
        /// Why not.
        why: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Warning::Floor { run, classes, of, share } => write!(
                f,
                "{}in {classes} of {of} classes more than half of the information amount comes from the \
                 eigenvalue floor ({:.0}% of the bits of all classes): there it measures the instance \
                 count, not the embeddings; compare --estimator sample",
                prefix(run),
                100.0 * share
            ),
            Warning::Empty { classes } => {
                write!(f, "classes without instances have no information amount: {}", list(classes))
            }
            Warning::NothingToNormalize => {
                f.write_str("every information amount is zero, so that none can be normalized")
            }
            Warning::Unmatched { path, classes } => write!(
                f,
                "{}: not among the classes and left out: {}",
                path.display(),
                list(classes)
            ),
            Warning::Counts { path, classes } => {
                let pairs: Vec<_> = classes
                    .iter()
                    .map(|(name, file, labels)| format!("{name}: {file}, {labels}"))
                    .collect();
                write!(
                    f,
                    "{}: the counts differ from the labels in {} classes (file, labels): {}; the file's are \
                     correlated, the labels' are used for the information amount",
                    path.display(),
                    classes.len(),
                    list(&pairs)
                )
            }
            Warning::NoCorrelation { run, between, why } => {
                write!(f, "{}there is no correlation of {between}: {why}", prefix(run))
            }
        }
    }
}

fn prefix(run: &str) -> String {
    if run.is_empty() { String::new() } else { format!("{run}: ") }
}
