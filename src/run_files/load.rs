//! One run's files: read, joined by class, and its information amounts computed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::collected::collected;
use super::geometry::geometry;
use super::instances::{Instances, instances};
use super::moments::{Merged, moments};
use super::{RunFiles, choose};
use crate::analysis::{ComparedRun, Study, information};
use crate::classes::{Classes, IdsFrom};
use crate::detector::{
    Amounts, Counts, Detector, Evaluated, Extent, Parts, counted_classes, counts_without_summary,
};
use crate::error::{Error, Result};
use crate::groups::Grouping;
use crate::input::annotations::{Choices, Include};
use crate::input::detections::GroundTruthFiles;
use crate::input::{self, ap, class_groups, classes, counts, covariates, detections};
use crate::observer::Observer;
use crate::options::Options;
use crate::pooled::WithinClasses;
use crate::warning::Warning;

/// What information amounts are computed from.
pub(super) enum Source {
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
    load_with(files, options, false, observer).map(|(detector, _)| detector)
}

/// The same, with the geometry of the classes: what embeddings show of each one, with held-out embeddings and
/// the classifier where the files give them.
///
/// # Errors
/// As for [`load`].
pub fn load_explained(
    files: &RunFiles,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Detector> {
    load_with(files, options, true, observer).map(|(detector, _)| detector)
}

/// A detector, and what its information amounts were computed from.
pub(super) fn load_with(
    files: &RunFiles,
    options: &Options,
    explained: bool,
    observer: &mut dyn Observer,
) -> Result<(Detector, Option<Source>)> {
    let given = files;
    let files = &collected(files, observer)?;
    let listed = listed(files, observer)?;
    let mut parts = average_precision(files, listed.as_ref(), observer)?;
    parts.has_own_list = given.label_numbering.is_none() && files.label_numbering.is_some();
    parts.say_ap(observer);
    // They are held constant in what information amount says of AP.
    parts.covariates = files.covariates.as_deref().map(covariates::read).transpose()?;
    let notes = parts.covariates.iter().flat_map(|table| &table.notes);
    notes.for_each(|note| observer.note(note));
    parts.groups = files.class_groups.as_deref().map(class_groups::read).transpose()?;
    let counts = counts(files, listed.as_ref(), observer)?;
    // Annotations with the same classes say more of them: the order of the file.
    let counted = counts.as_ref().and_then(|counts| counts.classes.as_ref());
    let listed = match (listed, counted) {
        (Some(listed), Some(counted))
            if listed.ids_from() == IdsFrom::Table
                && (listed.ids(), listed.names()) == (counted.ids(), counted.names()) =>
        {
            Some(counted.clone())
        }
        (listed, _) => listed,
    };
    let expected = listed
        .or_else(|| counts.as_ref()?.classes.clone())
        .or_else(|| parts.detections.as_ref().map(|evaluated| evaluated.classes.clone()))
        .map(Arc::new);

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
        (expected.map_or_else(|| counted_classes(counts.as_ref()), Ok)?, None)
    } else {
        let (classes, instances) =
            instances(files, expected, known.as_deref(), Extent::Whole, observer)?;
        (classes, Some(Source::Embeddings(instances)))
    };
    let mut detector = detector.unwrap_or_else(|| new(&classes));
    if let Some(source) = &source {
        detector.set_embeddings(source.counts().clone());
    }
    if let (Some(counts), Some(evaluated)) = (&counts, &parts.detections)
        && are_of_evaluated(counts, evaluated)
    {
        observer.warn(Warning::ValidationCounts { path: counts.path.clone() });
    }
    parts.counts = counts;
    detector.join(parts, observer)?;
    let mut within = None;
    if let Some(source) = &source {
        let amounts = if explained {
            let (amounts, inside) = source.measured(&classes, options, observer)?;
            within = Some((source, inside));
            amounts
        } else {
            source.amounts(&classes, options, observer)?
        };
        amounts.into_iter().for_each(|amounts| detector.add_amounts(amounts, observer));
    }
    if explained {
        let geometry = geometry(files, within, &classes, options, observer)?;
        let doubt = geometry.as_ref().and_then(|geometry| geometry.doubt(&files.name));
        doubt.into_iter().for_each(|warning| observer.warn(warning));
        detector.set_geometry(geometry);
    }
    Ok((detector, source))
}

/// Whether counts are, class by class, those of the objects that detections were evaluated against: other
/// images hardly have the same of three classes.
fn are_of_evaluated(counts: &Counts, evaluated: &Evaluated) -> bool {
    let names = counts.keys.names().unwrap_or_default();
    let counted = names.iter().zip(&counts.values).filter(|&(_, &count)| count > 0);
    let counted: HashMap<&str, u64> =
        counted.map(|(name, &count)| (name.as_str(), count)).collect();
    let objects = evaluated.classes.names().iter().zip(&evaluated.detections);
    let objects = objects.filter(|(_, class)| class.objects > 0);
    let objects: HashMap<&str, u64> =
        objects.map(|(name, class)| (name.as_str(), class.objects)).collect();
    counted.len() >= 3 && counted == objects
}

