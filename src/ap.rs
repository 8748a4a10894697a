//! Average precision as evaluators report it: 0 to 1, or 0 to 100.

use std::fmt;

use serde::Deserialize;

/// The scale of a column of AP values.
///
/// ```
/// use igam_analyze::ApScale;
///
/// assert_eq!(ApScale::detect([0.41, 0.22]), Ok(ApScale::Fraction));
/// assert_eq!(ApScale::detect([41.0, 22.0]), Ok(ApScale::Percent));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApScale {
    /// 0 to 1.
    #[default]
    Fraction,
    /// 0 to 100.
    Percent,
}

/// A column in which some values are on one scale and some on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MixedScales {
    /// Values above 0 and up to 1.
    pub small: usize,
    /// Values above 1.
    pub large: usize,
}

/// A number that is no AP on a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffScale;

/// The most of the positive values that may be at most 1 on the scale 0 to 100. Detectors do have
/// classes of less than 1% AP, but a column in which a fifth are is taken for a mixture.
const MOST_BELOW_ONE: f64 = 0.2;

/// What is above the highest AP by no more than this part of it, a mean was rounded to.
const ROUNDING: f64 = 1e-9;

impl ApScale {
    /// Both.
    pub const ALL: &'static [ApScale] = &[ApScale::Fraction, ApScale::Percent];

    /// The name on the command line and in the files.
    pub fn name(self) -> &'static str {
        match self {
            ApScale::Fraction => "fraction",
            ApScale::Percent => "percent",
        }
    }

    /// The highest AP on this scale: 1 or 100.
    pub fn full(self) -> f64 {
        match self {
            ApScale::Fraction => 1.0,
            ApScale::Percent => 100.0,
        }
    }

    /// The AP that an evaluator's number says; `None` where it says that there is none: NaN, −1, or
    /// −1 in percent.
    ///
    /// # Errors
    /// If it is no AP on this scale. What is above the highest by rounding is the highest.
    pub fn read(self, number: f64) -> Result<Option<f64>, OffScale> {
        let full = self.full();
        if number.is_nan() || number == -1.0 || number == -full {
            Ok(None)
        } else if (0.0..=full * (1.0 + ROUNDING)).contains(&number) {
            Ok(Some(number.min(full)))
        } else {
            Err(OffScale)
        }
    }

    /// The scale of these values: 0 to 100 if any is above 1.
    ///
    /// # Errors
    /// If too many of them are at most 1 beside others above 1.
    pub fn detect(values: impl IntoIterator<Item = f64>) -> Result<ApScale, MixedScales> {
        let (mut small, mut large) = (0, 0);
        for value in values {
            let above = value > 1.0 + ROUNDING;
            small += usize::from(value > 0.0 && !above);
            large += usize::from(above);
        }
        if large == 0 {
            Ok(ApScale::Fraction)
        } else if small as f64 <= MOST_BELOW_ONE * (small + large) as f64 {
            Ok(ApScale::Percent)
        } else {
            Err(MixedScales { small, large })
        }
    }
}

/// The AP that more than half of the classes have, and how many have it; none where all do.
pub fn most_common(values: &[f64]) -> Option<(f64, usize)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // What more than half have, the one in the middle has.
    let middle = *sorted.get(sorted.len() / 2)?;
    let classes = sorted.iter().filter(|&&value| value == middle).count();
    (2 * classes > sorted.len() && classes < sorted.len()).then_some((middle, classes))
}

impl fmt::Display for ApScale {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            ApScale::Fraction => "0–1",
            ApScale::Percent => "0–100",
        })
    }
}

impl fmt::Display for MixedScales {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} values are at most 1, {} are above", self.small, self.large)
    }
}
