//! What is known of each class of a run, brought together.

use super::rules::Others;
use super::{ExplainedClass, Explanation};
use crate::analysis::Correlated;
use crate::correlation::Expected;
use crate::detector::Class;
use crate::evidence::{Finding, expectation};

/// The covariate of an annotation file that says how large the boxes of a class are: the median of
/// ln(area / pixel²).
const MEDIAN_LOG_AREA: &str = "median_log_area";

impl Explanation {
    /// Why the classes of a run have the AP that they have.
    pub fn of(one: &Correlated) -> Explanation {
        let run = &one.run;
        let finding = one.evidence.as_ref().map(|evidence| &evidence.judged.verdict.finding);
        let by_information = matches!(finding, Some(Finding::Beyond { .. }));
        let geometry = run.geometry();
        let detections = run.detections();
        let areas = run.covariates().iter().find(|covariate| covariate.name == MEDIAN_LOG_AREA);
        let all: Vec<Class> = run.classes().collect();
        let expected = expected(&all, by_information);
        let ap_ranks = ranks(&all, |class| class.ap);
        let information_ranks = ranks(&all, own_bits);
        let class = |(at, class): (usize, &Class)| ExplainedClass {
            id: class.id,
            name: class.name.to_owned(),
            instances: class.instances,
            ap: class.ap,
            ap_rank: ap_ranks[at],
            ap_interval: run.ap_interval(at),
            expected: expected[at],
            information: own_bits(class),
            information_rank: information_ranks[at],
            spread: geometry.and_then(|geometry| geometry.spread[at]),
            recognition: geometry.and_then(|geometry| geometry.recognition.get(at).cloned()),
            closest: geometry.map_or(Vec::new(), |geometry| geometry.closest[at].clone()),
            shift: geometry.and_then(|geometry| geometry.shift[at]),
            detections: detections.and_then(|detections| detections[at].clone()),
            median_area: areas.and_then(|areas| areas.values[at]).map(f64::exp),
            suspects: geometry.map_or(Vec::new(), |geometry| geometry.suspects[at].clone()),
            reasons: Vec::new(),
        };
        let mut classes: Vec<ExplainedClass> = all.iter().enumerate().map(class).collect();
        let overlap_of = geometry.map(|geometry| geometry.of);
        let recognition_of = geometry.and_then(|geometry| geometry.recognition_of);
        let count_tells = one.log_count().is_some_and(|r| r.is_clear() && r.r > 0.0);
        let others = Others::of(&classes, overlap_of, recognition_of, count_tells);
        let reasons: Vec<_> = classes.iter().map(|class| others.reasons(class)).collect();
        for (class, reasons) in classes.iter_mut().zip(reasons) {
            class.reasons = reasons;
        }
        Explanation { run: run.clone(), classes, by_information, overlap_of, recognition_of }
    }
}

/// I without the floor's bits, which depend on the count alone.
fn own_bits(class: &Class) -> Option<f64> {
    let amount = class.amount()?;
    Some(amount.bits - amount.floor.map_or(0.0, |floor| floor.bits))
}

/// The AP that the other classes lead to expect of each that has AP, a count and, if the expectation is made
/// of it too, an information amount; of the others none.
fn expected(classes: &[Class], by_information: bool) -> Vec<Option<Expected>> {
    let known = |class: &Class| {
        Some((class.instances?, if by_information { own_bits(class)? } else { 0.0 }, class.ap?))
    };
    let known: Vec<Option<(u64, f64, f64)>> = classes.iter().map(known).collect();
    let used = || known.iter().flatten();
    let instances: Vec<u64> = used().map(|class| class.0).collect();
    let information: Vec<f64> = used().map(|class| class.1).collect();
    let ap: Vec<f64> = used().map(|class| class.2).collect();
    let information = by_information.then_some(&information[..]);
    let mut expected = expectation(&instances, information, &ap).unwrap_or_default().into_iter();
    known.iter().map(|class| class.as_ref().and_then(|_| expected.next())).collect()
}

/// The rank of each class that has the number, 1 the largest; equal ones share the first.
fn ranks(classes: &[Class], number: fn(&Class) -> Option<f64>) -> Vec<Option<usize>> {
    let rank = |value: f64| {
        let larger = |class: &&Class| number(class).is_some_and(|other| other > value);
        1 + classes.iter().filter(larger).count()
    };
    classes.iter().map(|class| number(class).map(rank)).collect()
}
