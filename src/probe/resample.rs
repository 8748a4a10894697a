//! What a seed draws: weights of images, and the folds that they are in.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// The seed of every stream; each has the number of the user's seed.
const SEED: [u8; 32] = *b"igam-analyze: weights and folds.";

/// Weights of all rows under one seed.
#[derive(Clone, Debug)]
pub struct Resampled {
    /// Of each row; those of one image are equal, and their mean over images is 1.
    pub weights: Vec<f64>,
}

/// Of a standard exponential distribution.
fn exponential(random: &mut ChaCha8Rng) -> f64 {
    // 53 bits, above 0 and at most 1.
    let unit = ((random.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
    -unit.ln()
}

fn stream(seed: u64, part: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::from_seed(SEED);
    random.set_stream(2 * seed + part);
    random
}

impl Resampled {
    /// The Bayesian bootstrap (Rubin, Annals of Statistics 9, 1981) over images: `images` holds the image of each
    /// row, below `count`. `part` keeps the draws for training and for held-out images apart: 0 or 1.
    pub fn new(images: &[u32], count: usize, seed: u64, part: u64) -> Resampled {
        let mut random = stream(seed, part);
        let drawn: Vec<f64> = (0..count).map(|_| exponential(&mut random)).collect();
        let mean = drawn.iter().sum::<f64>() / count as f64;
        Resampled { weights: images.iter().map(|&image| drawn[image as usize] / mean).collect() }
    }
}

/// The fold of each row, below `folds`: rows of one image share it, and each class is spread as evenly as its
/// images allow. Images come in a random order, those with the rarest classes first. Each goes where its
/// classes have the smallest shares of their rows.
pub fn folds_of(
    images: &[u32],
    count: usize,
    labels: &[u32],
    counts: &[u64],
    folds: usize,
    seed: u64,
) -> Vec<u8> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (row, &image) in images.iter().enumerate() {
        rows[image as usize].push(row);
    }
    let mut random = stream(seed, 0);
    // After the draws of the weights, in the same stream.
    for _ in 0..count {
        exponential(&mut random);
    }
    let mut order: Vec<(u64, u64, usize)> = (0..count)
        .map(|image| {
            let rarest = rows[image].iter().map(|&row| counts[labels[row] as usize]).min();
            (rarest.unwrap_or(0), random.next_u64(), image)
        })
        .collect();
    order.sort_unstable();
    let mut of_class = vec![vec![0_usize; folds]; counts.len()];
    let mut of_fold = vec![0_usize; folds];
    let mut fold_of = vec![0_u8; images.len()];
    for (_, _, image) in order {
        // The shares of its classes that each fold already has.
        let shares = |fold: usize| -> f64 {
            let share = |&row: &usize| {
                let class = labels[row] as usize;
                of_class[class][fold] as f64 / counts[class] as f64
            };
            rows[image].iter().map(share).sum()
        };
        let order = |a: &usize, b: &usize| {
            shares(*a).total_cmp(&shares(*b)).then(of_fold[*a].cmp(&of_fold[*b]))
        };
        let chosen = (0..folds).min_by(order).unwrap_or(0);
        for &row in &rows[image] {
            of_class[labels[row] as usize][chosen] += 1;
            of_fold[chosen] += 1;
            fold_of[row] = chosen as u8;
        }
    }
    fold_of
}
