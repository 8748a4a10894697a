//! Analytical nonlinear shrinkage: Ledoit and Wolf (2020), Section 4 and, for p > n, Appendix C.
//!
//! The density f of the sample eigenvalues and its Hilbert transform 𝓗 are kernel estimates with
//! bandwidths proportional to the eigenvalues, hλⱼ, h = n^(−1/3). The oracle's formula then moves
//! each eigenvalue away from where others are dense.

use std::f64::consts::PI;

use super::Refusal;
use super::nonzero::Live;
use crate::spectrum::Spectrum;

const SQRT_5: f64 = 2.236_067_977_499_79;

/// Eq. 4.3, or C.4–C.5 and C.8 where p > n.
pub fn shrink(spectrum: &Spectrum) -> Result<Vec<f64>, Refusal> {
    let live = Live::of(spectrum)?;
    let h = live.n.powf(-1.0 / 3.0);
    let c = live.dim() / live.n;
    let count = live.values.len() as f64;
    let shrink = |&value: &f64| {
        // πλf and πλ𝓗 (Eq. 4.7, 4.8): of the eigenvalues only ratios are left.
        let (mut density, mut transform) = (0.0, 0.0);
        for other in &live.values {
            let ratio = value / other;
            let x = (ratio - 1.0) / h;
            density += ratio * epanechnikov(x);
            transform += ratio * epanechnikov_transform(x);
        }
        let (density, transform) = (PI * density / (count * h), PI * transform / (count * h));
        value
            / if live.null == 0 {
                (c * density).powi(2) + (1.0 - c - c * transform).powi(2)
            } else {
                density.powi(2) + transform.powi(2)
            }
    };
    let shrunk = live.values.iter().map(shrink).collect();
    let inverse = live.values.iter().map(|value| value.recip()).sum::<f64>() / count;
    // Eq. C.8 is 𝓗 at 0, whose distance to λⱼ is −1/h bandwidths.
    let at_zero = PI * inverse * epanechnikov_transform(-1.0 / h) / h;
    Ok(live.join(shrunk, 1.0 / ((c - 1.0) * at_zero)))
}

/// Eq. 4.7: the kernel (3/4√5)(1 − x²/5), 0 beyond √5.
fn epanechnikov(x: f64) -> f64 {
    0.75 / SQRT_5 * (1.0 - x * x / 5.0).max(0.0)
}

/// Eq. 4.8: its Hilbert transform, −3x/10π + (3/4√5π)(1 − x²/5) ln|(√5−x)/(√5+x)|.
///
/// As printed the two terms cancel like x³: eigenvalues that differ by a factor of 10⁵ leave no
/// digit. With t = √5/x the sum is −(3/√5π) Σₖ t²ᵏ⁺¹/((2k+1)(2k+3)), which is used where |t| < ¼.
fn epanechnikov_transform(x: f64) -> f64 {
    let t = SQRT_5 / x;
    if t.abs() < 0.25 {
        let term = |sum, k| sum * t * t + 1.0 / f64::from((2 * k + 1) * (2 * k + 3));
        return -3.0 / (SQRT_5 * PI) * t * (0..12).rev().fold(0.0, term);
    }
    let edge = 1.0 - x * x / 5.0;
    // At the edge the logarithm is infinite, its product with 0 is not.
    let log = if edge == 0.0 { 0.0 } else { ((SQRT_5 - x) / (SQRT_5 + x)).abs().ln() };
    -0.3 * x / PI + 0.75 / (SQRT_5 * PI) * edge * log
}
