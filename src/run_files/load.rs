//! One run's files: read, joined by class, and its information amounts computed.

use std::sync::Arc;

use super::RunFiles;
use super::instances::{Instances, instances};
use super::moments::{Merged, moments};
use crate::analysis::information;
use crate::classes::Classes;
use crate::detector::{Amounts, ApFormat, Counts, Detector, counts_without_summary};
use crate::error::{Error, Result};
use crate::input::annotations::Include;
use crate::input::{ap, class_groups, classes, counts, covariates};
use crate::observer::Observer;
use crate::options::Options;
use crate::warning::Warning;

/// What information amounts are computed from.
enum Source {
    Embeddings(Instances),
    Moments(Merged),
}

/// Reads and computes a detector.
///
/// ```no_run
/// use igam_analyze::{Options, RunFiles, Warnings, load};
///
/// let files = RunFiles {
///     embeddings: vec!["dump/embeddings.npy".into()],
///     labels: vec!["dump/labels.npy".into()],
///     ap: Some("ap.csv".into()),
///     class_names: Some("classes.txt".into()),
///     ..RunFiles::default()
/// };
/// let study = load(&files, &Options::new(), &mut Warnings::default())?.correlate()?;
/// println!("{}", study.verdict);
/// # Ok::<(), igam_analyze::Error>(())
/// ```
///
/// # Errors
/// If a file cannot be used, or it is doubtful which class a row is of.
pub fn load(files: &RunFiles, options: &Options, observer: &mut dyn Observer) -> Result<Detector> {
    let columns = match &files.ap {
        Some(path) => {
            ap::read(path, &files.ap_column, files.ap_format, files.ap_iou, files.ap_scale)?
        }
        None => Vec::new(),
    };
    for column in &columns {
        column.doubts.iter().for_each(|doubt| observer.warn(Warning::Ap { doubt: doubt.clone() }));
        let of = match column.format {
            ApFormat::Table => String::new(),
            other => format!(" of {}", other.name()),
        };
        observer.note(&format!(
            "{}: AP from column {:?}{of}, on the scale {}",
            column.path.display(),
            column.name,
            column.scale
        ));
        column.notes.iter().for_each(|note| observer.note(note));
    }
    // They are held constant in what information amount says of AP.
    let covariates = files.covariates.as_deref().map(covariates::read).transpose()?;
    covariates.iter().flat_map(|table| &table.notes).for_each(|note| observer.note(note));
    let groups = files.class_groups.as_deref().map(class_groups::read).transpose()?;
    let listed = listed(files, observer)?;
    let counts = counts(files, listed.as_ref(), observer)?;
    let expected = listed.or_else(|| counts.as_ref()?.classes.clone()).map(Arc::new);

    let new = |classes: &Arc<Classes>| {
        Detector::new(&files.name, classes.clone()).trained(&files.backbone, &files.loss)
    };
    let mut detector = expected.as_ref().map(new);
    if let (Some(detector), Some(counts)) = (&mut detector, &counts) {
        detector.join_counts(counts, observer)?;
    }
    let known = detector.as_ref().and_then(Detector::known);
    let (classes, source) = if !files.moments.is_empty() {
        let (classes, merged) = moments(files, expected, observer)?;
        (classes, Some(Source::Moments(merged)))
    } else if files.embeddings.is_empty() {
        (classes_without_embeddings(expected, counts.as_ref())?, None)
    } else {
        let (classes, instances) = instances(files, expected, known.as_deref(), true, observer)?;
        (classes, Some(Source::Embeddings(instances)))
    };
    let counted = detector.is_some();
    let mut detector = detector.unwrap_or_else(|| new(&classes));
    if let Some(source) = &source {
        detector.set_embeddings(source.counts().clone());
    }
    if let Some(counts) = counts.as_ref().filter(|_| !counted) {
        detector.join_counts(counts, observer)?;
    }
    for column in columns {
        detector.join_ap(column, files.ap_numbering, observer)?;
    }
    if source.is_none() {
        for path in [&files.covariates, &files.class_groups].into_iter().flatten() {
            observer.warn(Warning::NoEmbeddings { path: path.clone() });
        }
    }
    if files.ap.is_some() {
        detector.join_covariates(covariates.as_ref(), groups.as_ref(), observer)?;
    }
    if let Some(source) = source {
        detector.check_counts(observer);
        for amounts in source.amounts(&classes, options, observer)? {
            detector.add_amounts(amounts, observer);
        }
    }
    Ok(detector)
}

impl Source {
    /// Embeddings of each class.
    fn counts(&self) -> &Arc<[u64]> {
        match self {
            Source::Embeddings(Instances { counts, .. })
            | Source::Moments(Merged { counts, .. }) => counts,
        }
    }

    fn amounts(
        &self,
        classes: &Arc<Classes>,
        options: &Options,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Amounts>> {
        match self {
            Source::Embeddings(instances) => instances.amounts(classes, options, observer),
            Source::Moments(Merged { files, places, counts }) => {
                information::of_moments(classes, files, places, counts, options, observer)
            }
        }
    }
}

/// The classes, where a file of class names lists them.
pub fn listed(files: &RunFiles, observer: &mut dyn Observer) -> Result<Option<Classes>> {
    let Some(path) = &files.class_names else { return Ok(None) };
    let (classes, notes) = classes::read(path)?;
    notes.iter().for_each(|note| observer.note(note));
    Ok(Some(classes))
}

/// The instance counts, where a file gives them, without a row over all classes.
pub fn counts(
    files: &RunFiles,
    listed: Option<&Classes>,
    observer: &mut dyn Observer,
) -> Result<Option<Counts>> {
    let Some(path) = &files.counts else { return Ok(None) };
    let include = Include { crowd: files.include_crowd, ignored: files.include_ignored };
    let counts = counts::read(path, files.counts_column.as_deref(), include)?;
    counts.notes.iter().for_each(|note| observer.note(note));
    counts_without_summary(counts, listed, observer).map(Some)
}

/// The classes, where a file lists them, for a command that counts the labels itself.
pub fn named(files: &RunFiles, observer: &mut dyn Observer) -> Result<Option<Classes>> {
    let listed = listed(files, observer)?;
    let Some(counts) = counts(files, listed.as_ref(), observer)? else { return Ok(listed) };
    if listed.is_some() || counts.classes.is_none() {
        observer.warn(Warning::NoPart { path: counts.path });
    }
    Ok(listed.or(counts.classes))
}

fn classes_without_embeddings(
    expected: Option<Arc<Classes>>,
    counts: Option<&Counts>,
) -> Result<Arc<Classes>> {
    match (expected, counts) {
        (Some(classes), _) => Ok(classes),
        (None, Some(counts)) => {
            let classes = Classes::of_keys(&counts.keys);
            Ok(classes.map_err(|problem| Error::content(&counts.path, problem))?.into())
        }
        (None, None) => Err(Error::Usage(
            "give --embeddings, or --counts for a correlation of instance counts".into(),
        )),
    }
}
