//! The two kernels beside faer's, on one core: products in GFLOP/s, eigenvalues in milliseconds, the
//! best of half a second each.
//!
//!     cargo bench

use std::hint::black_box;
use std::time::{Duration, Instant};

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par, Side};
use igam_analyze::eigenvalues::eigenvalues;
use igam_analyze::product::{DEPTH, Panels, Symmetric};

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("one thread").install(|| {
        println!("YᵀY of {DEPTH} rows, packing and conversion from f32 included");
        for dim in [64, 128, 256, 512, 1024, 2048] {
            let rows = noise(DEPTH * dim);
            let mean = vec![0.5; dim];
            let mut scatter = Symmetric::zeros(dim);
            let ours =
                best(|| scatter.add_product(&Panels::centred(&rows, &mean, &vec![0.0; dim])));
            let flops = (dim * (dim + 1) * DEPTH) as f64;
            compare(&format!("p = {dim}"), flops, ours, faers(&rows, dim));
        }
        println!("YYᵀ of rows of 1024 values, packing and conversion from f32 included");
        for count in [22, 94, 300, 1000] {
            let rows = noise(count * 1024);
            let ours = best(|| drop(black_box(Symmetric::gram(&rows, &[0.5; 1024]))));
            let flops = (count * (count + 1) * 1024) as f64;
            compare(&format!("m = {count}"), flops, ours, faers(&transposed(&rows, 1024), count));
        }
        println!("eigenvalues");
        for n in [16, 32, 64, 128, 256, 384, 512, 1024] {
            let rows = noise(2 * n * n).into_iter().map(f64::from).collect::<Vec<_>>();
            let x = MatRef::from_row_major_slice(&rows, 2 * n, n);
            let matrix = x.transpose() * x;
            let ours = best(|| drop(black_box(eigenvalues(matrix.clone()))));
            let theirs = best(|| drop(black_box(matrix.self_adjoint_eigenvalues(Side::Lower))));
            let [ours, theirs] = [ours, theirs].map(|time| 1e3 * time.as_secs_f64());
            println!("  n = {n:4}: {ours:8.3} ms, faer {theirs:8.3} ms");
        }
    });
}

fn compare(name: &str, flops: f64, ours: Duration, theirs: Duration) {
    let [ours, theirs] = [ours, theirs].map(|time| flops / time.as_secs_f64() / 1e9);
    println!("  {name:8}: {ours:5.1} GFLOP/s, faer {theirs:5.1} GFLOP/s");
}

/// faer's triangular product of rows that are f64 and centred already.
fn faers(rows: &[f32], dim: usize) -> Duration {
    let rows: Vec<f64> = rows.iter().map(|&value| value as f64 - 0.5).collect();
    let yt = MatRef::from_column_major_slice(&rows, dim, rows.len() / dim);
    let mut product = Mat::<f64>::zeros(dim, dim);
    best(|| {
        triangular::matmul(
            &mut product,
            BlockStructure::TriangularLower,
            Accum::Add,
            yt,
            BlockStructure::Rectangular,
            yt.transpose(),
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        )
    })
}

/// The shortest time that the work takes, over half a second.
fn best(mut work: impl FnMut()) -> Duration {
    let started = Instant::now();
    let mut best = Duration::MAX;
    while started.elapsed() < Duration::from_millis(500) {
        let once = Instant::now();
        work();
        best = best.min(once.elapsed());
    }
    best
}

/// Pseudo-random numbers in 0…1.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    (0..count).map(|_| next()).collect()
}

fn transposed(rows: &[f32], dim: usize) -> Vec<f32> {
    (0..rows.len())
        .map(|at| rows[at % (rows.len() / dim) * dim + at / (rows.len() / dim)])
        .collect()
}
