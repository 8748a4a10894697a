//! Folders that `save_to_disk` of Hugging Face's datasets writes: `data-00000-of-00002.arrow`, … beside
//! `dataset_info.json` and `state.json`, and one such folder for each split beside `dataset_dict.json`.
//!
//! Follows `Dataset.save_to_disk` in `src/datasets/arrow_dataset.py`, `DatasetDict.save_to_disk` in
//! `src/datasets/dataset_dict.py`.

use std::path::{Path, PathBuf};

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

/// What says which files are the data: others may be left of an older copy, or written by `map` and `filter` for
/// the next time.
#[derive(Deserialize)]
struct State {
    #[serde(rename = "_data_files")]
    data_files: Vec<DataFile>,
}

#[derive(Deserialize)]
struct DataFile {
    filename: String,
}

/// The files of a data set, or of one split, if the directory holds one.
///
/// # Errors
/// If its `state.json` cannot be used, or names a file that is not there.
pub fn files(directory: &Path) -> Result<Option<Vec<PathBuf>>> {
    let path = directory.join("state.json");
    if !path.is_file() || !directory.join("dataset_info.json").is_file() {
        return Ok(None);
    }
    let bad = |problem: String| Error::content(&path, problem);
    let state: State = serde_json::from_str(&file::text(&path)?)
        .map_err(|error| bad(format!("is not what save_to_disk writes: {error}; save it again")))?;
    let files = state.data_files.into_iter().map(|file| directory.join(file.filename));
    let files: Vec<PathBuf> = files.collect();
    match files.iter().find(|file| !file.is_file()) {
        Some(file) => Err(bad(format!("names {}, which does not exist", file.display()))),
        None => Ok(Some(files)),
    }
}
