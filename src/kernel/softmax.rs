//! Exponentials of many numbers at once, for softmaxes over a thousand classes.

use pulp::{Arch, Simd, WithSimd};

/// Numbers that are worked on side by side: sums are of so many parts, on every machine.
const LANES: usize = 8;

/// Replaces each number by e^(number − the largest); gives the largest, and the sum of what stands there then. The
/// error of an exponential is below 1e-15 of it; below e^−708 it stays there.
pub fn exponentials(values: &mut [f64]) -> (f64, f64) {
    Arch::new().dispatch(Exponentials { values })
}

struct Exponentials<'a> {
    values: &'a mut [f64],
}

impl WithSimd for Exponentials<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f64, f64) {
        let mut tops = [f64::NEG_INFINITY; LANES];
        let (whole, rest) = self.values.as_chunks::<LANES>();
        for chunk in whole {
            for (top, &value) in tops.iter_mut().zip(chunk) {
                *top = if value > *top { value } else { *top };
            }
        }
        let top = tops.iter().chain(rest).copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sums = [0.0; LANES];
        let (whole, rest) = self.values.as_chunks_mut::<LANES>();
        for chunk in whole {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *value = exponential(*value - top);
                *sum += *value;
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *value = exponential(*value - top);
            *sum += *value;
        }
        (top, sums.iter().sum())
    }
}

/// 1.5·2⁵²: added to a number below 2⁵¹, its last bits hold the nearest whole number.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// ln 2 in two parts: a multiple of the first by a whole number below 2²⁰ is exact.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];

/// 1/k! for k from 13 down to 0.
const TAYLOR: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
    1.0,
];

/// e^x for x ≤ 0: 2ⁿ·e^r with |r| ≤ ½ ln 2, e^r by its Taylor series.
#[inline(always)]
fn exponential(x: f64) -> f64 {
    let x = if x > -708.0 { x } else { -708.0 };
    let shifted = x * std::f64::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let mut series = TAYLOR[0];
    for term in &TAYLOR[1..] {
        series = series * r + term;
    }
    // The exponent's bits of 2ⁿ are n + 1023.
    series * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

#[cfg(test)]
mod tests {
    use super::exponentials;

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        let mut values: Vec<f64> = (0..10_001).map(|k| -0.070_77 * f64::from(k)).collect();
        values.swap(0, 5_000);
        let expected: Vec<f64> = values.iter().map(|x| x.exp()).collect();
        let (top, sum) = exponentials(&mut values);
        assert_eq!(top, 0.0);
        for (found, expected) in values.iter().zip(&expected) {
            assert!((found / expected - 1.0).abs() < 1e-15, "{found} for {expected}");
        }
        let total: f64 = expected.iter().sum();
        assert!((sum / total - 1.0).abs() < 1e-14);
        assert_eq!(exponentials(&mut [3.0, f64::NEG_INFINITY]).0, 3.0);
    }
}
