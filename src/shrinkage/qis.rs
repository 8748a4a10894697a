//! Quadratic-inverse shrinkage: Ledoit and Wolf (2022), Section 4.5, as in the authors' own code.

use super::Refusal;
use super::nonzero::Live;
use crate::spectrum::Spectrum;

/// The smoothed Stein shrinker θ and its conjugate 𝓗 are averages over the inverse eigenvalues;
/// the inverse of a shrunk one is |1−c+c(θ+i𝓗)|²/λ, or |θ+i𝓗|²/λ where p > n. All are then scaled
/// to the sample's trace.
pub fn shrink(spectrum: &Spectrum) -> Result<Vec<f64>, Refusal> {
    let live = Live::of(spectrum)?;
    let (p, count) = (live.dim(), live.values.len() as f64);
    let c = p / live.n;
    let h = (c.min(c.recip()).powi(2) / p).powf(0.35);
    let shrink = |&value: &f64| {
        let (mut theta, mut conjugate) = (0.0, 0.0);
        for other in &live.values {
            // (1/λⱼ − 1/λᵢ)·λⱼ: of the eigenvalues only ratios are left.
            let distance = 1.0 - other / value;
            let square = distance * distance + h * h;
            theta += distance / square;
            conjugate += h / square;
        }
        let (theta, conjugate) = (theta / count, conjugate / count);
        value
            / if live.null == 0 {
                (1.0 - c + c * theta).powi(2) + (c * conjugate).powi(2)
            } else {
                theta.powi(2) + conjugate.powi(2)
            }
    };
    let mut shrunk: Vec<_> = live.values.iter().map(shrink).collect();
    let inverse = live.values.iter().map(|value| value.recip()).sum::<f64>() / count;
    let mut null = 1.0 / ((c - 1.0) * inverse);
    let mut trace = shrunk.iter().sum::<f64>();
    if live.null > 0 {
        trace += live.null as f64 * null;
    }
    let keep = live.values.iter().sum::<f64>() / trace;
    shrunk.iter_mut().for_each(|value| *value *= keep);
    null *= keep;
    Ok(live.join(shrunk, null))
}
