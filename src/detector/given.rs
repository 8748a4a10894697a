//! Input per class, before it is matched to the classes: rows with keys, from a file or an array. It is not yet
//! known which class each row means.

use std::path::{Path, PathBuf};

use crate::ap::{ApScale, OffScale};
use crate::classes::{Classes, Keys, Numbering};
use crate::detections::ClassDetections;
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::observer::Observer;
use crate::warning::Warning;
use crate::words::list;

/// All input for a detector, except its embeddings.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Its name; may be empty.
    pub name: String,
    /// Its backbone; may be empty.
    pub backbone: String,
    /// Its loss; may be empty.
    pub loss: String,
    /// AP, a run per column.
    pub ap: Vec<ApColumn>,
    /// How the rows of AP name classes; `None` if it is to be recognized.
    pub ap_numbering: Option<Numbering>,
    /// The evaluated detections, if AP comes from them.
    pub detections: Option<Evaluated>,
    /// Instance counts, without a row over all classes.
    pub counts: Option<Counts>,
    /// Whether the labels are ids in a list that was written with them: then counts in another order of the
    /// classes are refused.
    pub has_own_list: bool,
    /// Numbers to be held constant.
    pub covariates: Option<Covariates>,
    /// Groups of similar classes.
    pub groups: Option<ClassGroups>,
    /// The given background label, if no embedding had it.
    pub no_background: Option<String>,
}

impl Parts {
    /// Notes how AP was read, and warns of what is doubtful in it.
    pub fn say_ap(&self, observer: &mut dyn Observer) {
        for column in &self.ap {
            let doubts = column.doubts.iter().cloned();
            doubts.for_each(|doubt| observer.warn(Warning::Ap { doubt }));
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
    }
}

/// Its name in messages on AP that is in memory.
const AP: &str = "ap";

/// One column of AP values.
///
/// ```
/// use igam_analyze::{ApColumn, ApScale};
///
/// let ap = ApColumn::by_name([("bolt", 41.0), ("nut", 22.5)])?;
/// assert_eq!(ap.scale, ApScale::Percent);
/// // One value on the other scale is refused.
/// assert!(ApColumn::by_name([("bolt", 41.0), ("nut", 0.225)]).is_err());
/// # Ok::<(), igam_analyze::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ApColumn {
    /// The file, or its name in messages.
    pub path: PathBuf,
    /// What wrote it.
    pub format: ApFormat,
    /// The column's name; of an evaluator's results, what stands before its classes.
    pub name: String,
    /// The class of each row.
    pub keys: Keys,
    /// AP of each row, if it has one.
    pub values: Vec<Option<f64>>,
    /// Whether they are 0 to 1 or 0 to 100.
    pub scale: ApScale,
    /// Notes on how they were read.
    pub notes: Vec<String>,
    /// Why they may be the wrong values.
    pub doubts: Vec<String>,
}

impl ApColumn {
    /// AP by class name, 0–1 or 0–100. −1 and NaN mean no AP.
    ///
    /// # Errors
    /// If a value is not an AP, or if the values mix the two scales.
    pub fn by_name<N: Into<String>>(ap: impl IntoIterator<Item = (N, f64)>) -> Result<ApColumn> {
        let (names, values): (Vec<String>, Vec<_>) =
            ap.into_iter().map(|(name, ap)| (name.into(), Some(ap))).unzip();
        ApColumn::of(Path::new(AP), Keys::Names(names), &values, None)
    }

    /// AP in the order of the classes, 0–1 or 0–100.
    ///
    /// # Errors
    /// As for [`ApColumn::by_name`].
    pub fn in_order(ap: &[f64]) -> Result<ApColumn> {
        let values: Vec<_> = ap.iter().copied().map(Some).collect();
        ApColumn::of(Path::new(AP), Keys::InOrder(ap.len()), &values, None)
    }

    /// The same of these keys, on the scale given, or else on the one that is seen; `path` stands for a file
    /// in sentences.
    ///
    /// # Errors
    /// As for [`ApColumn::by_name`].
    pub fn of(
        path: &Path,
        keys: Keys,
        values: &[Option<f64>],
        scale: Option<ApScale>,
    ) -> Result<ApColumn> {
        let values_on = |scale| {
            let read = |(row, &value)| ap_of_class(&keys.text(row), value, scale);
            let read: std::result::Result<Vec<_>, String> =
                values.iter().enumerate().map(read).collect();
            read.map_err(|problem| Error::content(path, problem))
        };
        let (scale, values) = scaled(path, "", scale, values_on)?;
        Ok(ApColumn {
            path: path.to_owned(),
            format: ApFormat::Table,
            name: "ap".into(),
            keys,
            values,
            scale,
            notes: Vec::new(),
            doubts: Vec::new(),
        })
    }
}

