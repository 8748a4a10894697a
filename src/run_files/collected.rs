//! Folders that the wheel's collectors write: `embeddings/` and `labels/`, `class_names.csv` with the
//! classes and their ids, and the classifier's last layer. The folder is given in place of these files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::RunFiles;
use crate::classes::{Classes, IdsFrom, Numbering};
use crate::error::{Error, Result};
use crate::input::shards;
use crate::input::{classes, embeddings, labels};
use crate::moments_file;
use crate::observer::Observer;
use crate::recognition::BackgroundRow;
use crate::warning::Warnings;

/// The names of files and folders in such a folder.
const EMBEDDINGS: &str = "embeddings";
const LABELS: &str = "labels";
const CLASS_NAMES: &str = "class_names.csv";
const MOMENTS: &str = "moments.parquet";
const WEIGHTS: &str = "weights.npy";
const BIAS: &str = "bias.npy";
const COLLECTED: &str = "collected.json";

/// The layer of the embeddings, from `collected.json`.
#[derive(Debug, Deserialize, PartialEq)]
struct Layer {
    framework: String,
    embedding: String,
}

/// The last layer, from `collected.json`.
#[derive(Deserialize)]
struct Said {
    background_row: BackgroundRow,
    cosine: bool,
}

/// The files, with the folders of collectors replaced by the files in them; says which.
///
/// # Errors
/// If a folder holds moments in place of embeddings, or no layer, or two folders number their labels in
/// different ways.
pub fn collected(files: &RunFiles, observer: &mut dyn Observer) -> Result<RunFiles> {
    let (files, notes) = resolved(files, observer)?;
    notes.iter().for_each(|note| observer.note(note));
    Ok(files)
}

/// The same, with the notes.
fn resolved(files: &RunFiles, observer: &dyn Observer) -> Result<(RunFiles, Vec<String>)> {
    let mut files = files.clone();
    let mut notes = Vec::new();
    check_one_layer(&files)?;
    let training = unfold(&mut files.embeddings, &mut files.labels)?;
    let held_out = unfold(&mut files.validation_embeddings, &mut files.validation_labels)?;
    for folder in training.iter().chain(&held_out) {
        notes.push(format!("{}: read its {EMBEDDINGS} and {LABELS}", folder.display()));
    }
    // Moments know their classes, and AP is read by the same numbers.
    let moments = files.moments.iter().filter(|path| path.join(COLLECTED).is_file());
    let names = training.iter().chain(&held_out).chain(moments);
    let names = names.map(|folder| folder.join(CLASS_NAMES)).filter(|path| path.is_file());
    let names: Vec<_> = names.collect();
    check_same(&names)?;
    training.iter().chain(&held_out).try_for_each(|folder| check_whole(folder))?;
    if let (Some(given), Some(theirs)) = (&files.class_names, names.first()) {
        check_numbers(given, theirs, observer)?;
    }
    if let Some(path) = names.into_iter().next().filter(|_| files.class_names.is_none()) {
        notes.push(format!("{}: read as the classes; the labels are their ids", path.display()));
        files.label_numbering = files.label_numbering.or(Some(Numbering::Ids));
        files.class_names = Some(path);
    }
    if let Some(folder) = files.weights.clone().filter(|path| path.is_dir()) {
        notes.push(format!("{}: read its last layer", folder.display()));
        unfold_layer(&mut files, &folder)?;
    }
    Ok((files, notes))
}

/// Replaces a collected folder by the last layer in it, with what is known of it.
fn unfold_layer(files: &mut RunFiles, folder: &Path) -> Result<()> {
    let (weights, bias, said) = (folder.join(WEIGHTS), folder.join(BIAS), folder.join(COLLECTED));
    if !weights.is_file() || !said.is_file() {
        let problem =
            format!("lacks {WEIGHTS} or {COLLECTED} of a collector: give the file of the weights");
        return Err(Error::content(folder, problem));
    }
    let text = fs::read(&said).map_err(Error::read(&said))?;
    let Said { background_row, cosine } = serde_json::from_slice(&text).map_err(|error| {
        let problem =
            format!("is not what a collector writes: {error}; collect again, or give the files");
        Error::content(&said, problem)
    })?;
    files.weights = Some(weights);
    files.bias = files.bias.take().or_else(|| bias.is_file().then_some(bias));
    files.background_row = files.background_row.or(Some(background_row));
    files.cosine |= cosine;
    Ok(())
}

