//! Results as csv, json and text tables, and files that are written whole or not at all.

mod files;
mod parquet;
mod table;

pub use files::{Output, write};
pub use parquet::margins_parquet;
pub use table::{Cell, Table, text};
