//! The card of one class in words: the same on the terminal, on the page and in a notebook.

use crate::analysis::explain::{
    Because, ExplainedClass, Explanation, Of, Reason, Standing, ap_percent, ap_text, cost_text,
    counted,
};
use crate::ap::ApScale;
use crate::correlation::Expected;
use crate::detections::{ClassDetections, ErrorCost, ErrorType};
use crate::overlap::Neighbour;
use crate::recognition::Recognition;
use crate::shrinkage::Estimator;
use crate::words::grouped;

/// The card of one class.
pub struct Card<'a> {
    /// The class.
    pub name: &'a str,
    /// The run.
    pub run: &'a str,
    /// Facts: the name of each, and its numbers in words.
    pub facts: Vec<(&'static str, String)>,
    /// Numbers that can be shown as bars.
    pub shares: Vec<Shares>,
    /// Why there are no reasons, if there are none.
    pub no_reasons: String,
    /// The reasons, in order of weight.
    pub reasons: Vec<CardReason>,
}

/// Named numbers.
pub struct Shares {
    /// Their common name, such as `recall`.
    pub what: &'static str,
    /// What they count, in words.
    pub of: String,
    /// Each; the first is the one to read.
    pub parts: Vec<Part>,
}

/// One named number.
pub struct Part {
    /// Its name.
    pub name: String,
    /// 0–1.
    pub share: f64,
    /// The number in words.
    pub words: String,
}

/// A reason in words.
pub struct CardReason {
    /// How sure it is.
    pub weight: &'static str,
    /// In few words.
    pub label: String,
    /// One sentence.
    pub sentence: String,
    /// What to do next.
    pub next_step: String,
}

/// The most classes with which a class is confused, on its card.
const TAKEN_FOR: usize = 5;
/// A whole detector has failed if its mean AP (0–1) is below this.
const FAILED: f64 = 0.01;
/// Rows of suspects on a card.
const SUSPECTS: usize = 5;

/// The card of a class, by its index.
pub fn card(explanation: &Explanation, at: usize) -> Card<'_> {
    let class = &explanation.classes[at];
    let scale = scale(explanation);
    let facts = [
        ap(explanation, class, scale),
        expected(explanation, class, scale),
        information(explanation, class),
    ];
    let shares = [
        recall(explanation, class),
        detected_as(explanation, class),
        closest(explanation, class),
        errors(class),
    ];
    Card {
        name: &class.name,
        no_reasons: no_reasons(explanation, class),
        run: explanation.run.name(),
        facts: facts.into_iter().flatten().collect(),
        shares: shares.into_iter().flatten().collect(),
        reasons: class.reasons.iter().map(|one| reason(explanation, at, one)).collect(),
    }
}

/// Why a class has no reasons.
fn no_reasons(explanation: &Explanation, class: &ExplainedClass) -> String {
    match (class.ap, failed(explanation)) {
        (None, _) => "not searched, because its AP is not known".into(),
        (Some(_), Some(mean)) => {
            format!("not searched: the whole detector has failed (mean AP {mean})")
        }
        (Some(_), None) => "not searched: AP is not below the median or the expected AP".into(),
    }
}

/// The mean AP of the run, if it is so near 0 that all classes are bad.
fn failed(explanation: &Explanation) -> Option<String> {
    let aps: Vec<f64> = explanation.classes.iter().filter_map(|class| class.ap).collect();
    let mean = aps.iter().sum::<f64>() / aps.len() as f64;
    let scale = scale(explanation);
    (mean < FAILED * scale.full()).then(|| ap_text(scale, mean))
}

/// The scale of the run's AP.
pub fn scale(explanation: &Explanation) -> ApScale {
    explanation.run.ap_scale().unwrap_or_default()
}

/// "35.0 (10 to 60)" in percent, clipped to 0 and 100.
pub fn expected_percent(scale: ApScale, expected: &Expected) -> String {
    let (value, [low, high]) = possible(scale, expected);
    format!("{value} ({low} to {high})")
}

/// "35.0% (10 to 60%)".
fn expected_text(scale: ApScale, expected: &Expected) -> String {
    let (value, [low, high]) = possible(scale, expected);
    format!("{value}% ({low} to {high}%)")
}

/// The expected AP and its interval, clipped to the scale.
fn possible(scale: ApScale, expected: &Expected) -> (String, [String; 2]) {
    let possible = |ap: f64| ap.clamp(0.0, scale.full());
    let (low, high) = expected.interval;
    let interval = [low, high].map(|ap| whole_percent(scale, possible(ap)));
    (ap_percent(scale, possible(expected.value)), interval)
}

