//! Results as csv, json and text tables, and figures as svg, png or pdf.

mod figure;
pub mod page;
mod parquet;
mod report;
mod table;
pub mod tables;
pub mod text;

pub use crate::files::{Output, write};
pub use figure::{FigureFormat, figure};
pub use parquet::margins_parquet;
pub use report::{Again, Report, report};
pub use table::{Cell, Table};
