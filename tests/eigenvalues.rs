//! Eigenvalues against closed forms, nalgebra and faer, on the matrices that are hard.

use faer::{Mat, Side};
use igam_analyze::kernel::eigenvalues::{eigenvalues, eigenvalues_above};
use igam_analyze::kernel::product::Symmetric;
use nalgebra::DMatrix;
use proptest::prelude::*;

/// What LAPACK's QL iteration reaches on the matrices below, relative to the largest eigenvalue.
const LAPACK: f64 = 1e-14;

/// By how much faer and nalgebra themselves differ from SciPy's `eigh` refined in long double.
const ORACLES: f64 = 1e-13;

/// Pseudo-random numbers in −1…1.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn random(n: usize, seed: u64) -> Mat<f64> {
    let mut next = noise(seed);
    let square = Mat::from_fn(n, n, |_, _| next());
    &square + square.transpose()
}

/// A matrix with the given eigenvalues: two reflections of a diagonal one.
fn with_spectrum(values: &[f64], seed: u64) -> Mat<f64> {
    let n = values.len();
    let mut next = noise(seed);
    let mut matrix = Mat::from_fn(n, n, |i, j| if i == j { values[i] } else { 0.0 });
    for _ in 0..2 {
        let v = Mat::from_fn(n, 1, |_, _| next());
        let reflection = Mat::<f64>::identity(n, n)
            - &v * v.transpose() * faer::Scale(2.0 / v.squared_norm_l2());
        matrix = &reflection * &matrix * reflection.transpose();
    }
    matrix
}

fn tridiagonal(diagonal: &[f64], beside: &[f64]) -> Mat<f64> {
    let n = diagonal.len();
    Mat::from_fn(n, n, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    })
}

/// What the lower triangle is of.
fn symmetric(matrix: &Mat<f64>) -> Symmetric {
    let n = matrix.nrows();
    let packed: Vec<f64> = (0..n).flat_map(|j| matrix.col_as_slice(j)[j..].to_vec()).collect();
    Symmetric::from_packed(n, &packed)
}

/// Our eigenvalues, ascending.
#[track_caller]
fn ours(matrix: &Mat<f64>) -> Vec<f64> {
    let mut values = eigenvalues(&symmetric(matrix)).unwrap();
    values.sort_by(f64::total_cmp);
    values
}

/// Asserts that both agree to so many times the largest.
#[track_caller]
fn assert_near(ours: &[f64], theirs: &[f64], relative: f64) {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!(
            (ours - theirs).abs() <= relative * largest,
            "{ours} against {theirs}, largest {largest}"
        );
    }
}

#[track_caller]
fn assert_oracles(matrix: &Mat<f64>) {
    let ours = ours(matrix);
    assert_near(&ours, &matrix.self_adjoint_eigenvalues(Side::Lower).unwrap(), ORACLES);
    let theirs = DMatrix::from_fn(matrix.nrows(), matrix.nrows(), |i, j| matrix[(i, j)]);
    let mut theirs: Vec<_> = theirs.symmetric_eigenvalues().iter().copied().collect();
    theirs.sort_by(f64::total_cmp);
    assert_near(&ours, &theirs, ORACLES);
}

#[test]
fn closed_forms() {
    assert!(ours(&Mat::zeros(0, 0)).is_empty());
    assert_eq!(ours(&Mat::zeros(7, 7)), [0.0; 7]);
    assert_eq!(ours(&tridiagonal(&[-3.5], &[])), [-3.5]);
    assert_near(&ours(&tridiagonal(&[1.0, 1.0], &[1.0])), &[0.0, 2.0], LAPACK);
    assert_near(&ours(&tridiagonal(&[0.0, 0.0], &[3.0])), &[-3.0, 3.0], LAPACK);
    assert_near(
        &ours(&tridiagonal(&[0.0; 3], &[1.0, 1.0])),
        &[-2_f64.sqrt(), 0.0, 2_f64.sqrt()],
        LAPACK,
    );
    let diagonal = [4.0, -2.0, 0.0, 1e-300, 4.0, 1e200];
    assert_near(
        &ours(&tridiagonal(&diagonal, &[0.0; 5])),
        &[-2.0, 0.0, 1e-300, 4.0, 4.0, 1e200],
        LAPACK,
    );
    // The second difference has 2−2cos(kπ/(n+1)).
    for n in [3, 50, 700] {
        let angle = |k: usize| std::f64::consts::PI * (k + 1) as f64 / (n + 1) as f64;
        let expected: Vec<_> = (0..n).map(|k| 2.0 - 2.0 * angle(k).cos()).collect();
        assert_near(&ours(&tridiagonal(&vec![2.0; n], &vec![-1.0; n - 1])), &expected, LAPACK);
    }
}

