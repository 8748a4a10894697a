//! The header of a moments file: what all its classes have in common.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::input::parquet::Footer;
use crate::kernel::product::Precision;
use crate::rows::check_dim;
use crate::words::check_name;

/// What the header stands under in the metadata of the file.
pub const KEY: &str = "igam-analyze.moments";

/// The columns.
pub const COLUMNS: [&str; 8] =
    ["class_id", "class", "instances", "mean", "rows", "scatter", "third", "fourth"];

/// The version of the format.
const VERSION: u32 = 1;

/// What all classes of a moments file have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    version: u32,
    /// Number of dimensions p.
    pub dimension: usize,
    /// What products were summed up in.
    precision: FloatName,
    /// What the values of raw rows are.
    pub(super) values: FloatName,
    /// The program that wrote the file.
    #[serde(default)]
    writer: String,
    /// A digest of the embeddings of each shard that went into it.
    pub sources: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FloatName {
    F32,
    F64,
}

impl Header {
    /// Of moments of `dimension` = p with products in `precision`; raw rows are f64 if `double`, else
    /// f32. There are no sources yet.
    pub fn new(dimension: usize, precision: Precision, double: bool) -> Header {
        let precision = match precision {
            Precision::Double => FloatName::F64,
            Precision::Single => FloatName::F32,
        };
        let values = if double { FloatName::F64 } else { FloatName::F32 };
        let writer = concat!("igam-analyze ", env!("CARGO_PKG_VERSION")).into();
        Header { version: VERSION, dimension, precision, values, writer, sources: Vec::new() }
    }

    /// What products were summed up in.
    pub fn precision(&self) -> Precision {
        match self.precision {
            FloatName::F64 => Precision::Double,
            FloatName::F32 => Precision::Single,
        }
    }

    /// Whether the raw rows need f64.
    pub fn double(&self) -> bool {
        self.values == FloatName::F64
    }

    /// As it stands in the metadata.
    pub fn text(&self) -> String {
        serde_json::json!(self).to_string()
    }

    pub(super) fn read(footer: &Footer, path: &Path) -> Result<Header> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Some(text) = footer.text(KEY) else {
            let problem = format!(
                "is not a moments file, its metadata have no {KEY:?}: make one with igam-analyze \
                 moments"
            );
            return Err(Error::content(path, problem));
        };
        let wrong =
            |problem: String| Error::content(path, format!("{KEY:?} in its metadata {problem}"));
        let damaged = |error: serde_json::Error| wrong(format!("cannot be read: {error}"));
        let Versioned { version } = serde_json::from_str(text).map_err(damaged)?;
        if version != VERSION {
            let problem = format!(
                "is of version {version} of the moments format, this igam-analyze reads version {VERSION}"
            );
            return Err(Error::content(path, problem));
        }
        let header: Header = serde_json::from_str(text).map_err(damaged)?;
        if header.dimension == 0 {
            return Err(wrong("says 0 dimensions".into()));
        }
        check_dim(header.dimension).map_err(wrong)?;
        if header.sources.is_empty() {
            return Err(wrong("names no source".into()));
        }
        header.sources.iter().try_for_each(|source| check_name(source)).map_err(wrong)?;
        Ok(header)
    }

    /// Takes in the header of another file, which must be of the same kind as the `first`.
    pub(super) fn join(&mut self, other: &Header, path: &Path, first: &Path) -> Result<()> {
        let differ = |ours: String, theirs: String| {
            let first = first.display();
            let problem = format!(
                "its moments are of {theirs}, those in {first} of {ours}: they cannot be merged"
            );
            Err(Error::content(path, problem))
        };
        let dimension = |header: &Header| format!("{} dimensions", header.dimension);
        let precision = |header: &Header| format!("--precision {}", header.precision().name());
        if self.dimension != other.dimension {
            return differ(dimension(self), dimension(other));
        }
        if self.precision != other.precision {
            return differ(precision(self), precision(other));
        }
        if other.double() {
            self.values = FloatName::F64;
        }
        Ok(())
    }
}
