//! Rows in, a sample of each class out.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::rows::Rows;

/// Most rows of a sample.
const ROWS: usize = 4096;

/// Most values of a sample.
const VALUES: usize = 1 << 22;

/// Some rows of each class, spread evenly over all it has, as an n×p array with the class of each. `labels`
/// holds the class of every row; where there are few, all are taken.
///
/// # Errors
/// If reading fails.
pub fn sample(rows: &impl Rows, labels: &[u32]) -> Result<(Array2<f64>, Vec<u32>)> {
    let dim = rows.dim();
    let numbers = chosen(labels, ROWS.min(VALUES / dim));
    let of_sample = numbers.iter().map(|&row| labels[row]).collect();
    let mut values = Vec::with_capacity(numbers.len() * dim);
    if rows.rows_come_at_once::<f64>()? {
        rows.gather::<f64>(&numbers, &mut |_, row| values.extend_from_slice(row))?;
    } else {
        let (mut first, mut next) = (0, numbers.iter().copied().peekable());
        rows.read(ROWS, &mut |block: &mut Vec<f64>| {
            let end = first + block.len() / dim;
            while let Some(row) = next.next_if(|&row| row < end) {
                values.extend_from_slice(&block[(row - first) * dim..(row + 1 - first) * dim]);
            }
            first = end;
            next.peek().is_some()
        })?;
    }
    let count = values.len() / dim;
    let values = Array2::from_shape_vec((count, dim), values);
    Ok((values.map_err(|error| Error::Input(error.to_string()))?, of_sample))
}

/// Numbers of about `most` rows, ascending: as many of each class, as far as it has them.
fn chosen(labels: &[u32], most: usize) -> Vec<usize> {
    let classes = labels.iter().max().map_or(0, |&class| class as usize + 1);
    let counts = crate::classes::tally(labels, classes);
    let labelled = counts.iter().filter(|&&count| count > 0).count().max(1);
    let each = (most / labelled).max(1) as u64;
    let mut seen = vec![0_u64; classes];
    let mut taken = |class: usize| {
        let (at, count) = (seen[class], counts[class]);
        let wanted = each.min(count);
        seen[class] += 1;
        (at + 1) * wanted / count > at * wanted / count
    };
    (0..labels.len()).filter(|&row| taken(labels[row] as usize)).collect()
}