#[test]
fn given_spectra() {
    let clustered: Vec<_> = (0..200).map(|k| 1.0 + (k / 50) as f64 + 1e-13 * k as f64).collect();
    let decades: Vec<_> = (0..150).map(|k| 10_f64.powi(k / 5 - 29)).collect();
    let low_rank: Vec<_> = (0..420).map(|k| f64::max(0.0, (k - 409) as f64)).collect();
    let one = vec![5.0; 90];
    let spread: Vec<_> = (0..513).map(|k| k as f64 - 200.5).collect();
    for spectrum in [clustered, decades, low_rank, one, spread] {
        assert_near(&ours(&with_spectrum(&spectrum, 1)), &spectrum, LAPACK);
    }
}

#[test]
fn oracles() {
    for (n, seed) in [(2, 1), (3, 2), (17, 3), (64, 4), (257, 5), (400, 6), (513, 7)] {
        assert_oracles(&random(n, seed));
    }
    // Wilkinson's matrix of 21 rows has pairs that agree to all digits.
    let wilkinson: Vec<_> = (-10..=10).map(|i: i32| i.abs() as f64).collect();
    assert_oracles(&tridiagonal(&wilkinson, &[1.0; 20]));
    assert!((ours(&tridiagonal(&wilkinson, &[1.0; 20]))[20] - 10.746194182903393).abs() < 1e-14);
    // A Gram matrix of rank 5.
    let mut next = noise(8);
    let thin = Mat::from_fn(60, 5, |_, _| next());
    assert_oracles(&(&thin * thin.transpose()));
    // Graded, and the same upside down.
    for sign in [1, -1] {
        let grade = |i: usize| 10_f64.powi(sign * (10 * i as i32 - 150));
        let graded = random(31, 9);
        assert_oracles(&Mat::from_fn(31, 31, |i, j| grade(i) * graded[(i, j)] * grade(j) * 1e-100));
    }
}

#[test]
fn a_power_of_two_changes_no_bit() {
    for n in [5, 60, 450] {
        let matrix = random(n, 1);
        let values = ours(&matrix);
        for scale in [500, -500].map(|k| 2_f64.powi(k)) {
            let scaled: Vec<_> = values.iter().map(|value| value * scale).collect();
            assert_eq!(ours(&(&matrix * faer::Scale(scale))), scaled);
        }
    }
}

#[track_caller]
fn assert_trace_and_norm(values: &[f64], matrix: &Mat<f64>) {
    let trace: f64 = (0..matrix.nrows()).map(|i| matrix[(i, i)]).sum();
    let square: f64 = values.iter().map(|value| value * value).sum();
    assert!((values.iter().sum::<f64>() - trace).abs() <= 1e-12 * square.sqrt());
    assert!((square / matrix.squared_norm_l2() - 1.0).abs() <= 1e-13);
}

#[test]
fn trace_and_frobenius_norm() {
    let matrix = random(1024, 1);
    assert_trace_and_norm(&ours(&matrix), &matrix);
}

