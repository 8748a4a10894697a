//! Linear shrinkage: all eigenvalues move towards their mean by one share, the intensity.

use super::Refusal;
use crate::spectrum::Spectrum;

/// Ledoit and Wolf (2004), Lemma 3.1 and their consistent estimates: intensity b²/d² with
/// d² = ‖Σ−λ̄1‖²/p and b² = Σ‖yyᵀ−Σ‖²/(m²p) = (Q/m − ‖Σ‖²)/(mp), at most d².
pub fn ledoit_wolf(spectrum: &Spectrum) -> Result<Vec<f64>, Refusal> {
    let values = &spectrum.eigenvalues;
    let m = spectrum.instances as f64;
    let mean = mean(values);
    // Over the squared mean, so that no square over- or underflows.
    let fourth = spectrum.fourth_moment / mean / mean;
    if mean > 0.0 && !(spectrum.fourth_moment.is_normal() && fourth.is_normal()) {
        return Err(Refusal::Range);
    }
    let squares: f64 = values.iter().map(|value| (value / mean).powi(2)).sum();
    Ok(shrunk(values, (fourth / m - squares) / m))
}

/// Chen, Wiesel, Eldar and Hero (2010), Eq. 23 without its terms 2/p, as scikit-learn has it:
/// intensity (‖Σ‖² + tr²Σ) / ((m+1)(‖Σ‖² − tr²Σ/p)), at most 1.
pub fn oas(spectrum: &Spectrum) -> Vec<f64> {
    let values = &spectrum.eigenvalues;
    let (p, m) = (values.len() as f64, spectrum.instances as f64);
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value / mean).powi(2)).sum();
    shrunk(values, (squares + p * p) / (m + 1.0))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().map(|value| value / values.len() as f64).sum()
}

/// Ledoit and Wolf's intensity for m centred rows, without eigenvalues: of Q, ‖Σ‖² and ‖Σ−λ̄1‖², all over
/// λ̄².
pub fn ledoit_wolf_intensity(fourth: f64, squares: f64, spread: f64, m: f64) -> f64 {
    intensity((fourth / m - squares) / m, spread)
}

/// λ̄ + (1−ρ)(λ−λ̄), where the intensity ρ is `numerator` over Σ(λ/λ̄−1)², between 0 and 1. Where
/// all eigenvalues are the same, any intensity leaves them so.
fn shrunk(values: &[f64], numerator: f64) -> Vec<f64> {
    let mean = mean(values);
    let spread: f64 = values.iter().map(|value| (value / mean - 1.0).powi(2)).sum();
    let intensity = intensity(numerator, spread);
    values.iter().map(|value| mean + (1.0 - intensity) * (value - mean)).collect()
}

/// The part of it, between 0 and 1; 0 where all eigenvalues are the same.
fn intensity(numerator: f64, spread: f64) -> f64 {
    if spread > 0.0 { (numerator / spread).clamp(0.0, 1.0) } else { 0.0 }
}
