//! The texts of the reasons: a token for tables, a label, a sentence with its number, and what to do next.

use std::fmt;

use super::{Because, SeenIn, Weight};
use crate::ap::ApScale;
use crate::detections::ErrorType;
use crate::words::grouped;

impl Weight {
    /// Its word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Weight::Weak => "weak",
            Weight::Likely => "likely",
            Weight::Shown => "shown",
        }
    }
}

impl ErrorType {
    /// What to do against this error.
    fn next_step(self) -> &'static str {
        match self {
            ErrorType::Classification => {
                "Check the classes of the objects under its boxes, and train with a margin against \
                 them."
            }
            ErrorType::Localization => {
                "Check that all these boxes are drawn in the same way. If they are, train the box \
                 head longer or at a higher resolution."
            }
            ErrorType::Both => {
                "Check these boxes for objects of other classes near its own, and for boxes drawn \
                 too wide."
            }
            ErrorType::Duplicate => "Suppress more duplicates: lower the IoU threshold of NMS.",
            ErrorType::Background => {
                "Check these boxes: label the objects that have no label, or add images without \
                 such objects."
            }
            ErrorType::Missed => {
                "Check these objects, and collect more like them; a lower score threshold may find \
                 them."
            }
        }
    }
}

impl Because {
    /// Its word in tables, such as `few-instances`.
    pub fn token(&self) -> &'static str {
        match self {
            Because::FewInstances { .. } => "few-instances",
            Because::Spread { .. } => "spread",
            Because::Confused { overlap: Some(true), .. } => "confused-overlap",
            Because::Confused { overlap: Some(false), .. } => "confused-apart",
            Because::Confused { overlap: None, .. } => "confused",
            Because::Small { .. } => "small",
            Because::Errors { which, .. } => which.name(),
            Because::LabelNoise { .. } | Because::LabelledAs { .. } => "label-noise",
            Because::Shifted { .. } => "shifted",
            Because::NothingFound { .. } => "nothing-found",
        }
    }

    /// The other class of this reason, if it has one.
    pub fn other(&self) -> Option<&str> {
        match self {
            Because::Confused { with, .. } => Some(with),
            Because::LabelNoise { nearer_to: other, .. }
            | Because::LabelledAs { label: other, .. } => Some(other),
            _ => None,
        }
    }

    /// In few words, such as `confused with Bolt (similar)`: the embeddings of the two classes overlap.
    pub fn label(&self) -> String {
        match self {
            Because::Confused { overlap: Some(true), .. } => self.short_label() + " (similar)",
            Because::Confused { overlap: Some(false), .. } => self.short_label() + " (separable)",
            _ => self.short_label(),
        }
    }

    /// The same without what is in parentheses, such as `confused with Bolt`.
    pub fn short_label(&self) -> String {
        match self {
            Because::FewInstances { .. } => "few instances".into(),
            Because::Spread { .. } => "many forms".into(),
            Because::Confused { with, .. } => format!("confused with {with}"),
            Because::Small { .. } => "small objects".into(),
            Because::Errors { which, .. } => match which {
                ErrorType::Classification => "classification errors".into(),
                ErrorType::Localization => "localization errors".into(),
                ErrorType::Both => "wrong class and box".into(),
                ErrorType::Duplicate => "duplicates".into(),
                ErrorType::Background => "boxes on background".into(),
                ErrorType::Missed => "missed objects".into(),
            },
            Because::LabelNoise { .. } => "doubtful labels".into(),
            Because::LabelledAs { label, .. } => format!("labelled as {label}"),
            Because::Shifted { .. } => "held-out boxes differ".into(),
            Because::NothingFound { .. } => "nothing found".into(),
        }
    }

    /// One sentence, with the number behind it; AP in percent.
    ///
    /// ```
    /// use igam_analyze::analysis::explain::Because;
    ///
    /// let few = Because::FewInstances { count_tells: true, instances: 12, median: 150.0 };
    /// let sentence = "It has 12 instances; half of the classes have more than 150. Its AP is as expected \
    ///                 for so few.";
    /// assert_eq!(few.sentence(), sentence);
    /// ```
    pub fn sentence(&self) -> String {
        match self {
            Because::FewInstances { count_tells, instances, median } => format!(
                "It has {}; half of the classes have more than {}{}",
                counted(*instances, "instance", "instances"),
                short(*median),
                match count_tells {
                    true => ". Its AP is as expected for so few.",
                    false => ". But AP does not clearly rise with the count in this run.",
                }
            ),
            Because::Spread { times, taken_for } => {
                let taken = match taken_for {
                    0 => String::new(),
                    1 => ", and its held-out boxes are classified as another class".into(),
                    many => {
                        format!(", and its held-out boxes are classified as {many} other classes")
                    }
                };
                format!(
                    "It has many forms: its embeddings vary {} times as much as those of the median \
                     class{taken}.",
                    short(*times)
                )
            }
            Because::Confused { with, count, of, seen, overlap } => {
                let (count, of) = (grouped(*count), grouped(*of));
                let taken = match seen {
                    SeenIn::HeldOut => {
                        format!("{count} of {of} held-out boxes are classified as {with:?}")
                    }
                    SeenIn::Detections => {
                        format!("{count} of {of} objects are detected as {with:?}")
                    }
                };
                match overlap {
                    Some(true) => format!(
                        "{taken}. The embeddings of the two classes overlap: the features do not \
                         separate them."
                    ),
                    Some(false) => format!(
                        "{taken}. The embeddings of the two classes are separate: the cause is the \
                         head, the boxes or the labels."
                    ),
                    None => format!("{taken}."),
                }
            }
            Because::Small { side, median } => format!(
                "Its objects are small: the side of its median box is {} pixels; for the median \
                 class it is {}.",
                short(*side),
                short(*median)
            ),
            Because::Errors { which, count, cost } => {
                let (one, many) = match which {
                    ErrorType::Classification => (
                        "box lies on an object of another class",
                        "boxes lie on objects of another class",
                    ),
                    ErrorType::Localization => {
                        ("box does not fit its object", "boxes do not fit their objects")
                    }
                    ErrorType::Both => (
                        "box does not fit its object, which is of another class",
                        "boxes do not fit their objects, which are of another class",
                    ),
                    ErrorType::Duplicate => ("box is a duplicate", "boxes are duplicates"),
                    ErrorType::Background => ("box lies on no object", "boxes lie on no object"),
                    ErrorType::Missed => ("object is missed", "objects are missed"),
                };
                let lots = counted(*count, one, many);
                if *cost < 0.0005 {
                    return format!("{lots}.");
                }
                format!(
                    "{}: without {}, AP50 would be {} points higher.",
                    lots,
                    if *count == 1 { "it" } else { "them" },
                    cost_text(*cost)
                )
            }
            Because::LabelNoise { rows, of, nearer_to } => format!(
                "{} of its {} boxes have embeddings closer to another class, mostly {nearer_to:?}: \
                 their labels may be wrong.",
                grouped(*rows),
                grouped(*of)
            ),
            Because::LabelledAs { rows, of, label } => format!(
                "{} of {} boxes with the label {label:?} have embeddings closer to this class: \
                 their labels may be wrong.",
                grouped(*rows),
                grouped(*of)
            ),
            Because::Shifted { shift, median } => format!(
                "Held-out boxes differ from training boxes: their mean embedding is {} standard \
                 deviations away; for the median class it is {}.",
                short(*shift),
                short(*median)
            ),
            Because::NothingFound { recall: None } => "Found no reason for its AP.".into(),
            Because::NothingFound { recall: Some(recall) } => format!(
                "Found no reason for its AP. Classification is not the problem: {:.0}% of its \
                 held-out boxes are recognized.",
                100.0 * recall
            ),
        }
    }

    /// What to do next, in one line.
    pub fn next_step(&self) -> String {
        match self {
            Because::FewInstances { .. } => "Collect more instances of this class.".into(),
            Because::Spread { .. } => {
                "Split it into classes of similar appearance, or collect more instances of each \
                 form."
                    .into()
            }
            Because::Confused { overlap: Some(true), .. } => {
                "Merge the two classes, or collect boxes that show how they differ.".into()
            }
            Because::Confused { with, overlap: Some(false), .. } => {
                format!("Train with a margin against {with:?}, and check the confused boxes.")
            }
            Because::Confused { .. } => {
                "Give held-out embeddings, at least 10 of each class: they show whether the \
                 features separate the two classes."
                    .into()
            }
            Because::Small { .. } => "Train and test at a higher resolution, or on tiles.".into(),
            Because::Errors { which, .. } => which.next_step().into(),
            Because::LabelNoise { .. } => "Check these boxes, and correct wrong labels.".into(),
            Because::LabelledAs { label, .. } => {
                format!(
                    "Check the boxes of {label:?} that are closer to this class, and correct wrong \
                     labels."
                )
            }
            Because::Shifted { .. } => "Collect training boxes that are similar to the held-out \
                                        boxes."
                .into(),
            Because::NothingFound { recall: None } => {
                "Check its boxes; give detections, weights and held-out embeddings if they are \
                 missing."
                    .into()
            }
            Because::NothingFound { recall: Some(_) } => {
                "Check where its detections lie and what they miss; give --detections if you have \
                 not."
                    .into()
            }
        }
    }

    /// Whether it is the same reason, whatever its numbers are.
    pub fn is_like(&self, other: &Because) -> bool {
        self.token() == other.token() && self.other() == other.other()
    }
}

impl fmt::Display for Because {
    /// The sentence.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

/// An AP of this scale in percent, for a table: 34.0.
pub fn ap_percent(scale: ApScale, ap: f64) -> String {
    format!("{:.1}", 100.0 / scale.full() * ap)
}

/// The same for a sentence: 34.0%.
pub fn ap_text(scale: ApScale, ap: f64) -> String {
    ap_percent(scale, ap) + "%"
}

/// What errors cost, from AP in 0 to 1, as text in points of percent.
pub fn cost_text(cost: f64) -> String {
    format!("{:.1}", 100.0 * cost)
}

/// "1 instance", "1,200 instances".
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// One decimal; whole numbers from 10 on.
fn short(number: f64) -> String {
    if number.abs() >= 10.0 { grouped(number.round().abs() as u64) } else { format!("{number:.1}") }
}
