//! Correlations of numbers per class (Table 1, Figures 1 and 2), with intervals and tests.
//!
//! | Statistic | Here |
//! | --- | --- |
//! | Pearson's r, Fisher's interval, Student's p | [`pearson()`] |
//! | Spearman's and Kendall's rank correlations | [`spearman`], [`kendall`] |
//! | permutation p-value, bootstrap interval | [`permutation_p`], [`bootstrap`] |
//! | the class that moves r most | [`influence()`], [`leave_one_out`] |
//! | partial correlation, regression | [`partial()`], [`Residuals`], [`Regression`] |
//! | over several runs, or for classes that are similar or differ in noise | [`Clustered`] |
//! | shares of the explained variance | [`commonality()`] |
//! | a curve to hold constant | [`natural_spline`] |
//! | prediction from the other classes, and which classes deviate | [`expected()`], [`benjamini_hochberg`] |

mod clustered;
mod commonality;
mod discovery;
mod expected;
mod influence;
mod line;
mod partial;
mod pearson;
mod rank;
mod regression;
mod resample;
mod spline;

pub use clustered::Clustered;
pub use commonality::{Share, commonality};
pub use discovery::benjamini_hochberg;
pub use expected::{Expected, expected};
pub use influence::{Influence, influence, leave_one_out};
pub use line::{Line, least_squares};
pub use partial::{Residuals, partial};
pub use pearson::{NoCorrelation, Pearson, pearson};
pub use rank::{kendall, spearman};
pub use regression::{Coefficient, Estimate, Refusal, Regression, independent, r_squared};
pub use resample::{BOOTSTRAPS, PERMUTATIONS, bootstrap, permutation_p};
pub use spline::natural_spline;

/// The values less their mean, of unit length; `None` if they are all the same up to rounding.
fn standardized(values: &[f64]) -> Option<Vec<f64>> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    // So that no square overflows, or is lost.
    let largest = centred.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // What is not finite has no correlation either.
    let varies = largest > 1e-13 * mean.abs() && largest.is_finite();
    if !varies {
        return None;
    }
    centred.iter_mut().for_each(|value| *value /= largest);
    let length = centred.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length * largest <= 1e-13 * mean.abs() * (values.len() as f64).sqrt() {
        return None;
    }
    centred.iter_mut().for_each(|value| *value /= length);
    Some(centred)
}
