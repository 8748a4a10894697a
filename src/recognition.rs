//! Whether the classifier knows an object when it is shown its box: recall by class, localization taken out
//! of the question.

use ndarray::{Array2, Axis};
use serde::Deserialize;

use crate::loss::unit_rows;

/// What the classifier takes the embeddings of one class for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recognition {
    /// Embeddings of the class.
    pub rows: u64,
    /// Those whose largest logit is that of their class.
    pub right: u64,
    /// Classes that the others are taken for, places among the classes, and how often; most often first,
    /// and of equals that of the larger mean logit.
    pub taken_for: Vec<(usize, u64)>,
}

impl Recognition {
    /// Recall, 0–1; none without embeddings.
    pub fn recall(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.right as f64 / self.rows as f64)
    }
}

/// Which row of a classifier is the background's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackgroundRow {
    /// The first, as in torchvision.
    First,
    /// The last, as in detectron2 and mmdetection.
    Last,
    /// There is none.
    None,
}

impl BackgroundRow {
    /// All there are.
    pub const ALL: &'static [BackgroundRow] =
        &[BackgroundRow::First, BackgroundRow::Last, BackgroundRow::None];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            BackgroundRow::First => "first",
            BackgroundRow::Last => "last",
            BackgroundRow::None => "none",
        }
    }

    /// Of a classifier of so many rows: what was `asked`, or else none, or the last where there is one row
    /// more than classes.
    ///
    /// # Errors
    /// A sentence, if so many rows cannot be those of the classes and, as asked, of the background.
    pub fn of(
        asked: Option<BackgroundRow>,
        rows: usize,
        classes: usize,
    ) -> Result<BackgroundRow, String> {
        let background = match asked {
            None if rows == classes + 1 => BackgroundRow::Last,
            None => BackgroundRow::None,
            Some(asked) => asked,
        };
        let more = usize::from(background != BackgroundRow::None);
        if rows == classes + more {
            return Ok(background);
        }
        let wanted = match asked {
            None => format!("{classes} or, with the background, {}", classes + 1),
            Some(asked) => format!("{} with --background-row {}", classes + more, asked.name()),
        };
        Err(format!("holds {rows} rows, but there are {classes} classes: {wanted} are due"))
    }
}

/// The last layer of a detector's classification, without the background: the box is known to hold an
/// object.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// C×p, row = class; of a cosine classifier at unit length.
    weights: Array2<f64>,
    /// One a class; zeros where there is none.
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
        if let Some(bias) = bias.filter(|bias| bias.len() != rows) {
            return Err(format!("holds {} values, the weights have {rows} rows", bias.len()));
        }
        if cosine && bias.is_some_and(|bias| bias.iter().any(|&bias| bias != 0.0)) {
            return Err(
                "is not 0: a cosine classifier has no bias, leave it or --cosine out".into()
            );
        }
        let kept = match background {
            BackgroundRow::First => 1.min(rows)..rows,
            BackgroundRow::Last => 0..rows.saturating_sub(1),
            BackgroundRow::None => 0..rows,
        };
        let weights = weights.slice_axis(Axis(0), kept.clone().into()).to_owned();
        let weights = if cosine { unit_rows(weights) } else { weights };
        let bias = bias.map_or_else(|| vec![0.0; weights.nrows()], |bias| bias[kept].to_vec());
        Ok(Classifier { weights, bias, cosine })
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
