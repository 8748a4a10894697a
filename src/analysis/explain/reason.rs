//! All reasons, each with its number and what to do next.

use crate::detections::ErrorType;

/// How sure a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It may contribute.
    Weak,
    /// The numbers of the class show it.
    Likely,
    /// Held-out boxes or detections show it.
    Shown,
}

/// Where a confusion was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenIn {
    /// The classifier on held-out boxes.
    HeldOut,
    /// The detections.
    Detections,
}

/// A possible reason for a class's AP.
#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// Few instances, and AP is not below the value expected from the count.
    FewInstances {
        /// Whether classes with fewer instances have lower AP in this run.
        count_tells: bool,
        /// Instances of the class.
        instances: u64,
        /// Median over the classes.
        median: f64,
    },
    /// Many forms: its spread is far above that of the other classes, and held-out errors go to many classes.
    Spread {
        /// Its total variance divided by the median over the classes.
        times: f64,
        /// Number of other classes that its held-out boxes are classified as.
        taken_for: usize,
    },
    /// It is confused with another class.
    Confused {
        /// The name of the other class.
        with: String,
        /// Number of its boxes or objects that are confused.
        count: u64,
        /// Number of all its boxes or objects.
        of: u64,
        /// Where the confusion was seen.
        seen: SeenIn,
        /// Whether the embeddings of the two classes overlap; `None` without held-out embeddings.
        overlap: Option<bool>,
    },
    /// Its objects are small.
    Small {
        /// Median side of its boxes, pixels.
        side: f64,
        /// Median over the classes.
        median: f64,
    },
    /// One type of error in the detections costs much AP.
    Errors {
        /// The type; never `classification`, which is [`Because::Confused`].
        which: ErrorType,
        /// How many.
        count: u64,
        /// AP at IoU 0.5 that these errors cost, 0–1.
        cost: f64,
    },
    /// Some of its boxes have embeddings nearer to another class: their labels may be wrong.
    LabelNoise {
        /// How many.
        rows: u64,
        /// Of so many.
        of: u64,
        /// The class to which most of them are nearer.
        nearer_to: String,
    },
    /// Boxes labelled as another class have embeddings nearer to this one: their labels may be wrong.
    LabelledAs {
        /// How many.
        rows: u64,
        /// Of so many of the other class.
        of: u64,
        /// The class that they are labelled as.
        label: String,
    },
    /// Held-out boxes differ from training boxes.
    Shifted {
        /// Distance of the means in units of the spread.
        shift: f64,
        /// Median over the classes.
        median: f64,
    },
    /// Nothing was found.
    NothingFound {
        /// Recall on held-out boxes, if it is so high that classification is not the problem.
        recall: Option<f64>,
    },
}

/// A possible reason, and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The reason.
    pub because: Because,
    /// How sure it is.
    pub weight: Weight,
}
