//! The runs file: several detectors in one analysis, a `[[run]]` each.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

use crate::ap::ApScale;
use crate::classes::Numbering;
use crate::detector::{ApFormat, check_run_names, chosen};
use crate::error::{Error, Result};
use crate::input::ap::ApIou;
use crate::input::file;
use crate::recognition::BackgroundRow;

/// The files and columns of one run. What the runs file says above its first `[[run]]` is the
/// default of every run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunFiles {
    /// The run's name; unless given, its backbone and loss.
    pub name: String,
    /// The backbone, for Figure 2.
    pub backbone: String,
    /// The loss, for Figure 2.
    pub loss: String,
    /// Files, directories or globs of embeddings, or folders that collectors wrote.
    #[serde(deserialize_with = "one_or_many")]
    pub embeddings: Vec<PathBuf>,
    /// Files, directories or globs of labels; none if they lie beside the embeddings, or in one of these folders.
    #[serde(deserialize_with = "one_or_many")]
    pub labels: Vec<PathBuf>,
    /// Files, directories or globs of moments, in place of embeddings and labels.
    #[serde(deserialize_with = "one_or_many")]
    pub moments: Vec<PathBuf>,
    /// The parquet column, npz array or tensor of the embeddings.
    pub embedding_column: Option<String>,
    /// The csv or parquet column, npz array or tensor of the labels.
    pub label_column: Option<String>,
    /// Whether rows with NaN or infinities are skipped.
    pub skip_invalid_rows: bool,
    /// The label of the background, an id or a name; its rows are skipped.
    #[serde(deserialize_with = "id_or_name")]
    pub background_label: Option<String>,
    /// How the labels mean classes, where that is not to be recognized.
    pub label_numbering: Option<Numbering>,
    /// Class names.
    pub class_names: Option<PathBuf>,
    /// Instance counts: a table, or annotation files or folders that are parts of one data set.
    #[serde(deserialize_with = "one_or_many")]
    pub counts: Vec<PathBuf>,
    /// The column of the instance counts.
    pub counts_column: Option<String>,
    /// Whether an annotation file's crowds are counted as instances.
    pub include_crowd: bool,
    /// Whether those of its annotations are counted that trainers skip.
    pub include_ignored: bool,
    /// Whether the difficult objects of Pascal VOC are counted.
    pub include_difficult: bool,
    /// The split of Pascal VOC or YOLO that is counted; unless given, the one that is trained on.
    pub split: Option<String>,
    /// AP per class.
    pub ap: Option<PathBuf>,
    /// Detections, in place of AP.
    pub detections: Option<PathBuf>,
    /// The annotations that they are evaluated against: files or folders that are parts of one data set.
    #[serde(deserialize_with = "one_or_many")]
    pub ground_truth: Vec<PathBuf>,
    /// Their split, of Pascal VOC or YOLO; unless given, the one that is evaluated.
    pub ground_truth_split: Option<String>,
    /// The columns of AP values.
    #[serde(deserialize_with = "one_or_many")]
    pub ap_column: Vec<String>,
    /// What AP comes in, where it is not to be recognized.
    pub ap_format: Option<ApFormat>,
    /// How the rows of AP mean classes, where that is not to be recognized.
    pub ap_numbering: Option<Numbering>,
    /// The IoU thresholds of AP in pycocotools' array; all unless given.
    pub ap_iou: Option<ApIou>,
    /// The scale of AP in a table, where it is not to be seen from the values.
    pub ap_scale: Option<ApScale>,
    /// Other numbers of the classes, to be held constant.
    pub covariates: Option<PathBuf>,
    /// The group of similar classes that each class belongs to.
    pub class_groups: Option<PathBuf>,
    /// The classifier's weights, C or C+1 rows.
    pub weights: Option<PathBuf>,
    /// Its bias, as many numbers.
    pub bias: Option<PathBuf>,
    /// Which of its rows is the background's.
    pub background_row: Option<BackgroundRow>,
    /// Whether it takes features and weights at unit length.
    pub cosine: bool,
    /// Files, directories or globs of embeddings of held-out objects.
    #[serde(deserialize_with = "one_or_many")]
    pub validation_embeddings: Vec<PathBuf>,
    /// Those of their labels; none if they lie beside the embeddings.
    #[serde(deserialize_with = "one_or_many")]
    pub validation_labels: Vec<PathBuf>,
    /// The column that says which image an instance is of, beside the labels or the embeddings.
    pub group_column: Option<String>,
}

