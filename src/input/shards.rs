//! Paths, directories and globs → files, which are data, in one order.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::hugging_face;
use crate::error::{Error, Result};

/// How files of data end.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// In a directory, all that end so.
    pub first: &'static [&'static str],
    /// And where there are none, those that end so.
    pub second: &'static [&'static str],
}

/// The files that a list of paths names. However they are named, they have one order.
#[derive(Debug, Default)]
pub struct Files {
    /// In natural order of their paths (`part-2` before `part-10`).
    pub paths: Vec<PathBuf>,
    /// In the order in which they were named; those of a directory or glob in natural order.
    named: Vec<PathBuf>,
    /// Whether what named them is sorted as text, as a shell sorts what it expands.
    as_text: bool,
    /// Directories and globs among what named them.
    folders: Vec<PathBuf>,
}

impl Files {
    /// What to say of directories and globs: how many files were found, with so many rows.
    pub fn note(&self, rows: usize) -> Option<String> {
        let first = self.folders.first()?.display();
        let more = match self.folders.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let count = |count: usize, of| format!("{count} {of}{}", if count == 1 { "" } else { "s" });
        let (files, rows) = (count(self.paths.len(), "file"), count(rows, "row"));
        Some(format!("{first}{more}: {files}, {rows}"))
    }

    /// Whether the user may have meant another order than the natural one.
    fn in_own_order(&self) -> bool {
        !self.as_text && self.named != self.paths
    }

    /// Checks that these files of embeddings, in natural order, surely are those of the `labels`.
    ///
    /// # Errors
    /// If their names say otherwise, or the order in which they were named does.
    pub fn check_labels(&self, labels: &Files) -> Result<()> {
        let each = self.paths.len() == labels.paths.len();
        let alike = each && self.names_agree(labels)?;
        if alike || !(self.in_own_order() || labels.in_own_order()) {
            return Ok(());
        }
        let pairs = |ours: &[PathBuf], theirs: &[PathBuf]| -> BTreeSet<_> {
            ours.iter().cloned().zip(theirs.iter().cloned()).collect()
        };
        if each && pairs(&self.named, &labels.named) == pairs(&self.paths, &labels.paths) {
            return Ok(());
        }
        let files = if self.in_own_order() { self } else { labels };
        let at = files.named.iter().zip(&files.paths).position(|(named, path)| named != path);
        Err(Error::content(
            &files.named[at.unwrap_or(0)],
            "is not in the natural order of the file names, in which files are read: name the \
             files in natural order, or rename embeddings and labels in the same way",
        ))
    }

    /// Whether the names show that each file of labels belongs to the file of embeddings with its index.
    ///
    /// # Errors
    /// If they show that labels belong to another file.
    fn names_agree(&self, labels: &Files) -> Result<bool> {
        let columns = columns(&self.paths);
        let (mut agree, mut doubt) = (self.paths.len() == 1, None);
        for of_labels in self::columns(&labels.paths) {
            // Of each file of labels the file of embeddings that has the same word in some column.
            let owners = |column: &Vec<String>| -> Vec<Option<usize>> {
                let at: HashMap<_, _> = column.iter().zip(0..).collect();
                of_labels.iter().map(|word| at.get(word).copied()).collect()
            };
            let owners: Vec<_> = columns.iter().map(owners).collect();
            if owners
                .iter()
                .any(|owners| owners.iter().copied().eq((0..).map(Some).take(owners.len())))
            {
                agree = true;
            } else if let Some(others) =
                owners.iter().find(|owners| owners.iter().all(Option::is_some))
            {
                return Err(self.mistaken(others, labels));
            } else if let Some(shifted) = owners.into_iter().find(|owners| is_shift(owners)) {
                doubt.get_or_insert(shifted);
            }
        }
        match doubt {
            Some(shifted) if !agree => Err(self.mistaken(&shifted, labels)),
            _ => Ok(agree),
        }
    }

    /// That files of labels seem to be of other files of embeddings than those with their indices.
    fn mistaken(&self, owners: &[Option<usize>], labels: &Files) -> Error {
        let other = |(at, owner): (usize, &Option<usize>)| {
            owner.filter(|&owner| owner != at).map(|owner| (at, owner))
        };
        let (at, owner) = owners.iter().enumerate().find_map(other).unwrap_or_default();
        let problem = format!(
            "by its name it holds the labels of {}, but in natural order it is matched with {}: \
             give the files of embeddings and labels matching names",
            self.paths[owner].display(),
            self.paths[at].display()
        );
        Error::content(&labels.paths[at], problem)
    }
}

