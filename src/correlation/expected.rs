//! Leave-one-out prediction of one class from the others, and which classes deviate from it.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::regression::{DETERMINED, QrColumns, length, two_sided_p, unit};
use super::{Refusal, benjamini_hochberg};

/// The prediction for one class from the other classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The prediction ŷ of the regression without the class.
    pub value: f64,
    /// Its 95% prediction interval.
    pub interval: (f64, f64),
    /// y − ŷ, in units of y.
    pub residual: f64,
    /// The externally studentized (deleted) residual: y − ŷ over the standard error of prediction.
    pub deleted_residual: f64,
    /// Its two-sided p-value by Student's t.
    pub p_value: f64,
    /// Whether it is flagged by Benjamini and Hochberg's rule over all classes, for deviating to either
    /// side: the sign of the residual tells which.
    pub flagged: bool,
}

impl Expected {
    /// The same, with the prediction and its interval clipped to the range of y: the
    /// interval covers no less for it. What tells whether the class deviates stays.
    pub fn within(self, low: f64, high: f64) -> Expected {
        let cut = |value: f64| value.clamp(low, high);
        let (value, y) = (cut(self.value), self.value + self.residual);
        let interval = (cut(self.interval.0), cut(self.interval.1));
        Expected { value, interval, residual: y - value, ..self }
    }
}

/// The share of flagged classes that are flagged by mistake (false discovery rate).
const LEVEL: f64 = 0.05;

/// What the least-squares regression of the other classes on 1 and the columns, k in all, leads to expect of
/// each class; `None` where without the class a column is the same for all, or is determined by the
/// others, or the fit is without error. n−k−2 degrees of freedom are left.
///
/// Without `noise` all classes are equally noisy: ŷ = y − e/(1−h) with residual e and leverage h, and
/// e/(s₍ᵢ₎√(1−h)) is the deleted residual (Belsley, Kuh and Welsch 1980, §2.1).
///
/// With `noise`, a number per class such as log m, the variance may grow or fall by a power of m
/// (Carroll and Ruppert 1988, §3.3). Then the regression is weighted, and the degrees of freedom are those
/// that are left where the class lies.
///
/// # Errors
/// With fewer than k+3 classes, a constant, columns that determine one another, or a fit without error.
///
/// # Panics
/// If the numbers of classes differ.
pub fn expected<C: AsRef<[f64]>>(
    y: &[f64],
    columns: &[C],
    noise: Option<&[f64]>,
) -> Result<Vec<Option<Expected>>, Refusal> {
    let (classes, needed) = (y.len(), columns.len() + 3);
    assert!(noise.is_none_or(|noise| noise.len() == classes), "a number for every class");
    if classes < needed {
        return Err(Refusal::TooFew { classes, needed });
    }
    let columns = QrColumns::new(columns, classes)?;
    // In units of y's length, so that a fit without error is told from one with.
    let unit = unit(y, Refusal::ConstantY)?;
    let residuals = columns.left_over(&unit);
    if residuals.norm() <= DETERMINED {
        return Err(Refusal::Exact);
    }
    let fit = Fit { basis: columns.basis(), y: unit, residuals, noise };
    let scale = length(y);
    let mut all: Vec<Option<Expected>> =
        (0..classes).map(|class| Some(fit.without(class)?.of(y[class], scale))).collect();
    let p_values: Vec<f64> = all.iter().flatten().map(|one| one.p_value).collect();
    let flags = benjamini_hochberg(&p_values, LEVEL);
    all.iter_mut().flatten().zip(flags).for_each(|(one, flagged)| one.flagged = flagged);
    Ok(all)
}

/// The regression over all classes.
struct Fit<'a> {
    /// An orthonormal basis of 1 and the columns.
    basis: DMatrix<f64>,
    /// Less its mean, of length 1.
    y: DVector<f64>,
    residuals: DVector<f64>,
    noise: Option<&'a [f64]>,
}

/// How far a class lies from its prediction.
struct Deviation {
    residual: f64,
    /// Standard error of prediction, the class's own noise included.
    error: f64,
    freedom: f64,
}

