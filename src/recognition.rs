//! Recall of the classifier on ground-truth boxes, by class. Errors of localization have no effect on it,
//! because each box is given.

use std::fmt;
use std::str::FromStr;

use ndarray::{Array2, Axis};
use serde::Deserialize;

use crate::loss::unit_rows;

/// The classes that the classifier gives the embeddings of one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recognition {
    /// Embeddings of the class.
    pub rows: u64,
    /// Number of them with the largest logit for their own class.
    pub right: u64,
    /// Classes that the others are taken for, indices among the classes, and how often; most often first,
    /// and of equals that of the larger mean logit.
    pub taken_for: Vec<(usize, u64)>,
}

impl Recognition {
    /// Recall, 0–1; `None` without embeddings.
    pub fn recall(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.right as f64 / self.rows as f64)
    }
}

/// The row of a classifier that is the background's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NameOrNumber")]
pub enum BackgroundRow {
    /// The first, as in torchvision: `postprocess_detections` in `models/detection/roi_heads.py` skips
    /// `scores[:, 0]`, and a class's label is its row.
    First,
    /// The last, as in detectron2 (`fast_rcnn_inference_single_image` in `modeling/roi_heads/fast_rcnn.py`
    /// takes `scores[:, :-1]`), in mmdetection (`_get_target_single` in `roi_heads/bbox_heads/bbox_head.py`:
    /// the background's label is `num_classes`) and in DETR (`class_labels_classifier` in
    /// `models/detr/modeling_detr.py` of transformers, `prob[..., :-1]` in its image processor).
    Last,
    /// The row of this number, from 0.
    Row(usize),
    /// There is none, as where each class has a sigmoid of its own: Ultralytics, RetinaNet, Deformable DETR,
    /// RT-DETR.
    None,
}

/// The allowed values, for error messages.
pub const BACKGROUND_ROWS: &str = "\"first\", \"last\", \"none\" or the number of a row, from 0";

/// Where frameworks have the background's row, for error messages.
const WHOSE_ROW: &str =
    "first, as torchvision has it, or last, as detectron2, mmdetection and DETR have it";

impl BackgroundRow {
    /// Its index among so many rows.
    pub fn place(self, rows: usize) -> Option<usize> {
        match self {
            BackgroundRow::First => Some(0),
            BackgroundRow::Last => rows.checked_sub(1),
            BackgroundRow::Row(row) => Some(row),
            BackgroundRow::None => None,
        }
    }

    /// Of a classifier of so many rows: what was `asked`, or else none. It is not known where there is one
    /// row more than classes, and nothing was asked.
    ///
    /// # Errors
    /// A sentence, if so many rows cannot be those of the classes and, as asked, of the background.
    pub fn of(
        asked: Option<BackgroundRow>,
        rows: usize,
        classes: usize,
    ) -> Result<Option<BackgroundRow>, String> {
        let background = match asked {
            None if rows == classes + 1 => return Ok(None),
            None => BackgroundRow::None,
            Some(asked) => asked,
        };
        if let Some(row) = background.place(rows).filter(|&row| row >= rows) {
            return Err(format!("holds {rows} rows, so there is no row {row} (from 0)"));
        }
        let more = usize::from(background != BackgroundRow::None);
        if rows == classes + more {
            return Ok(Some(background));
        }
        let wanted = match asked {
            None => format!("{classes} rows, or {} with the background", classes + 1),
            Some(asked) => format!("{} rows with --background-row {asked}", classes + more),
        };
        Err(format!("holds {rows} rows, but there are {classes} classes: expected {wanted}"))
    }

