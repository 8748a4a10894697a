//! The mathematics against closed forms and a second route (nalgebra), and its laws.

use igam_analyze::digest::Digest;
use igam_analyze::information::Information;
use igam_analyze::kernel::SpectrumError;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments::{Moments, Parts};
use igam_analyze::shrinkage::Estimator;
use igam_analyze::spectrum::Spectrum;
use nalgebra::DMatrix;
use proptest::prelude::*;

use crate::assert_close;

fn moments(dim: usize, rows: &[f64]) -> Moments<f64> {
    let mut moments = Moments::new(dim);
    rows.chunks_exact(dim).for_each(|row| moments.push(row));
    moments
}

fn bits(moments: Moments<f64>, estimator: Estimator) -> f64 {
    Information::of(&Spectrum::of(moments).unwrap().unwrap(), estimator).unwrap().bits
}

/// Eigenvalues of the 1/m covariance by nalgebra, descending.
fn second_route(dim: usize, rows: &[f64]) -> Vec<f64> {
    let mut x = DMatrix::from_row_slice(rows.len() / dim, dim, rows);
    let mean = x.row_mean();
    x.row_iter_mut().for_each(|mut row| row -= &mean);
    let covariance = x.transpose() * &x / x.nrows() as f64;
    let mut values: Vec<_> =
        covariance.symmetric_eigenvalues().iter().map(|value| value.max(0.0)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// `count` rows of `dim` values: pseudo-random, with a mean that differs from value to value.
fn rows(count: usize, dim: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count * dim).map(|at| (at % dim) as f64 + next() * (1.0 + (at % dim % 7) as f64)).collect()
}

#[test]
fn constant_embeddings_leave_the_floor_alone() {
    // The design's table at p = 128: with no spread at all, the floor is all there is.
    for (m, expected) in [(5, 264.0), (50, 28.0), (128, 0.0), (20_000, 57.0)] {
        let moments = moments(128, &vec![3.25; 128 * m]);
        let spectrum = Spectrum::of(moments).unwrap().unwrap();
        let floored = Information::of(&spectrum, Estimator::MpFloor).unwrap();
        assert_eq!(floored.bits.round(), expected, "m = {m}");
        assert_eq!(Information::of(&spectrum, Estimator::Sample).unwrap().bits, 0.0);
        let floor = floored.floor.unwrap();
        assert!((floor.bits - floored.bits).abs() <= 1e-12 * floored.bits);
        assert_eq!(floor.fraction, if m == 128 { 0.0 } else { 1.0 });
    }
}

#[test]
fn closed_forms() {
    // One embedding spans nothing; the floor is (1-√p)².
    assert_eq!(bits(moments(4, &[1.0, 2.0, 3.0, 4.0]), Estimator::Sample), 0.0);
    assert_close(&[bits(moments(4, &[1.0, 2.0, 3.0, 4.0]), Estimator::MpFloor)], &[2.0], 1e-15);
    // Two embeddings at distance 2d have the one eigenvalue d².
    assert_close(
        &[bits(moments(3, &[0.0, 0.0, 0.0, 2.0, 2.0, 1.0]), Estimator::Sample)],
        &[0.5 * 3.25_f64.log2()],
        1e-15,
    );
    // det(I+Σ) overflows f64 at p = 1024 already with eigenvalues of 10: I does not.
    let p = 1024;
    let mut wide = vec![0.0; 2 * p * p];
    for axis in 0..p {
        wide[2 * axis * p + axis] = (10.0 * p as f64).sqrt();
        wide[(2 * axis + 1) * p + axis] = -(10.0 * p as f64).sqrt();
    }
    assert_close(&[bits(moments(p, &wide), Estimator::Sample)], &[512.0 * 11_f64.log2()], 1e-12);
}

#[test]
fn no_rows_no_spectrum_and_nothing_infinite() {
    assert_eq!(Spectrum::of(Moments::<f64>::new(3)), Ok(None));
    for bad in [f64::NAN, f64::INFINITY, 1e200] {
        // 1e200 is finite, but its square is not.
        let few = moments(2, &[0.0, 1.0, bad, 0.5]);
        let many = moments(2, &[0.0, 1.0, bad, 0.5, 2.0, 2.0, 3.0, 1.0]);
        assert_eq!(Spectrum::of(few), Err(SpectrumError::NotFinite));
        assert_eq!(Spectrum::of(many), Err(SpectrumError::NotFinite));
    }
}

/// One estimator alone goes ways of its own: not all eigenvalues, or none.
#[test]
fn the_short_ways_give_the_same_information() {
    let one = |moments, estimator| {
        Information::of_moments(moments, &[estimator]).unwrap().unwrap()[0].unwrap()
    };
    for (dim, count) in
        [(4, 1), (30, 7), (128, 128), (128, 129), (128, 5000), (600, 6000), (1030, 600)]
    {
        for scale in [1e-6, 1e-3, 0.1, 10.0] {
            let rows: Vec<f64> = rows(count, dim, 3).iter().map(|value| value * scale).collect();
            let spectrum = Spectrum::of(moments(dim, &rows)).unwrap().unwrap();
            for estimator in [Estimator::Sample, Estimator::MpFloor] {
                let expected = Information::of(&spectrum, estimator).unwrap();
                let ours = one(moments(dim, &rows), estimator);
                assert_close(&[ours.bits], &[expected.bits], 1e-12);
                let floor =
                    |one: &Information| one.floor.map(|floor| (floor.level, floor.fraction));
                assert_eq!(floor(&ours), floor(&expected), "{dim} {count} {scale}");
            }
        }
    }
    for estimator in Estimator::ALL {
        let nothing = Information::of_moments(Moments::<f64>::new(3), &[*estimator]);
        assert_eq!(nothing, Ok(None));
        let overflow = Information::of_moments(moments(2, &[0.0, 1e200, 3.0, 1.0]), &[*estimator]);
        assert_eq!(overflow, Err(SpectrumError::NotFinite));
    }
}

/// The error of f32 stays where it belongs: in the last of six digits.
#[test]
fn single_precision() {
    for (dim, count) in [(30, 20), (128, 100), (128, 5000), (300, 1000)] {
        let rows = rows(count, dim, 5);
        let mut single = Moments::with_precision(dim, Precision::Single);
        rows.chunks_exact(dim).for_each(|row| single.push(row));
        for estimator in [Estimator::Sample, Estimator::MpFloor] {
            let ours = bits(single.clone(), estimator);
            assert_close(&[ours], &[bits(moments(dim, &rows), estimator)], 1e-6);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// On both sides of m = p, of the block of 128 rows.
    #[test]
    fn eigenvalues_are_nalgebras(dim in prop_oneof![1..40_usize, 120..140_usize], count in 1..600_usize, seed: u64) {
        let rows = rows(count, dim, seed);
        let mut ours = Spectrum::of(moments(dim, &rows)).unwrap().unwrap().eigenvalues;
        ours.sort_by(|a, b| b.total_cmp(a));
        let theirs = second_route(dim, &rows);
        prop_assert_eq!(ours.len(), dim);
        for (value, reference) in ours.iter().zip(&theirs) {
            prop_assert!((value - reference).abs() <= 1e-12 * theirs[0], "{} {}", value, reference);
        }
    }

    /// Eq. 8: any split into parts, merged, is the whole.
    #[test]
    fn merging_parts_gives_the_whole(dim in 1..20_usize, count in 1..700_usize, cuts in prop::collection::vec(0..700_usize, 0..4), seed: u64) {
        let rows = rows(count, dim, seed);
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(count) * dim).collect();
        cuts.extend([0, rows.len()]);
        cuts.sort();
        let parts = || cuts.windows(2).map(|part| moments(dim, &rows[part[0]..part[1]]));
        let join = |mut left: Moments<f64>, right: Moments<f64>| {
            left.merge(&right);
            left
        };
        let merged = parts().fold(Moments::new(dim), join);
        let backwards = parts().rev().fold(Moments::new(dim), |right, left| join(left, right));
        let backwards = bits(backwards, Estimator::Sample);
        let whole = moments(dim, &rows);
        prop_assert_eq!(merged.count(), whole.count());
        for (merged, whole) in merged.mean().iter().zip(whole.mean()) {
            prop_assert!((merged - whole).abs() <= 1e-12 * whole.abs().max(1.0));
        }
        let (merged, whole) = (bits(merged, Estimator::Sample), bits(whole, Estimator::Sample));
        prop_assert!((merged - whole).abs() <= 1e-9 * whole);
        prop_assert!((backwards - whole).abs() <= 1e-9 * whole);
    }

    /// Σ(aX) = a²Σ(X), to the bit where a is a power of two; rows that occur twice change nothing,
    /// and dead dimensions add zeros.
    #[test]
    fn scaling_laws(dim in 1..40_usize, count in 1..400_usize, power in -60..60_i32, dead in 0..9_usize, seed: u64) {
        let rows = rows(count, dim, seed);
        let eigenvalues = |dim, rows: &[f64]| {
            let mut values = Spectrum::of(moments(dim, rows)).unwrap().unwrap().eigenvalues;
            values.sort_by(|a, b| b.total_cmp(a));
            values
        };
        let values = eigenvalues(dim, &rows);
        let a = 2_f64.powi(power);
        let scaled: Vec<_> = rows.iter().map(|value| a * value).collect();
        let expected: Vec<_> = values.iter().map(|value| a * a * value).collect();
        prop_assert_eq!(eigenvalues(dim, &scaled), expected);

        let twice = eigenvalues(dim, &[&rows[..], &rows].concat());
        let wider = rows.chunks_exact(dim).flat_map(|row| row.iter().copied().chain(vec![0.0; dead]));
        let wider = eigenvalues(dim + dead, &wider.collect::<Vec<_>>());
        for (at, value) in wider.iter().enumerate() {
            let expected = values.get(at).copied().unwrap_or(0.0);
            prop_assert!((value - expected).abs() <= 1e-12 * values[0]);
            prop_assert!((twice.get(at).copied().unwrap_or(0.0) - expected).abs() <= 1e-12 * values[0]);
        }
    }

    /// The order of the rows does not matter, nor does where the origin lies.
    #[test]
    fn rows_may_be_permuted_and_shifted(dim in 1..20_usize, count in 2..700_usize, shift in -1e3..1e3_f64, seed: u64) {
        let rows = rows(count, dim, seed);
        let backwards: Vec<_> = rows.chunks_exact(dim).rev().flatten().map(|value| value + shift).collect();
        let (ours, theirs) = (bits(moments(dim, &rows), Estimator::Sample), bits(moments(dim, &backwards), Estimator::Sample));
        prop_assert!((ours - theirs).abs() <= 1e-9 * ours);
    }
}

proptest! {
    #[test]
    fn parts_are_the_whole(count in 1..700_usize, dim in 1..60_usize, seed: u64) {
        let all = rows(count, dim, seed);
        let again = Moments::from_parts(dim, Precision::Double, moments(dim, &all).into_parts());
        prop_assert_eq!(again.count(), count as u64);
        let (product, fourth) = again.into_product();
        let (direct, direct_fourth) = moments(dim, &all).into_product();
        prop_assert_eq!(fourth, direct_fourth);
        prop_assert_eq!(product.packed(), direct.packed());
    }

    #[test]
    fn a_digest_knows_no_order(count in 2..50_usize, dim in 1..9_usize, seed: u64, at: prop::sample::Index) {
        let rows = rows(count, dim, seed);
        let digest = |rows: &mut dyn Iterator<Item = &[f64]>| {
            let mut digest = Digest::default();
            rows.for_each(|row| digest.add(row));
            digest
        };
        let all = digest(&mut rows.chunks(dim));
        prop_assert_eq!(digest(&mut rows.chunks(dim).rev()), all);
        let (first, second) = rows.split_at(at.index(count) * dim);
        let mut sum = digest(&mut first.chunks(dim));
        prop_assert!(second.is_empty() || sum != all);
        sum.merge(digest(&mut second.chunks(dim)));
        prop_assert_eq!(sum, all);
    }
}

/// The digest of `docs/moments.md`, so that files of other times and programs know each other's rows: by
/// the reference implementation of XXH3.
#[test]
fn a_digest_is_the_sum_of_xxh3() {
    let of = |rows: &[&[f32]]| {
        let mut digest = Digest::default();
        rows.iter().for_each(|row| digest.add(row));
        digest.to_string()
    };
    assert_eq!(of(&[]), "0".repeat(32));
    assert_eq!(of(&[&[1.0, 2.0, -3.5]]), "d4d53d0006cf0bf19f4d0968f173d0ca");
    assert_eq!(of(&[&[1.0, 2.0, -3.5], &[0.0, 0.25, 1e30]]), "0b35436c36293dcc86c1e1097c6d03ad");
    let mut double = Digest::default();
    double.add(&[1.0_f64, 2.0, -3.5]);
    assert_eq!(double.to_string(), "31d610fa6e260b83414f1302ebcbdbed");
}

#[test]
fn folded_parts_are_the_second_route() {
    let (count, dim) = (300, 5);
    let all = rows(count, dim, 7);
    let Parts::Folded { count: folded, mean, scatter, third, fourth } =
        moments(dim, &all).into_parts()
    else {
        panic!("more rows than dimensions are folded");
    };
    let mut x = DMatrix::from_row_slice(count, dim, &all);
    let means = x.row_mean();
    x.row_iter_mut().for_each(|mut row| row -= &means);
    let (s, squares) = (x.transpose() * &x, x.map(|value| value * value).column_sum());
    assert_eq!(folded, count as u64);
    assert_close(&mean, means.as_slice(), 1e-14);
    let upper: Vec<_> = (0..dim).flat_map(|i| (i..dim).map(move |j| (i, j))).collect();
    let scale = s.diagonal().max();
    for (value, at) in scatter.iter().zip(upper) {
        assert!((value - s[at]).abs() < 1e-13 * scale, "{at:?}: {value} against {}", s[at]);
    }
    assert_close(&third, (x.transpose() * &squares).as_slice(), 1e-10);
    assert_close(&[fourth], &[squares.dot(&squares)], 1e-12);
}
