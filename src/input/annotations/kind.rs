//! The format of annotations, by content.

use std::path::{Path, PathBuf};

use super::{other, voc};
use crate::error::{Error, Result};
use crate::input::file;
use crate::input::shards::extension;

/// What an annotation source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// COCO or LVIS json.
    Coco,
    /// A tree or files of Pascal VOC.
    Voc,
    /// YOLO's `data.yaml`.
    Yolo,
    /// A csv of Open Images.
    OpenImages,
    /// A table of classes, or whatever else.
    Table,
}

impl Kind {
    /// What it is called in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Coco => "COCO json",
            Kind::Voc => "Pascal VOC",
            Kind::Yolo => "YOLO",
            Kind::OpenImages => "Open Images",
            Kind::Table => "a table",
        }
    }
}

/// What a source is, and the file or folder that it is read from.
///
/// # Errors
/// If it is a folder, or a label file, that says nothing of its classes.
pub fn of(path: &Path) -> Result<(Kind, PathBuf)> {
    let this = |kind: Kind| Ok((kind, path.to_owned()));
    if path.is_dir() {
        return of_folder(path);
    }
    match extension(path).as_str() {
        "yaml" | "yml" => return this(Kind::Yolo),
        "xml" => return this(Kind::Voc),
        "parquet" => return this(Kind::Table),
        "json" => return this(Kind::Coco),
        _ => {}
    }
    // To open a pipe would wait for its writer.
    let text = if path.is_file() { file::beginning(path) } else { String::new() };
    let first = text.trim_start().bytes().next();
    match first {
        Some(b'{' | b'[') => this(Kind::Coco),
        Some(b'<') => this(Kind::Voc),
        _ if is_open_images(&text) => this(Kind::OpenImages),
        _ => match other::text(&text) {
            Some(problem) => Err(Error::content(path, problem)),
            None => this(Kind::Table),
        },
    }
}

fn of_folder(path: &Path) -> Result<(Kind, PathBuf)> {
    for name in ["data.yaml", "data.yml", "dataset.yaml"] {
        let yaml = path.join(name);
        if yaml.is_file() {
            return Ok((Kind::Yolo, yaml));
        }
    }
    match voc::root(path)? {
        Some(root) => Ok((Kind::Voc, root)),
        None => Err(Error::content(path, other::folder(path))),
    }
}

/// Whether a csv begins with the columns of Open Images' boxes.
fn is_open_images(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default().to_ascii_lowercase();
    let has = |name: &str| header.split(',').any(|column| column.trim() == name);
    has("imageid") && has("labelname")
}