    /// That it is not known which of so many rows is the background's: what the embeddings say of the first
    /// and the last, mean recall of the classes without that row, 0–1.
    pub fn unknown(rows: usize, recall: Option<[f64; 2]>) -> String {
        let shown = match recall {
            Some(recall) => {
                let [first, last] = recall.map(|recall| 100.0 * recall);
                format!(
                    "and the embeddings do not tell which is the background's (mean recall {first:.0}% without \
                     the first, {last:.0}% without the last)"
                )
            }
            None => "and no embeddings tell which is the background's".into(),
        };
        format!(
            "holds {rows} rows, one more than there are classes, {shown}: give --background-row {WHOSE_ROW}"
        )
    }
}

impl fmt::Display for BackgroundRow {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            BackgroundRow::First => f.write_str("first"),
            BackgroundRow::Last => f.write_str("last"),
            BackgroundRow::Row(row) => write!(f, "{row}"),
            BackgroundRow::None => f.write_str("none"),
        }
    }
}

impl FromStr for BackgroundRow {
    type Err = String;

    fn from_str(text: &str) -> Result<BackgroundRow, String> {
        match text {
            "first" => Ok(BackgroundRow::First),
            "last" => Ok(BackgroundRow::Last),
            "none" => Ok(BackgroundRow::None),
            _ => match text.parse() {
                Ok(row) => Ok(BackgroundRow::Row(row)),
                Err(_) => Err(format!("{text:?} is not one of {BACKGROUND_ROWS}")),
            },
        }
    }
}

/// How a runs file says it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a background's row is \"first\", \"last\", \"none\" or a number from 0"
)]
enum NameOrNumber {
    Number(usize),
    Name(String),
}

impl TryFrom<NameOrNumber> for BackgroundRow {
    type Error = String;

    fn try_from(value: NameOrNumber) -> Result<BackgroundRow, String> {
        match value {
            NameOrNumber::Number(row) => Ok(BackgroundRow::Row(row)),
            NameOrNumber::Name(name) => name.parse(),
        }
    }
}

/// The last layer of a detector's classification, without the background: the box is known to hold an
/// object.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// C×p, row = class; of a cosine classifier at unit length.
    weights: Array2<f64>,
    /// One value per class; zeros if there is no bias.
    bias: Vec<f64>,
    cosine: bool,
}

impl Classifier {
    /// Of weights (C or C+1 rows of p values) with their bias, as many values, if there is one. A cosine
    /// classifier takes features and weights at unit length.
    ///
    /// # Errors
    /// A sentence, if the bias has more or fewer values, or is not 0 beside cosines, whose scale is not known.
    pub fn new(
        weights: Array2<f64>,
        bias: Option<&[f64]>,
        background: BackgroundRow,
        cosine: bool,
    ) -> Result<Classifier, String> {
        let rows = weights.nrows();
        Classifier::check(rows, bias, cosine)?;
        let background = background.place(rows);
        let kept: Vec<usize> = (0..rows).filter(|&row| Some(row) != background).collect();
        let weights = weights.select(Axis(0), &kept);
        let weights = if cosine { unit_rows(weights) } else { weights };
        let bias = kept.iter().map(|&row| bias.map_or(0.0, |bias| bias[row])).collect();
        Ok(Classifier { weights, bias, cosine })
    }

    /// Checks a bias beside so many rows of weights.
    ///
    /// # Errors
    /// As for [`Classifier::new`].
    pub fn check(rows: usize, bias: Option<&[f64]>, cosine: bool) -> Result<(), String> {
        if let Some(bias) = bias.filter(|bias| bias.len() != rows) {
            return Err(format!("holds {} values, the weights have {rows} rows", bias.len()));
        }
        if cosine && bias.is_some_and(|bias| bias.iter().any(|&bias| bias != 0.0)) {
            return Err(
                "is not 0, but a cosine classifier has no bias: remove it or --cosine".into()
            );
        }
        Ok(())
    }

    /// The weights of the classes, C×p.
    pub fn weights(&self) -> &Array2<f64> {
        &self.weights
    }

    /// The bias of each class.
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// Whether it takes features at unit length.
    pub fn cosine(&self) -> bool {
        self.cosine
    }
}
