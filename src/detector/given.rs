//! What is given of the classes: rows with keys, as they stand in a file or an array, before it is known
//! which class each row means.

use std::path::PathBuf;

use crate::ap::{ApScale, OffScale};
use crate::classes::{Classes, Keys, Numbering};
use crate::error::{Error, Result};
use crate::groups::Frequency;
use crate::observer::Observer;
use crate::warning::Warning;

/// All that is given of a detector beside its embeddings.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Its name; may be empty.
    pub name: String,
    /// Its backbone; may be empty.
    pub backbone: String,
    /// Its loss; may be empty.
    pub loss: String,
    /// AP, a run a column.
    pub ap: Vec<ApColumn>,
    /// How the rows of AP mean classes, where that is not to be recognized.
    pub ap_numbering: Option<Numbering>,
    /// Instance counts, without a row over all classes.
    pub counts: Option<Counts>,
    /// Numbers to be held constant.
    pub covariates: Option<Covariates>,
    /// Groups of similar classes.
    pub groups: Option<ClassGroups>,
    /// A label of the background that no embedding had.
    pub no_background: Option<String>,
}

impl Parts {
    /// Says how AP was read, and what is doubtful in it.
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
    /// The file, or what stands for it in sentences.
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
    /// What the user should know of how they were read.
    pub notes: Vec<String>,
    /// Why they may not be what is meant.
    pub doubts: Vec<String>,
}

impl ApColumn {
    /// AP by class name, 0–1 or 0–100; none where the evaluator says −1 or NaN.
    ///
    /// # Errors
    /// If a value is no AP, or some are on one scale and some on the other.
    pub fn by_name<N: Into<String>>(ap: impl IntoIterator<Item = (N, f64)>) -> Result<ApColumn> {
        let (names, values): (Vec<String>, Vec<f64>) =
            ap.into_iter().map(|(name, ap)| (name.into(), ap)).unzip();
        ApColumn::of(Keys::Names(names), &values)
    }

    /// The same, given in the order of the classes.
    ///
    /// # Errors
    /// As for [`ApColumn::by_name`].
    pub fn in_order(ap: &[f64]) -> Result<ApColumn> {
        ApColumn::of(Keys::InOrder(ap.len()), ap)
    }

    fn of(keys: Keys, values: &[f64]) -> Result<ApColumn> {
        let path = PathBuf::from("ap");
        let bad = |problem: String| Error::Content { path: path.clone(), problem };
        let scale = ApScale::detect(values.iter().copied())
            .map_err(|mixed| bad(format!("mixes the scales 0–1 and 0–100: {mixed}")))?;
        let value = |(row, &value): (usize, &f64)| {
            let off = |OffScale| {
                bad(format!(
                    "the AP of {:?} is {value}, which is not within {scale}",
                    keys.text(row)
                ))
            };
            scale.read(value).map_err(off)
        };
        let values = values.iter().enumerate().map(value).collect::<Result<_>>()?;
        Ok(ApColumn {
            path: path.clone(),
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

/// What AP per class comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApFormat {
    /// A csv or parquet table.
    Table,
    /// detectron2's `metrics.json`, or the results of its evaluators.
    Detectron2,
    /// mmdetection's logs, with `classwise=True`.
    Mmdetection,
    /// The results of torchmetrics' `MeanAveragePrecision(class_metrics=True)`.
    Torchmetrics,
    /// The array `eval["precision"]` of pycocotools' `COCOeval` or of `LVISEval`.
    Pycocotools,
}

impl ApFormat {
    /// All there are.
    pub const ALL: &'static [ApFormat] = &[
        ApFormat::Table,
        ApFormat::Detectron2,
        ApFormat::Mmdetection,
        ApFormat::Torchmetrics,
        ApFormat::Pycocotools,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ApFormat::Table => "table",
            ApFormat::Detectron2 => "detectron2",
            ApFormat::Mmdetection => "mmdetection",
            ApFormat::Torchmetrics => "torchmetrics",
            ApFormat::Pycocotools => "pycocotools",
        }
    }
}

/// Instance counts.
#[derive(Clone, Debug)]
pub struct Counts {
    /// The file, or what stands for it in sentences.
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
    /// What the user should know of how the file was read.
    pub notes: Vec<String>,
}

impl Counts {
    /// Counts in the order of the classes.
    pub fn in_order(values: Vec<u64>) -> Counts {
        Counts {
            path: "instances".into(),
            keys: Keys::InOrder(values.len()),
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
    /// Whether two of the numbers differ. One that is the same for all explains nothing.
    pub fn varies(&self) -> bool {
        let mut values = self.values.iter().flatten();
        let first = values.next();
        values.any(|value| Some(value) != first)
    }
}

/// Covariates as a table has them.
#[derive(Clone, Debug)]
pub struct Covariates {
    /// The file, or what stands for it in sentences.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: Keys,
    /// In the order of the columns, with a value for each row.
    pub columns: Vec<Covariate>,
    /// What the user should know of how the file was read.
    pub notes: Vec<String>,
}

/// The group of similar classes that each row's class belongs to.
#[derive(Clone, Debug)]
pub struct ClassGroups {
    /// The file, or what stands for it in sentences.
    pub path: PathBuf,
    /// The class of each row.
    pub keys: Keys,
    /// Names of the groups; none where there is none.
    pub values: Vec<Option<String>>,
}