/// An AP of this scale in whole percent: 34.
fn whole_percent(scale: ApScale, ap: f64) -> String {
    format!("{:.0}", 100.0 / scale.full() * ap)
}

/// The errors, the costliest first.
fn errors(class: &ExplainedClass) -> Option<Shares> {
    let detections = class.detections.as_ref()?;
    let mut errors: Vec<_> = ErrorType::ALL.into_iter().zip(detections.errors).collect();
    errors.retain(|(_, error)| error.count > 0);
    errors.sort_by(|(_, a), (_, b)| b.ap.total_cmp(&a.ap));
    let part = |(which, error): (ErrorType, ErrorCost)| Part {
        name: which.name().into(),
        share: error.ap,
        words: format!("{} ({})", grouped(error.count), cost_text(error.ap)),
    };
    let parts: Vec<Part> = errors.into_iter().map(part).collect();
    let of = if parts.is_empty() { "none" } else { "count (AP50 lost, %)" };
    Some(Shares { what: "errors", of: of.into(), parts })
}

/// That the whole detector has failed, and what training embeddings are worth, is said wherever the numbers
/// of classes stand.
pub fn notes(explanation: &Explanation) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(failed(explanation).map(|mean| {
        format!(
            "mean AP is {mean}, so the whole detector has failed: train longer, or check labels and \
             evaluation, before you compare classes"
        )
    }));
    if explanation.recognition_of == Some(Of::Training) {
        let known = explanation.classes.iter().filter_map(|class| class.recognition.as_ref());
        let (right, rows) =
            known.fold((0, 0), |(right, rows), one| (right + one.right, rows + one.rows));
        let all = Recognition { rows, right, taken_for: Vec::new() };
        notes.push(format!(
            "the model was trained on the training boxes, so recall there{} says nothing about new \
             images; give held-out boxes with --validation-embeddings",
            all.recall().map_or(String::new(), |recall| format!(" ({})", percent(recall)))
        ));
    }
    if explanation.overlap_of == Some(Of::Training) {
        notes.push(
            "the overlap is that of training embeddings, to which the model is fitted: it says \
             little about confusion, and is not a reason on its own"
                .into(),
        );
    }
    notes
}

fn ap(
    explanation: &Explanation,
    class: &ExplainedClass,
    scale: ApScale,
) -> Option<(&'static str, String)> {
    let mut words = ap_text(scale, class.ap?);
    if let Some(interval) = class.ap_interval {
        words += &format!(" {}", range(scale, interval));
    }
    if let Some(rank) = class.ap_rank {
        let all = explanation.classes.iter().filter(|class| class.ap.is_some()).count();
        words += &format!(", rank {rank} of {all}");
    }
    Some(("AP", words))
}

fn expected(
    explanation: &Explanation,
    class: &ExplainedClass,
    scale: ApScale,
) -> Option<(&'static str, String)> {
    let Some(expected) = class.expected else {
        let instances = counted(class.instances?, "instance", "instances");
        return Some(("instances", instances));
    };
    let and = if explanation.by_information { " and information" } else { "" };
    let from = class.instances.map_or(String::new(), |instances| {
        format!(" for {}{and}", counted(instances, "instance", "instances"))
    });
    let full = scale.full();
    let standing = match (class.standing()?, expected.flagged) {
        (Standing::Within, false) if expected.interval.0 <= 0.0 && expected.interval.1 >= full => {
            "range too wide to judge AP"
        }
        (Standing::Within, false) => "AP is in this range",
        (Standing::Within, true) => "AP is in this range, but unusual",
        (Standing::Below, false) => "AP is below this range",
        (Standing::Below, true) => "AP is far below this range",
        (Standing::Above, false) => "AP is above this range",
        (Standing::Above, true) => "AP is far above this range",
    };
    Some(("expected AP", format!("{}{from}: {standing}", expected_text(scale, &expected))))
}

fn information(
    explanation: &Explanation,
    class: &ExplainedClass,
) -> Option<(&'static str, String)> {
    let mut words = format!("{:.1} bits", class.information?);
    if explanation.run.estimator() == Some(Estimator::MpFloor) {
        words += " without the floor";
    }
    if let Some(rank) = class.information_rank {
        let known = explanation.classes.iter().filter(|class| class.information.is_some());
        words += &format!(", rank {rank} of {}", known.count());
    }
    if let Some(spread) = class.spread {
        words += &format!("; effective dimension {:.1}", spread.effective_dimension);
    }
    Some(("information", words))
}

