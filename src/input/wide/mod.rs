//! Tables with one column a dimension: which columns those are, and csv files of them.

mod csv_file;
mod series;

pub use csv_file::CsvFile;
pub use series::columns;
