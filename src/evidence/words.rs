//! The verdict in words.

use std::fmt;

use super::verdict::LEAST_FREEDOM;
use super::{Agreement, Caveat, Failure, Finding, LEAST_CLASSES, Power, Verdict};
use crate::correlation::Pearson;
use crate::words::{correlation, list};

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.finding)?;
        self.points().iter().try_for_each(|point| write!(f, "; {point}"))
    }
}

impl Verdict {
    /// The points besides the finding: the power, and the caveats.
    pub fn points(&self) -> Vec<String> {
        let power = self.power.iter().flat_map(Power::points);
        power.chain(self.caveats.iter().map(Caveat::to_string)).collect()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Finding::TooFew { classes, .. } if *classes < LEAST_CLASSES => {
                write!(
                    f,
                    "too few classes to tell (n = {classes}; at least {LEAST_CLASSES} are needed)"
                )
            }
            Finding::TooFew { classes, controls } => write!(
                f,
                "too few classes to tell (n = {classes}; holding {controls} numbers constant \
                 leaves {} degrees of freedom, and {LEAST_FREEDOM} are needed)",
                classes.saturating_sub(controls + 2)
            ),
            Finding::Constant { ap: true } => {
                f.write_str("nothing to explain: AP is the same for all classes")
            }
            Finding::Constant { ap: false } => {
                f.write_str("information amount cannot explain AP: it is the same for all classes")
            }
            Finding::Beyond { partial } => {
                let direction = match partial.r < 0.0 {
                    true => "more information, lower AP",
                    false => "more information, higher AP, the opposite of the paper's claim",
                };
                write!(
                    f,
                    "information amount explains AP beyond instance count: {direction} ({})",
                    Partial(Some(*partial))
                )
            }
            Finding::Unsettled { partial, failures } => {
                write!(
                    f,
                    "unsettled: information amount and AP are correlated beyond instance count ({}), but ",
                    Partial(Some(*partial))
                )?;
                for (at, failure) in failures.iter().enumerate() {
                    let and = if at == 0 { "" } else { ", and " };
                    write!(f, "{and}{failure}")?;
                }
                Ok(())
            }
            Finding::Disguise { r, share, partial } => write!(
                f,
                "this correlation reflects the instance count: r = {}, but the count explains {} of the \
                 variance of information amount ({})",
                correlation(*r),
                percent(*share),
                Partial(*partial)
            ),
            Finding::Count { r, partial } => write!(
                f,
                "instance count is correlated with AP (r with its logarithm = {}); no evidence \
                 that information amount explains AP beyond it ({})",
                correlation(*r),
                Partial(*partial)
            ),
            Finding::Nothing { partial } => write!(
                f,
                "no evidence that information amount explains AP beyond instance count ({})",
                Partial(*partial)
            ),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Line(line) => {
                write!(f, "not with a linear control for log count ({})", Partial(*line))
            }
            Failure::Noise(None) => f.write_str(
                "it is not known whether this holds if some classes are noisier than others",
            ),
            Failure::Noise(Some(noise)) => write!(
                f,
                "not if some classes may be noisier than others (p = {} with {:.1} degrees of \
                 freedom)",
                p_value(noise.p_value()),
                noise.freedom
            ),
            Failure::Groups(None) => f.write_str(
                "it is not known whether this holds if classes of one group are similar",
            ),
            Failure::Groups(Some(groups)) => write!(
                f,
                "not if classes of one group may be similar (partial r = {}{}, {} groups)",
                correlation(groups.r),
                Interval(Some(groups.interval())),
                groups.clusters
            ),
        }
    }
}

