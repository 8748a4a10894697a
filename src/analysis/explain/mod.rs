//! Why is *this* class bad? What is known of each class, and what may be the reasons of its AP.

mod changed;
mod facts;
mod reason;
mod rules;
mod taken_for;
mod words;
mod worst;

pub use changed::{ReasonsChanged, reasons_changed};
pub use reason::{Because, Evidence, Reason, Weight};
pub use taken_for::TakenFor;
pub use words::{ap_text, cost_text, counted};
pub use worst::{By, Standing};

use crate::correlation::Expected;
use crate::detections::ClassDetections;
use crate::detector::Run;
pub use crate::geometry::Of;
use crate::overlap::Neighbour;
use crate::recognition::Recognition;
use crate::spread::Spread;

/// The classes of a run, each with what is known of it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The run.
    pub run: Run,
    /// In the order of the classes.
    pub classes: Vec<ExplainedClass>,
    /// Whether the expectation is made of the information amount too, as the verdict is `beyond`.
    pub by_information: bool,
    /// What `closest` is of.
    pub overlap_of: Option<Of>,
    /// What `recognition` is of.
    pub recognition_of: Option<Of>,
}

/// What is known of one class. What was not given is not there.
#[derive(Clone, Debug)]
pub struct ExplainedClass {
    /// Class id.
    pub id: i64,
    /// Class name.
    pub name: String,
    /// Instance count m.
    pub instances: Option<u64>,
    /// AP on the run's scale.
    pub ap: Option<f64>,
    /// Its rank among the classes with AP, 1 the highest.
    pub ap_rank: Option<usize>,
    /// 95% interval of AP, by bootstrap over the images.
    pub ap_interval: Option<(f64, f64)>,
    /// The AP that its count leads to expect.
    pub expected: Option<Expected>,
    /// Information amount without the floor's bits.
    pub information: Option<f64>,
    /// Its rank, 1 the most.
    pub information_rank: Option<usize>,
    /// How its embeddings spread.
    pub spread: Option<Spread>,
    /// What the classifier takes its boxes for.
    pub recognition: Option<Recognition>,
    /// The closest classes, three at most.
    pub closest: Vec<Neighbour>,
    /// Distance of the means of training and held-out embeddings in units of the spread.
    pub shift: Option<f64>,
    /// Its detections.
    pub detections: Option<ClassDetections>,
    /// Median area of its boxes, pixels².
    pub median_area: Option<f64>,
    /// Held-out rows (or else training rows) that lie nearer to another class: row number and that class.
    pub suspects: Vec<(u64, usize)>,
    /// What may be the reasons of its AP, in order of weight; of a class that is not bad, none.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// The class of this place.
    pub fn name(&self, class: usize) -> &str {
        &self.classes[class].name
    }
}
