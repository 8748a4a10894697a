//! Rows in; out those that are nearer to another class than to their own.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, Par};

use super::batches::{BATCH, batches};
use crate::error::Result;
use crate::kernel::product::dot;
use crate::pooled::{Pooled, WithinClasses};
use crate::rows::Rows;
use crate::suspects::{Suspect, Suspects};

/// Which embeddings of each class lie nearer to another: `labels` holds the class of every row, `within` and `pooled` what is known of
/// these same rows.
///
/// # Errors
/// If reading fails.
///
/// # Panics
/// If the rows are of another dimension.
pub fn suspects(
    rows: &impl Rows,
    labels: &[u32],
    within: &WithinClasses,
    pooled: &Pooled,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Suspects>> {
    let (classes, dim) = within.means.dim();
    assert_eq!(dim, rows.dim(), "rows of another dimension");
    let centre = within.centre();
    let means = pooled.whitened(&within.means, &centre);
    let squares: Vec<f64> = (0..classes)
        .map(|class| dot(means.col_as_slice(class), means.col_as_slice(class)))
        .collect();
    let of_batch = |first: usize, values: &[f64]| {
        let labels = &labels[first..][..values.len() / dim];
        let mut whitened = values.to_vec();
        for row in whitened.chunks_exact_mut(dim) {
            row.iter_mut().zip(&centre).for_each(|(x, centre)| *x -= centre);
        }
        pooled.whiten(MatMut::from_column_major_slice_mut(&mut whitened, dim, labels.len()));
        let mut products = Mat::zeros(classes, labels.len());
        let rows = MatMut::from_column_major_slice_mut(&mut whitened, dim, labels.len());
        matmul(&mut products, Accum::Replace, means.transpose(), rows, 1.0, Par::Seq);
        let suspect = |(at, &label): (usize, &u32)| {
            let own = label as usize;
            let row = &whitened[at * dim..(at + 1) * dim];
            let (length, products) = (dot(row, row), products.col_as_slice(at));
            let distance = |class: usize| length + squares[class] - 2.0 * products[class];
            let others = (0..classes).filter(|&class| class != own && within.has(class));
            let (nearest, square) = others
                .map(|class| (class, distance(class)))
                .reduce(|best, next| if next.1 < best.1 { next } else { best })?;
            let [own_distance, distance] = [distance(own), square].map(|d| d.max(0.0).sqrt());
            let own_distance = own_distance * without_the_row(within.counts[own])?;
            let number = (first + at) as u64;
            let suspect = Suspect { row: number, nearer_to: nearest, own: own_distance, distance };
            (distance < own_distance).then_some((own, suspect))
        };
        labels.iter().enumerate().filter_map(suspect).collect::<Vec<_>>()
    };
    let none = |&of: &u64| Suspects { of, ..Suspects::default() };
    let mut all: Vec<Suspects> = within.counts.iter().map(none).collect();
    batches(rows, BATCH, progress, of_batch, |found| {
        found.into_iter().for_each(|(class, suspect)| all[class].add(suspect));
    })?;
    all.iter_mut().for_each(Suspects::finish);
    Ok(all)
}

/// How much further a row lies from the mean of the others of its class than from that of all m of them:
/// m/(m−1). The only row of a class has no others.
fn without_the_row(count: u64) -> Option<f64> {
    (count > 1).then(|| count as f64 / (count - 1) as f64)
}