impl Power {
    fn points(&self) -> Vec<String> {
        let shows = self.detectable.map(|detectable| {
            let detectable = correlation(detectable);
            format!(
                "with these classes, a partial r beyond ±{detectable} is found in 4 of 5 cases; a \
                 weaker one is often missed"
            )
        });
        let possible = self.largest_share.map(|share| {
            let share = percent(share);
            format!("information amount may still explain up to {share} of AP's remaining variance")
        });
        shows.into_iter().chain(possible).collect()
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Caveat::RestsOn { class, given_line, without: Some(without) } => {
                let given =
                    if *given_line { ", and with a linear control for log count," } else { "" };
                write!(
                    f,
                    "this depends on one class, {class}: without it{given} {}",
                    Partial(Some(*without))
                )
            }
            Caveat::RestsOn { class, without: None, .. } => {
                write!(f, "this depends on one class, {class}: without it there is no partial r")
            }
            Caveat::FloorBits { share } => write!(
                f,
                "{} of the bits come from the eigenvalue floor: compare an estimator without a \
                 floor",
                percent(*share)
            ),
            Caveat::LineOnly { partial } => write!(
                f,
                "a linear control for log count would give {}; the verdict uses a curve (a spline), \
                 which also removes nonlinear effects of the count",
                Partial(Some(*partial))
            ),
            Caveat::ByGroup(groups) => write!(
                f,
                "if classes of one group may be similar, the 95% CI is {} ({} groups)",
                range(groups.interval()),
                groups.clusters
            ),
            Caveat::LittleLeft { share, half } => write!(
                f,
                "what is held constant explains all but {share} of the variance of information amount; \
                 the verdict uses only these {share}, and half of them come from {} {}: {}",
                half.len(),
                if half.len() == 1 { "class" } else { "classes" },
                list(half),
                share = percent(*share),
            ),
            Caveat::HangsOn { class, r, without } => write!(
                f,
                "r depends on one class, {class}: {} with it, {} without it",
                correlation(*r),
                without.map_or("none".into(), correlation)
            ),
            Caveat::LargeClasses { r, large } => {
                write!(
                    f,
                    "the {} classes with at least as many embeddings as dimensions have another r: \
                     {}{} over these, {} over all classes",
                    large.classes,
                    correlation(large.r),
                    Interval(large.interval),
                    correlation(*r)
                )
            }
        }
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Agreement { least, greatest, effective } = *self;
        let [least, greatest] = [least, greatest].map(correlation);
        let range = if least == greatest { least } else { format!("{least}…{greatest}") };
        write!(
            f,
            "the runs' AP values are correlated with each other (r = {range}): they count as about \
             {effective:.1} independent runs"
        )
    }
}

/// A partial correlation with its interval.
struct Partial(Option<Pearson>);

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            Some(partial) => {
                write!(f, "partial r = {}{}", correlation(partial.r), Interval(partial.interval))
            }
            None => f.write_str(
                "there is no partial r: what is held constant determines information amount or AP",
            ),
        }
    }
}

/// ", 95% CI low…high", where there is an interval.
struct Interval(Option<(f64, f64)>);

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            Some(interval) => write!(f, ", 95% CI {}", range(interval)),
            None => Ok(()),
        }
    }
}

fn range((low, high): (f64, f64)) -> String {
    format!("{}…{}", correlation(low), correlation(high))
}

/// A share in percent, with enough digits to differ from 0% and from 100%.
fn percent(share: f64) -> String {
    let mut digits = 0;
    let near = |digits: usize| {
        let half = 0.5 * 0.1_f64.powi(digits as i32);
        [0.0, 100.0]
            .into_iter()
            .any(|end| end != 100.0 * share && (100.0 * share - end).abs() < half)
    };
    while digits < 4 && near(digits) {
        digits += 1;
    }
    format!("{:.digits$}%", 100.0 * share + 0.0).replace('-', "−")
}

/// A p-value with two digits, or enough digits to differ from 0.05.
fn p_value(p: f64) -> String {
    let mut digits = 2;
    while digits < 6 && p != 0.05 && (p - 0.05).abs() < 0.5 * 0.1_f64.powi(digits as i32) {
        digits += 1;
    }
    format!("{p:.digits$}")
}
