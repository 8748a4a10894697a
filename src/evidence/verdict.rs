//! The verdict: which finding the statistics support.
//!
//! # The rule
//!
//! The first finding whose condition holds, for n classes and k controls, with 95% intervals throughout:
//!
//! 1. n < 10 or n < k+6: [`Finding::TooFew`].
//! 2. AP or I is the same for all classes: [`Finding::Constant`].
//! 3. The interval of the partial correlation of I and AP, given the curve of the count ([`Control`]), does
//!    not contain 0; and three checks agree: [`Finding::Beyond`]. Given the line, the interval does not
//!    contain 0 and has the same sign. The p-value for unequally noisy classes is below 0.05. The interval
//!    by group does not contain 0, if groups of similar classes are known.
//! 4. That interval does not contain 0, but a check fails: [`Finding::Unsettled`].
//! 5. r(I, AP) is clear of 0, and the curve of the count explains more than half of I's variance (adjusted
//!    R²): [`Finding::Disguise`].
//! 6. r(log m, AP) is clear of 0: [`Finding::Count`].
//! 7. Else [`Finding::Nothing`].
//!
//! Why not the partial correlation given log m alone: with the floor, I is a nonlinear function of m. Suppose
//! that AP depends on the count alone, but not linearly in log m (√m, m/(m+50)). Then the residuals of both
//! given log m are nonlinear in m in the same way, and correlated. In simulations, that partial correlation
//! finds information where there is none, in up to all sets: `docs/evidence.md`.

use super::{Association, Basis, Class, Control, Statistics, columns};
use crate::correlation::{Clustered, Influence, NoCorrelation, Pearson, leave_one_out};

/// With fewer classes, there is no verdict.
pub const LEAST_CLASSES: usize = 10;

/// With fewer degrees of freedom, n−k−2, there is no verdict.
pub(super) const LEAST_FREEDOM: usize = 4;

/// Below this residual share of I's variance, given all controls, there is a caveat.
const LITTLE: f64 = 0.05;

/// A finding with its power and its caveats.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The finding.
    pub finding: Finding,
    /// The power of the test, if it found no correlation beyond the count.
    pub power: Option<Power>,
    /// In order of weight.
    pub caveats: Vec<Caveat>,
}

/// What the statistics say of information amount and AP.
///
/// ```
/// use igam_analyze::Finding;
///
/// fn is_beyond_the_count(finding: &Finding) -> bool {
///     finding.token() == "beyond"
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Too few classes.
    TooFew {
        /// Number of classes n.
        classes: usize,
        /// Number of controls k.
        controls: usize,
    },
    /// A number is the same for all classes.
    Constant {
        /// Whether it is AP; else the information amount.
        ap: bool,
    },
    /// I explains AP beyond m.
    Beyond {
        /// I and AP given the curve of the count and the covariates.
        partial: Pearson,
    },
    /// I and AP are correlated given the curve of the count, but a check fails.
    Unsettled {
        /// I and AP given the curve of the count and the covariates.
        partial: Pearson,
        /// The failed checks, at least one.
        failures: Vec<Failure>,
    },
    /// I and AP are correlated, but I is nearly a function of m.
    Disguise {
        /// I and AP.
        r: f64,
        /// Share of I's variance over classes that the curve of the count explains, 0 to 1.
        share: f64,
        /// I and AP given the curve of the count and the covariates, unless that leaves nothing of one of
        /// them.
        partial: Option<Pearson>,
    },
    /// m and AP are correlated, and there is no evidence that I adds to that.
    Count {
        /// log m and AP.
        r: f64,
        /// I and AP given the curve of the count and the covariates, unless that leaves nothing of one of
        /// them.
        partial: Option<Pearson>,
    },
    /// Neither I nor m is clearly correlated with AP.
    Nothing {
        /// I and AP given the curve of the count and the covariates, unless that leaves nothing of one of
        /// them.
        partial: Option<Pearson>,
    },
}

/// A condition of [`Finding::Beyond`] that does not hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// Given the line of the count, the interval contains 0 or has the other sign.
    Line(Option<Pearson>),
    /// Its p-value for unequally noisy classes is 0.05 or more, or does not exist.
    Noise(Option<Clustered>),
    /// Its interval with errors clustered by group contains 0, or does not exist.
    Groups(Option<Clustered>),
}

