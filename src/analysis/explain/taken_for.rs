//! The class with which a class is confused most often, by the classifier or in the detections.

use super::{ExplainedClass, Explanation, Of, SeenIn};

/// The class with which a class is confused most often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TakenFor {
    /// The index of the other class.
    pub class: usize,
    /// How often.
    pub count: u64,
    /// Number of all boxes or objects of the class.
    pub of: u64,
    /// Where that was seen.
    pub seen: SeenIn,
}

impl TakenFor {
    /// The share of its boxes or objects.
    pub fn share(&self) -> f64 {
        self.count as f64 / self.of as f64
    }
}

impl Explanation {
    /// The class with which a class is confused most often: by the
    /// classifier on held-out boxes, or else in the detections. Training boxes are fitted, and show no confusion.
    pub fn taken_for(&self, class: &ExplainedClass) -> Option<TakenFor> {
        let held_out = self.recognition_of == Some(Of::HeldOut);
        let recognition = class.recognition.as_ref().filter(|known| held_out && known.rows > 0);
        if let Some(recognition) = recognition {
            let &(class, count) = recognition.taken_for.first()?;
            return Some(TakenFor { class, count, of: recognition.rows, seen: SeenIn::HeldOut });
        }
        let detections = class.detections.as_ref().filter(|known| known.objects > 0)?;
        let &(class, count) = detections.taken_for.first()?;
        Some(TakenFor { class, count, of: detections.objects, seen: SeenIn::Detections })
    }
}
