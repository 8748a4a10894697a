//! Files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

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
    in_directory(directory, || {
        let mut staged = Vec::new();
        for Output { name, content } in outputs {
            let path = directory.join(&name);
            staged.push(Staged::write(directory, &path, |file| {
                content(file).map_err(Error::write(&path))
            })?);
        }
        staged.into_iter().try_for_each(Staged::persist)
    })
}

/// Writes one output to this file, whatever its name. The directory is made if it is missing.
///
/// # Errors
/// If the file cannot be written.
pub fn write_to(path: &Path, output: Output) -> Result<()> {
    write_file(path, |file| (output.content)(file).map_err(Error::write(path)))
}

/// Writes one file, of which `content` may fail for reasons of its own. Its directory is made if it is
/// missing.
///
/// # Errors
/// If the file cannot be written; what `content` returns.
pub fn write_file(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<()>,
) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    in_directory(directory, || Staged::write(directory, path, content)?.persist())
}

fn in_directory(directory: &Path, write: impl FnOnce() -> Result<()>) -> Result<()> {
    let new = !directory.exists();
    fs::create_dir_all(directory).map_err(Error::write(directory))?;
    let written = write();
    if new && written.is_err() {
        // Not if something is in it by now.
        let _ = fs::remove_dir(directory);
    }
    written
}

/// A file that is whole, and not yet under its name.
struct Staged {
    path: PathBuf,
    file: NamedTempFile,
}

impl Staged {
    fn write(
        directory: &Path,
        path: &Path,
        content: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<()>,
    ) -> Result<Staged> {
        let cannot = |error| Error::write(path)(error);
        let (Some(name), false) = (path.file_name(), path.is_dir()) else {
            return Err(cannot(ErrorKind::IsADirectory.into()));
        };
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
        let prefix = format!(".{}.", name.to_string_lossy());
        let file = builder.prefix(&prefix).tempfile_in(directory).map_err(cannot)?;
        let mut writer = BufWriter::new(file.as_file());
        content(&mut writer)?;
        writer.flush().map_err(cannot)?;
        drop(writer);
        Ok(Staged { path: path.to_owned(), file })
    }

    fn persist(self) -> Result<()> {
        let Staged { path, file } = self;
        file.persist(&path).map(drop).map_err(|error| Error::write(&path)(error.error))
    }
}