/// Reads a runs file; its paths become relative to where it lies.
///
/// # Errors
/// If the file cannot be read, is not TOML, says something unknown, or has no run.
pub fn read(path: &Path) -> Result<Vec<RunFiles>> {
    let text = file::text(path)?;
    let mut defaults: Table =
        text.parse().map_err(|error: toml::de::Error| Error::content(path, one_line(&error)))?;
    let runs = match defaults.remove("run") {
        Some(Value::Array(runs)) if !runs.is_empty() => runs,
        _ => return Err(Error::content(path, "has no [[run]]")),
    };
    let base = path.parent().unwrap_or(Path::new(""));
    let run = |(at, run): (usize, Value)| {
        let wrong = |problem: String| Error::content(path, format!("run {}: {problem}", at + 1));
        let Value::Table(run) = run else {
            return Err(wrong("is not a table: write [[run]]".into()));
        };
        let mut fields = defaults.clone();
        fields.extend(run);
        let mut run: RunFiles = fields.try_into().map_err(|error| wrong(one_line(&error)))?;
        if run.name.is_empty() {
            run.name = format!("{} {}", run.backbone, run.loss).trim().to_owned();
        }
        check_run_names([&run.name, &run.backbone, &run.loss]).map_err(wrong)?;
        let no_dump = run.embeddings.is_empty() && run.labels.is_empty();
        if !(run.moments.is_empty() || no_dump) {
            return Err(wrong("has both moments and embeddings or labels: give one".into()));
        }
        if run.detections.is_some() && run.ap.is_some() {
            return Err(wrong("has both ap and detections: give one".into()));
        }
        if run.detections.is_some() && run.ground_truth.is_empty() {
            return Err(wrong(
                "has detections and no ground_truth: give the annotation file".into(),
            ));
        }
        let classifier = run.bias.is_some() || run.background_row.is_some() || run.cosine;
        if classifier && run.weights.is_none() {
            return Err(wrong(
                "has bias, background_row or cosine, but no weights: give them".into(),
            ));
        }
        if run.validation_embeddings.is_empty() && !run.validation_labels.is_empty() {
            return Err(wrong(
                "has validation_labels and no validation_embeddings: give them".into(),
            ));
        }
        let files = run.embeddings.iter_mut().chain(&mut run.labels).chain(&mut run.moments);
        let files = files.chain(&mut run.class_names).chain(&mut run.counts).chain(&mut run.ap);
        let files = files.chain(&mut run.validation_embeddings).chain(&mut run.validation_labels);
        let files = files.chain(&mut run.weights).chain(&mut run.bias);
        let files = files.chain(&mut run.detections).chain(&mut run.ground_truth);
        for file in files.chain(&mut run.covariates).chain(&mut run.class_groups) {
            if file.as_os_str().is_empty() {
                return Err(wrong("the name of a file is empty".into()));
            }
            *file = base.join(&*file);
        }
        Ok(run)
    };
    let runs: Vec<_> = runs.into_iter().enumerate().map(run).collect::<Result<_>>()?;
    for (at, run) in runs.iter().enumerate() {
        if runs[..at].iter().any(|before| before.name == run.name) {
            let problem =
                format!("two runs are called {:?}: give each a name of its own", run.name);
            return Err(Error::content(path, problem));
        }
    }
    Ok(runs)
}

/// Reads the run that is `wanted` by name, or the only one.
///
/// # Errors
/// As for [`read`]; if there is no such run, or there are several and none is wanted.
pub fn choose(path: &Path, wanted: Option<&str>) -> Result<RunFiles> {
    let mut files = read(path)?;
    let names: Vec<_> = files.iter().map(|files| files.name.clone()).collect();
    let at = chosen(path, &names, wanted)?;
    Ok(files.swap_remove(at))
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}

fn id_or_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum IdOrName {
        Id(i64),
        Name(String),
    }
    Ok(Some(match IdOrName::deserialize(deserializer)? {
        IdOrName::Id(id) => id.to_string(),
        IdOrName::Name(name) => name,
    }))
}

fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "is neither a text nor a list of texts")]
    enum OneOrMany<T> {
        One(T),
        Many(Vec<T>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}