/// AP of the classes, from an evaluator or from detections, which are then evaluated.
fn average_precision(
    files: &RunFiles,
    listed: Option<&Classes>,
    observer: &dyn Observer,
) -> Result<Parts> {
    let RunFiles { ap_column, ap_format, ap_iou, ap_scale, ap_numbering, .. } = files;
    let mut parts = Parts { ap_numbering: *ap_numbering, ..Parts::default() };
    match (&files.ap, &files.detections, files.ground_truth.is_empty()) {
        (Some(path), None, _) => {
            parts.ap = ap::read(path, ap_column, *ap_format, *ap_iou, *ap_scale)?;
        }
        (None, Some(path), false) => {
            if ap_format.is_some() || ap_iou.is_some() || ap_scale.is_some() {
                return Err(Error::content(
                    path,
                    "is evaluated here: ap_format, ap_iou and ap_scale are for AP; choose the column ap, \
                     ap50 or ap75",
                ));
            }
            let ground_truth = GroundTruthFiles {
                paths: files.ground_truth.clone(),
                split: files.ground_truth_split.clone(),
                class_names: files.class_names.clone(),
                classes: listed.cloned(),
                numbering: *ap_numbering,
            };
            let evaluated = detections::read(path, ground_truth, observer)?;
            parts.ap = evaluated.columns(ap_column)?;
            parts.detections = Some(evaluated);
        }
        (Some(_), Some(path), _) => {
            let problem = "has both detections and AP: give one";
            return Err(Error::content(path, problem));
        }
        (None, Some(path), true) => {
            let problem = "has detections, which need the annotation file of their images: give \
                           --ground-truth (`ground_truth` in a runs file)";
            return Err(Error::content(path, problem));
        }
        (None, None, _) => {}
    }
    Ok(parts)
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

    /// The same, with what the classes have inside.
    fn measured(
        &self,
        classes: &Arc<Classes>,
        options: &Options,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<Amounts>, WithinClasses)> {
        match self {
            Source::Embeddings(Instances { dump, labels, counts }) => {
                information::measured(classes, dump, labels, counts, options, observer)
            }
            Source::Moments(Merged { files, places, counts }) => {
                information::measured_moments(classes, files, places, counts, options, observer)
            }
        }
    }
}

/// How a run is read: [`load`], or [`load_explained`].
pub type Load = fn(&RunFiles, &Options, &mut dyn Observer) -> Result<Detector>;

/// Reads and computes the detectors, and correlates. Warnings about files go to the observer, those of
/// correlating are the study's.
///
/// # Errors
/// As for [`load`] and [`Study::of`].
pub fn study(
    sources: &[RunFiles],
    options: &Options,
    grouping: Option<&Grouping>,
    load: Load,
    observer: &mut dyn Observer,
) -> Result<Study> {
    let mut detectors = Vec::new();
    for files in sources {
        if files.ap.is_none() && files.detections.is_none() {
            let problem =
                format!("the run {:?} has no AP: give it `ap`, or `detections`", files.name);
            return Err(Error::Input(problem));
        }
        detectors.push(load(files, options, observer)?);
    }
    Study::of(detectors, grouping)
}

/// A run of an `information.csv`, or of a runs file, which is computed; the only one unless it is `wanted` by
/// name.
///
/// # Errors
/// If the file cannot be used, or holds several runs and none is wanted.
pub fn compared(
    path: &Path,
    wanted: Option<&str>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<ComparedRun> {
    if !is_runs_file(path) {
        return input::information::read(path, wanted).map(ComparedRun::from);
    }
    let files = choose(path, wanted)?;
    let mut runs = load_explained(&files, options, observer)?.runs().into_iter().flatten();
    let (Some(run), None) = (runs.next(), runs.next()) else {
        let problem = format!("the run {:?} has several columns of AP: name one", files.name);
        return Err(Error::content(path, problem));
    };
    Ok(ComparedRun::of(run, path))
}

/// Whether a file is a runs file, by its ending.
pub fn is_runs_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// The classes, where a file of class names lists them.
pub fn listed(files: &RunFiles, observer: &mut dyn Observer) -> Result<Option<Classes>> {
    let Some(path) = &files.class_names else { return Ok(None) };
    let (classes, notes) = classes::read(path, observer)?;
    notes.iter().for_each(|note| observer.note(note));
    Ok(Some(classes))
}

/// The instance counts, where a file gives them, without a row over all classes.
pub fn counts(
    files: &RunFiles,
    listed: Option<&Classes>,
    observer: &mut dyn Observer,
) -> Result<Option<Counts>> {
    if files.counts.is_empty() {
        return Ok(None);
    }
    let choices = Choices {
        include: Include {
            crowd: files.include_crowd,
            ignored: files.include_ignored,
            difficult: files.include_difficult,
        },
        split: files.split.clone(),
        class_names: files.class_names.clone(),
    };
    let counts = counts::read(&files.counts, files.counts_column.as_deref(), &choices, observer)?;
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
