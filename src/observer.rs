//! Receives notes, warnings and progress while files are read and information amounts are computed.

use crate::warning::{Warning, Warnings};

/// What long work is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Rows of embeddings.
    Rows,
    /// Bytes of a file.
    Bytes,
    /// Files of labels, one an image.
    Files,
    /// Detected boxes.
    Boxes,
    /// Passes over the training embeddings.
    Epochs,
}

/// Receives what happens. Each method except [`Observer::warn`] may do nothing.
pub trait Observer {
    /// Takes a warning.
    fn warn(&mut self, warning: Warning);

    /// Takes a sentence on what was read, and how it was understood.
    fn note(&mut self, _text: &str) {}

    /// Takes a sentence with details, for `--verbose`.
    fn detail(&mut self, _text: &str) {}

    /// Whether details are wanted: some cost time.
    fn wants_details(&self) -> bool {
        false
    }

    /// Begins work on so many `unit`s; what comes back is told of each lot that is done.
    fn progress(&self, _total: u64, _unit: Unit) -> Box<dyn Fn(u64) + Sync> {
        Box::new(|_| {})
    }
}

/// Keeps the warnings alone.
impl Observer for Warnings {
    fn warn(&mut self, warning: Warning) {
        self.add(warning);
    }
}