/// Detections evaluated against a ground truth: AP and errors of each category.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// The file of the detections.
    pub path: PathBuf,
    /// The categories of the ground truth.
    pub classes: Classes,
    /// What is known of each category, in the order of the classes; what its objects are taken for are
    /// indices among them.
    pub detections: Vec<ClassDetections>,
    /// Notes on how the files were read.
    pub notes: Vec<String>,
}

impl Evaluated {
    /// The columns of AP: over IoU 0.5:0.95, at 0.5, at 0.75.
    pub const COLUMNS: [&str; 3] = ["ap", "ap50", "ap75"];

    /// The `wanted` columns of AP, 0–1; by default the first.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn columns(&self, wanted: &[String]) -> Result<Vec<ApColumn>> {
        let place = |name: &String| {
            Evaluated::COLUMNS.iter().position(|one| one == name).ok_or_else(|| {
                let columns = list(&Evaluated::COLUMNS);
                Error::content(
                    &self.path,
                    format!("has detections, whose AP columns are {columns}, not {name:?}"),
                )
            })
        };
        let wanted = match wanted {
            [] => vec![0],
            wanted => wanted.iter().map(place).collect::<Result<_>>()?,
        };
        let mut notes = self.notes.clone();
        let column = |at: usize| ApColumn {
            path: self.path.clone(),
            format: ApFormat::Table,
            name: Evaluated::COLUMNS[at].into(),
            keys: self.keys(),
            values: self.detections.iter().map(|class| class.ap[at]).collect(),
            scale: ApScale::Fraction,
            notes: std::mem::take(&mut notes),
            doubts: Vec::new(),
        };
        Ok(wanted.into_iter().map(column).collect())
    }

    /// The categories, by name and id.
    pub fn keys(&self) -> Keys {
        Keys::Both(self.classes.names().to_vec(), self.classes.ids().to_vec())
    }
}

/// The scale of values, which is seen from them unless given, and the values on it. `whose` they are
/// begins the sentence on a mixture.
pub fn scaled(
    path: &Path,
    whose: &str,
    scale: Option<ApScale>,
    values_on: impl Fn(ApScale) -> Result<Vec<Option<f64>>>,
) -> Result<(ApScale, Vec<Option<f64>>)> {
    let scale = match scale {
        Some(scale) => scale,
        None => {
            let widest = values_on(ApScale::Percent)?;
            ApScale::detect(widest.into_iter().flatten()).map_err(|mixed| {
                let problem = format!(
                    "{whose}mixes the scales 0–1 and 0–100: {mixed}; if all are percentages, give \
                     --ap-scale percent (`ap_scale` in a runs file)"
                );
                Error::content(path, problem)
            })?
        }
    };
    Ok((scale, values_on(scale)?))
}

/// The AP that a class's number says, if it says one.
pub fn ap_of_class(
    class: &str,
    number: Option<f64>,
    scale: ApScale,
) -> std::result::Result<Option<f64>, String> {
    let read = |number| {
        scale.read(number).map_err(|OffScale| {
            format!("the AP of {class:?} is {number}, which is not within {scale}")
        })
    };
    Ok(number.map(read).transpose()?.flatten())
}

/// The formats of AP per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApFormat {
    /// Any other table with a row per class: csv, parquet, printed, or JSON.
    Table,
    /// An array as `.npy`: for each class in order one value, or ten, one per IoU threshold.
    Array,
    /// Ultralytics' `metrics.summary()`, or what its validation prints.
    Ultralytics,
    /// detectron2's `metrics.json`, the results of its evaluators, or the table that they log.
    Detectron2,
    /// mmdetection's logs, with `classwise=True`, or the tables in them.
    Mmdetection,
    /// The results of torchmetrics' `MeanAveragePrecision(class_metrics=True)`.
    Torchmetrics,
    /// The array `eval["precision"]` of pycocotools' `COCOeval` or of `LVISEval`.
    Pycocotools,
    /// `extended_metrics` of faster-coco-eval, which RF-DETR writes too.
    FasterCocoEval,
    /// hotcoco's results with `per_class=True`.
    Hotcoco,
    /// The result of supervision's `MeanAveragePrecision`.
    Supervision,
    /// The metrics of transformers' example `run_object_detection.py`.
    Transformers,
    /// FiftyOne's serialized `COCODetectionResults`.
    Fiftyone,
    /// Tags of the TensorFlow Object Detection API.
    Tensorflow,
    /// Roboflow's evaluation of a trained model.
    Roboflow,
    /// What darknet's `detector map` prints.
    Darknet,
    /// The table that YOLOX logs.
    Yolox,
    /// The table that NanoDet logs.
    Nanodet,
}

