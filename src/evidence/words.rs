//! The verdict's words.

use std::fmt;

use super::{Caveat, Finding, LEAST_CLASSES, Share, Verdict};
use crate::correlation::Pearson;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.finding)?;
        self.caveats.iter().try_for_each(|caveat| write!(f, "; {caveat}"))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Finding::TooFew { classes } => {
                write!(f, "too few classes to tell (n = {classes}, at least {LEAST_CLASSES})")
            }
            Finding::Constant { ap: true } => {
                f.write_str("nothing to explain: AP is the same for all classes")
            }
            Finding::Constant { ap: false } => f.write_str(
                "nothing to explain AP with: information amount is the same for all classes",
            ),
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
            Finding::Disguise { r, share, partial } => write!(
                f,
                "what is correlated here is the instance count: {share} (r = {}, but {})",
                number(*r),
                Partial(*partial)
            ),
            Finding::Count { r, partial } => write!(
                f,
                "instance count goes with AP (r with its logarithm = {}), and there is no evidence that \
                 information amount explains AP beyond it ({})",
                number(*r),
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

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Share::FloorBits(share) => {
                write!(f, "{:.0}% of the bits come from the floor", 100.0 * share)
            }
            Share::Variance(share) => write!(
                f,
                "{:.0}% of the variance of information amount goes with it",
                100.0 * share
            ),
        }
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Caveat::RestsOn { class, without: Some(without) } => {
                write!(f, "this rests on {class}: without it {}", Partial(Some(*without)))
            }
            Caveat::RestsOn { class, without: None } => {
                write!(f, "this rests on {class}: without it there is no partial r")
            }
            Caveat::FloorBits { share } => write!(
                f,
                "{:.0}% of the bits come from the floor, so compare an estimator without one",
                100.0 * share
            ),
            Caveat::LineOnly { partial } => write!(
                f,
                "given log m alone {}, which does not hold given a curve of the count",
                Partial(Some(*partial))
            ),
            Caveat::HangsOn { class, r, without } => write!(
                f,
                "r hangs on {class}: {} with it, {} without",
                number(*r),
                without.map_or("none".into(), number)
            ),
            Caveat::LargeClasses { r, large } => {
                write!(
                    f,
                    "the {} classes with at least as many instances as dimensions disagree: r = {}{} \
                     there, {} over all",
                    large.classes,
                    number(large.r),
                    Interval(large.interval),
                    number(*r)
                )
            }
        }
    }
}

/// A partial correlation with its interval.
struct Partial(Option<Pearson>);

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            Some(partial) => {
                write!(f, "partial r = {}{}", number(partial.r), Interval(partial.interval))
            }
            None => f.write_str("there is no partial r: the count determines one of them"),
        }
    }
}

/// ", 95% CI low…high", where there is an interval.
struct Interval(Option<(f64, f64)>);

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            Some((low, high)) => write!(f, ", 95% CI {}…{}", number(low), number(high)),
            None => Ok(()),
        }
    }
}

/// A correlation to two digits, with a minus sign and no minus before 0.
fn number(r: f64) -> String {
    // Adding 0 makes −0 into 0.
    format!("{:.2}", (100.0 * r).round() / 100.0 + 0.0).replace('-', "−")
}