/// Whether all but one are so many positions off, as numbers from 1 beside numbers from 0.
fn is_shift(owners: &[Option<usize>]) -> bool {
    let mut shifts =
        owners.iter().enumerate().filter_map(|(at, owner)| Some((*owner)? as isize - at as isize));
    let count = shifts.clone().count();
    let Some(first) = shifts.next() else { return false };
    first != 0 && count + 1 == owners.len() && shifts.all(|shift| shift == first)
}

/// What tells files apart: the words at one position of their names, as far as they differ in all.
fn columns(paths: &[PathBuf]) -> Vec<Vec<String>> {
    let mut names: Vec<_> = paths.iter().map(|path| words(path)).collect();
    let mut columns = Vec::new();
    // From the end of the names: in front of them may stand any directories.
    while let Some(column) = names.iter_mut().map(Vec::pop).collect::<Option<Vec<_>>>() {
        let distinct: HashSet<_> = column.iter().collect();
        if distinct.len() == column.len() {
            columns.push(column);
        }
    }
    columns
}

/// The words and numbers of a path in lower case, numbers without leading zeros. What mixes the two more
/// than `rank07` does is a word, such as 1f0c.
fn words(path: &Path) -> Vec<String> {
    let text = path.to_string_lossy().to_lowercase();
    let chunks = text.split(|c: char| !c.is_alphanumeric()).filter(|chunk| !chunk.is_empty());
    let mut words = Vec::new();
    for chunk in chunks {
        let letters: Vec<char> = chunk.chars().collect();
        let runs: Vec<_> = letters.chunk_by(|a, b| a.is_numeric() == b.is_numeric()).collect();
        let runs = if runs.len() > 2 { vec![&letters[..]] } else { runs };
        for run in runs {
            let zeros = run.iter().take_while(|&&c| c == '0').count();
            words.push(run[zeros.min(run.len() - 1)..].iter().collect());
        }
    }
    words
}

/// The files that `paths` name. A directory stands for its files with one of the `extensions`, and those
/// of its sub-directories; a glob for what it matches. What begins with `.` or `_` is no data there.
///
/// # Errors
/// If a path names nothing, cannot be read, or is empty; if a file is named twice, also under two names;
/// or if it belongs to a table whose files are not all its rows.
pub fn expand(paths: &[PathBuf], kinds: Kinds) -> Result<Files> {
    let mut files = Files { as_text: is_sorted_as_text(paths), ..Files::default() };
    for path in paths {
        if path.is_dir() {
            files.folders.push(path.clone());
            check_table(path)?;
            files.named.extend(within(path, kinds)?);
        } else if path.exists() {
            if paths.len() > 1 && is_hidden(path) {
                let problem = "files that begin with . or _ are not data: remove it, or rename it";
                return Err(Error::content(path, problem));
            }
            files.named.push(path.clone());
        } else {
            files.folders.push(path.clone());
            files.named.extend(matches(path, kinds.first)?);
        }
    }
    check(&files.named)?;
    files.paths = files.named.clone();
    sort(&mut files.paths);
    Ok(files)
}

/// The files of a directory and of those in it.
fn within(path: &Path, kinds: Kinds) -> Result<Vec<PathBuf>> {
    for extensions in [kinds.first, kinds.second] {
        let mut found = Vec::new();
        descend(path, extensions, &mut Vec::new(), &mut found)?;
        if !found.is_empty() {
            sort(&mut found);
            return Ok(found);
        }
    }
    let all: Vec<_> = kinds.first.iter().chain(kinds.second).copied().collect();
    Err(Error::content(path, format!("holds no file that ends in .{}", all.join(", ."))))
}

/// Adds the files of a directory and of those in it. `above` are those that it lies in.
fn descend(
    directory: &Path,
    extensions: &[&str],
    above: &mut Vec<Identity>,
    files: &mut Vec<PathBuf>,
) -> Result<()> {
    let this = identity(directory).map_err(Error::read(directory))?;
    if above.contains(&this) {
        return Err(Error::content(
            directory,
            "is a link to a directory that contains it: remove it",
        ));
    }
    hugging_face::check(directory)?;
    let of_data_set = hugging_face::files(directory)?;
    above.push(this);
    for entry in directory.read_dir().map_err(Error::read(directory))? {
        let path = entry.map_err(Error::read(directory))?.path();
        if is_hidden(&path) {
            continue;
        }
        if path.is_dir() {
            descend(&path, extensions, above, files)?;
        } else if extensions.contains(&extension(&path).as_str())
            && of_data_set.as_ref().is_none_or(|files| files.contains(&path))
        {
            // A link that leads nowhere, or a pipe, stays in the list: to open it is an error that says so.
            files.push(path);
        }
    }
    above.pop();
    Ok(())
}

