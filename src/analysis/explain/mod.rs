//! Why is *this* class bad? The known numbers of each class, and the possible reasons for its AP.

mod changed;
mod facts;
mod reason;
mod rules;
mod taken_for;
mod words;
mod worst;

pub use changed::{ReasonsChanged, reasons_changed};
pub use reason::{Because, Reason, SeenIn, Weight};
pub use taken_for::TakenFor;
pub use words::{ap_percent, ap_text, cost_text, counted};
pub use worst::{By, Standing};

use ndarray::ArrayView2;

use crate::correlation::Expected;
use crate::detections::ClassDetections;
use crate::detector::Run;
use crate::error::Error;
pub use crate::geometry::Of;
use crate::overlap::{Neighbour, Shift};
use crate::recognition::Recognition;
use crate::spread::Spread;
use crate::suspects::Suspects;
use crate::words::{list, suggestion, whole_number};

/// The classes of a run, each with its known numbers and its reasons.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The run.
    pub run: Run,
    /// In the order of the classes.
    pub classes: Vec<ExplainedClass>,
    /// Whether the expected AP uses the information amount too, because the verdict is `beyond`.
    pub by_information: bool,
    /// The embeddings that `closest` is computed from.
    pub overlap_of: Option<Of>,
    /// The embeddings that `recognition` is computed from.
    pub recognition_of: Option<Of>,
}

/// The known numbers of one class. What was not given is `None` or empty.
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
    /// The AP that is expected from its count.
    pub expected: Option<Expected>,
    /// Information amount without the floor's bits.
    pub information: Option<f64>,
    /// Its rank; 1 has the most.
    pub information_rank: Option<usize>,
    /// The spread of its embeddings.
    pub spread: Option<Spread>,
    /// The classes that the classifier gives its boxes.
    pub recognition: Option<Recognition>,
    /// The closest classes, three at most.
    pub closest: Vec<Neighbour>,
    /// Its largest class-distance normalized variance with another class.
    pub variability: Option<f64>,
    /// The distance between its held-out and its training embeddings.
    pub shift: Option<Shift>,
    /// Its detections.
    pub detections: Option<ClassDetections>,
    /// Median area of its boxes, pixels².
    pub median_area: Option<f64>,
    /// The embeddings used for `closest` that are nearer to another class.
    pub nearer: Option<Suspects>,
    /// The training embeddings with a doubtful label.
    pub suspects: Option<Suspects>,
    /// What may be the reasons for its AP, in order of weight; of a class that is not bad, none.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// The distances D between the classes, C×C, if any are known; NaN for a class without embeddings.
    pub fn distances(&self) -> Option<ArrayView2<'_, f64>> {
        let any = self.classes.iter().any(|class| !class.closest.is_empty());
        Some(self.run.geometry().filter(|_| any)?.overlap.as_ref()?.distances())
    }

    /// The inputs of the reasons: the embeddings for recall and for overlap, and whether there are detections.
    pub fn inputs(&self) -> (Option<Of>, Option<Of>, bool) {
        let detections = self.classes.iter().any(|class| class.detections.is_some());
        (self.recognition_of, self.overlap_of, detections)
    }

    /// The index of the class of this name, or else of this id.
    pub fn place(&self, wanted: &str) -> Option<usize> {
        let named = self.classes.iter().position(|class| class.name == wanted);
        let id = || whole_number(wanted);
        named.or_else(|| id().and_then(|id| self.classes.iter().position(|class| class.id == id)))
    }

    /// The error that no run has the `wanted` class.
    pub fn no_class(explanations: &[Explanation], wanted: &str) -> Error {
        let names: Vec<&str> = match explanations.first() {
            Some(first) => first.classes.iter().map(|class| class.name.as_str()).collect(),
            None => Vec::new(),
        };
        let near = suggestion(wanted, &names);
        Error::Input(format!("{wanted:?} is not one of the classes, {}{near}", list(&names)))
    }

    /// The name of the class with this index.
    pub fn name(&self, class: usize) -> &str {
        &self.classes[class].name
    }
}
