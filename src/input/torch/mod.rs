//! `.pt` and `.pth` files of torch.save: a zip archive of a pickle, which says what tensors there are, and of
//! their values, stored as they are. A tensor is then read where it lies, as an npy array is.
//!
//! Follows `torch/serialization.py` of PyTorch, `_save` and `_load`.

mod pickle;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::stored_array::{Array, Found};
use super::{file, npz};
use crate::error::{Error, Result};
use pickle::{Objects, Tensor, Value};

/// Longest pickle read: a million names of files beside the tensors take a tenth.
const LONGEST_PICKLE: u64 = 256 << 20;

/// How many dictionaries may lie in one another.
const DEEPEST: usize = 8;

/// How files of torch.save before version 1.6 begin: a pickled number.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19";

/// Opens the first of the tensors `names` that there is, or the tensor that is all there is.
///
/// # Errors
/// If the file cannot be read or is damaged, or has none of these: says which there are, and which `option`
/// chooses among them. If a name was `asked` for and the tensor has none. If the tensor's values do not lie
/// side by side.
pub fn open(path: &Path, names: &[&str], asked: bool, option: &str) -> Result<Found> {
    let bad = |problem: String| Error::content(path, problem);
    let mut archive = Archive::open(path)?;
    let pickle = archive.pickle(path)?;
    let objects = pickle::read(&pickle).map_err(bad)?;
    let (name, tensor) = match objects.root {
        Value::Tensor(_) if asked => {
            let problem = format!("holds one tensor, which has no name: remove {option}");
            return Err(bad(problem));
        }
        Value::Tensor(at) => ("", &objects.tensors[at]),
        Value::Dict(at) => chosen(&objects, at, names, option).map_err(bad)?,
        Value::List | Value::Tuple(_) => {
            let problem = "holds a list: save one tensor, torch.stack(x) or torch.cat(x), or a dict of tensors";
            return Err(bad(problem.into()));
        }
        _ => return Err(bad("holds no tensor: save one, or a dict of tensors".into())),
    };
    archive.found(path, name, tensor)
}

/// Whether a file holds one tensor alone, without a name.
///
/// # Errors
/// If it cannot be read.
pub fn is_tensor(path: &Path) -> Result<bool> {
    Ok(names(path)?.is_none())
}

/// The names of the tensors in a file; none if it holds one tensor alone.
///
/// # Errors
/// If it cannot be read, or holds no tensor.
pub fn names(path: &Path) -> Result<Option<Vec<String>>> {
    let pickle = Archive::open(path)?.pickle(path)?;
    let objects = pickle::read(&pickle).map_err(|problem| Error::content(path, problem))?;
    match objects.root {
        Value::Dict(dict) => Ok(Some(names_in(&objects, dict))),
        _ => Ok(None),
    }
}

/// The first of the tensors `names` in a dictionary; `outer.inner` is in one that lies in it.
fn chosen<'a, 'n>(
    objects: &'a Objects<'a>,
    dict: usize,
    names: &[&'n str],
    option: &str,
) -> std::result::Result<(&'n str, &'a Tensor<'a>), String> {
    let found = names.iter().find_map(|&name| Some((name, find(objects, dict, name, DEEPEST)?)));
    let Some((name, value)) = found else {
        let there = names_in(objects, dict);
        if there.is_empty() {
            return Err("holds no tensor: save one, or a dict of tensors".into());
        }
        return Err(file::absent("tensor", names[0], &there, option));
    };
    match value {
        Value::Tensor(at) => Ok((name, &objects.tensors[at])),
        Value::List | Value::Tuple(_) => Err(format!(
            "holds a list as {name:?}: save a tensor, torch.tensor(x) or torch.stack(x)"
        )),
        _ => Err(format!("has {name:?}, which is not a tensor")),
    }
}

/// What stands under a name in a dictionary. Of a key that is set twice, the last counts.
fn find<'a>(objects: &Objects<'a>, dict: usize, name: &str, depth: usize) -> Option<Value<'a>> {
    let entries = || objects.dicts[dict].iter().rev();
    let whole = entries().find(|(key, _)| *key == name).map(|&(_, value)| value);
    whole.or_else(|| {
        let inner = |&(key, value): &(&str, Value)| match value {
            Value::Dict(inner) if depth > 0 => {
                Some((inner, name.strip_prefix(key)?.strip_prefix('.')?))
            }
            _ => None,
        };
        let (inner, rest) = entries().find_map(inner)?;
        find(objects, inner, rest, depth - 1)
    })
}

/// The names of the tensors in a dictionary, and in those in it.
fn names_in(objects: &Objects, dict: usize) -> Vec<String> {
    const MOST: usize = 1 << 16;
    let mut names = Vec::new();
    let mut open = vec![(dict, String::new(), 0)];
    let mut looked_at = 0;
    while let Some((dict, before, depth)) = open.pop() {
        for &(key, value) in &objects.dicts[dict] {
            match value {
                Value::Tensor(_) => names.push(format!("{before}{key}")),
                Value::Dict(inner) if depth < DEEPEST => {
                    open.push((inner, format!("{before}{key}."), depth + 1));
                }
                _ => {}
            }
            // A dictionary may be in itself.
            looked_at += 1;
            if looked_at > MOST {
                return names;
            }
        }
    }
    names
}

struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// The folder that all entries lie in, with its slash.
    folder: String,
}