/// A spectrum that decays like those of trained networks; levels that leave none, few, many and all
/// above, that fall into a narrow gap, and that meet an eigenvalue which is there five times.
#[test]
fn those_above_a_level() {
    for (n, decay) in [(512, 1.6), (700, 1.3), (1024, 1.3)] {
        let mut spectrum: Vec<f64> = (1..=n).map(|j| 40.0 * (j as f64).powf(-decay)).collect();
        let one = spectrum[22];
        spectrum[20..25].fill(one);
        let matrix = with_spectrum(&spectrum, 7);
        let all = ours(&matrix);
        let between = |k: usize, share: f64| spectrum[k] + share * (spectrum[k - 1] - spectrum[k]);
        for level in [
            1e3,
            between(1, 0.5),
            between(12, 0.5),
            between(25, 0.5),
            between(20, 1e-6),
            between(30, 1e-9),
            between(60, 0.01),
            between(n / 3, 0.5),
            0.0,
            -1.0,
        ] {
            let expected: Vec<_> = all.iter().copied().filter(|&value| value >= level).collect();
            let mut above = eigenvalues_above(&symmetric(&matrix), level).unwrap();
            above.sort_by(f64::total_cmp);
            assert_near(&above, &expected, ORACLES);
        }
    }
}

/// What a reduction has not met yet may hold all that is large: a few looks at the beginning prove nothing.
#[test]
fn large_eigenvalues_that_come_last() {
    let n = 600;
    // Small but for the block at `from`; or nothing at all but there.
    for (from, small) in [(300, 1e-3), (300, 0.0), (500, 0.1), (584, 0.0), (599, 0.1), (0, 0.1)] {
        let size = (n - from).min(100);
        let large = with_spectrum(&(0..size).map(|k| 5.0 + k as f64).collect::<Vec<_>>(), 3);
        let matrix = Mat::from_fn(n, n, |i, j| {
            let block = from..from + size;
            if block.contains(&i) && block.contains(&j) {
                large[(i - from, j - from)]
            } else if i == j {
                small * (1.0 - i as f64 / n as f64)
            } else {
                0.0
            }
        });
        for (level, expected) in [(1.0, size), (5.5 + (size / 2) as f64, size - size / 2 - 1)] {
            let mut above = eigenvalues_above(&symmetric(&matrix), level).unwrap();
            above.sort_by(f64::total_cmp);
            let expected: Vec<_> = (size - expected..size).map(|k| 5.0 + k as f64).collect();
            assert_near(&above, &expected, ORACLES);
        }
    }
}

#[test]
fn what_is_not_finite_is_refused() {
    for bad in [f64::NAN, f64::INFINITY] {
        for n in [1, 2, 5, 40] {
            let mut matrix = random(n, 1);
            matrix[(n - 1, 0)] = bad;
            assert!(eigenvalues(&symmetric(&matrix)).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any finite matrix: of any grading, with zeros and blocks, small and large.
    #[test]
    fn every_matrix_converges(n in prop_oneof![12 => 1..48_usize, 1 => 384..420_usize], grading in 0..20_i32, zeros in 0.0..1.0_f64, seed: u64) {
        let mut next = noise(seed);
        let mut matrix = random(n, seed);
        for i in 0..n {
            for j in 0..=i {
                let exponent = (next() * 8.0 * grading as f64) as i32;
                let keep = 0.5 * next() + 0.5 >= zeros;
                matrix[(i, j)] *= if keep { 10_f64.powi(exponent) } else { 0.0 };
                matrix[(j, i)] = matrix[(i, j)];
            }
        }
        let largest = matrix.norm_max();
        prop_assume!(largest > 0.0);
        // faer's own iteration is given squares that do not overflow.
        let scaled = &matrix * faer::Scale(1.0 / largest);
        let ours: Vec<_> = ours(&matrix).iter().map(|value| value / largest).collect();
        assert_trace_and_norm(&ours, &scaled);
        // On some of these faer gives up. It then still finds the singular values.
        match scaled.self_adjoint_eigenvalues(Side::Lower) {
            Ok(theirs) => assert_near(&ours, &theirs, ORACLES),
            Err(_) => {
                let mut magnitudes: Vec<_> = ours.iter().map(|value| value.abs()).collect();
                magnitudes.sort_by(|a, b| b.total_cmp(a));
                assert_near(&magnitudes, &scaled.singular_values().unwrap(), ORACLES);
            }
        }
    }
}
