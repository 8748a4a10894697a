//! Several numbers per class at once: linear regression, and what controls explain.

use nalgebra::{DMatrix, DVector};
use statrs::function::beta::beta_reg;

use super::standardized;

/// A number counts as determined by others when they leave less than this of its spread.
pub(super) const DETERMINED: f64 = 1e-10;

/// Why several numbers per class cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There are not enough classes for so many numbers.
    #[error("there are {classes} classes, and this needs at least {needed}")]
    TooFew {
        /// Classes there are.
        classes: usize,
        /// Classes needed.
        needed: usize,
    },
    /// A predictor is the same for every class.
    #[error("a predictor is the same for all classes")]
    ConstantX,
    /// What is to be explained is the same for every class.
    #[error("what is to be explained is the same for all classes")]
    ConstantY,
    /// A predictor is a linear function of the others.
    #[error("the predictors determine one another: their parts cannot be told apart")]
    Collinear,
    /// The predictors, or the controls, determine y.
    #[error("the predictors determine what is to be explained: nothing is left to judge by")]
    Exact,
}

/// The share R² of y's variance that a linear function of the columns explains, 0 to 1; none of it
/// without columns.
///
/// # Errors
/// With no more classes than columns, a constant, or columns that determine one another.
///
/// # Panics
/// If the numbers of classes differ.
pub fn r_squared<C: AsRef<[f64]>>(y: &[f64], columns: &[C]) -> Result<f64, Refusal> {
    let (classes, needed) = (y.len(), columns.len() + 1);
    if classes < needed {
        return Err(Refusal::TooFew { classes, needed });
    }
    let left = QrColumns::new(columns, classes)?.left_over(&unit(y, Refusal::ConstantY)?);
    Ok((1.0 - left.norm_squared()).clamp(0.0, 1.0))
}

/// The columns of which those before leave more than a millionth, in their order: a control that
/// says nothing new would only make the others collinear. Constants go too.
///
/// # Panics
/// If the numbers of classes differ.
pub fn independent(columns: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        let says_more = kept.len() + 1 < column.len()
            && r_squared(&column, &kept).is_ok_and(|share| 1.0 - share > 1e-12);
        if says_more {
            kept.push(column);
        }
    }
    kept
}

/// An estimated number and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The number over its standard error.
    pub t: f64,
    /// Two-sided p-value of 0 by Student's t.
    pub p_value: f64,
}

impl Estimate {
    fn new(value: f64, standard_error: f64, freedom: f64) -> Estimate {
        let t = value / standard_error;
        Estimate { value, standard_error, t, p_value: two_sided_p(t, freedom) }
    }
}

/// P(|T| > |t|) for Student's t.
pub(super) fn two_sided_p(t: f64, freedom: f64) -> f64 {
    beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// What one predictor does in a regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// Change of y for 1 of the predictor, the others held constant.
    pub estimate: Estimate,
    /// The same in standard deviations of both.
    pub standardized: f64,
    /// Variance inflation factor 1/(1−R²) of the predictor on the others: 1 where they have nothing
    /// to do with it.
    pub vif: f64,
}

/// Least-squares regression y ~ 1 + x₁ + … + x_k over classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// What y is where every predictor is 0.
    pub intercept: Estimate,
    /// One for each predictor, in their order.
    pub coefficients: Vec<Coefficient>,
    /// Share of y's variance that is explained, 0 to 1.
    pub r_squared: f64,
    /// Number of classes n; n−k−1 degrees of freedom.
    pub classes: usize,
}

impl Regression {
    /// Fits y to the predictors, each a number per class.
    ///
    /// # Errors
    /// With fewer than k+2 classes, a constant, predictors that determine one another, or a fit
    /// without error.
    ///
    /// # Panics
    /// If the numbers of classes differ, or there is no predictor.
    pub fn of(y: &[f64], predictors: &[&[f64]]) -> Result<Regression, Refusal> {
        let (classes, k) = (y.len(), predictors.len());
        assert!(k > 0, "a predictor");
        if classes < k + 2 {
            return Err(Refusal::TooFew { classes, needed: k + 2 });
        }
        let columns = QrColumns::new(predictors, classes)?;
        let v = unit(y, Refusal::ConstantY)?;
        let residual = columns.left_over(&v).norm();
        if residual <= DETERMINED {
            return Err(Refusal::Exact);
        }
        // In units of each column's own length R is the Cholesky factor of the correlation matrix,
        // whose inverse has the variance inflation factors on its diagonal.
        let inverse = columns.r.solve_upper_triangular(&DMatrix::identity(k, k));
        let inverse = inverse.ok_or(Refusal::Collinear)?;
        let standardized = &inverse * columns.q.tr_mul(&v);
        let inverse = &inverse * inverse.transpose();

        let freedom = (classes - k - 1) as f64;
        let deviation = residual / freedom.sqrt() * length(y);
        let scale = DVector::from_iterator(k, predictors.iter().map(|x| length(x)));
        let coefficient = |j: usize| {
            let (standardized, vif) = (standardized[j], inverse[(j, j)]);
            let value = standardized * length(y) / scale[j];
            let error = deviation * vif.sqrt() / scale[j];
            Coefficient { estimate: Estimate::new(value, error, freedom), standardized, vif }
        };
        let coefficients: Vec<Coefficient> = (0..k).map(coefficient).collect();
        let centre = DVector::from_iterator(k, predictors.iter().map(|x| mean(x)));
        let value = coefficients.iter().zip(&centre).map(|(c, x)| c.estimate.value * x);
        let distance = centre.component_div(&scale);
        let error = (1.0 / classes as f64 + distance.dot(&(&inverse * &distance))).sqrt();
        Ok(Regression {
            intercept: Estimate::new(mean(y) - value.sum::<f64>(), deviation * error, freedom),
            coefficients,
            r_squared: 1.0 - residual * residual,
            classes,
        })
    }
}

/// Columns less their means, of unit length, as an orthonormal basis Q and the triangle R.
pub(super) struct QrColumns {
    pub q: DMatrix<f64>,
    r: DMatrix<f64>,
}

impl QrColumns {
    pub fn new<C: AsRef<[f64]>>(columns: &[C], classes: usize) -> Result<QrColumns, Refusal> {
        let units: Vec<_> = columns
            .iter()
            .map(|column| unit(column.as_ref(), Refusal::ConstantX))
            .collect::<Result<_, _>>()?;
        if units.is_empty() {
            return Ok(QrColumns { q: DMatrix::zeros(classes, 0), r: DMatrix::zeros(0, 0) });
        }
        let (q, r) = DMatrix::from_columns(&units).qr().unpack();
        match r.diagonal().iter().any(|left| left.abs() <= DETERMINED) {
            true => Err(Refusal::Collinear),
            false => Ok(QrColumns { q, r }),
        }
    }

    /// An orthonormal basis of 1 and the columns.
    pub fn basis(self) -> DMatrix<f64> {
        let constant = 1.0 / (self.q.nrows() as f64).sqrt();
        self.q.insert_column(0, constant)
    }

    /// What the columns leave of `values`.
    pub fn left_over(&self, values: &DVector<f64>) -> DVector<f64> {
        values - &self.q * self.q.tr_mul(values)
    }
}

pub(super) fn unit(values: &[f64], constant: Refusal) -> Result<DVector<f64>, Refusal> {
    standardized(values).map(DVector::from_vec).ok_or(constant)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Length of the values less their mean.
pub(super) fn length(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt()
}
