//! Pearson's correlation, its interval and its p-value.

use statrs::function::beta::beta_reg;

use super::standardized;

/// z of a two-sided 95% interval.
const Z95: f64 = 1.959_963_984_540_054;

/// z below which a normal number is in 80% of cases.
const Z80: f64 = 0.841_621_233_572_914_3;

/// Pearson's correlation over classes, plain or given other numbers that are held constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pearson {
    /// r, −1 to 1.
    pub r: f64,
    /// 95% interval by Fisher's transformation tanh(atanh r ± z/√(n−k−3)), with k numbers held
    /// constant; from k+4 classes on.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p-value of r = 0 by Student's t with n−k−2 degrees of freedom; from k+3 classes on.
    pub p_value: Option<f64>,
    /// Number of classes n.
    pub classes: usize,
}

/// Why a correlation does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCorrelation {
    /// There are fewer than two classes.
    #[error("there are fewer than two classes")]
    TooFew,
    /// The first number is the same for every class.
    #[error("the first number is the same for all classes")]
    ConstantX,
    /// The second number is the same for every class.
    #[error("the second number is the same for all classes")]
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
    Ok(Pearson::with_controls(r, n, 0))
}

impl Pearson {
    /// r of `classes` classes, given `controls` other numbers: each costs a degree of freedom.
    pub(super) fn with_controls(r: f64, classes: usize, controls: usize) -> Pearson {
        let n = classes.saturating_sub(controls);
        Pearson {
            r,
            interval: (n > 3).then(|| fisher_interval(r, n)),
            p_value: (n > 2).then(|| p_value(r, n - 2)),
            classes,
        }
    }

    /// The least |r| whose 95% interval leaves 0 out in 80% of sets of `classes` classes, given `controls`
    /// other numbers: tanh((z₉₇.₅+z₈₀)/√(n−k−3)). `None` with fewer than k+4 classes.
    pub fn detectable(classes: usize, controls: usize) -> Option<f64> {
        let freedom = classes.checked_sub(controls + 3).filter(|&freedom| freedom > 0)?;
        Some(((Z95 + Z80) / (freedom as f64).sqrt()).tanh())
    }

    /// The largest r² within the 95% interval: the share of the variance that may still go with the other
    /// number.
    pub fn largest_share(&self) -> Option<f64> {
        self.interval.map(|(low, high)| (low * low).max(high * high))
    }

    /// Whether the 95% interval excludes 0.
    pub fn is_clear(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

fn fisher_interval(r: f64, n: usize) -> (f64, f64) {
    let half = Z95 / ((n - 3) as f64).sqrt();
    ((r.atanh() - half).tanh(), (r.atanh() + half).tanh())
}

/// P(|T| > t) for t = r·√(f/(1−r²)) with f degrees of freedom, which is the regularized beta
/// function of 1−r².
fn p_value(r: f64, freedom: usize) -> f64 {
    beta_reg(freedom as f64 / 2.0, 0.5, (1.0 - r) * (1.0 + r))
}
