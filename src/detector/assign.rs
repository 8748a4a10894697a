//! The class of each embedding, from its label.

use std::sync::Arc;

use super::join::Side;
use crate::classes::{Classes, Doubt, Labels, Numbering, Rows};
use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::warning::Warning;

/// Rows that are skipped, ascending.
#[derive(Clone, Copy, Debug)]
pub struct LeftOut<'a> {
    /// Those of the background.
    pub background: &'a [usize],
    /// Those and all others.
    pub all: &'a [usize],
}

/// The rows of the background, ascending, whose label is as typed.
///
/// # Errors
/// If it cannot be a label of these.
pub fn background(
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
        observer.note(&format!("skipped {} rows of the background {label}", rows.len()));
    }
    Ok(rows)
}

/// Which embeddings are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All training embeddings of the detector.
    Whole,
    /// A shard of these; any class may be missing.
    Shard,
    /// Embeddings of held-out boxes, which may be few.
    HeldOut,
}

/// The classes, and for each row that is not skipped the index of its class. The classes are those
/// `expected`, or else those that the labels name. `asked` says how the labels mean classes, where that is
/// not to be recognized; `known` how many instances each class has, as far as it is known.
///
/// # Errors
/// If a label is none of the classes, or it is doubtful which one.
#[expect(clippy::too_many_arguments, reason = "what is known of labels, and who is told of it")]
pub fn assign(
    labels: &Labels,
    expected: Option<Arc<Classes>>,
    left_out: LeftOut,
    side: Side,
    asked: Option<Numbering>,
    known: Option<&[Option<u64>]>,
    extent: Extent,
    observer: &mut dyn Observer,
) -> Result<(Arc<Classes>, Vec<u32>)> {
    let Some(classes) = expected else {
        if asked.is_some() {
            return Err(Error::Usage(
                "--label-numbering needs a file that lists the classes: give --class-names".into(),
            ));
        }
        let classes = Arc::new(labels.classes(left_out.background)?);
        side.say_named(&classes, observer);
        let index = labels.index_as_given(&classes, left_out.all)?;
        return Ok((classes, index));
    };
    let rows = Rows {
        keys: labels.keys(),
        weights: &labels.weights(left_out.all),
        asked,
        whole: extent == Extent::Whole,
        once: false,
        counted: true,
        known: known.or(classes.boxes()),
    };
    let index = match classes.join(&rows) {
        Ok(join) => {
            if extent == Extent::HeldOut && asked.is_none() {
                let first = classes.check_held_out(&join, &rows);
                first.map_err(|doubt| side.refuse(&doubt, &classes, &rows))?;
            }
            side.say(&classes, &join, observer);
            labels.index(&join.classes, left_out.all, classes.len())?
        }
        Err(Doubt::NoName | Doubt::Outside { .. }) => {
            let found = classes.read(labels.keys(), Numbering::Names);
            let by_id = || classes.read(labels.keys(), Numbering::Ids);
            let found = found.filter(|found| found.iter().any(Option::is_some)).or_else(by_id);
            labels.index(&found.unwrap_or_default(), left_out.all, classes.len())?
        }
        Err(doubt) => return Err(side.refuse(&doubt, &classes, &rows)),
    };
    Ok((classes, index))
}