impl ApFormat {
    /// All values.
    pub const ALL: &'static [ApFormat] = &[
        ApFormat::Table,
        ApFormat::Array,
        ApFormat::Ultralytics,
        ApFormat::Detectron2,
        ApFormat::Mmdetection,
        ApFormat::Torchmetrics,
        ApFormat::Pycocotools,
        ApFormat::FasterCocoEval,
        ApFormat::Hotcoco,
        ApFormat::Supervision,
        ApFormat::Transformers,
        ApFormat::Fiftyone,
        ApFormat::Tensorflow,
        ApFormat::Roboflow,
        ApFormat::Darknet,
        ApFormat::Yolox,
        ApFormat::Nanodet,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ApFormat::Table => "table",
            ApFormat::Array => "array",
            ApFormat::Ultralytics => "ultralytics",
            ApFormat::Detectron2 => "detectron2",
            ApFormat::Mmdetection => "mmdetection",
            ApFormat::Torchmetrics => "torchmetrics",
            ApFormat::Pycocotools => "pycocotools",
            ApFormat::FasterCocoEval => "faster-coco-eval",
            ApFormat::Hotcoco => "hotcoco",
            ApFormat::Supervision => "supervision",
            ApFormat::Transformers => "transformers",
            ApFormat::Fiftyone => "fiftyone",
            ApFormat::Tensorflow => "tensorflow",
            ApFormat::Roboflow => "roboflow",
            ApFormat::Darknet => "darknet",
            ApFormat::Yolox => "yolox",
            ApFormat::Nanodet => "nanodet",
        }
    }
}

/// Instance counts.
#[derive(Clone, Debug)]
pub struct Counts {
    /// The file, or its name in messages.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: Keys,
    /// Instances of each row.
    pub values: Vec<u64>,
    /// How often each row's class occurs, where the table has a column `frequency` of letters, or
    /// else one `images` of counts.
    pub frequencies: Option<Vec<Frequency>>,
    /// Other numbers of the rows, where the file is an annotation file.
    pub covariates: Vec<Covariate>,
    /// The group of similar classes of each row, where an annotation file says one; else empty.
    pub groups: Vec<Option<String>>,
    /// All classes that there are, where the file is an annotation file.
    pub classes: Option<Classes>,
    /// Notes on how the file was read.
    pub notes: Vec<String>,
}

impl Counts {
    /// Counts in the order of the classes.
    pub fn in_order(values: Vec<u64>) -> Counts {
        Counts::of(Path::new("instances"), Keys::InOrder(values.len()), values)
    }

    /// Counts alone; `path` names it in messages.
    pub fn of(path: &Path, keys: Keys, values: Vec<u64>) -> Counts {
        Counts {
            path: path.to_owned(),
            keys,
            values,
            frequencies: None,
            covariates: Vec::new(),
            groups: Vec::new(),
            classes: None,
            notes: Vec::new(),
        }
    }
}

/// A number of each row, or of each class, that can be held constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariate {
    /// Its name.
    pub name: String,
    /// The numbers, all finite; none where it is missing.
    pub values: Vec<Option<f64>>,
}

impl Covariate {
    /// Whether two of the numbers differ. A constant covariate explains nothing.
    pub fn varies(&self) -> bool {
        let mut values = self.values.iter().flatten();
        let first = values.next();
        values.any(|value| Some(value) != first)
    }
}

/// The covariates of a table.
#[derive(Clone, Debug)]
pub struct Covariates {
    /// The file, or its name in messages.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: Keys,
    /// In the order of the columns, with a value for each row.
    pub columns: Vec<Covariate>,
    /// Notes on how the file was read.
    pub notes: Vec<String>,
}

/// The group of similar classes that each row's class belongs to.
#[derive(Clone, Debug)]
pub struct ClassGroups {
    /// The file, or its name in messages.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: Keys,
    /// Names of the groups; none where there is none.
    pub values: Vec<Option<String>>,
}
