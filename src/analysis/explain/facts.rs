//! Collects what is known of each class of a run.

use super::rules::Others;
use super::{ExplainedClass, Explanation};
use crate::analysis::Correlated;
use crate::ap::ApScale;
use crate::correlation::Expected;
use crate::detector::{Class, Run};
use crate::evidence::{self, Finding, expectation};
use crate::suspects::Suspects;

/// The covariate of an annotation file that says how large the boxes of a class are: the median of
/// ln(area / pixel²).
const MEDIAN_LOG_AREA: &str = "median_log_area";

/// The rounding error of bits that all come from the floor.
const ROUNDING: f64 = 1e-9;

impl Explanation {
    /// The explanation of each class of a run.
    pub fn of(one: &Correlated) -> Explanation {
        let run = &one.run;
        let finding = one.evidence.as_ref().map(|evidence| &evidence.judged.verdict.finding);
        let by_information = matches!(finding, Some(Finding::Beyond { .. }));
        let all: Vec<Class> = run.classes().collect();
        let expected = expected(&all, by_information, run.ap_scale().unwrap_or_default());
        let (ap_ranks, information_ranks) = (ranks(&all, |class| class.ap), ranks(&all, own_bits));
        let class = |(at, class): (usize, &Class)| ExplainedClass {
            expected: expected[at],
            ap_rank: ap_ranks[at],
            information_rank: information_ranks[at],
            ..ExplainedClass::of(run, at, class)
        };
        let mut classes: Vec<ExplainedClass> = all.iter().enumerate().map(class).collect();
        let geometry = run.geometry();
        let overlap_of = geometry.filter(|known| known.overlap.is_some()).map(|known| known.of);
        let recognition_of =
            geometry.filter(|known| known.recognized.is_some()).map(|known| known.of);
        let count_tells = one.log_count().is_some_and(|r| r.is_clear() && r.r > 0.0);
        let others = Others::of(&classes, overlap_of, recognition_of, count_tells);
        let reasons: Vec<_> = classes.iter().map(|class| others.reasons(class)).collect();
        for (class, reasons) in classes.iter_mut().zip(reasons) {
            class.reasons = reasons;
        }
        Explanation { run: run.clone(), classes, by_information, overlap_of, recognition_of }
    }
}

impl ExplainedClass {
    /// What is known of the class with this index alone.
    fn of(run: &Run, at: usize, class: &Class) -> ExplainedClass {
        let geometry = run.geometry();
        let detections = run.detections(at);
        let areas = run.covariates().iter().find(|covariate| covariate.name == MEDIAN_LOG_AREA);
        let overlap = geometry.and_then(|known| known.overlap.as_ref());
        let of_class = |all: &Option<Vec<Suspects>>| Some(all.as_ref()?[at].clone());
        // AP is measured on the objects of the ground truth; without them, those of training tell.
        let in_training = || areas.and_then(|areas| areas.values[at]).map(f64::exp);
        let in_truth = detections.and_then(|seen| seen.median_area);
        ExplainedClass {
            id: class.id,
            name: class.name.to_owned(),
            instances: class.instances,
            ap: class.ap,
            ap_rank: None,
            ap_interval: detections
                .filter(|_| run.ap_column() == "ap")
                .and_then(|one| one.interval),
            expected: None,
            information: own_bits(class),
            information_rank: None,
            spread: class.amount().and_then(|amount| amount.spread),
            recognition: geometry.and_then(|known| known.recognition(at)).cloned(),
            closest: overlap.map_or(Vec::new(), |overlap| overlap.closest(at).to_vec()),
            variability: overlap.and_then(|overlap| overlap.variability(at)),
            shift: geometry.and_then(|known| known.shift[at]),
            detections: detections.cloned(),
            median_area: in_truth.or_else(in_training),
            nearer: geometry.and_then(|known| of_class(&known.nearer)),
            suspects: geometry.and_then(|known| of_class(&known.in_training)),
            reasons: Vec::new(),
        }
    }
}

/// I without the floor's bits, which depend on the count alone.
fn own_bits(class: &Class) -> Option<f64> {
    let amount = class.amount()?;
    let floor = amount.floor.map_or(0.0, |floor| floor.bits);
    let own = amount.bits - floor;
    Some(if own > ROUNDING * amount.bits { own } else { 0.0 })
}

/// The AP that the other classes lead to expect of each that has AP, a count and, if the expectation is made
/// of it too, an information amount; of the others none.
fn expected(classes: &[Class], by_information: bool, scale: ApScale) -> Vec<Option<Expected>> {
    let known = |class: &Class<'_>| {
        Some(evidence::Class {
            name: "",
            information: if by_information { own_bits(class)? } else { 0.0 },
            floor_bits: None,
            embeddings: 0,
            // No other class tells what no instance at all leads to.
            instances: class.instances.filter(|&count| count > 0)?,
            covariates: &[],
            group: None,
            ap: class.ap?,
        })
    };
    let known: Vec<Option<evidence::Class>> = classes.iter().map(known).collect();
    let used: Vec<evidence::Class> = known.iter().flatten().copied().collect();
    let mut expected = expectation(&used, by_information, scale).unwrap_or_default().into_iter();
    known.iter().map(|class| class.as_ref().and_then(|_| expected.next()?)).collect()
}

/// The rank of each class that has the number, 1 the largest; equal ones share the first.
fn ranks(classes: &[Class], number: fn(&Class) -> Option<f64>) -> Vec<Option<usize>> {
    let rank = |value: f64| {
        let larger = |class: &&Class| number(class).is_some_and(|other| other > value);
        1 + classes.iter().filter(larger).count()
    };
    classes.iter().map(|class| number(class).map(rank)).collect()
}
