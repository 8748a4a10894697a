//! The least-squares line that a scatter plot shows.

use super::standardized;

/// A straight line through the point of the means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Mean of the first number.
    pub x: f64,
    /// Mean of the second number.
    pub y: f64,
    /// Change of the second number for 1 of the first.
    pub slope: f64,
}

impl Line {
    /// The line with the second number multiplied by `unit`.
    pub fn times(self, unit: f64) -> Line {
        Line { y: unit * self.y, slope: unit * self.slope, ..self }
    }

    /// The value of the line at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.y + self.slope * (x - self.x)
    }
}

/// The least-squares line of `y` on `x`; `None` where `x` is the same for every class.
pub fn least_squares(x: &[f64], y: &[f64]) -> Option<Line> {
    let unit = standardized(x)?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let dot = |values: &[f64]| unit.iter().zip(values).map(|(u, v)| u * v).sum::<f64>();
    // The unit vector of x has no part along constants: means need not be taken off again.
    Some(Line { x: mean(x), y: mean(y), slope: dot(y) / dot(x) })
}
