//! The files of a run, for losses that are compared on its embeddings.

use std::path::{Path, PathBuf};

use super::collected::collected;
use super::geometry::{held_out, held_out_files};
use super::load::load_with;
use super::{Instances, RunFiles, Source};
use crate::analysis::groups;
use crate::analysis::probe::{self, Images, Probe, ProbeSettings, check_shared};
use crate::classes::Labels;
use crate::error::{Error, Result};
use crate::groups::Grouping;
use crate::input::embeddings::Dump;
use crate::input::labels;
use crate::input::shards::{self, extension};
use crate::observer::Observer;
use crate::options::Options;
use crate::rows::Rows as _;
use crate::warning::Warnings;

/// Reads a run, and compares losses on its embeddings: on the held-out ones, or else by cross-validation.
/// `grouping` is of its classes; thirds by instances unless given.
///
/// # Errors
/// As for [`load`](super::load()) and [`Probe::of`]; or if the files do not say which image a row is of, but
/// `group_column` asks for it.
pub fn probe(
    files: &RunFiles,
    grouping: Option<&Grouping>,
    settings: &ProbeSettings,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Probe> {
    let (detector, source) = load_with(files, options, false, observer)?;
    let Some(Source::Embeddings(training)) = source else {
        let problem = "losses are compared on embeddings: give --embeddings";
        return Err(Error::Usage(problem.into()));
    };
    let files = &collected(files, &mut Warnings::default())?;
    let dim = Some(training.dump.dim());
    let held_out = held_out(files, detector.classes(), Some(&training.dump), dim, observer)?;
    let (mut images, mut others) = (None, None);
    if let Some(column) = &files.group_column {
        let labels = group_labels(files, column, &training.dump)?;
        images = Some(Images::of_labels(&labels, training.dump.left_out()));
        if let Some(held_out) = &held_out {
            let theirs = group_labels(&held_out_files(files), column, &held_out.dump)?;
            others = Some(Images::of_labels(&theirs, held_out.dump.left_out()));
            check_shared(&labels, &theirs, observer);
        }
    }
    let amounts = detector.amounts().to_vec();
    let run = detector.runs().into_iter().flatten().next();
    let groups = grouping.zip(run).map(|(grouping, run)| groups(&run, grouping)).transpose()?;
    let training = given(&training, images.as_ref());
    let held_out = held_out.as_ref().map(|held_out| given(held_out, others.as_ref()));
    let limit = options.memory_limit;
    Probe::of(&training, held_out.as_ref(), &amounts, groups, settings, limit, observer)
}

/// The column of images: in the files of the labels, or of the embeddings where there are none.
fn group_labels(files: &RunFiles, column: &str, dump: &Dump) -> Result<Labels> {
    if column == files.label_column.as_deref().unwrap_or("label") {
        let problem = format!(
            "--group-column {column}: this is the column of the labels; name the one that says which image a row is of"
        );
        return Err(Error::Usage(problem));
    }
    let paths = match files.labels.is_empty() {
        true => dump.paths().map(Path::to_owned).collect(),
        false => shards::expand(&files.labels, labels::EXTENSIONS)?.paths,
    };
    // They hold one array, whatever it is asked for.
    let array = |path: &&PathBuf| ["npy", "pt", "pth"].contains(&extension(path).as_str());
    if let Some(array) = paths.iter().find(array) {
        return Err(Error::Usage(format!(
            "--group-column {column}: {} has no columns; give --labels as a table (.csv, .parquet) with a row for \
             each embedding, a column of labels and a column {column}",
            array.display()
        )));
    }
    match files.labels.is_empty() {
        true => Labels::of(dump, Some(column)),
        false => Labels::beside(dump, &files.labels, Some(column)).map(|(labels, _)| labels),
    }
}

fn given<'a>(instances: &'a Instances, images: Option<&'a Images>) -> probe::Instances<'a, Dump> {
    let Instances { dump, labels, counts } = instances;
    probe::Instances { rows: dump, labels, counts, images }
}
