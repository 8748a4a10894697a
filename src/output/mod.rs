//! Results as csv, json and text tables, and figures as svg, png or pdf.

pub mod card;
#[cfg(feature = "figures")]
mod explained;
#[cfg(feature = "raster")]
mod figure_file;
#[cfg(feature = "figures")]
pub mod page;
#[cfg(feature = "files")]
mod parquet;
#[cfg(feature = "figures")]
mod probed;
#[cfg(feature = "figures")]
mod report;
mod table;
pub mod tables;
#[cfg(feature = "cli")]
pub mod text;

#[cfg(feature = "files")]
pub use crate::whole_files::{Output, write, write_to};
#[cfg(feature = "figures")]
pub use explained::card_html;
#[cfg(feature = "raster")]
pub use figure_file::{FigureFormat, figure};
#[cfg(feature = "files")]
pub use parquet::margins_parquet;
#[cfg(feature = "figures")]
pub use probed::probe_html;
#[cfg(feature = "figures")]
pub use report::{Again, Report, brief, report};
pub use table::{Cell, Table};
