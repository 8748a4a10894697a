//! How an evaluator writes AP per class into an object.

use crate::ap::ApScale;
use crate::classes::{Keys, number};
use crate::detector::ApFormat;
use crate::input::json::Record;
use crate::words::trimmed;

/// AP per class that an evaluator put into a JSON object.
pub struct Group {
    /// What stands before the classes.
    pub name: String,
    /// What it calls each class, with its AP.
    pub classes: Vec<(String, Option<f64>)>,
    /// Whether that is an id.
    pub by_id: bool,
}

impl Group {
    /// The classes.
    pub fn keys(&self) -> Keys {
        let names = || self.classes.iter().map(|(name, _)| trimmed(name));
        match names().map(number).collect() {
            Some(ids) if self.by_id => Keys::Numbers(ids),
            _ => Keys::Names(names().map(str::to_owned).collect()),
        }
    }
}

/// The group of this name, which is new where there is none yet.
pub fn group<'a>(groups: &'a mut Vec<Group>, name: &str) -> &'a mut Group {
    let at = groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
        groups.push(Group { name: name.into(), classes: Vec::new(), by_id: false });
        groups.len() - 1
    });
    &mut groups[at]
}

/// How one project writes them.
pub struct Layout {
    pub format: ApFormat,
    pub scale: ApScale,
    pub groups: fn(&Record) -> std::result::Result<Vec<Group>, String>,
    /// Whether a key is of all classes. One such stands beside the classes' whenever the project writes
    /// them, and no class is called so.
    pub of_all: fn(&str) -> bool,
}
