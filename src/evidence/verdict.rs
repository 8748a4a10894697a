//! What the evidence comes to, in words.
//!
//! # The rule
//!
//! The first that holds, for n classes, with 95% intervals throughout:
//!
//! 1. n < 10: [`Finding::TooFew`].
//! 2. AP or I is the same for all classes: [`Finding::Constant`].
//! 3. The partial correlation of I and AP is clear of 0, on the same side, both given the line and
//!    given the curve of the count ([`Control`]), and its p-value for unequally noisy classes
//!    ([`robust_p`](crate::correlation::robust_p)) given the curve is below 0.05: [`Finding::Beyond`].
//! 4. r(I, AP) is clear of 0, and more than half of the bits come from the floor or more than half
//!    of I's variance goes with the curve of the count: [`Finding::Disguise`].
//! 5. r(log m, AP) is clear of 0: [`Finding::Count`].
//! 6. Else [`Finding::Nothing`].
//!
//! Why not the partial correlation given log m alone: under the floor I is a bent function of m. If AP
//! depends on the count alone but not as a straight line in log m (√m, m/(m+50)), what log m leaves of
//! both bends the same way, and that partial correlation calls it information in up to all of the
//! simulated sets. `docs/evidence.md` has the simulations.

use super::{Class, Control, Grounds, Statistics, columns};
use crate::correlation::{NoCorrelation, Pearson, leave_one_out};

/// Fewer classes than this tell nothing: given a curve, too few degrees of freedom are left.
pub const LEAST_CLASSES: usize = 10;

/// A finding, and what a reader should know before believing it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What the evidence comes to.
    pub finding: Finding,
    /// In order of weight.
    pub caveats: Vec<Caveat>,
}

/// What the evidence comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// Too few classes.
    TooFew {
        /// How many there are.
        classes: usize,
    },
    /// A number is the same for all classes.
    Constant {
        /// Whether it is AP; else the information amount.
        ap: bool,
    },
    /// I explains AP beyond m.
    Beyond {
        /// I and AP given the curve of the count.
        partial: Pearson,
    },
    /// I goes with AP because both go with m.
    Disguise {
        /// I and AP.
        r: f64,
        /// How I is made of the count.
        share: Share,
        /// I and AP given the curve of the count, unless that leaves nothing of one of them.
        partial: Option<Pearson>,
    },
    /// m goes with AP, and I adds nothing that shows.
    Count {
        /// log m and AP.
        r: f64,
        /// I and AP given the curve of the count, unless that leaves nothing of one of them.
        partial: Option<Pearson>,
    },
    /// Neither goes with AP so that it shows.
    Nothing {
        /// I and AP given the curve of the count, unless that leaves nothing of one of them.
        partial: Option<Pearson>,
    },
}

/// How the information amount is made of the instance count, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// The share of all bits that comes from the floor.
    FloorBits(f64),
    /// The share of the variance over classes that a curve of the count explains.
    Variance(f64),
}

/// What a reader should know before believing a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Caveat {
    /// Without one class the partial correlations behind [`Finding::Beyond`] are not both clear of 0.
    RestsOn {
        /// The class.
        class: String,
        /// I and AP given the curve of the count, without it, unless nothing of one of them is left.
        without: Option<Pearson>,
    },
    /// Most bits come from the floor, though what is beyond it counts.
    FloorBits {
        /// Their share, 0 to 1.
        share: f64,
    },
    /// Given log m alone, the partial correlation is clear of 0.
    LineOnly {
        /// I and AP given log m.
        partial: Pearson,
    },
    /// One class moves r(I, AP) by more than a standard error.
    HangsOn {
        /// The class.
        class: String,
        /// r with it.
        r: f64,
        /// r without it; none where the others all have the same number.
        without: Option<f64>,
    },
    /// r(I, AP) is outside the interval of the classes with m ≥ p alone.
    LargeClasses {
        /// r of all classes.
        r: f64,
        /// r of those.
        large: Pearson,
    },
}

