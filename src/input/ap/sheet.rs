//! A table as it is printed as text.

use super::ApFormat;
use crate::ap::ApScale;

/// How a table is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lines of `+---+` around it.
    Grid,
    /// Pipes, and below the header `|:---|` where it is `aligned`, else `|---|`.
    Pipes {
        /// Whether each column is said to be on the left.
        aligned: bool,
    },
    /// Columns of one width, numbers on the right.
    Console,
    /// A line per class, each value with its name.
    Darknet,
}

/// A table with a row per class.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The line of its header, from 1.
    pub line: usize,
    /// What the lines above say that it is of, such as `bbox`; may be empty.
    pub task: String,
    pub kind: Kind,
    /// What the column of the classes is called.
    pub class: String,
    /// The other columns: what they are of, where the header says it, and their names.
    pub columns: Vec<(String, String)>,
    /// The class and the other cells of each row.
    pub rows: Vec<(String, Vec<String>)>,
    /// Whether nothing is cut off, as far as can be seen.
    pub whole: bool,
}

impl Sheet {
    /// Whether its column of classes is called so, and it has these others.
    pub fn has(&self, class: &str, columns: &[&str]) -> bool {
        let there = |name: &&str| self.columns.iter().any(|(_, column)| column == name);
        self.class == class && columns.iter().all(there)
    }
}

/// How one project prints them.
#[derive(Clone, Copy)]
pub struct Print {
    pub format: ApFormat,
    /// The scale, where it is known.
    pub scale: Option<ApScale>,
    /// Whether a table is of this project.
    pub is: fn(&Sheet) -> bool,
    /// The column that is meant where none is asked for.
    pub main: &'static str,
}
