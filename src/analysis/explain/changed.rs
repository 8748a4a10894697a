//! Which reasons appeared and which disappeared between two runs.

use std::collections::HashMap;

use super::{ExplainedClass, Explanation, Reason};

/// The reasons of a class in the run before and in the run after.
#[derive(Clone, Debug, PartialEq)]
pub struct ReasonsChanged {
    /// The class.
    pub name: String,
    /// Reasons in the run before only.
    pub went: Vec<Reason>,
    /// Reasons in the run after only.
    pub came: Vec<Reason>,
    /// Reasons in both runs, with the numbers of the run after.
    pub stayed: Vec<Reason>,
}

/// The classes, by name, whose reasons changed, in the order of the run before. A class that one run alone has
/// is not among them.
pub fn reasons_changed(before: &Explanation, after: &Explanation) -> Vec<ReasonsChanged> {
    let later: HashMap<&str, &ExplainedClass> =
        after.classes.iter().map(|class| (class.name.as_str(), class)).collect();
    let changed = |class: &ExplainedClass| {
        let (was, is) = (&class.reasons, &later.get(class.name.as_str())?.reasons);
        let (stayed, came): (Vec<_>, Vec<_>) =
            is.iter().cloned().partition(|reason| has(was, reason));
        let went: Vec<_> = was.iter().filter(|reason| !has(is, reason)).cloned().collect();
        let name = class.name.clone();
        (!went.is_empty() || !came.is_empty()).then_some(ReasonsChanged {
            name,
            went,
            came,
            stayed,
        })
    };
    before.classes.iter().filter_map(changed).collect()
}

fn has(reasons: &[Reason], wanted: &Reason) -> bool {
    reasons.iter().any(|reason| reason.because.is_like(&wanted.because))
}
