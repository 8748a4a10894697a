//! Files that list the classes.

use std::path::Path;

use super::annotations;
use super::names::{self, Names};
use crate::classes::{Classes, IdsFrom};
use crate::error::{Error, Result};
use crate::observer::Observer;

/// Reads class names, from any of the files that `names` lists, with what the user should know of how
/// they were read.
///
/// # Errors
/// If the file cannot be used, or a name or id stands twice.
pub fn read(path: &Path, observer: &dyn Observer) -> Result<(Classes, Vec<String>)> {
    of_names(path, names::read(path)?, observer)
}

/// The classes of these names.
///
/// # Errors
/// As for [`read`].
pub(super) fn of_names(
    path: &Path,
    names: Names,
    observer: &dyn Observer,
) -> Result<(Classes, Vec<String>)> {
    match names {
        Names::Categories => Ok((annotations::categories(path, observer)?, Vec::new())),
        Names::List { classes, in_order, notes } => {
            let ids_from = if in_order { IdsFrom::List } else { IdsFrom::Table };
            let classes = Classes::new(classes, ids_from);
            Ok((classes.map_err(|problem| Error::content(path, problem))?, notes))
        }
    }
}
