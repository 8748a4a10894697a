//! The products against faer's.

use faer::{Mat, MatRef};
use igam_analyze::kernel::product::{Panels, Precision, Symmetric};
use proptest::prelude::*;

fn lower(matrix: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| if i < j { 0.0 } else { matrix[(i, j)] })
}

/// In single precision, a block of 128 rows is right to 128 units in the last place.
fn assert_near(ours: &Mat<f64>, theirs: &Mat<f64>, precision: Precision) {
    assert_eq!(ours.shape(), theirs.shape());
    let relative = match precision {
        Precision::Double => 1e-14,
        Precision::Single => 128.0 * f64::from(f32::EPSILON),
    };
    assert!((ours - theirs).norm_max() <= relative * theirs.norm_max(), "{ours:?} {theirs:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// On both sides of the panels of 8 and 16, the tile of 16 and the strip of 48 columns.
    #[test]
    fn products_are_faers(rows in 0..150_usize, dim in 1..200_usize, seed in any::<u32>()) {
        let value = |at: usize| ((at as u32 ^ seed).wrapping_mul(2654435761) >> 8) as f32;
        let x: Vec<f32> = (0..rows * dim).map(|at| value(at) / 1e7).collect();
        let mean: Vec<f64> = (0..dim).map(|j| j as f64 / 100.0).collect();
        let centred: Vec<f64> =
            x.iter().enumerate().map(|(at, &x)| x as f64 - mean[at % dim]).collect();
        let y = MatRef::from_row_major_slice(&centred, rows, dim);

        let panels = Panels::centred(&x, &mean, &mean);
        let last = Mat::from_fn(dim, 1, |j, _| mean[j]);
        let whole = y.transpose() * y + &last * last.transpose();
        let mut scatter = Symmetric::zeros(dim);
        for precision in [Precision::Single, Precision::Double] {
            scatter = Symmetric::zeros(dim);
            scatter.add_product(&panels, precision);
            assert_near(&scatter.to_matrix(), &lower(&whole), precision);
            if rows > 0 {
                let gram = Symmetric::gram(&x, &mean, precision).to_matrix();
                assert_near(&gram, &lower(&(y * y.transpose())), precision);
            }
        }
        scatter.add(&scatter.clone());
        let diagonal: Vec<_> = scatter.diagonal().collect();
        let times = scatter.times(&mean);
        let expected = &whole * &last * faer::Scale(2.0);
        let largest = expected.norm_max();
        for j in 0..dim {
            prop_assert!((diagonal[j] - 2.0 * whole[(j, j)]).abs() <= 1e-14 * diagonal[j]);
            prop_assert!((times[j] - expected[(j, 0)]).abs() <= 1e-13 * largest);
        }

        let shift: Vec<_> = mean.iter().map(|mean| -mean).collect();
        let (squares, weighted) = panels.square_distances(&shift, rows);
        for k in 0..rows {
            let expected: f64 = (0..dim).map(|j| (y[(k, j)] + mean[j]).powi(2)).sum();
            prop_assert!((squares[k] - expected).abs() <= 1e-14 * expected);
        }
        for j in 0..dim {
            let terms = (0..rows).map(|k| squares[k] * y[(k, j)]);
            let size: f64 = terms.clone().map(f64::abs).sum();
            prop_assert!((weighted[j] - terms.sum::<f64>()).abs() <= 1e-13 * size);
        }
    }
}
