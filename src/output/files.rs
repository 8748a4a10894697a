//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};

/// What writes a file's content.
type Content<'a> = Box<dyn FnOnce(&mut BufWriter<&fs::File>) -> io::Result<()> + 'a>;

/// A file to be written.
pub struct Output<'a> {
    /// Its name.
    pub name: String,
    content: Content<'a>,
}

impl<'a> Output<'a> {
    /// A file of this text.
    pub fn text(name: impl Into<String>, text: String) -> Output<'a> {
        Output::written(name, move |file| file.write_all(text.as_bytes()))
    }

    /// A file whose content `write` writes.
    pub fn written(
        name: impl Into<String>,
        write: impl FnOnce(&mut BufWriter<&fs::File>) -> io::Result<()> + 'a,
    ) -> Output<'a> {
        Output { name: name.into(), content: Box::new(write) }
    }
}

/// Writes files into a directory, which is made if it is missing. All are written under other names
/// first: if one fails, none of them changes.
///
/// # Errors
/// If the directory or a file cannot be written.
pub fn write(directory: &Path, outputs: Vec<Output>) -> Result<()> {
    let new = !directory.exists();
    fs::create_dir_all(directory).map_err(Error::write(directory))?;
    let written = write_into(directory, outputs);
    if new && written.is_err() {
        // Not if something is in it by now.
        let _ = fs::remove_dir(directory);
    }
    written
}

fn write_into(directory: &Path, outputs: Vec<Output>) -> Result<()> {
    let mut staged = Vec::new();
    for Output { name, content } in outputs {
        let path = directory.join(&name);
        let file = stage(directory, &name, content).map_err(Error::write(&path))?;
        staged.push((path, file));
    }
    for (path, file) in staged {
        file.persist(&path).map_err(|error| Error::write(&path)(error.error))?;
    }
    Ok(())
}

fn stage(directory: &Path, name: &str, content: Content) -> io::Result<NamedTempFile> {
    if directory.join(name).is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    let file = builder.prefix(&format!(".{name}.")).tempfile_in(directory)?;
    let mut writer = BufWriter::new(file.as_file());
    content(&mut writer)?;
    writer.flush()?;
    drop(writer);
    Ok(file)
}