impl Verdict {
    /// Applies the rule to the statistics of all classes and of those with m ≥ p.
    pub(super) fn of(
        classes: &[Class],
        dim: usize,
        all: &Statistics,
        large: Option<&Statistics>,
    ) -> Verdict {
        let finding = Finding::of(&all.grounds);
        let mut caveats = Vec::new();
        if matches!(finding, Finding::TooFew { .. } | Finding::Constant { .. }) {
            return Verdict { finding, caveats };
        }
        let beyond = matches!(finding, Finding::Beyond { .. });
        if beyond {
            caveats.extend(rests_on(classes, dim));
            let share = all.grounds.floor.map(|floor| floor.bits).filter(|&share| share > 0.5);
            caveats.extend(share.map(|share| Caveat::FloorBits { share }));
        }
        let line_only = all.partial_information.ok().filter(|line| line.is_clear() && !beyond);
        caveats.extend(line_only.map(|partial| Caveat::LineOnly { partial }));
        if let Ok(information) = &all.information {
            let r = information.pearson.r;
            let strong = information.influence.filter(|influence| influence.strong);
            caveats.extend(strong.map(|influence| Caveat::HangsOn {
                class: classes[influence.class].name.to_owned(),
                r,
                without: influence.without.map(|without| without.r),
            }));
            let large = large.and_then(|large| Some(large.information.as_ref().ok()?.pearson));
            let differs = large.filter(|large| {
                large.interval.is_some_and(|(low, high)| !(low..=high).contains(&r))
            });
            caveats.extend(differs.map(|large| Caveat::LargeClasses { r, large }));
        }
        Verdict { finding, caveats }
    }
}

impl Finding {
    /// Applies the rule.
    pub fn of(grounds: &Grounds) -> Finding {
        let classes = grounds.classes;
        if classes < LEAST_CLASSES {
            return Finding::TooFew { classes };
        }
        let information = match grounds.information {
            Err(why) => return Finding::Constant { ap: why == NoCorrelation::ConstantY },
            Ok(information) => information,
        };
        let partial = grounds.given_curve.ok();
        if let (Ok(line), Some(partial)) = (grounds.given_line, partial)
            && both_clear(line, partial)
            && grounds.robust_p.is_ok_and(|p| p.is_some_and(|p| p < 0.05))
        {
            return Finding::Beyond { partial };
        }
        let floor = grounds.floor.map(|floor| Share::FloorBits(floor.bits));
        let variance = grounds.explained_by_count.ok().map(Share::Variance);
        let most = [floor, variance].into_iter().flatten().find(|share| share.value() > 0.5);
        match (most, grounds.log_instances) {
            (Some(share), _) if information.is_clear() => {
                Finding::Disguise { r: information.r, share, partial }
            }
            (_, Ok(count)) if count.is_clear() => Finding::Count { r: count.r, partial },
            _ => Finding::Nothing { partial },
        }
    }
}

impl Share {
    fn value(self) -> f64 {
        match self {
            Share::FloorBits(share) | Share::Variance(share) => share,
        }
    }
}

/// Whether both are clear of 0 on the same side.
fn both_clear(a: Pearson, b: Pearson) -> bool {
    a.is_clear() && b.is_clear() && a.r * b.r > 0.0
}

/// The class without which one of the two partial correlations is not clear of 0, if there is one;
/// of several, that which leaves the least. The curve's knots stay where they are.
fn rests_on(classes: &[Class], dim: usize) -> Option<Caveat> {
    let (information, _, ap) = columns(classes);
    let without = |control: Control| {
        leave_one_out(&information, &ap, &control.columns(classes, dim)).unwrap_or_default()
    };
    let pairs = without(Control::Line).into_iter().zip(without(Control::Curve));
    let clear = |pair: (Option<Pearson>, Option<Pearson>)| {
        pair.0.zip(pair.1).is_some_and(|(line, curve)| both_clear(line, curve))
    };
    let left = |without: Option<Pearson>| without.map_or(0.0, |without| without.r.abs());
    (classes.iter().zip(pairs))
        .filter(|&(_, pair)| !clear(pair))
        .map(|(class, (_, curve))| (class, curve))
        .min_by(|&(_, a), &(_, b)| left(a).total_cmp(&left(b)))
        .map(|(class, without)| Caveat::RestsOn { class: class.name.to_owned(), without })
}
