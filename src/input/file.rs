//! Files as they are opened: regular ones alone, so that nothing waits for a pipe or reads a device
//! without end; and small texts, whole.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use bytesize::ByteSize;

use crate::error::{Error, Result};

/// Longest text read whole: some ten million labels. Tables of classes take kilobytes.
const LONGEST_TEXT: u64 = 256 << 20;

/// Longest name of a class, run or column, bytes.
const LONGEST_NAME: usize = 1000;

/// Opens a regular file, and says how long it is in bytes.
///
/// # Errors
/// If there is none, it cannot be read, or it is a directory, a pipe or a device.
pub fn open(path: &Path) -> Result<(File, u64)> {
    // Asked by name: to open a pipe would wait for its writer.
    if !fs::metadata(path).map_err(Error::read(path))?.is_file() {
        return Err(Error::content(path, "is a directory, pipe or device: give a regular file"));
    }
    let file = File::open(path).map_err(Error::read(path))?;
    let length = file.metadata().map_err(Error::read(path))?.len();
    Ok((file, length))
}

/// The text of a whole file, without a byte order mark.
///
/// # Errors
/// If it cannot be read, is longer than 256 MiB, or not UTF-8.
pub fn text(path: &Path) -> Result<String> {
    let (file, length) = open(path)?;
    let too_long = || {
        let most = ByteSize::b(LONGEST_TEXT);
        Error::content(path, format!("is a text of more than {most}: is it the right file?"))
    };
    if length > LONGEST_TEXT {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    file.take(LONGEST_TEXT + 1).read_to_end(&mut bytes).map_err(Error::read(path))?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(too_long());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..valid].iter().filter(|&&byte| byte == b'\n').count();
        Error::content(path, format!("line {line}: is not text in UTF-8: save it as such"))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Checks a name that goes into tables and figures.
///
/// # Errors
/// A sentence, if it is too long to be one, or holds a line break or another control character.
pub fn check_name(name: &str) -> std::result::Result<(), String> {
    if name.len() > LONGEST_NAME {
        let problem = format!("a name of {} bytes: is a quote or a line left open?", name.len());
        return Err(problem);
    }
    match name.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("the name {name:?} holds the control character {c:?}: remove it")),
        None => Ok(()),
    }
}
