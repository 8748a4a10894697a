//! What a loss changes against another one, over seeds.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A difference of two losses that saw the same data, with its 95% interval.
///
/// Each seed is a Bayesian bootstrap of the images. So the standard deviation over seeds estimates how much the
/// difference would vary with other images of the same kind, and is not divided by the root of the number of
/// seeds. The mean varies with the seeds besides, so the standard error is sd·√(1 + 1/seeds). The interval is
/// mean ± t times this, with seeds − 1 degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The mean over seeds.
    pub mean: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
    /// Two-sided p-value of no difference.
    pub p_value: f64,
}

impl Difference {
    /// Of one difference for each seed; none below two seeds.
    pub fn of(differences: &[f64]) -> Option<Difference> {
        let count = differences.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = differences.iter().sum::<f64>() / count;
        let squares: f64 = differences.iter().map(|one| (one - mean).powi(2)).sum();
        let error = (squares / (count - 1.0) * (1.0 + 1.0 / count)).sqrt();
        let t = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
        let half = t.inverse_cdf(0.975) * error;
        // What does not vary at all, as with one box a class, is no evidence.
        let p_value = if error > 1e-12 * mean.abs() { 2.0 * t.sf(mean.abs() / error) } else { 1.0 };
        Some(Difference { mean, low: mean - half, high: mean + half, p_value })
    }
}

/// Which of the p-values are significant so that in at most `level` of all cases any is so by chance: the rule
/// of Holm (Scandinavian Journal of Statistics 6, 1979).
pub fn holm(p_values: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut significant = vec![false; p_values.len()];
    for (rank, &at) in order.iter().enumerate() {
        if p_values[at] > level / (p_values.len() - rank) as f64 {
            break;
        }
        significant[at] = true;
    }
    significant
}
