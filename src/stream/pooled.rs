//! Means of classes and the spread about them, pooled: of rows in two passes, or of moments.

use super::batches::batches;
use super::{Labelled, MomentsSource, Stages, merged, one_pass};
use crate::error::Result;
use crate::kernel::product::{Panels, Precision, Symmetric, dot};
use crate::moments::{Moments, Parts};
use crate::pooled::WithinClasses;
use crate::rows::{Element, Rows};

/// Means in a pass, and in another the scatter about them, in the order of the rows: `labels` holds the class
/// (an index into `counts`) of every row. `progress` is told of twice as many rows as there are.
///
/// # Errors
/// If reading fails.
pub fn within_classes(
    rows: &impl Rows,
    labels: &[u32],
    counts: &[u64],
    precision: Precision,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<WithinClasses> {
    let mut within = WithinClasses::new(counts.len(), rows.dim());
    within.counts.copy_from_slice(counts);
    let labelled = Labelled { rows, labels, counts, progress };
    let present: Vec<usize> = (0..counts.len()).filter(|&class| counts[class] > 0).collect();
    let states = present.iter().map(|_| Mean::default()).collect();
    let push = |mean: &mut Mean, _, row: &[f64]| mean.push(row);
    let states = one_pass(&labelled, &present, states, &push, &mut Stages::default())?;
    for (&class, state) in present.iter().zip(states) {
        for (mean, value) in within.means.row_mut(class).iter_mut().zip(state.mean()) {
            *mean = value;
        }
    }

    let (dim, zeros) = (rows.dim(), vec![0.0; rows.dim()]);
    let means = within.means.view();
    let of_batch = |first: usize, values: &[f64]| {
        let labels = &labels[first..][..values.len() / dim];
        let mut centred = values.to_vec();
        for (row, &label) in centred.chunks_exact_mut(dim).zip(labels) {
            row.iter_mut().zip(means.row(label as usize)).for_each(|(x, mean)| *x -= mean);
        }
        let squares: Vec<f64> = centred.chunks_exact(dim).map(|row| dot(row, row)).collect();
        (labels, squares, Panels::centred(&centred, &zeros, &zeros))
    };
    let (mut of_classes, mut fourth) = (vec![0.0; counts.len()], 0.0);
    let mut scatter = Symmetric::zeros(dim);
    batches(rows, progress, of_batch, |(labels, squares, panels)| {
        scatter.add_product(&panels, precision);
        for (&label, square) in labels.iter().zip(squares) {
            of_classes[label as usize] += square;
            fourth += square * square;
        }
    })?;
    (within.squares, within.scatter, within.fourth) = (of_classes, scatter, fourth);
    Ok(within)
}

/// The mean of rows; summed up from the first one on, so that a large mean costs no digits.
#[derive(Default)]
struct Mean {
    first: Vec<f64>,
    sum: Vec<f64>,
    count: f64,
}

impl Mean {
    fn push(&mut self, row: &[f64]) {
        if self.first.is_empty() {
            self.first = row.to_vec();
            self.sum = vec![0.0; row.len()];
        }
        self.count += 1.0;
        for ((sum, value), first) in self.sum.iter_mut().zip(row).zip(&self.first) {
            *sum += value - first;
        }
    }

    fn mean(&self) -> impl Iterator<Item = f64> {
        self.first.iter().zip(&self.sum).map(|(first, sum)| first + sum / self.count)
    }
}

/// The same from moments, merged pass by pass, summed up in order of class; in the order of the source's
/// classes.
///
/// # Errors
/// If reading fails.
pub fn within_classes_of_moments<T: Element>(
    passes: &[Vec<usize>],
    source: &impl MomentsSource,
    progress: &dyn Fn(u64),
) -> Result<WithinClasses> {
    let mut within = WithinClasses::new(source.counts().len(), source.dim());
    merged::<T>(passes, source, progress, &mut |pass| {
        for (class, moments) in pass {
            within.add(class, moments, source.precision());
        }
        Ok(())
    })?;
    Ok(within)
}

impl WithinClasses {
    /// Takes in the moments of one more class.
    fn add<T: Element>(&mut self, class: usize, moments: Moments<T>, precision: Precision) {
        let (dim, mean) = (self.dim(), moments.mean());
        self.counts[class] = moments.count();
        self.means.row_mut(class).iter_mut().zip(&mean).for_each(|(to, mean)| *to = *mean);
        match moments.into_parts() {
            Parts::Rows(rows) => {
                let zeros = vec![0.0; dim];
                for block in rows.chunks(super::batches::BATCH * dim) {
                    let panels = Panels::centred(block, &mean, &zeros);
                    let (squares, _) = panels.square_distances(&zeros, block.len() / dim);
                    self.squares[class] += squares.iter().sum::<f64>();
                    self.fourth += dot(&squares, &squares);
                    self.scatter.add_product(&panels, precision);
                }
            }
            Parts::Folded { scatter, fourth, .. } => {
                let scatter = Symmetric::from_packed(dim, &scatter);
                self.squares[class] = scatter.diagonal().sum();
                self.fourth += fourth;
                self.scatter.add(&scatter);
            }
        }
    }
}
