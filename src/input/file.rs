//! Opens files: only regular ones, so that nothing waits for a pipe or reads a device
//! without end; and small texts, whole. If something else stands there, the error says what it is.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use bytesize::ByteSize;
use flate2::read::MultiGzDecoder;

use crate::error::{Error, Result};
use crate::observer::{Observer, Unit};
use crate::words::{list, suggestion};

/// Longest text read whole: some ten million labels. Tables of classes take kilobytes.
const LONGEST_TEXT: u64 = 256 << 20;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How files begin that gzip has packed.
const GZIP: &[u8] = b"\x1f\x8b";

/// How files begin that are no text, and what they are.
const NOT_TEXT: [(&[u8], &str); 13] = [
    (GZIP, "is compressed by gzip: unpack it"),
    (b"BZh91AY&SY", "is compressed by bzip2: unpack it"),
    (b"\xfd7zXZ\0", "is compressed by xz: unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed by zstd: unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it"),
    (b"PK\x03\x04", "is a zip archive, as .npz and .xlsx files are, not text"),
    (b"\xd0\xcf\x11\xe0", "is a file of Excel, not text: save it as csv"),
    (b"\x93NUMPY", "is an npy array, not text: its name ends in .npy"),
    (b"PAR1\x15", "is a parquet file, not text: its name ends in .parquet"),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
];

const PICKLE: &str = "is a pickle of Python, which is never read: save it as json or csv";

/// Opens a regular file, and says how long it is in bytes.
///
/// # Errors
/// If there is none, it cannot be read, it is a directory, a pipe or a device, or only stands for the
/// file that was meant.
pub fn open(path: &Path) -> Result<(File, u64)> {
    open_with_head(path).map(|(file, length, _)| (file, length))
}

/// Opens a text behind its byte order mark, and says how long the file is in bytes.
///
/// # Errors
/// If it cannot be opened, is empty, or is no text in UTF-8 by its first bytes.
pub fn open_text(path: &Path) -> Result<(File, u64)> {
    let (mut file, length, head) = open_with_head(path)?;
    if let Some(what) = not_text(&head) {
        return Err(Error::content(path, what));
    }
    if head.starts_with(MARK) {
        file.seek(SeekFrom::Start(MARK.len() as u64)).map_err(Error::read(path))?;
    }
    Ok((file, length))
}

/// Opens a text as a stream behind its byte order mark. What gzip has packed is unpacked on the way, whatever
/// the file is called.
///
/// # Errors
/// If it cannot be opened or unpacked, is empty, or is no text in UTF-8 by its first bytes.
pub fn stream(path: &Path) -> Result<Box<dyn Read>> {
    unpacked(path, |file, _| Box::new(file))
}

/// The same; the observer is told how far it has come, in bytes as they lie in the file.
///
/// # Errors
/// As for [`stream`].
pub fn watched(path: &Path, observer: &dyn Observer) -> Result<Box<dyn Read>> {
    unpacked(path, |file, length| {
        Box::new(Watched { file, progress: observer.progress(length, Unit::Bytes) })
    })
}

/// A file with what is told of each lot of bytes that is read.
struct Watched {
    file: File,
    progress: Box<dyn Fn(u64) + Sync>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}

fn unpacked(path: &Path, reader: impl FnOnce(File, u64) -> Box<dyn Read>) -> Result<Box<dyn Read>> {
    let (mut file, length, head) = open_with_head(path)?;
    if !head.starts_with(GZIP) {
        let (file, length) = open_text(path)?;
        return Ok(reader(file, length));
    }
    let mut unpacked = Unpacked(MultiGzDecoder::new(&mut file));
    let mut head = Vec::new();
    (&mut unpacked).take(HEAD).read_to_end(&mut head).map_err(Error::read(path))?;
    if let Some(what) = stand_in(&head).or_else(|| not_text(&head)) {
        return Err(Error::content(path, format!("is packed by gzip, and what is in it {what}")));
    }
    file.seek(SeekFrom::Start(0)).map_err(Error::read(path))?;
    let mut unpacked = Unpacked(MultiGzDecoder::new(reader(file, length)));
    if head.starts_with(MARK) {
        let mut mark = [0; MARK.len()];
        unpacked.read_exact(&mut mark).map_err(Error::read(path))?;
    }
    Ok(Box::new(unpacked))
}

/// How a text begins, for recognizing its format, packed or not: up to 64 KiB. What cannot be read, or is no
/// text, is left for its reader to refuse.
pub fn beginning(path: &Path) -> String {
    const LONG: u64 = 1 << 16;
    let mut bytes = Vec::new();
    if let Ok(stream) = stream(path) {
        // As far as it gets.
        let _ = stream.take(LONG).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What gzip has packed; a failure says so.
struct Unpacked<R>(MultiGzDecoder<R>);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            _ => io::Error::other(format!(
                "it is packed by gzip and cannot be unpacked, {error}: download or pack it again"
            )),
        })
    }
}

