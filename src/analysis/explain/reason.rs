//! All reasons, each with its number and what to do next.

use crate::detections::ErrorType;

/// How sure a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It may play a part.
    Weak,
    /// It is seen in the numbers.
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

/// What may be the reason of a class's AP.
#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// Few instances, and AP is not below what they lead to expect.
    FewInstances {
        /// Whether classes with fewer instances have lower AP in this run, so that it shows.
        count_tells: bool,
        /// Instances of the class.
        instances: u64,
        /// Median over the classes.
        median: f64,
    },
    /// It has many forms: spread and information far above the others', held-out errors go to many classes.
    Spread {
        /// Its total variance over the median of the classes'.
        times: f64,
        /// Classes that its held-out boxes are taken for.
        taken_for: usize,
    },
    /// It is taken for another class.
    Confused {
        /// The other's name.
        with: String,
        /// How often, of its objects.
        count: u64,
        /// Its objects.
        of: u64,
        /// Where that was seen.
        seen: SeenIn,
        /// Whether the embeddings of the two overlap; unknown where there are no held-out embeddings.
        overlap: Option<bool>,
    },
    /// Its objects are small.
    Small {
        /// Median side of its boxes, pixels.
        side: f64,
        /// Median over the classes.
        median: f64,
    },
    /// One type of error costs most.
    Errors {
        /// Which; never `classification`, which is [`Because::Confused`].
        which: ErrorType,
        /// How many.
        count: u64,
        /// AP at IoU 0.5 that they cost, 0–1.
        cost: f64,
    },
    /// Boxes that lie nearer to another class than to their own.
    LabelNoise {
        /// How many.
        rows: u64,
        /// Of so many.
        of: u64,
        /// The class that most of them lie nearer to.
        nearer_to: String,
    },
    /// Boxes that are labelled as another class lie nearer to this one.
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
        /// Recall on held-out boxes, where it is so high that the classification is not at fault.
        recall: Option<f64>,
    },
}

/// What may be the reason, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The reason.
    pub because: Because,
    /// How sure it is.
    pub weight: Weight,
}
