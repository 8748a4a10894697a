//! TIDE's error types, and what each costs a class. Follows `errors/main_errors.py` and `quantify.py` of
//! dbolya/tide 1.0.1 as `hotcoco` does, which sums them over all classes.

use hotcoco::metrics::counts::average_precision_ranked;

use super::ranked::{Detection, Fault, Ranked};
use crate::detections::{ErrorCost, ErrorType};

/// IoU from which a box lies on an object.
pub const FOREGROUND: f64 = 0.5;

/// IoU up to which it lies on none.
pub const BACKGROUND: f64 = 0.1;

/// Where a false detection lies.
#[derive(Clone, Copy, Debug)]
pub struct Overlaps {
    /// The largest IoU with an object of its class.
    pub own: f64,
    /// The largest IoU with an object of another class.
    pub other: f64,
    /// Whether it lies on an object of its class that a better detection has found.
    pub repeats: bool,
}

/// What is wrong with a false detection; the first that applies.
pub fn error_type(Overlaps { own, other, repeats }: Overlaps) -> ErrorType {
    if (BACKGROUND..=FOREGROUND).contains(&own) {
        ErrorType::Localization
    } else if other >= FOREGROUND {
        ErrorType::Classification
    } else if repeats {
        ErrorType::Duplicate
    } else if other <= BACKGROUND {
        ErrorType::Background
    } else {
        ErrorType::Both
    }
}

/// How often each error happens, and AP at IoU 0.5 after it is mended minus before. AP is the mean over
/// `recalls`; without objects nothing costs anything.
pub fn costs(ranked: &Ranked, recalls: &[f64]) -> [ErrorCost; 6] {
    let objects = ranked.objects();
    let before = ranked.average_precision(0, recalls);
    ErrorType::ALL.map(|error| {
        let of_error = |one: &&Detection| one.fault.is_some_and(|fault| fault.error == error);
        let (count, after) = match error {
            ErrorType::Missed => (ranked.missed, without_missed(ranked, recalls)),
            _ => {
                let count = ranked.detections.iter().filter(of_error).count() as u64;
                (count, mended(ranked, error, recalls))
            }
        };
        ErrorCost { count, ap: if objects > 0 { after - before } else { 0.0 } }
    })
}

/// AP if the missed objects were not there.
fn without_missed(ranked: &Ranked, recalls: &[f64]) -> f64 {
    let outcome = |one: &Detection| (one.matched & 1 == 1, one.ignored & 1 == 1);
    let (matched, ignored): (Vec<_>, Vec<_>) = ranked.detections.iter().map(outcome).unzip();
    let objects = ranked.objects().saturating_sub(ranked.missed) as usize;
    average_precision_ranked(&matched, Some(&ignored), objects, recalls)
}

/// AP if the detections with this error found the objects that they nearly found, each object one, and the
/// others were not there.
fn mended(ranked: &Ranked, error: ErrorType, recalls: &[f64]) -> f64 {
    let gains = if error == ErrorType::Classification { &ranked.gains[..] } else { &[] };
    let (mut matched, mut ignored) = (Vec::new(), Vec::new());
    let mut put = |is_matched, is_ignored| {
        matched.push(is_matched);
        ignored.push(is_ignored);
    };
    let mut gains = gains.iter().peekable();
    for one in &ranked.detections {
        while gains.next_if(|&&score| score > one.score).is_some() {
            put(true, false);
        }
        match one.fault {
            Some(Fault { error: its, finds }) if its == error => {
                // A detection of the wrong class finds an object of another.
                let finds = finds && error == ErrorType::Localization;
                put(finds, !finds);
            }
            _ => put(one.matched & 1 == 1, one.ignored & 1 == 1),
        }
    }
    gains.for_each(|_| put(true, false));
    average_precision_ranked(&matched, Some(&ignored), ranked.objects() as usize, recalls)
}
