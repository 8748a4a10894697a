//! Folders that `save_to_disk` of Hugging Face's datasets writes: `data-00000-of-00002.arrow`, … beside
//! `dataset_info.json` and `state.json`, and one such folder for each split beside `dataset_dict.json`.
//!
//! Follows `Dataset.save_to_disk` in `src/datasets/arrow_dataset.py`, `DatasetDict.save_to_disk` in
//! `src/datasets/dataset_dict.py`.

use std::path::Path;

use serde::Deserialize;

use super::file;
use crate::error::{Error, Result};
use crate::words::list;

/// What says which splits there are.
#[derive(Deserialize)]
struct Splits {
    splits: Vec<String>,
}

/// Checks that a directory does not hold several splits, of which one must be chosen.
///
/// # Errors
/// If it does; names them.
pub fn check(directory: &Path) -> Result<()> {
    let path = directory.join("dataset_dict.json");
    if !path.is_file() {
        return Ok(());
    }
    let named = serde_json::from_str(&file::text(&path)?).ok();
    let splits = named.map_or_else(Vec::new, |Splits { splits }| splits);
    let first = splits.first().map_or("train", String::as_str);
    let problem = format!(
        "holds the splits {} of a data set: give one, {}",
        list(&splits),
        directory.join(first).display()
    );
    Err(Error::content(directory, problem))
}

/// Whether a directory holds one data set, or one split.
pub fn is_data_set(directory: &Path) -> bool {
    ["dataset_info.json", "state.json"].iter().all(|name| directory.join(name).is_file())
}

/// Whether a file in it is none of its data: what `map` and `filter` keep beside them for the next time.
pub fn is_cache(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    !name.starts_with("data-")
}
