//! The rule of each reason: the condition on the numbers of a class and of the others.
//!
//! Rules compare a class with the median over the classes of the same run, because outliers do not move it.
//! `docs/explain.md` says where each threshold comes from.

use super::{Because, ExplainedClass, Of, Reason, SeenIn, Weight};
use crate::detections::{ClassDetections, ErrorCost, ErrorType};
use crate::kernel::median;
use crate::recognition::Recognition;
use crate::suspects::Suspects;

/// A number is far above the other classes from this multiple of the median.
const FAR_ABOVE: f64 = 3.0;
/// A distance is not due to chance from this multiple of its value by chance.
const BEYOND_CHANCE: f64 = 1.5;
/// Errors are not due to chance from so many standard deviations above the usual number.
const DEVIATIONS: f64 = 4.0;
/// The fewest objects with the same error.
const LEAST_COUNT: u64 = 3;
/// The smallest share of the class's objects with the same error.
const LEAST_SHARE: f64 = 0.1;
/// Two classes overlap if this share of each is nearer to the mean of the other.
const OVERLAP: f64 = 0.1;
/// Overlap needs so many held-out embeddings of each class.
const LEAST_HELD_OUT: u64 = 10;
/// A class has few instances below this multiple of the median; below the second, hardly any.
const FEW: f64 = 0.5;
const HARDLY_ANY: f64 = 0.15;
/// The fewest instances for a statement on the spread or the shift of a class.
const ENOUGH: u64 = 20;
/// From this recall on, the classifier is not the problem.
const RECOGNIZED: f64 = 0.9;
/// A type of error that costs less AP at IoU 0.5 is not a reason.
const LEAST_COST: f64 = 0.05;
/// Objects are small where their side is so many times that of the median class; without detections, which
/// tell whether boxes go wrong, where it is still smaller.
const SMALL: f64 = 0.5;
const TINY: f64 = 1.0 / 3.0;
/// Errors are many from this multiple of the usual number.
const MANY_ERRORS: f64 = 2.0;
/// The held-out errors of a class of many forms go to at least so many classes.
const FORMS: usize = 4;
/// The smallest share of rows nearer to one other class that makes labels doubtful.
const SUSPECTS: f64 = 0.05;

/// Medians and costs over the classes of a run, with which each class is compared.
pub struct Others<'a> {
    classes: &'a [ExplainedClass],
    overlap_of: Option<Of>,
    recognition_of: Option<Of>,
    ap: Option<f64>,
    /// Whether classes with fewer instances have lower AP in this run.
    count_tells: bool,
    instances: Option<f64>,
    variance: Option<f64>,
    side: Option<f64>,
    shift: Option<f64>,
    /// What each type of error usually costs, and how many there are an object.
    costs: [f64; 6],
    rates: [f64; 6],
}

