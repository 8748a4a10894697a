//! What can go wrong, each as one sentence: what, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Any failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file's content cannot be used.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, where in it, and what to do.
        problem: String,
    },
    /// There is no such file.
    #[error("{}: there is no such file, and nothing matches it as a glob", path.display())]
    Missing {
        /// What was given.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A result cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Inputs that do not go together.
    #[error("{0}")]
    Input(String),
    /// Arguments that do not go together; the command line exits with 2.
    #[error("{0}")]
    Usage(String),
    /// A condition of `--fail-if` holds; the command line exits with 3.
    #[error("{0}")]
    Condition(String),
    /// Standard output is closed; the command line ends quietly.
    #[error("standard output: {0}")]
    Stdout(io::Error),
    /// A class without a spectrum.
    #[error("class {class}: {source}")]
    Spectrum {
        /// The class.
        class: String,
        /// The reason.
        source: crate::kernel::SpectrumError,
    },
    /// Numbers of instances, dimensions and classes that storage cannot be computed for.
    #[error(transparent)]
    Shape(#[from] crate::storage::ShapeError),
    /// A loss could not be computed.
    #[error(transparent)]
    Loss(#[from] crate::loss::LossError),
    /// Margins could not be computed.
    #[error(transparent)]
    Margins(#[from] crate::margin::MarginError),
    /// A figure could not be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// There is no panel and no run: nothing to draw.
    #[error("a figure needs at least one run")]
    Empty,
    /// The SVG writer failed.
    #[error("cannot write the figure: {0}")]
    Svg(String),
}

/// The result of anything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A file's content cannot be used.
    pub(crate) fn content(path: &Path, problem: impl ToString) -> Error {
        Error::Content { path: path.to_owned(), problem: problem.to_string() }
    }

    /// A file cannot be read.
    #[cfg(feature = "files")]
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    }

    /// A file cannot be written.
    #[cfg(feature = "files")]
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    }
}
