//! What each loss changes against the cosine softmax of the same scale.

use super::settings::Variant;
use super::{ProbedClass, SeedResult};
use crate::ap::ApScale;
use crate::correlation::benjamini_hochberg;
use crate::groups::ApSummary;
use crate::probe::{Difference, LossKind, holm};

/// Smaller changes of a mean, 0 to 1, are none that matters: half a point.
pub const LEAST_CHANGE: f64 = 0.005;

/// A class is only said to change if it is judged on so many images.
pub const LEAST_IMAGES: u64 = 5;

/// How often chance may lead to any finding.
const LEVEL: f64 = 0.05;

/// Whether a loss helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Mean recall or mean AP is higher, and the other not lower.
    Helps,
    /// Mean recall or mean AP is lower, and the other not higher.
    Hurts,
    /// One is higher, the other lower.
    Mixed,
    /// No difference that shows.
    None,
}

impl Finding {
    /// All values.
    pub const ALL: &'static [Finding] =
        &[Finding::Helps, Finding::Hurts, Finding::Mixed, Finding::None];

    /// The name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Finding::Helps => "helps",
            Finding::Hurts => "hurts",
            Finding::Mixed => "mixed",
            Finding::None => "no-difference",
        }
    }
}

/// What a loss changes in one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassChange {
    /// Of recall, 0 to 1.
    pub recall: Difference,
    /// Of average precision, 0 to 1.
    pub average_precision: Difference,
    /// Whether the change of recall shows: it would be one of chance alone in at most 5% of the classes
    /// that are said to change (Benjamini and Hochberg 1995).
    pub recall_shows: bool,
    /// The same of average precision.
    pub average_precision_shows: bool,
}

/// What a loss changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Of mean recall over the classes, 0 to 1.
    pub recall: Difference,
    /// Of mean average precision, 0 to 1.
    pub average_precision: Difference,
    /// Of the model bias, the variance of the classes' AP, points².
    pub bias: Difference,
    /// Of mean recall and mean AP of each group; none of one without classes.
    pub groups: Vec<Option<(Difference, Difference)>>,
    /// Of each class; none of one that is not judged.
    pub classes: Vec<Option<ClassChange>>,
    /// Whether it helps.
    pub finding: Finding,
}

/// Each variant against the cosine softmax of its scale. That of another scale, and losses without one, are compared
/// with that of the first scale; that itself with none.
pub fn all(
    variants: &[Variant],
    seeds: &[Vec<SeedResult>],
    classes: &[ProbedClass],
    groups: &[(String, Vec<usize>)],
) -> Vec<Option<Compared>> {
    let reference = |variant: &Variant| {
        let plain = |one: &Variant| one.kind == LossKind::Cosine;
        let same = |one: &Variant| one.scale == variant.scale && !plain(variant);
        let own = variants.iter().position(|one| plain(one) && same(one));
        own.or_else(|| variants.iter().position(plain))
    };
    let mut all: Vec<Option<Compared>> = variants
        .iter()
        .enumerate()
        .map(|(at, variant)| {
            let reference = reference(variant).filter(|&reference| reference != at)?;
            compared(&seeds[at], &seeds[reference], classes, groups)
        })
        .collect();
    // All losses together: the more there are, the more evidence each needs.
    let found = all.iter().flatten();
    let p_values = found.flat_map(|one| [one.recall.p_value, one.average_precision.p_value]);
    let significant = holm(&p_values.collect::<Vec<_>>(), LEVEL);
    if on_few_images(classes).is_some() {
        return all;
    }
    for (one, significant) in all.iter_mut().flatten().zip(significant.chunks(2)) {
        one.finding =
            finding([(one.recall, significant[0]), (one.average_precision, significant[1])]);
    }
    all
}

