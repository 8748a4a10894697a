//! Margins as parquet.

use std::io::{self, Write};
use std::ops::Range;

use ndarray::ArrayView2;
use polars::prelude::*;

/// Pairs of classes per row group.
const PAIRS: usize = 1 << 18;

/// Writes margins (C×C radians) in long form, `class_i,class_j,margin`, row by row of the matrix:
/// never all pairs at once.
///
/// # Errors
/// If writing fails.
pub fn margins_parquet<W: Write + Send>(
    file: W,
    names: &[String],
    margins: ArrayView2<f64>,
) -> io::Result<()> {
    let classes = names.len();
    let part = |rows: Range<usize>| {
        let pairs = || rows.clone().flat_map(|i| (0..classes).map(move |j| (i, j)));
        let column = |name: &str, class: fn((usize, usize)) -> usize| {
            Column::new(
                name.into(),
                pairs().map(|pair| names[class(pair)].as_str()).collect::<Vec<_>>(),
            )
        };
        DataFrame::new_infer_height(vec![
            column("class_i", |(i, _)| i),
            column("class_j", |(_, j)| j),
            Column::new("margin".into(), pairs().map(|pair| margins[pair]).collect::<Vec<_>>()),
        ])
    };
    let schema = Schema::from_iter([
        Field::new("class_i".into(), DataType::String),
        Field::new("class_j".into(), DataType::String),
        Field::new("margin".into(), DataType::Float64),
    ]);
    let write = || {
        let mut writer = ParquetWriter::new(file).batched(&schema)?;
        let step = (PAIRS / classes.max(1)).max(1);
        for start in (0..classes).step_by(step) {
            writer.write_batch(&part(start..classes.min(start + step))?)?;
        }
        writer.finish()
    };
    write().map(drop).map_err(|error| io::Error::other(error.to_string()))
}