impl Archive {
    fn open(path: &Path) -> Result<Archive> {
        let bad = |problem: &str| Error::content(path, problem);
        let (mut file, _) = file::open(path)?;
        let mut head = [0; 16];
        let read = file.read(&mut head).map_err(Error::read(path))?;
        let head = &head[..read];
        if head.starts_with(LEGACY) {
            return Err(bad(
                "is of the format that torch.save wrote before version 1.6: load it, and save it again with \
                 torch 1.6 or later",
            ));
        } else if head.starts_with(b"\x80") {
            return Err(bad("is a pickle, which is never read: save tensors with torch.save"));
        } else if !head.starts_with(b"PK") {
            return Err(bad("is not a file of torch.save, which are zip archives"));
        }
        let zip = npz::archive(path, "file of torch.save")?;
        let folder = zip.file_names().find_map(|name| {
            let folder = name.strip_suffix("data.pkl")?;
            (folder.find('/') == folder.len().checked_sub(1)).then(|| folder.to_owned())
        });
        let Some(folder) = folder else {
            return Err(bad("is a zip archive without data.pkl: is it a file of torch.save?"));
        };
        if zip.index_for_name(&format!("{folder}constants.pkl")).is_some() {
            return Err(bad(
                "is a model of TorchScript, not tensors: save tensors with torch.save",
            ));
        }
        Ok(Archive { zip, folder })
    }

    /// The bytes of the pickle, if the tensors' are in the order that is read.
    fn pickle(&mut self, path: &Path) -> Result<Vec<u8>> {
        let bad = |problem: &str| Error::content(path, problem);
        if let Some(order) = self.entry(path, "byteorder", 16)?
            && order != b"little"
        {
            return Err(bad("holds numbers of big-endian byte order: save it on another machine"));
        }
        let pickle = self.entry(path, "data.pkl", LONGEST_PICKLE + 1)?.unwrap_or_default();
        match pickle.len() as u64 > LONGEST_PICKLE {
            true => Err(bad("holds far more than tensors: save tensors alone")),
            false => Ok(pickle),
        }
    }

    /// What an entry begins with.
    fn entry(&mut self, path: &Path, name: &str, most: u64) -> Result<Option<Vec<u8>>> {
        let Some(at) = self.zip.index_for_name(&format!("{}{name}", self.folder)) else {
            return Ok(None);
        };
        let damaged = |error| Error::content(path, format!("is damaged: {error}"));
        let mut bytes = Vec::new();
        let entry = self.zip.by_index(at).map_err(|error| damaged(error.into()))?;
        entry.take(most).read_to_end(&mut bytes).map_err(damaged)?;
        Ok(Some(bytes))
    }

    /// A tensor, where it lies in the file.
    fn found(&mut self, path: &Path, name: &str, tensor: &Tensor) -> Result<Found> {
        let bad = |problem: String| {
            Error::content(path, format!("{}{problem}", Found::called("tensor", name)))
        };
        let (start, length) = self.place(path, tensor.entry)?;
        let width = width(tensor.descr);
        let count = tensor.shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
        let end = count.and_then(|count| count.checked_add(tensor.offset)?.checked_mul(width));
        let Some(fortran) = is_fortran(tensor) else {
            return Err(bad(
                "is a view, whose values are not contiguous: save x.contiguous().clone()".into(),
            ));
        };
        let (Some(count), true) = (count, end.is_some_and(|end| end as u64 <= length)) else {
            return Err(bad(format!(
                "is cut off: it has shape {:?} from element {} on, but {length} bytes of data",
                tensor.shape, tensor.offset
            )));
        };
        let start = start + (tensor.offset * width) as u64;
        let (shape, descr) = (tensor.shape.clone(), tensor.descr.into());
        let array = Array { shape, fortran, descr, start };
        let (mut file, _) = file::open(path)?;
        file.seek(SeekFrom::Start(start)).map_err(Error::read(path))?;
        let (reader, bytes) = (BufReader::new(file), (count * width) as u64);
        Ok(Found { name: name.into(), reader, array, bytes })
    }

    /// Where the bytes of a storage begin, and how many there are.
    fn place(&mut self, path: &Path, key: &str) -> Result<(u64, u64)> {
        let bad = |problem: String| Error::content(path, problem);
        let name = format!("{}data/{key}", self.folder);
        let Some(at) = self.zip.index_for_name(&name) else {
            return Err(bad(format!("has no entry {name:?}: was it written to its end?")));
        };
        let entry =
            self.zip.by_index_raw(at).map_err(|error| bad(format!("is damaged: {error}")))?;
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            let problem =
                "was packed again, compressed or encrypted: save it again with torch.save";
            return Err(bad(problem.into()));
        }
        Ok((entry.data_start(), entry.compressed_size()))
    }
}

/// Bytes of an element.
fn width(descr: &str) -> usize {
    match descr.trim_start_matches(|c: char| !c.is_ascii_digit()) {
        "1" | "2" | "4" | "8" if descr.len() == 3 => usize::from(descr.as_bytes()[2] - b'0'),
        "16" => 2,
        "64" => 8,
        "128" => 16,
        _ => 1,
    }
}

/// Whether the first axis varies fastest, not the last; none if the values do not lie side by side.
fn is_fortran(tensor: &Tensor) -> Option<bool> {
    fn dense<'a>(mut axes: impl Iterator<Item = (&'a usize, &'a usize)>) -> bool {
        let mut next = 1_usize;
        axes.all(|(&length, &stride)| {
            let right = length == 1 || stride == next;
            next = next.saturating_mul(length);
            right
        })
    }
    let axes = || tensor.shape.iter().zip(&tensor.strides);
    if dense(axes().rev()) || tensor.shape.contains(&0) {
        Some(false)
    } else {
        dense(axes()).then_some(true)
    }
}