impl Fit<'_> {
    /// How far a class lies from what the others say.
    fn without(&self, class: usize) -> Option<Deviation> {
        let at = self.basis.row(class).transpose();
        if 1.0 - at.norm_squared() <= DETERMINED {
            return None;
        }
        let noise = self.noise.map(|by| Noise::of(by, class, &self.squares_without(class, &at)));
        let weight = |other: usize| noise.as_ref().map_or(1.0, |noise| noise.weight(other));
        let others = (0..self.y.len()).filter(|&other| other != class);

        let width = at.len();
        let (mut gram, mut moment) = (DMatrix::zeros(width, width), DVector::zeros(width));
        for other in others.clone() {
            let row = self.basis.row(other).transpose();
            gram.ger(weight(other), &row, &row, 1.0);
            moment.axpy(weight(other) * self.y[other], &row, 1.0);
        }
        let gram = gram.cholesky()?;
        let coefficients = gram.solve(&moment);
        let left =
            |other: usize| self.y[other] - self.basis.row(other).transpose().dot(&coefficients);
        let squares: f64 = others.map(|other| weight(other) * left(other).powi(2)).sum();
        if squares.sqrt() <= DETERMINED {
            return None;
        }
        let freedom = (self.y.len() - 1 - width) as f64;
        let spread = 1.0 / weight(class) + at.dot(&gram.solve(&at));
        Some(Deviation {
            residual: left(class),
            error: (squares / freedom * spread).sqrt(),
            freedom: noise.map_or(freedom, |noise| noise.freedom(class, freedom)),
        })
    }

    /// The squares of the internally studentized residuals of an unweighted fit without the class whose
    /// row of the basis is `at`, but for a factor; `None` for the class and for what the fit takes up.
    fn squares_without(&self, class: usize, at: &DVector<f64>) -> Vec<Option<f64>> {
        let rest = 1.0 - at.norm_squared();
        let moved = self.residuals[class] / rest;
        let square = |other: usize| {
            let row = self.basis.row(other).transpose();
            let between = row.dot(at);
            let free = 1.0 - row.norm_squared() - between * between / rest;
            let residual = self.residuals[other] + between * moved;
            (other != class && free > DETERMINED).then(|| residual * residual / free)
        };
        (0..self.y.len()).map(square).collect()
    }
}

impl Deviation {
    /// In units of y, of which `scale` is one unit here.
    fn of(&self, y: f64, scale: f64) -> Expected {
        let (residual, t) = (self.residual * scale, self.residual / self.error);
        let quantile = StudentsT::new(0.0, 1.0, self.freedom)
            .map_or(f64::INFINITY, |student| student.inverse_cdf(0.975));
        let (value, half) = (y - residual, quantile * self.error * scale);
        Expected {
            value,
            interval: (value - half, value + half),
            residual,
            deleted_residual: t,
            p_value: two_sided_p(t, self.freedom),
            flagged: false,
        }
    }
}

/// How noise depends on x: variance σ²e^{bx}, a power of m for x = log m (Carroll and Ruppert 1988, §3.3).
///
/// b has the greatest posterior density, given the squared residuals of the unweighted fit and a prior
/// N(0, 0.3²): where few classes tell, they are nearly equally noisy. Noise that falls as 1/√m has b = −1.
struct Noise<'a> {
    x: &'a [f64],
    mean: f64,
    b: f64,
    /// Variance of b.
    uncertainty: f64,
}

impl Noise<'_> {
    /// Standard deviation of b before anything is seen.
    const PRIOR: f64 = 0.3;
    /// No noise grows or falls faster than m.
    const STEEPEST: f64 = 2.0;

    /// From the squares of the residuals of classes other than `class`.
    fn of<'a>(x: &'a [f64], class: usize, squares: &[Option<f64>]) -> Noise<'a> {
        let others = (x.iter().enumerate()).filter(|&(other, _)| other != class).map(|(_, x)| x);
        let mean = others.clone().sum::<f64>() / (x.len() - 1) as f64;
        let precision = Noise::PRIOR.powi(-2);
        // var log s² is 2/n for n squares, and that of a slope 2/Σ(x−x̄)².
        let spread: f64 = others.map(|x| (x - mean).powi(2)).sum();
        let seen: Vec<(f64, f64)> =
            x.iter().zip(squares).filter_map(|(x, square)| Some((x - mean, (*square)?))).collect();
        let (half, mut b) = (seen.len() as f64 / 2.0, 0.0);
        // Newton's steps on a concave function; they end by themselves within a few.
        for _ in 0..50 {
            let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
            for &(x, square) in &seen {
                let part = square * (-b * x).exp();
                (sum, first, second) = (sum + part, first + part * x, second + part * x * x);
            }
            let (first, second) = (first / sum, second / sum);
            let centre: f64 = seen.iter().map(|(x, _)| x).sum::<f64>() / (2.0 * half);
            let slope = half * (first - centre) - precision * b;
            let step = slope / (half * (second - first * first) + precision);
            let next = (b + step.clamp(-0.5, 0.5)).clamp(-Noise::STEEPEST, Noise::STEEPEST);
            let done = (next - b).abs() <= 1e-12;
            b = next;
            if done {
                break;
            }
        }
        Noise { x, mean, b, uncertainty: 1.0 / (spread / 2.0 + precision) }
    }

    /// 1 over the variance, relative to that of the other classes' mean x.
    fn weight(&self, class: usize) -> f64 {
        (-self.b * (self.x[class] - self.mean)).exp()
    }

    /// The degrees of freedom of a variance that is known as well as that of a class: var log s² is
    /// 2/ν, and to that comes what b's uncertainty makes of it there (Satterthwaite 1946).
    fn freedom(&self, class: usize, freedom: f64) -> f64 {
        let distance = self.x[class] - self.mean;
        2.0 / (2.0 / freedom + distance * distance * self.uncertainty)
    }
}
