//! Paths, directories and globs → files in a stable order.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The files that `paths` name, in the order given. A directory stands for its files with one of
/// the `extensions`, a glob for what it matches; both in natural order (`part-2` before `part-10`).
///
/// # Errors
/// If a path names nothing, or cannot be read.
pub fn expand(paths: &[PathBuf], extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(directory(path, extensions)?);
        } else if path.exists() {
            files.push(path.clone());
        } else {
            files.extend(matches(path)?);
        }
    }
    Ok(files)
}

fn directory(path: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(Error::read(path))? {
        let file = entry.map_err(Error::read(path))?.path();
        // A link that leads nowhere, or a pipe, is kept: to open it says so.
        let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && !file.is_dir() && extensions.contains(&extension(&file).as_str()) {
            files.push(file);
        }
    }
    if files.is_empty() {
        let problem = format!("holds no file that ends in .{}", extensions.join(", ."));
        return Err(Error::content(path, problem));
    }
    sort(&mut files);
    Ok(files)
}

fn matches(pattern: &Path) -> Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    let mut files = Vec::new();
    for path in glob::glob(&text).into_iter().flatten() {
        let path = path.map_err(|error| {
            let directory = error.path().to_owned();
            Error::read(&directory)(error.into())
        })?;
        if !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::Missing { path: pattern.to_owned() });
    }
    sort(&mut files);
    Ok(files)
}

fn sort(files: &mut [PathBuf]) {
    files
        .sort_by(|a, b| natord::compare(&a.to_string_lossy(), &b.to_string_lossy()).then(a.cmp(b)));
}

/// The file's extension in lower case, or nothing.
pub fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}
