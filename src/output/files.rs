//! Files that appear whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};

/// Writes files of these names into a directory, which is made if it is missing. All are written
/// under other names first: if one fails, none of them changes.
///
/// # Errors
/// If the directory or a file cannot be written.
pub fn write(directory: &Path, files: &[(&str, String)]) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::write(directory))?;
    let stage = |(name, text): &(&str, String)| -> Result<NamedTempFile> {
        let path = directory.join(name);
        let fail = Error::write(&path);
        if path.is_dir() {
            return Err(fail(ErrorKind::IsADirectory.into()));
        }
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
        builder
            .prefix(&format!(".{name}."))
            .tempfile_in(directory)
            .and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file))
            .map_err(fail)
    };
    let staged: Vec<_> = files.iter().map(stage).collect::<Result<_>>()?;
    for ((name, _), file) in files.iter().zip(staged) {
        let path = directory.join(name);
        file.persist(&path).map_err(|error| Error::write(&path)(error.error))?;
    }
    Ok(())
}
