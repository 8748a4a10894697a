//! Results as csv, json and text tables, and files that are written whole or not at all.

mod files;
mod table;

pub use files::write;
pub use table::{Cell, Table, text};