impl<'a> Others<'a> {
    /// Of these classes. `count_tells`: whether log m goes with AP, more with more, so that it shows.
    pub fn of(
        classes: &'a [ExplainedClass],
        overlap_of: Option<Of>,
        recognition_of: Option<Of>,
        count_tells: bool,
    ) -> Others<'a> {
        let middle = |number: fn(&ExplainedClass) -> Option<f64>| {
            median(&mut classes.iter().filter_map(number).collect::<Vec<f64>>())
        };
        let usual = |of: &dyn Fn(&ClassDetections) -> f64| {
            let all = classes.iter().filter_map(|class| Some(of(known(class)?)));
            median(&mut all.collect::<Vec<f64>>()).unwrap_or_default()
        };
        let rate = |seen: &ClassDetections, at: usize| {
            seen.errors[at].count as f64 / seen.objects.max(1) as f64
        };
        Others {
            classes,
            overlap_of,
            recognition_of,
            ap: middle(|class| class.ap),
            count_tells,
            instances: middle(|class| class.instances.map(|count| count as f64)),
            variance: middle(|class| class.spread.map(|spread| spread.total_variance)),
            side: middle(|class| class.median_area.map(f64::sqrt)),
            shift: middle(|class| class.shift.map(|shift| shift.beyond_chance())),
            costs: std::array::from_fn(|at| usual(&|seen| seen.errors[at].ap)),
            rates: std::array::from_fn(|at| usual(&|seen| rate(seen, at))),
        }
    }

    /// What may be the reasons for a class's AP, the surest first; of a class without AP, or whose AP is
    /// neither below the middle of the classes nor below what is expected of it, none.
    pub fn reasons(&self, class: &ExplainedClass) -> Vec<Reason> {
        let low = class.ap.zip(self.ap).is_some_and(|(ap, middle)| ap < middle);
        let below = class.expected.is_some_and(|expected| expected.deleted_residual < -1.0);
        if !(low || below) {
            return Vec::new();
        }
        let mut reasons: Vec<Reason> = [
            self.labelled_as(class),
            self.confused(class),
            self.few_instances(class),
            self.spread(class),
            self.small(class),
            self.label_noise(class),
            self.shifted(class),
        ]
        .into_iter()
        .flatten()
        .chain(self.errors(class))
        .collect();
        // Of equal weight, the order above: a cause before what follows from it.
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.weight));
        if reasons.is_empty() {
            let recall = self.held_out(class).and_then(Recognition::recall);
            let recall = recall.filter(|&recall| recall >= RECOGNIZED);
            reasons
                .push(Reason { because: Because::NothingFound { recall }, weight: Weight::Weak });
        }
        reasons
    }

    /// AP is not below what the count leads to expect, and the count is below most: likely where classes with
    /// fewer instances do have lower AP in this run, else possible where it has hardly any.
    fn few_instances(&self, class: &ExplainedClass) -> Option<Reason> {
        let (instances, median) = (class.instances?, self.instances?);
        let (ap, middle) = (class.ap?, self.ap?);
        if class.expected.is_some_and(|expected| ap < expected.interval.0) {
            return None;
        }
        let share = instances as f64 / median;
        let leads_to_it = class.expected.is_some_and(|expected| expected.value < middle);
        let count_tells = self.count_tells && leads_to_it;
        let (few, weight) = match self.count_tells {
            true => (share < FEW && leads_to_it, Weight::Likely),
            false => (share < HARDLY_ANY, Weight::Weak),
        };
        let because = Because::FewInstances { count_tells, instances, median };
        few.then_some(Reason { because, weight })
    }

    /// Total variance far above the others', and held-out errors that go to several classes.
    fn spread(&self, class: &ExplainedClass) -> Option<Reason> {
        let times = class.spread?.total_variance / self.variance?;
        if times < FAR_ABOVE || class.instances? < ENOUGH {
            return None;
        }
        let (taken_for, weight) = match self.held_out(class) {
            Some(seen) => {
                let wrong = seen.rows - seen.right;
                let most = seen.taken_for.first().map_or(0, |&(_, count)| count);
                if seen.taken_for.len() < FORMS || 2 * most > wrong {
                    return None;
                }
                (seen.taken_for.len(), Weight::Likely)
            }
            None => (0, Weight::Weak),
        };
        Some(Reason { because: Because::Spread { times, taken_for }, weight })
    }

    /// Held-out boxes, or else detections, are taken for one other class.
    fn confused(&self, class: &ExplainedClass) -> Option<Reason> {
        let held_out = self.held_out(class).and_then(|seen| {
            let &(with, count) = seen.taken_for.first()?;
            Some((with, count, seen.rows, SeenIn::HeldOut))
        });
        let detected = known(class).and_then(|seen| {
            let &(with, count) = seen.taken_for.first()?;
            Some((with, count, seen.objects, SeenIn::Detections))
        });
        let often = |&(_, count, of, _): &(usize, u64, u64, SeenIn)| {
            count >= LEAST_COUNT && count as f64 >= LEAST_SHARE * of as f64
        };
        let (with, count, of, seen) = [held_out, detected].into_iter().flatten().find(often)?;
        let overlap = self.overlaps(class, with);
        let with = self.classes[with].name.clone();
        let because = Because::Confused { with, count, of, seen, overlap };
        Some(Reason { because, weight: Weight::Shown })
    }

    /// Whether the held-out embeddings of the two overlap: some of each lie nearer to the other's mean than to
    /// that of their own class. Of few embeddings that cannot be told.
    fn overlaps(&self, class: &ExplainedClass, with: usize) -> Option<bool> {
        if self.overlap_of != Some(Of::HeldOut) {
            return None;
        }
        let at = self.place(class)?;
        let (ours, theirs) = (class.nearer.as_ref()?, self.classes[with].nearer.as_ref()?);
        let enough = ours.of.min(theirs.of) >= LEAST_HELD_OUT;
        let share = ours.share_nearer_to(with).min(theirs.share_nearer_to(at));
        enough.then_some(share >= OVERLAP)
    }

    /// Objects half as long as those of the median class, whose boxes go wrong more often than others'.
    fn small(&self, class: &ExplainedClass) -> Option<Reason> {
        let (side, median) = (class.median_area?.sqrt(), self.side?);
        let because = Because::Small { side, median };
        let (weight, small) = match known(class) {
            Some(seen) => (Weight::Likely, side <= SMALL * median && self.goes_wrong(seen)),
            None => (Weight::Weak, side <= TINY * median),
        };
        small.then_some(Reason { because, weight })
    }

    /// Whether its objects are boxed badly or missed, more often than is usual.
    fn goes_wrong(&self, seen: &ClassDetections) -> bool {
        let of_place = [ErrorType::Localization, ErrorType::Both, ErrorType::Missed];
        let places = (0..6).filter(|&at| of_place.contains(&ErrorType::ALL[at]));
        let count: u64 = places.clone().map(|at| seen.errors[at].count).sum();
        let usual: f64 = places.map(|at| self.rates[at]).sum();
        count >= LEAST_COUNT && count as f64 >= MANY_ERRORS * usual * seen.objects as f64
    }

    /// Each type of error that costs much, twice as much as usual, and is so frequent that chance does not
    /// explain it (Poisson); what costs most first.
    fn errors(&self, class: &ExplainedClass) -> Vec<Reason> {
        let Some(seen) = known(class) else { return Vec::new() };
        let objects = seen.objects as f64;
        let stands_out = |at: &usize| {
            let error = seen.errors[*at];
            // One more, for the median of few counts is not surely their mean.
            let usual = self.rates[*at] * objects + 1.0;
            let costs = error.ap >= LEAST_COST && error.ap >= MANY_ERRORS * self.costs[*at];
            // Where hardly anything is detected, AP is 0 with the missed objects and without them.
            let missed =
                ErrorType::ALL[*at] == ErrorType::Missed && 2 * error.count >= seen.objects;
            (costs || missed) && error.count as f64 > usual + DEVIATIONS * usual.sqrt()
        };
        // Confusion is a reason of its own, which says with what.
        let others = |at: &usize| ErrorType::ALL[*at] != ErrorType::Classification;
        let mut types: Vec<usize> = (0..6).filter(others).filter(stands_out).collect();
        types.sort_by(|&a, &b| seen.errors[b].ap.total_cmp(&seen.errors[a].ap));
        let reason = |at: usize| {
            let ErrorCost { count, ap: cost } = seen.errors[at];
            let because = Because::Errors { which: ErrorType::ALL[at], count, cost };
            Reason { because, weight: Weight::Shown }
        };
        types.into_iter().map(reason).collect()
    }

    /// Some of its boxes resemble one other class, though the two do not overlap.
    fn label_noise(&self, class: &ExplainedClass) -> Option<Reason> {
        let suspects = class.suspects.as_ref()?;
        let &(nearer, rows) = suspects.suspected.first()?;
        let of = suspects.of;
        if !doubtful(rows, suspects) || self.overlaps(class, nearer) == Some(true) {
            return None;
        }
        let nearer_to = self.classes[nearer].name.clone();
        let because = Because::LabelNoise { rows, of, nearer_to };
        Some(Reason { because, weight: Weight::Weak })
    }

    /// Boxes of another class resemble this one, which is taken for that class.
    fn labelled_as(&self, class: &ExplainedClass) -> Option<Reason> {
        let at = self.place(class)?;
        let taken_for = |seen: &[(usize, u64)]| Some(seen.first()?.0);
        let held_out = self.held_out(class).and_then(|seen| taken_for(&seen.taken_for));
        let other = held_out.or_else(|| taken_for(&known(class)?.taken_for))?;
        let other = &self.classes[other];
        let suspects = other.suspects.as_ref()?;
        let &(_, rows) = suspects.suspected.iter().find(|(nearer, _)| *nearer == at)?;
        let (of, label) = (suspects.of, other.name.clone());
        let because = Because::LabelledAs { rows, of, label };
        let overlap = self.overlaps(class, self.place(other)?) == Some(true);
        (doubtful(rows, suspects) && !overlap).then_some(Reason { because, weight: Weight::Shown })
    }

    /// Held-out boxes far from those of training.
    fn shifted(&self, class: &ExplainedClass) -> Option<Reason> {
        let (seen, median) = (class.shift?, self.shift?);
        let shift = seen.beyond_chance();
        let far = shift >= FAR_ABOVE * median && seen.distance >= BEYOND_CHANCE * seen.by_chance;
        // Few instances are learnt by heart, and lie elsewhere for that.
        if !far || class.instances? < ENOUGH {
            return None;
        }
        let because = Because::Shifted { shift, median };
        Some(Reason { because, weight: Weight::Likely })
    }

    /// What the classifier takes held-out boxes for.
    fn held_out<'b>(&self, class: &'b ExplainedClass) -> Option<&'b Recognition> {
        class.recognition.as_ref().filter(|_| self.recognition_of == Some(Of::HeldOut))
    }

    fn place(&self, class: &ExplainedClass) -> Option<usize> {
        self.classes.iter().position(|one| one.id == class.id)
    }
}

/// Whether so many embeddings that resemble one other class make labels doubtful: they are not few, and those
/// that resemble other classes, as of a class of many forms, are fewer.
fn doubtful(rows: u64, all: &Suspects) -> bool {
    rows >= LEAST_COUNT && rows as f64 >= SUSPECTS * all.of as f64 && 2 * rows >= all.count()
}

fn known(class: &ExplainedClass) -> Option<&ClassDetections> {
    class.detections.as_ref()
}