impl RunFiles {
    /// All files that the run is read from, without those in folders of annotations.
    ///
    /// # Errors
    /// If a path names nothing, or cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let (run, _) = resolved(self, &Warnings::default())?;
        let mut files = shards::expand(&run.embeddings, embeddings::EXTENSIONS)?.paths;
        files.extend(shards::expand(&run.labels, labels::EXTENSIONS)?.paths);
        files.extend(shards::expand(&run.moments, moments_file::EXTENSIONS)?.paths);
        let tables = [&run.class_names, &run.ap, &run.detections];
        let others = [&run.covariates, &run.class_groups, &run.weights, &run.bias];
        // Without detections, nothing is read of the ground truth.
        let ground_truth = run.ground_truth.iter().filter(|_| run.detections.is_some());
        let tables = tables.into_iter().flatten().chain(&run.counts).chain(ground_truth);
        files.extend(tables.filter(|path| !path.is_dir()).cloned());
        files.extend(others.into_iter().flatten().cloned());
        files.extend(shards::expand(&run.validation_embeddings, embeddings::EXTENSIONS)?.paths);
        files.extend(shards::expand(&run.validation_labels, labels::EXTENSIONS)?.paths);
        Ok(files)
    }
}

/// Replaces collected folders by the files in them, and gives these folders; none if the labels are others.
fn unfold(embeddings: &mut [PathBuf], labels: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let own_labels = !labels.is_empty();
    let mut folders = Vec::new();
    for path in embeddings {
        let whole = path.join(EMBEDDINGS).is_dir();
        if !whole && path.join(MOMENTS).is_file() && path.join(CLASS_NAMES).is_file() {
            let problem =
                format!("holds moments, not embeddings: give --moments {}", path.display());
            return Err(Error::content(path, problem));
        }
        if whole && path.join(LABELS).is_dir() {
            folders.push(path.clone());
            *path = path.join(EMBEDDINGS);
        }
    }
    if own_labels {
        return Ok(Vec::new());
    }
    labels.extend(folders.iter().map(|folder| folder.join(LABELS)));
    Ok(folders)
}

/// Checks that folders of a collector are from one layer, as far as they say it.
fn check_one_layer(files: &RunFiles) -> Result<()> {
    let layer = |folder: &PathBuf| {
        let text = fs::read(folder.join(COLLECTED)).ok()?;
        Some((folder.clone(), serde_json::from_slice::<Layer>(&text).ok()?))
    };
    let folders = files.embeddings.iter().chain(&files.validation_embeddings).chain(&files.weights);
    let mut layers = folders.filter_map(layer);
    let Some((first, ours)) = layers.next() else { return Ok(()) };
    match layers.find(|(_, theirs)| *theirs != ours) {
        None => Ok(()),
        Some((folder, theirs)) => {
            let problem = format!(
                "was collected from another layer than {}: {} ({}), not {} ({})",
                first.display(),
                theirs.embedding,
                theirs.framework,
                ours.embedding,
                ours.framework
            );
            Err(Error::content(&folder, problem))
        }
    }
}

/// Checks that no shard of a collector is missing: it numbers them from 0.
fn check_whole(folder: &Path) -> Result<()> {
    if !folder.join(COLLECTED).is_file() {
        return Ok(());
    }
    for part in [EMBEDDINGS, LABELS] {
        let shards = shards::expand(&[folder.join(part)], embeddings::EXTENSIONS)?.paths;
        let missing = (0..shards.len())
            .map(|at| folder.join(part).join(format!("{at:05}.npy")))
            .find(|path| !shards.contains(path));
        if let Some(path) = missing {
            let problem =
                "does not exist, but later ones do: copy the whole folder of the collector";
            return Err(Error::content(&path, problem));
        }
    }
    Ok(())
}

/// Checks that the classes that were `given` have the numbers that the collector gave them.
fn check_numbers(given: &Path, collected: &Path, observer: &dyn Observer) -> Result<()> {
    let read = |path: &Path| classes::read(path, observer).map(|(classes, _)| classes);
    let (ours, theirs): (Classes, Classes) = (read(given)?, read(collected)?);
    if ours.ids_from() == IdsFrom::Nobody {
        return Ok(());
    }
    let numbers: HashMap<String, i64> =
        ours.listed().into_iter().map(|(id, name)| (name, id)).collect();
    for (theirs, name) in theirs.listed() {
        if let Some(&ours) = numbers.get(&name)
            && ours != theirs
        {
            let problem = format!(
                "gives the class {name:?} the number {ours}, but the labels were collected with \
                 {theirs} ({}): remove --class-names",
                collected.display()
            );
            return Err(Error::content(given, problem));
        }
    }
    Ok(())
}

/// Checks that all lists of classes are the same.
fn check_same(names: &[PathBuf]) -> Result<()> {
    let Some((first, others)) = names.split_first() else { return Ok(()) };
    let text = |path: &Path| fs::read(path).map_err(Error::read(path));
    let expected = text(first)?;
    for path in others {
        if text(path)? != expected {
            let problem = format!(
                "lists other classes than {}: collect both with the same class ids",
                first.display()
            );
            return Err(Error::content(path, problem));
        }
    }
    Ok(())
}