/// The power of the test with these classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The least |partial r| that is detected in 80% of cases.
    pub detectable: Option<f64>,
    /// The share of AP's variance beyond the count that may still go with I.
    pub largest_share: Option<f64>,
}

/// A caveat: what to know before relying on a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Caveat {
    /// Without one class, the interval of a partial correlation behind [`Finding::Beyond`] contains 0.
    RestsOn {
        /// The class.
        class: String,
        /// Whether it is the one given the line; else the one given the curve.
        given_line: bool,
        /// The one that is not clear of 0 without it, unless nothing of I or of AP is left.
        without: Option<Pearson>,
    },
    /// Most bits come from the eigenvalue floor.
    FloorBits {
        /// Their share, 0 to 1.
        share: f64,
    },
    /// Given the line of the count, the interval excludes 0; given the curve it contains 0.
    LineOnly {
        /// I and AP given the line.
        partial: Pearson,
    },
    /// The interval with errors clustered by group.
    ByGroup(Clustered),
    /// The controls explain nearly all of I.
    LittleLeft {
        /// Residual share of I's variance, 0 to 1.
        share: f64,
        /// The fewest classes that make half of it, the most first.
        half: Vec<String>,
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
    /// Applies the rule; `rests_on` is asked for the class that a [`Finding::Beyond`] depends on.
    pub(super) fn new(basis: &Basis, rests_on: impl FnOnce() -> Option<Caveat>) -> Verdict {
        let finding = Finding::of(basis);
        let mut caveats = Vec::new();
        if !finding.is_judged() {
            return Verdict { finding, power: None, caveats };
        }
        if matches!(finding, Finding::Beyond { .. }) {
            caveats.extend(rests_on());
            let share = basis.floor_share.filter(|&share| share > 0.5);
            caveats.extend(share.map(|share| Caveat::FloorBits { share }));
        }
        let curve_is_clear = basis.given_curve.is_ok_and(|curve| curve.is_clear());
        let line = basis.given_line.ok().filter(|line| line.is_clear() && !curve_is_clear);
        caveats.extend(line.map(|partial| Caveat::LineOnly { partial }));
        let said = matches!(&finding, Finding::Unsettled { failures, .. }
            if failures.iter().any(|failure| matches!(failure, Failure::Groups(_))));
        caveats.extend(basis.by_group.filter(|_| !said).map(Caveat::ByGroup));
        let little = basis.left.clone().filter(|left| left.share < LITTLE);
        caveats
            .extend(little.map(|left| Caveat::LittleLeft { share: left.share, half: left.half }));
        let seen = matches!(finding, Finding::Beyond { .. } | Finding::Unsettled { .. });
        let (detectable, largest_share) = (basis.detectable, basis.largest_share());
        let power = (!seen).then_some(Power { detectable, largest_share });
        Verdict { finding, power, caveats }
    }

    /// Applies the rule to the numbers of one run.
    pub(super) fn of(classes: &[Class], dim: usize, basis: &Basis) -> Verdict {
        Verdict::new(basis, || rests_on(classes, dim))
    }
}

impl Caveat {
    /// That a finding depends on a class, if without it one of the two partial correlations is not clear of 0
    /// on the other's side.
    pub(super) fn rests_on(
        class: &str,
        line: Option<Pearson>,
        curve: Option<Pearson>,
    ) -> Option<Caveat> {
        if line.zip(curve).is_some_and(|(line, curve)| both_clear(line, curve)) {
            return None;
        }
        let given_line = curve.is_some_and(|curve| curve.is_clear());
        let without = if given_line { line } else { curve };
        Some(Caveat::RestsOn { class: class.to_owned(), given_line, without })
    }