fn recall(explanation: &Explanation, class: &ExplainedClass) -> Option<Shares> {
    let recognition = class.recognition.as_ref()?;
    let recall = percent(recognition.recall()?);
    let (right, rows) = (grouped(recognition.right), grouped(recognition.rows));
    if explanation.recognition_of == Some(Of::Training) {
        let of =
            format!("{recall}, {right} of {rows} training boxes; the model was trained on these");
        return Some(Shares { what: "recall", of, parts: Vec::new() });
    }
    let taken = if recognition.taken_for.is_empty() { "" } else { "; classified as" };
    let of = format!("{recall}, {right} of {rows} held-out boxes{taken}");
    let parts = counts(explanation, &recognition.taken_for, recognition.rows);
    Some(Shares { what: "recall", of, parts })
}

fn detected_as(explanation: &Explanation, class: &ExplainedClass) -> Option<Shares> {
    let ClassDetections { objects, found, taken_for, .. } = class.detections.as_ref()?;
    let mut of = format!("{} of {} objects found", grouped(*found), grouped(*objects));
    if !taken_for.is_empty() {
        of += "; detected as";
    }
    let parts = counts(explanation, taken_for, (*objects).max(1));
    Some(Shares { what: "detections", of, parts })
}

fn counts(explanation: &Explanation, taken_for: &[(usize, u64)], of: u64) -> Vec<Part> {
    let part = |&(class, count): &(usize, u64)| Part {
        name: explanation.name(class).into(),
        share: count as f64 / of as f64,
        words: grouped(count),
    };
    taken_for.iter().take(TAKEN_FOR).map(part).collect()
}

fn closest(explanation: &Explanation, class: &ExplainedClass) -> Option<Shares> {
    if class.closest.is_empty() {
        return None;
    }
    let of = match explanation.overlap_of {
        Some(Of::Training) => "with the closest classes in training (weak)",
        _ => "with the closest classes",
    };
    let part = |near: &Neighbour| Part {
        name: explanation.name(near.class).into(),
        // Two classes that are the same overlap by a half.
        share: 2.0 * near.overlap(),
        words: percent(near.overlap()),
    };
    let parts = class.closest.iter().map(part).collect();
    Some(Shares { what: "overlap", of: of.into(), parts })
}

fn reason(explanation: &Explanation, at: usize, reason: &Reason) -> CardReason {
    let rows = doubtful_rows(explanation, at, &reason.because);
    CardReason {
        weight: reason.weight.name(),
        label: reason.because.label(),
        sentence: reason.because.sentence(),
        next_step: match &rows[..] {
            [] => reason.because.next_step(),
            rows => {
                let more = if rows.len() > SUSPECTS { ", …" } else { "" };
                let shown = &rows[..rows.len().min(SUSPECTS)];
                let shown = shown.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                format!("Check rows {shown}{more}, and correct wrong labels.")
            }
        },
    }
}

/// The rows of training embeddings whose label is in doubt for that reason, the most doubtful first.
fn doubtful_rows(explanation: &Explanation, at: usize, because: &Because) -> Vec<u64> {
    let suspects = |class: &ExplainedClass, nearer_to: Option<usize>| {
        let all = class.suspects.iter().flat_map(|suspects| &suspects.worst);
        let wanted = all.filter(|one| nearer_to.is_none_or(|wanted| one.nearer_to == wanted));
        wanted.map(|suspect| suspect.row).collect()
    };
    match because {
        Because::LabelNoise { .. } => suspects(&explanation.classes[at], None),
        Because::LabelledAs { label, .. } => {
            let other = explanation.classes.iter().find(|class| class.name == *label);
            other.map_or(Vec::new(), |other| suspects(other, Some(at)))
        }
        _ => Vec::new(),
    }
}

fn range(scale: ApScale, (low, high): (f64, f64)) -> String {
    format!("({} to {}%)", whole_percent(scale, low), whole_percent(scale, high))
}

/// "70%"; with one decimal below 10% and from 99% on.
fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "0%".into(),
        100.0 => "100%".into(),
        small if small < 0.1 => "<0.1%".into(),
        middle if (10.0..99.0).contains(&middle) => format!("{middle:.0}%"),
        edge => format!("{:.1}%", edge.min(99.9)),
    }
}
