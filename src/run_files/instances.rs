//! The embeddings of a run and their labels.

use std::sync::Arc;

use super::RunFiles;
use crate::analysis::information;
use crate::classes::{Classes, Doubt, Numbering, Rows};
use crate::detector::{Amounts, Side};
use crate::error::{Error, Result};
use crate::input::embeddings::Dump;
use crate::input::labels::{self, Labels};
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
        let mut counts = vec![0; classes];
        for &label in &labels {
            counts[label as usize] += 1;
        }
        Instances { dump, labels, counts: counts.into() }
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
                "all {rows} embeddings hold NaN or infinite values: dump them again"
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
/// that the labels name. The `whole` of the data set is there, or a shard of it.
pub fn instances(
    files: &RunFiles,
    expected: Option<Arc<Classes>>,
    known: Option<&[Option<u64>]>,
    whole: bool,
    observer: &mut dyn Observer,
) -> Result<(Arc<Classes>, Instances)> {
    let (dump, labels, background) = labelled(files, observer)?;
    let path = files.labels.first().or(files.embeddings.first());
    let side =
        Side { path: path.map_or("".as_ref(), |path| path), option: Some("--label-numbering") };
    let Some(classes) = expected else {
        if files.label_numbering.is_some() {
            return Err(Error::Usage(
                "--label-numbering needs a file that lists the classes: give --class-names".into(),
            ));
        }
        let classes = Arc::new(labels.classes(&background)?);
        side.say_named(&classes, observer);
        let index = labels.index_as_given(&classes, dump.left_out())?;
        let count = classes.len();
        return Ok((classes, Instances::new(dump, index, count)));
    };
    let rows = Rows {
        keys: labels.keys(),
        weights: &labels.weights(dump.left_out()),
        asked: files.label_numbering,
        whole,
        once: false,
        counted: true,
        known: known.or(classes.boxes()),
    };
    let index = match classes.join(&rows) {
        Ok(join) => {
            side.say(&classes, &join, observer);
            labels.index(&join.classes, dump.left_out(), classes.len())?
        }
        Err(Doubt::NoName | Doubt::Outside { .. }) => {
            let found = classes.read(labels.keys(), Numbering::Names);
            let by_id = || classes.read(labels.keys(), Numbering::Ids);
            let found = found.filter(|found| found.iter().any(Option::is_some)).or_else(by_id);
            labels.index(&found.unwrap_or_default(), dump.left_out(), classes.len())?
        }
        Err(doubt) => return Err(side.refuse(&doubt, &classes, &rows)),
    };
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
    let rows = labels.rows_of(label)?;
    if rows.is_empty() {
        let (runs, label) = (vec![run.to_owned()], label.to_owned());
        observer.warn(Warning::NoBackground { runs, label });
    } else {
        observer.note(&format!("{} rows of the background {label} are left out", rows.len()));
    }
    dump.leave_out(rows.iter().copied());
    match dump.rows() {
        0 => Err(labels::none_left(label)),
        _ => Ok(rows),
    }
}