fn matches(pattern: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let plain = |name: &&Path| !name.to_string_lossy().contains(['*', '?', '[']);
    let plain = names(pattern).take_while(|name| plain(name)).count();
    let mut files = Vec::new();
    for path in glob::glob(&pattern.to_string_lossy()).into_iter().flatten() {
        let path = path.map_err(|error| {
            let directory = error.path().to_owned();
            Error::read(&directory)(error.into())
        })?;
        if names(&path).skip(plain).any(is_hidden) {
            continue;
        }
        if path.is_dir() {
            descend(&path, extensions, &mut Vec::new(), &mut files)?;
        } else {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::Missing { path: pattern.to_owned() });
    }
    sort(&mut files);
    // `**` matches a directory and what is in it.
    files.dedup();
    Ok(files)
}

/// The names in a path, without `.`, `..` and the root.
fn names(path: &Path) -> impl Iterator<Item = &Path> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(Path::new(name)),
        _ => None,
    })
}

/// Whether its name is one that programs give to what is no data: `_SUCCESS`, `.part.crc`, `._x.npy`.
fn is_hidden(path: &Path) -> bool {
    let first = path.file_name().and_then(|name| name.as_encoded_bytes().first());
    matches!(first, Some(b'.' | b'_'))
}

/// Checks that no file is there twice, is empty, or belongs to a table with a log of its own; and that
/// none seems to hold the same rows as another in another format.
fn check(files: &[PathBuf]) -> Result<()> {
    let mut seen: HashMap<Identity, &Path> = HashMap::new();
    let (mut stems, mut directories) = (HashMap::new(), HashSet::new());
    for path in files {
        // What cannot be found is an error when it is opened.
        let Ok(metadata) = fs::metadata(path) else { continue };
        if metadata.is_file() && metadata.len() == 0 {
            let problem = "is empty, 0 bytes: was its writing cut off? Save it again, or remove it";
            return Err(Error::content(path, problem));
        }
        if let Some(first) = seen.insert(identity(path).map_err(Error::read(path))?, path) {
            let problem = match first == path {
                true => "is named twice: its rows would be counted twice".into(),
                false => {
                    format!(
                        "is the same file as {}: its rows would be counted twice",
                        first.display()
                    )
                }
            };
            return Err(Error::content(path, problem));
        }
        let stem = path.with_extension("");
        if let Some(first) = stems.insert(stem, path).filter(|_| metadata.is_file()) {
            let problem = format!(
                "has the same name as {}: if it holds the same rows, they would be counted twice; \
                 remove or rename one",
                first.display()
            );
            return Err(Error::content(path, problem));
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        if directories.insert(directory) {
            check_table(directory)?;
        }
    }
    Ok(())
}

/// Checks that neither a directory nor one that it lies in is a table whose log says which of its files
/// and rows are valid.
fn check_table(directory: &Path) -> Result<()> {
    let Ok(directory) = std::path::absolute(directory) else { return Ok(()) };
    let directory: PathBuf = directory.components().collect();
    for above in directory.ancestors() {
        let kind = if above.join("_delta_log").is_dir() {
            "Delta"
        } else if above.join(".hoodie").is_dir() {
            "Hudi"
        } else if is_iceberg(above) {
            "Iceberg"
        } else {
            continue;
        };
        let problem = format!(
            "is a {kind} table, in which not every row of the files counts: read it with a library \
             for such tables, and write its rows to plain parquet files"
        );
        return Err(Error::content(above, problem));
    }
    Ok(())
}

fn is_iceberg(directory: &Path) -> bool {
    let Ok(mut entries) = directory.join("metadata").read_dir() else { return false };
    entries.any(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().ends_with(".metadata.json") || name == "version-hint.text"
        })
    })
}

/// What is the same under all names of a file.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> std::io::Result<Identity> {
    fs::canonicalize(path)
}

/// Whether paths are in the order in which a shell sorts names: by their bytes, or in most languages by
/// letters and digits alone.
fn is_sorted_as_text(paths: &[PathBuf]) -> bool {
    let letters = |path: &PathBuf| -> String {
        let text = path.to_string_lossy().to_lowercase();
        text.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    paths.is_sorted_by_key(|path| path.as_os_str()) || paths.is_sorted_by_key(letters)
}

/// Sorts by natural order of each name in the paths.
fn sort(files: &mut [PathBuf]) {
    files.sort_by(|a, b| {
        let pairs = names(a).zip(names(b));
        let names_of = |pair: (&Path, &Path)| {
            natord::compare(&pair.0.to_string_lossy(), &pair.1.to_string_lossy())
        };
        let unequal = pairs.map(names_of).find(|order| *order != Ordering::Equal);
        unequal.unwrap_or(Ordering::Equal).then_with(|| a.cmp(b))
    });
}

/// The file's extension in lower case, or nothing.
pub fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}
