//! The embeddings of a run and their labels.

use std::sync::Arc;

use super::RunFiles;
use crate::analysis::information;
use crate::classes::{Classes, Labels, none_left, tally};
use crate::detector::{Amounts, Extent, LeftOut, Side, assign, background};
use crate::error::{Error, Result};
use crate::input::embeddings::Dump;
use crate::observer::Observer;
use crate::options::Options;
use crate::rows::Rows as _;
use crate::warning::Warning;

/// Bytes of embeddings in a row group that are worth a warning.
const ROW_GROUP: u64 = 64 << 20;

/// Embeddings and their labels, before any of the embeddings is read.
pub struct Instances {
    /// The embeddings.
    pub dump: Dump,
    /// The class of each row, an index into the classes.
    pub labels: Vec<u32>,
    /// Rows of each class.
    pub counts: Arc<[u64]>,
}

impl Instances {
    fn new(dump: Dump, labels: Vec<u32>, classes: usize) -> Instances {
        let counts = tally(&labels, classes).into();
        Instances { dump, labels, counts }
    }

    /// The information amounts of the classes.
    ///
    /// # Errors
    /// If reading fails, or a class has no spectrum.
    pub fn amounts(
        &self,
        classes: &Arc<Classes>,
        options: &Options,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Amounts>> {
        let Instances { dump, labels, counts } = self;
        information::of_embeddings(classes, dump, labels, counts, options, observer)
    }
}

/// The embeddings, without the invalid rows if the user wants to skip them.
pub fn dump(files: &RunFiles, observer: &mut dyn Observer) -> Result<Dump> {
    let mut dump = Dump::open(&files.embeddings, files.embedding_column.as_deref())?;
    if let Some(note) = dump.note() {
        observer.note(&note);
    }
    if let Some((path, bytes)) = dump.largest_row_group().filter(|&(_, bytes)| bytes > ROW_GROUP) {
        observer.warn(Warning::RowGroup { path: path.to_owned(), bytes });
    }
    if files.skip_invalid_rows {
        let rows = dump.leave_out_invalid()?;
        if dump.rows() == 0 {
            return Err(Error::Input(format!(
                "all {rows} embeddings hold NaN or infinite values: save them again"
            )));
        }
        if rows > 0 {
            let (runs, of) = (vec![files.name.clone()], dump.rows_in_files());
            observer.warn(Warning::Invalid { runs, rows, of });
        }
    }
    Ok(dump)
}

/// The embeddings and their labels as they stand in the files, without the rows of the background; and
/// which rows those are.
pub fn labelled(
    files: &RunFiles,
    observer: &mut dyn Observer,
) -> Result<(Dump, Labels, Vec<usize>)> {
    let mut dump = dump(files, observer)?;
    let column = files.label_column.as_deref();
    let labels = if files.labels.is_empty() {
        Labels::of(&dump, column)?
    } else {
        let (labels, note) = Labels::beside(&dump, &files.labels, column)?;
        if let Some(note) = note {
            observer.note(&note);
        }
        labels
    };
    let background = match files.background_label.as_deref() {
        Some(label) => leave_out_background(&mut dump, &labels, label, &files.name, observer)?,
        None => Vec::new(),
    };
    Ok((dump, labels, background))
}

/// The classes, and the embeddings with their labels. The classes are those `expected`, or else those
/// that the labels name.
pub fn instances(
    files: &RunFiles,
    expected: Option<Arc<Classes>>,
    known: Option<&[Option<u64>]>,
    extent: Extent,
    observer: &mut dyn Observer,
) -> Result<(Arc<Classes>, Instances)> {
    let (dump, labels, background) = labelled(files, observer)?;
    let path = files.labels.first().or(files.embeddings.first());
    let side =
        Side { path: path.map_or("".as_ref(), |path| path), option: Some("--label-numbering") };
    let left_out = LeftOut { background: &background, all: dump.left_out() };
    let asked = files.label_numbering;
    let (classes, index) =
        assign(&labels, expected, left_out, side, asked, known, extent, observer)?;
    let count = classes.len();
    Ok((classes, Instances::new(dump, index, count)))
}

/// Leaves the background out; says which rows that are.
fn leave_out_background(
    dump: &mut Dump,
    labels: &Labels,
    label: &str,
    run: &str,
    observer: &mut dyn Observer,
) -> Result<Vec<usize>> {
    let rows = background(labels, label, run, observer)?;
    dump.leave_out(rows.iter().copied());
    match dump.rows() {
        0 => Err(none_left(label)),
        _ => Ok(rows),
    }
}
