//! Correlations of ranks: the same for every monotone scale of either number.

use statrs::statistics::{Data, OrderStatistics, RankTieBreaker};

use super::{NoCorrelation, pearson};

/// Spearman's ρ: Pearson's r of the ranks, equal values having the mean of their ranks.
///
/// # Errors
/// As [`pearson()`].
///
/// # Panics
/// If the slices differ in length.
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, NoCorrelation> {
    let ranks = |values: &[f64]| Data::new(values.to_vec()).ranks(RankTieBreaker::Average);
    pearson(&ranks(x), &ranks(y)).map(|pearson| pearson.r)
}

/// Kendall's τ-b = (P − Q) / √(X·Y) (Kendall 1945). P and Q are the pairs of classes in the same and in
/// opposite order, X and Y the pairs that differ in x and in y.
///
/// # Errors
/// As [`pearson()`].
///
/// # Panics
/// If the slices differ in length.
pub fn kendall(x: &[f64], y: &[f64]) -> Result<f64, NoCorrelation> {
    assert_eq!(x.len(), y.len(), "two numbers a class");
    let (mut balance, mut differ_x, mut differ_y) = (0_i64, 0_i64, 0_i64);
    for i in 0..x.len() {
        for j in 0..i {
            let (a, b) = (order(x[i], x[j]), order(y[i], y[j]));
            balance += a * b;
            differ_x += a.abs();
            differ_y += b.abs();
        }
    }
    match (x.len() < 2, differ_x, differ_y) {
        (true, ..) => Err(NoCorrelation::TooFew),
        (_, 0, _) => Err(NoCorrelation::ConstantX),
        (.., 0) => Err(NoCorrelation::ConstantY),
        _ => Ok(balance as f64 / (differ_x as f64).sqrt() / (differ_y as f64).sqrt()),
    }
}

/// −1, 0 or 1: less, equal, greater.
fn order(a: f64, b: f64) -> i64 {
    i64::from(a > b) - i64::from(a < b)
}
