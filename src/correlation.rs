//! Pearson's correlation over classes (Table 1, Figures 1 and 2), its interval and its p-value.

use statrs::function::beta::beta_reg;

/// z of a two-sided 95% interval.
const Z95: f64 = 1.959_963_984_540_054;

/// Pearson's correlation over classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pearson {
    /// r, −1 to 1.
    pub r: f64,
    /// 95% interval by Fisher's transformation tanh(atanh r ± z/√(n−3)); from 4 classes on.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of r = 0 by Student's t with n−2 degrees of freedom; from 3 classes on.
    pub p_value: Option<f64>,
    /// Number of classes n.
    pub classes: usize,
}

/// Why a correlation does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCorrelation {
    /// There are fewer than two classes.
    TooFew,
    /// The first number is the same for every class.
    ConstantX,
    /// The second number is the same for every class.
    ConstantY,
}

/// Pearson's r of two numbers per class.
///
/// # Errors
/// If r does not exist: under two classes, or a number that is the same for all of them.
///
/// # Panics
/// If the slices differ in length.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<Pearson, NoCorrelation> {
    assert_eq!(x.len(), y.len(), "two numbers a class");
    let n = x.len();
    if n < 2 {
        return Err(NoCorrelation::TooFew);
    }
    let u = standardized(x).ok_or(NoCorrelation::ConstantX)?;
    let v = standardized(y).ok_or(NoCorrelation::ConstantY)?;
    let r = u.iter().zip(&v).map(|(u, v)| u * v).sum::<f64>().clamp(-1.0, 1.0);
    Ok(Pearson {
        r,
        interval: (n > 3).then(|| fisher_interval(r, n)),
        p_value: (n > 2).then(|| p_value(r, n)),
        classes: n,
    })
}

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
    /// What the line gives to `x`.
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

/// The values less their mean, of unit length; `None` if they are all the same up to rounding.
fn standardized(values: &[f64]) -> Option<Vec<f64>> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let length = centred.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length <= 1e-13 * mean.abs() * (values.len() as f64).sqrt() {
        return None;
    }
    centred.iter_mut().for_each(|value| *value /= length);
    Some(centred)
}

fn fisher_interval(r: f64, n: usize) -> (f64, f64) {
    let half = Z95 / ((n - 3) as f64).sqrt();
    ((r.atanh() - half).tanh(), (r.atanh() + half).tanh())
}

/// P(|T| > t) for t = r·√((n−2)/(1−r²)), which is the regularized beta function of 1−r².
fn p_value(r: f64, n: usize) -> f64 {
    beta_reg((n - 2) as f64 / 2.0, 0.5, (1.0 - r) * (1.0 + r))
}
