//! Permutation test and bootstrap of Pearson's r, which assume no distribution.
//!
//! Each replicate has its own ChaCha stream, numbered by the replicate: the result is the same for
//! any number of threads.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::{NoCorrelation, pearson, standardized};

/// Random permutations behind [`permutation_p`].
pub const PERMUTATIONS: usize = 9_999;

/// Resamples behind [`bootstrap`].
pub const BOOTSTRAPS: usize = 9_999;

/// The seed of every stream; the streams of permutations and of resamples do not meet.
const SEED: [u8; 32] = *b"igam-analyze: resampling classes";

/// Two-sided permutation p-value of Pearson's r: how often |r| of classes whose `y` were dealt out
/// at random is as large as the one seen.
///
/// Over all n! permutations where they are at most [`PERMUTATIONS`] (n ≤ 7), which is exact; else
/// over so many random ones, as (as large + 1)/(permutations + 1).
///
/// # Errors
/// As [`pearson()`].
///
/// # Panics
/// If the slices differ in length.
pub fn permutation_p(x: &[f64], y: &[f64]) -> Result<f64, NoCorrelation> {
    let seen = pearson(x, y)?.r.abs();
    let u = standardized(x).ok_or(NoCorrelation::ConstantX)?;
    let v = standardized(y).ok_or(NoCorrelation::ConstantY)?;
    // The same sum in another order may be less by its rounding.
    let as_large = |dealt: Vec<f64>| {
        u.iter().zip(&dealt).map(|(u, v)| u * v).sum::<f64>().abs() >= seen - 1e-12
    };
    if let Some(all) = permutations(v.len()).filter(|&all| all <= PERMUTATIONS) {
        let count = (0..all).into_par_iter().filter(|&k| as_large(permutation(&v, k))).count();
        return Ok(count as f64 / all as f64);
    }
    let count =
        (0..PERMUTATIONS).into_par_iter().filter(|&k| as_large(shuffled(&v, &mut stream(k))));
    Ok((count.count() + 1) as f64 / (PERMUTATIONS + 1) as f64)
}

/// 95% bootstrap interval of Pearson's r over classes: symmetric studentized on Fisher's z,
/// tanh(z ± c·s) (Hall 1988; Efron and Tibshirani 1993, chapter 12). c is the 95% quantile of |z*−z|/s*
/// over [`BOOTSTRAPS`] resamples of the classes. s is the standard error of the infinitesimal jackknife.
/// `docs/evidence.md` has the coverage.
///
/// Resamples without a correlation other than ±1 are skipped; `None` where they are more than one
/// in twenty (always below 6 classes), or where r is ±1.
///
/// # Errors
/// As [`pearson()`].
///
/// # Panics
/// If the slices differ in length.
pub fn bootstrap(x: &[f64], y: &[f64]) -> Result<Option<(f64, f64)>, NoCorrelation> {
    pearson(x, y)?;
    let Some((z, error)) = studentized(x, y) else { return Ok(None) };
    let resample = |k: usize| {
        let mut random = stream(PERMUTATIONS + k);
        let picks = (0..x.len()).map(|_| below(x.len(), &mut random));
        let (x, y): (Vec<f64>, Vec<f64>) = picks.map(|class| (x[class], y[class])).unzip();
        studentized(&x, &y)
    };
    let mut distances: Vec<f64> = (0..BOOTSTRAPS)
        .into_par_iter()
        .filter_map(resample)
        .map(|(resampled, error)| (resampled - z).abs() / error)
        .collect();
    if distances.len() * 20 < BOOTSTRAPS * 19 {
        return Ok(None);
    }
    let place = ((distances.len() + 1) * 19).div_ceil(20) - 1;
    let (_, &mut c, _) = distances.select_nth_unstable_by(place, f64::total_cmp);
    Ok(Some(((z - c * error).tanh(), (z + c * error).tanh())))
}

/// z = atanh r and its standard error, from the influence of each class on z,
/// (uv − r(u²+v²)/2)/(1−r²) in standard units; `None` where r is ±1 or does not exist.
fn studentized(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let (u, v) = (standardized(x)?, standardized(y)?);
    let r: f64 = u.iter().zip(&v).map(|(u, v)| u * v).sum();
    let rest = 1.0 - r * r;
    let influence = |(u, v): (&f64, &f64)| (u * v - r * (u * u + v * v) / 2.0).powi(2);
    let error = u.iter().zip(&v).map(influence).sum::<f64>().sqrt() / rest;
    (rest > 1e-12 && error > 0.0).then(|| (r.atanh(), error))
}

/// n!, where it fits.
fn permutations(n: usize) -> Option<usize> {
    (1..=n).try_fold(1_usize, usize::checked_mul)
}

/// The `index`-th permutation in the factorial number system.
fn permutation(values: &[f64], mut index: usize) -> Vec<f64> {
    let mut left = values.to_vec();
    let mut take = |choices: usize| {
        let place = index % choices;
        index /= choices;
        left.swap_remove(place)
    };
    (1..=values.len()).rev().map(&mut take).collect()
}

/// The values in random order (Fisher and Yates).
fn shuffled(values: &[f64], random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut values = values.to_vec();
    for place in (1..values.len()).rev() {
        values.swap(place, below(place + 1, random));
    }
    values
}

/// The generator of a replicate.
fn stream(replicate: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::from_seed(SEED);
    random.set_stream(replicate as u64);
    random
}

/// A random number below `n`; classes are so few that the bias, n/2³², is nothing.
fn below(n: usize, random: &mut ChaCha8Rng) -> usize {
    ((u64::from(random.next_u32()) * n as u64) >> 32) as usize
}
