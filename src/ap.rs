//! Average precision as evaluators report it: 0 to 1, or 0 to 100.

use std::fmt;

/// The scale of a column of AP values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// The most of the positive values that may be at most 1 on the scale 0 to 100. Detectors do have
/// classes of less than 1% AP, but a column in which a fifth are is taken for a mixture.
const MOST_BELOW_ONE: f64 = 0.2;

impl ApScale {
    /// The highest AP there is on this scale.
    pub fn full(self) -> f64 {
        match self {
            ApScale::Fraction => 1.0,
            ApScale::Percent => 100.0,
        }
    }

    /// The scale of these values: 0 to 100 if any is above 1.
    ///
    /// # Errors
    /// If too many of them are at most 1 beside others above 1.
    pub fn detect(values: impl IntoIterator<Item = f64>) -> Result<ApScale, MixedScales> {
        let (mut small, mut large) = (0, 0);
        for value in values {
            small += usize::from(value > 0.0 && value <= 1.0);
            large += usize::from(value > 1.0);
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

impl fmt::Display for ApScale {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            ApScale::Fraction => "0–1",
            ApScale::Percent => "0–100",
        })
    }
}