/// How many classes are judged on less than [`LEAST_IMAGES`], where they are most of those that are judged: then no
/// loss can be said to help. Recall of a few boxes is the same whatever their weights, so seeds do not show how
/// much it varies.
pub fn on_few_images(classes: &[ProbedClass]) -> Option<usize> {
    let judged = classes.iter().filter(|class| class.judged);
    let few = judged.clone().filter(|class| class.images < LEAST_IMAGES).count();
    (2 * few > judged.count()).then_some(few)
}

fn finding(changes: [(Difference, bool); 2]) -> Finding {
    let shows = |(change, significant): &(Difference, bool)| {
        *significant && change.mean.abs() >= LEAST_CHANGE
    };
    let up = changes.iter().any(|one| shows(one) && one.0.mean > 0.0);
    let down = changes.iter().any(|one| shows(one) && one.0.mean < 0.0);
    match (up, down) {
        (true, false) => Finding::Helps,
        (false, true) => Finding::Hurts,
        (true, true) => Finding::Mixed,
        (false, false) => Finding::None,
    }
}

fn compared(
    ours: &[SeedResult],
    theirs: &[SeedResult],
    classes: &[ProbedClass],
    groups: &[(String, Vec<usize>)],
) -> Option<Compared> {
    let difference = |of: &dyn Fn(&SeedResult) -> Option<f64>| {
        let each = ours.iter().zip(theirs).map(|(ours, theirs)| Some(of(ours)? - of(theirs)?));
        Difference::of(&each.collect::<Option<Vec<f64>>>()?)
    };
    let judged: Vec<usize> = (0..classes.len()).filter(|&class| classes[class].judged).collect();
    let recall = |members: &[usize]| difference(&|seed| mean(&seed.recall, members));
    let ap = |members: &[usize]| difference(&|seed| mean(&seed.average_precision, members));
    let of_class = |class: usize| {
        Some(ClassChange {
            recall: recall(&[class])?,
            average_precision: ap(&[class])?,
            recall_shows: false,
            average_precision_shows: false,
        })
    };
    let mut changes: Vec<Option<ClassChange>> = (0..classes.len()).map(of_class).collect();
    say_which(&mut changes, classes);
    let of_group = |(_, members): &(String, Vec<usize>)| Some((recall(members)?, ap(members)?));
    Some(Compared {
        recall: recall(&judged)?,
        average_precision: ap(&judged)?,
        bias: difference(&|seed| bias(seed))?,
        groups: groups.iter().map(of_group).collect(),
        classes: changes,
        finding: Finding::None,
    })
}

/// Says which classes change.
fn say_which(changes: &mut [Option<ClassChange>], classes: &[ProbedClass]) {
    let enough = |class: usize| classes[class].images >= LEAST_IMAGES;
    let mut tested: Vec<&mut ClassChange> = changes
        .iter_mut()
        .enumerate()
        .filter_map(|(class, change)| change.as_mut().filter(|_| enough(class)))
        .collect();
    let p_values = |of: fn(&ClassChange) -> Difference, tested: &[&mut ClassChange]| {
        benjamini_hochberg(&tested.iter().map(|one| of(one).p_value).collect::<Vec<_>>(), LEVEL)
    };
    let recall = p_values(|one| one.recall, &tested);
    let ap = p_values(|one| one.average_precision, &tested);
    for ((change, recall), ap) in tested.iter_mut().zip(recall).zip(ap) {
        change.recall_shows = recall && change.recall.mean.abs() >= LEAST_CHANGE;
        change.average_precision_shows = ap && change.average_precision.mean.abs() >= LEAST_CHANGE;
    }
}

/// The mean over some classes; none if there are none.
pub fn mean(values: &[Option<f64>], members: &[usize]) -> Option<f64> {
    let known: Vec<f64> = members.iter().filter_map(|&class| values[class]).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The model bias of a seed, points².
pub fn bias(seed: &SeedResult) -> Option<f64> {
    ApSummary::of(seed.average_precision.iter().copied(), ApScale::Fraction).bias
}
