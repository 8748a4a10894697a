//! Where the time of a computation went, beside what the machine can do, for `--verbose`.

use std::time::Instant;

use faer::{Accum, Mat, Par, linalg::matmul::matmul};
use rayon::prelude::*;

use super::console::Console;
use crate::stream::Stages;

/// Where the time went, beside what the machine can do.
pub fn say(stages: &Stages, dim: usize, counts: &[u64], console: &Console) {
    let (p, folded) = (dim as f64, counts.iter().filter(|&&count| count > dim as u64));
    let products = folded.map(|&m| m as f64 * p * (p + 1.0)).sum::<f64>() / 1e9;
    let [read, multiplied, solved] =
        [stages.read, stages.products, stages.spectra].map(|time| time.as_secs_f64());
    let gigabytes = stages.bytes as f64 / 1e9;
    console.detail(&format!(
        "read {gigabytes:.2} GB in {read:.2} s, {:.2} GB/s, while multiplying",
        gigabytes / read
    ));
    console.detail(&format!(
        "{products:.0} GFLOP of products in {multiplied:.2} s, {:.0} GFLOP/s; this machine's matrix product \
         now reaches {:.0} GFLOP/s",
        products / multiplied,
        peak()
    ));
    console
        .detail(&format!("{} spectra in {solved:.2} s", counts.iter().filter(|&&m| m > 0).count()));
}

/// GFLOP/s of plain matrix products on all threads: the best of a few.
fn peak() -> f64 {
    const SIZE: usize = 512;
    const TIMES: usize = 5;
    let matrix = Mat::from_fn(SIZE, SIZE, |i, j| ((7 * i + 3 * j) % 11) as f64);
    let flops = 2.0 * (SIZE as f64).powi(3) * rayon::current_num_threads() as f64;
    let once = |_| {
        let started = Instant::now();
        (0..rayon::current_num_threads()).into_par_iter().for_each(|_| {
            let mut product = Mat::<f64>::zeros(SIZE, SIZE);
            matmul(&mut product, Accum::Replace, &matrix, &matrix, 1.0, Par::Seq);
        });
        flops / started.elapsed().as_secs_f64() / 1e9
    };
    (0..TIMES).map(once).fold(0.0, f64::max)
}
