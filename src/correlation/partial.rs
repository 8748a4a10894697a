//! Residuals of two numbers per class given the controls, and their partial correlation.

use nalgebra::{DMatrix, DVector};

use super::regression::{DETERMINED, QrColumns, unit};
use super::{Pearson, Refusal};

/// What k controls leave of two numbers x and y of n classes: the residuals of their least-squares
/// regressions on 1 and the controls (Frisch and Waugh 1933, Lovell 1963).
#[derive(Clone, Debug)]
pub struct Residuals {
    /// Of x, in units of the length of x less its mean: their squares sum up to 1−R². n numbers.
    pub x: DVector<f64>,
    /// Of y, likewise.
    pub y: DVector<f64>,
    /// An orthonormal basis of 1 and the controls, n × (k+1): the hat matrix is that times its transpose.
    pub basis: DMatrix<f64>,
}

impl Residuals {
    /// The residuals of `x` and `y`, given controls of a number per class each.
    ///
    /// # Errors
    /// With fewer than k+2 classes, a constant, or numbers that determine one another.
    ///
    /// # Panics
    /// If the numbers of classes differ.
    pub fn of<C: AsRef<[f64]>>(x: &[f64], y: &[f64], controls: &[C]) -> Result<Self, Refusal> {
        assert_eq!(x.len(), y.len(), "two numbers a class");
        let (classes, needed) = (x.len(), controls.len() + 2);
        if classes < needed {
            return Err(Refusal::TooFew { classes, needed });
        }
        let columns = QrColumns::new(controls, classes)?;
        let x = columns.left_over(&unit(x, Refusal::ConstantX)?);
        let y = columns.left_over(&unit(y, Refusal::ConstantY)?);
        if x.norm() <= DETERMINED {
            return Err(Refusal::Collinear);
        }
        if y.norm() <= DETERMINED {
            return Err(Refusal::Exact);
        }
        Ok(Residuals { x, y, basis: columns.basis() })
    }

    /// Number of classes n.
    pub fn classes(&self) -> usize {
        self.x.len()
    }

    /// Number of controls k.
    pub fn controls(&self) -> usize {
        self.basis.ncols() - 1
    }

    /// The controls' leverage h of each class, the mean's 1/n included.
    pub fn leverage(&self) -> Vec<f64> {
        self.basis.row_iter().map(|row| row.norm_squared()).collect()
    }

    /// Pearson's r of the residuals (Fisher 1924): the partial correlation of x and y, with k degrees of
    /// freedom fewer.
    pub fn partial(&self) -> Pearson {
        let r = (self.x.dot(&self.y) / self.x.norm() / self.y.norm()).clamp(-1.0, 1.0);
        Pearson::with_controls(r, self.classes(), self.controls())
    }
}

/// Partial correlation of x and y given k controls, each a number per class: [`Residuals::partial`].
///
/// # Errors
/// As [`Residuals::of`].
///
/// # Panics
/// If the numbers of classes differ.
pub fn partial<C: AsRef<[f64]>>(x: &[f64], y: &[f64], controls: &[C]) -> Result<Pearson, Refusal> {
    Residuals::of(x, y, controls).map(|residuals| residuals.partial())
}
