//! The classes of a moments file: names and ids.

use std::collections::HashSet;
use std::path::Path;

use polars::prelude::DataType;

use super::header::COLUMNS;
use crate::classes::Union;
use crate::error::{Error, Result};
use crate::input::parquet::{Column, Footer};
use crate::words::check_name;

/// The rows of a file: the indices of their classes among all `classes`, which they are taken into, and
/// their numbers of embeddings.
pub fn read(classes: &mut Union, path: &Path, footer: &Footer) -> Result<Vec<(usize, u64)>> {
    let ids = Column::typed(footer, COLUMNS[0], |of| of.is_integer() || of.is_null(), "integers")?;
    let names = Column::typed(footer, COLUMNS[1], DataType::is_string, "strings")?;
    let counts = Column::typed(footer, COLUMNS[2], DataType::is_integer, "integers")?;
    let integers = |column: &Column, group| {
        column.row_group(group, |series| Ok(series.cast(&DataType::Int64)?.i64()?.to_vec()))
    };
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for group in 0..footer.row_groups().count() {
        let names = names.row_group(group, |series| {
            Ok(series.str()?.iter().map(|name| name.map(str::to_owned)).collect::<Vec<_>>())
        })?;
        let keys = integers(&ids, group)?.into_iter().zip(names);
        for ((id, name), count) in keys.zip(integers(&counts, group)?) {
            let row = rows.len();
            let wrong = |problem: String| Error::content(path, format!("row {row}: {problem}"));
            let name = name.ok_or_else(|| wrong("there is no class".into()))?;
            check_name(&name).map_err(wrong)?;
            let Some(count) = count.and_then(|count| u64::try_from(count).ok()) else {
                return Err(wrong(format!("{name:?} has no number of instances")));
            };
            let class = classes.place(id, name.clone()).map_err(wrong)?;
            if !seen.insert(class) {
                return Err(wrong(format!("{:?} is there twice", name)));
            }
            rows.push((class, count));
        }
    }
    Ok(rows)
}