fn open_with_head(path: &Path) -> Result<(File, u64, Vec<u8>)> {
    // Asked by name: to open a pipe would wait for its writer.
    if !fs::metadata(path).map_err(Error::read(path))?.is_file() {
        return Err(Error::content(path, "is a directory, pipe or device: give a regular file"));
    }
    let file = File::open(path).map_err(Error::read(path))?;
    let length = file.metadata().map_err(Error::read(path))?.len();
    let head = head(&file).map_err(Error::read(path))?;
    match stand_in(&head) {
        Some(what) => Err(Error::content(path, what)),
        None => Ok((file, length, head)),
    }
}

/// Fills `bytes` with what is in the file from `start` on; where the file then stands is not said.
pub fn read_at(file: &mut File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, bytes, start);
    #[cfg(not(unix))]
    return file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(bytes));
}

/// Bytes by which a file is recognized.
const HEAD: u64 = 256;

fn head(mut file: &File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

/// What a file is that stands for another, of whatever format that is.
fn stand_in(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some("is a pointer of Git LFS in place of the file: run git lfs pull");
    }
    let text = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start().to_ascii_lowercase();
    let page = text.starts_with(b"<!doctype html") || text.starts_with(b"<html");
    page.then_some("is a web page (HTML) in place of the file: download it again")
}

/// What a file is that is no text in UTF-8.
fn not_text(head: &[u8]) -> Option<&'static str> {
    if head.is_empty() || head == MARK {
        return Some("is empty: was it written to its end?");
    }
    if head.iter().all(|&byte| byte == 0) {
        return Some("holds NUL bytes in place of text: it was not written to its end");
    }
    let nul = |at: usize| head.get(at) == Some(&0);
    let wide = nul(0) != nul(1) && nul(0) == nul(2) && nul(1) == nul(3);
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || wide {
        return Some("is text in UTF-16: save it as UTF-8");
    }
    NOT_TEXT.iter().find(|(start, _)| head.starts_with(start)).map(|&(_, what)| what)
}

/// The text of a whole file, without a byte order mark.
///
/// # Errors
/// If it cannot be read, is empty, longer than 256 MiB, or not UTF-8.
pub fn text(path: &Path) -> Result<String> {
    match open_text(path)? {
        (_, length) if length > LONGEST_TEXT => Err(too_long(path)),
        (file, _) => whole(path, file),
    }
}

/// The text that a reader of a file gives.
///
/// # Errors
/// If it cannot be read, is longer than 256 MiB, or not UTF-8.
pub fn whole(path: &Path, reader: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    reader.take(LONGEST_TEXT + 1).read_to_end(&mut bytes).map_err(Error::read(path))?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(too_long(path));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..valid].iter().filter(|&&byte| byte == b'\n').count();
        Error::content(path, format!("line {line}: {NOT_UTF8}"))
    })
}

fn too_long(path: &Path) -> Error {
    let most = ByteSize::b(LONGEST_TEXT);
    Error::content(path, format!("is a text of more than {most}: is it the right file?"))
}

/// What is wrong with a line in another encoding.
pub const NOT_UTF8: &str = "is not text in UTF-8: save it as UTF-8";

/// A failure while the data are read.
pub fn failed(path: &Path, error: io::Error) -> Error {
    if error.kind() == ErrorKind::UnexpectedEof {
        Error::content(path, "ended early while it was read: is something still writing it?")
    } else {
        Error::read(path)(error)
    }
}

/// That a file is of none of the formats that are read; of what is known by its first bytes, what it is.
pub fn unknown(path: &Path, problem: &str) -> Error {
    let head = match open_with_head(path) {
        Ok((.., head)) => head,
        Err(error) => return error,
    };
    if head.starts_with(b"\x89HDF\r\n\x1a\n") {
        let problem = "is an HDF5 file, which is not read here: save its arrays as .npy in Python, \
                       `file = h5py.File(path)` and `numpy.save(\"embeddings.npy\", file[\"embeddings\"])`, and so \
                       the labels";
        return Error::content(path, problem);
    }
    Error::content(path, problem)
}

/// That a file holds no array or tensor of the name `wanted`, an `option` chooses among those that are
/// `there`.
pub fn absent<S: AsRef<str>>(what: &str, wanted: &str, there: &[S], option: &str) -> String {
    let unnamed = there.iter().any(|name| name.as_ref() == "arr_0");
    let way_out = match (unnamed, suggestion(wanted, there)) {
        (true, _) => {
            ": np.savez was given no names; if embeddings and labels are in this order, give \
             --embedding-column arr_0 --label-column arr_1"
                .into()
        }
        (false, near) if near.is_empty() => format!(": choose one with {option}"),
        (false, near) => near,
    };
    format!("has no {what} {wanted:?}; it has {}{way_out}", list(there))
}

/// What tells a file from others, whatever name it is given: its path without links, hashed.
pub(crate) fn mark(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.canonicalize().unwrap_or_else(|_| path.to_owned()).hash(&mut hasher);
    hasher.finish()
}