    /// The class on which a correlation depends, if there is one; `name` gives a class's name by its index.
    pub fn hangs_on<'a>(
        association: &Association,
        name: impl FnOnce(usize) -> &'a str,
    ) -> Option<Caveat> {
        let Influence { class, without, .. } =
            association.influence.filter(|influence| influence.strong)?;
        let without = without.map(|without| without.r);
        Some(Caveat::HangsOn { class: name(class).into(), r: association.pearson.r, without })
    }

    /// Caveats on r(I, AP): one class, or the classes with m ≥ p.
    pub(super) fn of_information(
        classes: &[Class],
        all: &Statistics,
        large: Option<&Statistics>,
    ) -> Vec<Caveat> {
        let Ok(information) = &all.information else { return Vec::new() };
        let r = information.pearson.r;
        let large = large.and_then(|large| Some(large.information.as_ref().ok()?.pearson));
        let differs = large
            .filter(|large| large.interval.is_some_and(|(low, high)| !(low..=high).contains(&r)));
        let hangs_on = Caveat::hangs_on(information, |class| classes[class].name);
        hangs_on.into_iter().chain(differs.map(|large| Caveat::LargeClasses { r, large })).collect()
    }
}

/// Why so many classes with so many controls tell nothing, if they do not.
pub(super) fn too_few(classes: usize, controls: usize) -> Option<Finding> {
    let needed = LEAST_CLASSES.max(controls + 2 + LEAST_FREEDOM);
    (classes < needed).then_some(Finding::TooFew { classes, controls })
}

/// The words of `verdict.csv`'s column `finding`: see [`Finding::token`].
pub const TOKENS: [&str; 7] =
    ["beyond", "unsettled", "disguise", "count", "nothing", "too-few", "constant"];

impl Finding {
    /// Applies the rule.
    pub fn of(basis: &Basis) -> Finding {
        if let Some(too_few) = too_few(basis.classes, basis.controls) {
            return too_few;
        }
        let information = match basis.information {
            Err(why) => return Finding::Constant { ap: why == NoCorrelation::ConstantY },
            Ok(information) => information,
        };
        let partial = basis.given_curve.ok();
        if let Some(partial) = partial.filter(Pearson::is_clear) {
            let failures = failures(basis, partial);
            return match failures[..] {
                [] => Finding::Beyond { partial },
                _ => Finding::Unsettled { partial, failures },
            };
        }
        let share = basis.count_share.filter(|&share| share > 0.5);
        match (share, basis.log_instances) {
            (Some(share), _) if information.is_clear() => {
                Finding::Disguise { r: information.r, share, partial }
            }
            (_, Ok(count)) if count.is_clear() => Finding::Count { r: count.r, partial },
            _ => Finding::Nothing { partial },
        }
    }

    /// Whether there were enough numbers for a verdict.
    pub fn is_judged(&self) -> bool {
        !matches!(self, Finding::TooFew { .. } | Finding::Constant { .. })
    }

    /// Whether there are too few classes.
    pub fn is_of_too_few(&self) -> bool {
        matches!(self, Finding::TooFew { .. })
    }

    /// Its word in `verdict.csv`, one of [`TOKENS`].
    pub fn token(&self) -> &'static str {
        match self {
            Finding::Beyond { .. } => "beyond",
            Finding::Unsettled { .. } => "unsettled",
            Finding::Disguise { .. } => "disguise",
            Finding::Count { .. } => "count",
            Finding::Nothing { .. } => "nothing",
            Finding::TooFew { .. } => "too-few",
            Finding::Constant { .. } => "constant",
        }
    }
}

/// What a partial correlation given the curve that is clear of 0 fails.
fn failures(basis: &Basis, partial: Pearson) -> Vec<Failure> {
    let line = basis.given_line.ok();
    let line_fails = !line.is_some_and(|line| both_clear(line, partial));
    let noise = basis.robust;
    let noise_fails = !noise.is_some_and(|noise| noise.p_value() < 0.05);
    let groups = basis.by_group;
    let groups_hold = groups.is_some_and(|groups| groups.pearson(basis.classes).is_clear());
    let groups_fail = basis.groups.is_some() && !groups_hold;
    let failures = [
        line_fails.then_some(Failure::Line(line)),
        noise_fails.then_some(Failure::Noise(noise)),
        groups_fail.then_some(Failure::Groups(groups)),
    ];
    failures.into_iter().flatten().collect()
}

/// Whether both intervals exclude 0 and have the same sign.
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
    let left = |without: Option<Pearson>| without.map_or(0.0, |without| without.r.abs());
    let caveat = |(class, (line, curve)): (&Class, (Option<Pearson>, Option<Pearson>))| {
        Some((left(curve), Caveat::rests_on(class.name, line, curve)?))
    };
    let caveats = classes.iter().zip(pairs).filter_map(caveat);
    caveats.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, caveat)| caveat)
}
