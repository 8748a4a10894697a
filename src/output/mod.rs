//! Results as csv, json and text tables, figures as svg, png or pdf, and files that are written whole or not at all.

mod figure;
mod files;
pub mod moments;
pub mod page;
mod parquet;
mod report;
mod table;
pub mod tables;
pub mod text;

pub use figure::{FigureFormat, figure};
pub use files::{Output, write, write_file};
pub use parquet::margins_parquet;
pub use report::{Again, Report, report};
pub use table::{Cell, Table};
