//! The covariance estimators: against the packages that `tests/golden/shrinkage.py` asked, closed
//! forms, and the fourth moment's laws.

use igam_analyze::information::Information;
use igam_analyze::moments::Moments;
use igam_analyze::shrinkage::{Estimator, Refusal};
use igam_analyze::spectrum::Spectrum;
use proptest::prelude::*;
use serde_json::Value;

use crate::{Workdir, assert_close, numbers, repository};

fn golden() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/shrinkage.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn estimator(name: &str) -> Estimator {
    *Estimator::ALL.iter().find(|estimator| estimator.name() == name).unwrap()
}

fn moments(dim: usize, rows: &[f64]) -> Moments<f64> {
    let mut moments = Moments::new(dim);
    rows.chunks_exact(dim).for_each(|row| moments.push(row));
    moments
}

fn spectrum(dim: usize, rows: &[f64]) -> Spectrum {
    Spectrum::of(moments(dim, rows)).unwrap().unwrap()
}

/// The eigenvalues after shrinkage, ascending.
fn shrink(spectrum: &Spectrum, estimator: Estimator) -> Result<Vec<f64>, Refusal> {
    let mut eigenvalues = estimator.shrink(spectrum)?.eigenvalues;
    eigenvalues.sort_by(f64::total_cmp);
    Ok(eigenvalues)
}

fn uniform(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count).map(|_| next()).collect()
}

/// The rows of `case` in `tests/golden/shrinkage.py`, bit for bit.
fn case(recipe: &Value) -> (usize, Vec<f64>) {
    let integer = |name: &str| recipe[name].as_u64().unwrap();
    let real = |name: &str| recipe[name].as_f64().unwrap();
    let (m, p, seed) = (integer("m") as usize, integer("p") as usize, integer("seed"));
    let (halvings, levels, dead) = (integer("halvings") as usize, real("levels"), integer("dead"));
    let shared = uniform(m, seed + 1);
    let value = |(at, u): (usize, &f64)| {
        let (i, j) = (at / p, at % p);
        if (j as u64) < dead {
            0.0
        } else if levels > 0.0 {
            (u * levels).floor()
        } else {
            u * 0.5_f64.powi((j * halvings / p) as i32) + shared[i] * real("common") + real("mean")
        }
    };
    (p, uniform(m * p, seed).iter().enumerate().map(value).collect())
}

#[test]
fn random_classes_agree_with_the_packages() {
    for recipe in golden()["cases"].as_array().unwrap() {
        let (dim, rows) = case(recipe);
        let spectrum = spectrum(dim, &rows);
        for (name, expected) in recipe["expected"].as_object().unwrap() {
            let ours = shrink(&spectrum, estimator(name));
            let Some(bits) = expected["bits"].as_f64() else {
                assert!(ours.is_err(), "{name} {recipe}");
                continue;
            };
            let ours = ours.unwrap();
            let at = numbers(&recipe["at"]);
            let some: Vec<_> = at.iter().map(|&at| ours[at as usize]).collect();
            // What is 0 is rounding there, and at most that here.
            let rounding = 4.0 * f64::EPSILON * ours[dim - 1];
            for (ours, theirs) in some.iter().zip(numbers(&expected["eigenvalues"])) {
                let error = (ours - theirs).abs();
                assert!(error <= 1e-9 * theirs + rounding, "{name} {ours} {theirs} {recipe}");
            }
            let information = Information::of(&spectrum, estimator(name)).unwrap();
            assert_close(&[information.bits], &[bits], 1e-9);
        }
    }
}

#[test]
fn dumps_agree_with_the_packages() {
    let work = Workdir::new();
    for dump in golden()["dumps"].as_array().unwrap() {
        let path = |name: &str| repository(dump[name].as_str().unwrap()).display().to_string();
        for (name, bits) in dump["bits"].as_object().unwrap() {
            let json = work.json(&format!(
                "information --embeddings {} --labels {} --estimator {name}",
                path("embeddings"),
                path("labels")
            ));
            let ours = json["information"].as_array().unwrap();
            for (ours, theirs) in ours.iter().zip(bits.as_array().unwrap()) {
                let ours = &ours["information"];
                match theirs.as_f64() {
                    Some(theirs) => assert_close(&[ours.as_f64().unwrap()], &[theirs], 1e-9),
                    None => assert!(ours.is_null(), "{name}: {ours}"),
                }
            }
        }
    }
}

/// Rows ±aⱼ along each axis j, `times` over: Σ = diag(2·times·aⱼ²/m), ‖y‖⁴ = aⱼ⁴.
fn cross(axes: &[f64], times: usize) -> Spectrum {
    let mut rows = Vec::new();
    for _ in 0..times {
        for (j, &length) in axes.iter().enumerate() {
            for sign in [1.0, -1.0] {
                let mut row = vec![0.0; axes.len()];
                row[j] = sign * length;
                rows.extend(row);
            }
        }
    }
    spectrum(axes.len(), &rows)
}

#[test]
fn closed_forms() {
    // λ = ½, 2, so λ̄ = 5/4 and Σ(λ−λ̄)² = 9/8; Q = 2k(1+16) at m = 4k = 16.
    let two = cross(&[1.0, 2.0], 4);
    let towards_mean =
        |intensity: f64| [1.25 - 0.75 * (1.0 - intensity), 1.25 + 0.75 * (1.0 - intensity)];
    let ours = shrink(&two, Estimator::LedoitWolf).unwrap();
    assert_close(&ours, &towards_mean((17.0 / 2.0 - 17.0 / 4.0) / 16.0 / (9.0 / 8.0)), 1e-14);
    let ours = shrink(&two, Estimator::Oas).unwrap();
    assert_close(&ours, &towards_mean((17.0 / 4.0 + 25.0 / 4.0) / 17.0 / (9.0 / 8.0)), 1e-14);

    // All eigenvalues 3·m/n alike: f = k(0)/hλ, 𝓗 = 0; and what keeps the trace keeps them.
    let alike = cross(&[30.0_f64.sqrt(); 10], 5);
    let (m, n) = (100.0, 99.0_f64);
    let (c, h) = (10.0 / n, n.powf(-1.0 / 3.0));
    let density = std::f64::consts::PI * c * 3.0 / (4.0 * 5.0_f64.sqrt()) / h;
    let oracle = 3.0 * m / n / (density.powi(2) + (1.0 - c).powi(2));
    assert_close(&shrink(&alike, Estimator::LedoitPeche).unwrap(), &[oracle; 10], 1e-13);
    assert_close(&shrink(&alike, Estimator::Qis).unwrap(), &[3.0 * m / n; 10], 1e-13);
    for linear in [Estimator::LedoitWolf, Estimator::Oas] {
        assert_close(&shrink(&alike, linear).unwrap(), &[3.0; 10], 1e-13);
    }
}

#[test]
fn an_eigenvalue_at_the_kernels_edge_is_finite() {
    // n = 125, h = 1/5: the second eigenvalue lies √5 bandwidths of the first from it.
    let spectrum = Spectrum {
        eigenvalues: vec![1.0, 1.0 + 5.0_f64.sqrt() / 5.0],
        instances: 126,
        fourth_moment: 0.0,
    };
    let ours = shrink(&spectrum, Estimator::LedoitPeche).unwrap();
    assert!(ours.iter().all(|value| value.is_finite() && *value > 0.0), "{ours:?}");
}

#[test]
fn dead_dimensions_change_nothing_where_there_are_rows_enough() {
    let rows = uniform(300 * 20, 1);
    let with_dead: Vec<_> =
        rows.chunks_exact(20).flat_map(|row| [row, &[0.0; 7]].concat()).collect();
    for nonlinear in [Estimator::LedoitPeche, Estimator::Qis] {
        let bits = |dim, rows| Information::of(&spectrum(dim, rows), nonlinear).unwrap().bits;
        assert_close(&[bits(27, &with_dead)], &[bits(20, &rows)], 1e-12);
    }
}

#[test]
fn refusals() {
    let new = [Estimator::LedoitPeche, Estimator::Qis, Estimator::LedoitWolf, Estimator::Oas];
    for estimator in new {
        let needed = estimator.least_instances();
        let (rows, enough) = (uniform(100 * 3, 2), needed as usize);
        let few = shrink(&spectrum(3, &rows[..3 * (enough - 1)]), estimator);
        assert_eq!(few, Err(Refusal::TooFew { needed }));
        assert!(shrink(&spectrum(3, &rows[..3 * enough]), estimator).is_ok());
        // No spread at all is no spread after shrinkage, unless p > n.
        assert_eq!(shrink(&spectrum(3, &[0.5; 3 * 300]), estimator), Ok(vec![0.0; 3]));
        // Tiny and huge embeddings are shrunk like others, as far as f64 goes.
        for scale in [1e-120, 1e-60, 1e60, 1e120] {
            let scaled: Vec<_> = rows.iter().map(|value| value * scale).collect();
            let ours = shrink(&spectrum(3, &scaled), estimator);
            if estimator == Estimator::LedoitWolf && !(1e-77..1e77).contains(&scale) {
                assert_eq!(ours, Err(Refusal::Range));
                continue;
            }
            let expected = shrink(&spectrum(3, &rows), estimator).unwrap();
            let expected: Vec<_> = expected.iter().map(|value| value * scale * scale).collect();
            assert_close(&ours.unwrap(), &expected, 1e-11);
        }
    }
    // A repeated row: 19 rows span 18 dimensions of 50.
    let mut rows = uniform(19 * 50, 3);
    rows.extend_from_within(..50);
    for nonlinear in [Estimator::LedoitPeche, Estimator::Qis] {
        assert_eq!(shrink(&spectrum(50, &rows), nonlinear), Err(Refusal::Dependent));
        let nothing = shrink(&spectrum(50, &[0.5; 50 * 20]), nonlinear);
        assert_eq!(nothing, Err(Refusal::Dependent));
    }
}

#[test]
fn refused_classes_are_empty_listed_and_left_out() {
    let work = Workdir::new();
    let data = repository("data/fod-a");
    let data = data.display();
    let run = format!("{data}/effnet-lite0-ce");
    let json = work.json(&format!(
        "correlate --embeddings {run}/embeddings.npy --labels {run}/labels.npy --class-names {data}/classes.txt \
         --ap {run}/ap.csv --ap-column ap50 --estimator ledoit-peche"
    ));
    let few: Vec<_> = json["information"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["instances"].as_u64().unwrap() < 13)
        .collect();
    assert!(!few.is_empty());
    assert!(
        few.iter()
            .all(|row| row["information"].is_null() && row["normalized_information"].is_null())
    );
    let left_out = &json["left_out"][0]["left_out"][0];
    assert_eq!(left_out["reason"], "fewer than 13 embeddings");
    assert_eq!(left_out["classes"].as_array().unwrap().len(), few.len());
    let warning = json["warnings"][0].as_str().unwrap();
    assert!(warning.contains("fewer than 13 embeddings"), "{warning}");
    assert!(warning.contains(few[0]["class"].as_str().unwrap()), "{warning}");
}

/// Σ‖x−μ‖⁴, as it is written.
fn fourth_moment(dim: usize, rows: &[f64]) -> f64 {
    let count = (rows.len() / dim) as f64;
    let mean: Vec<_> =
        (0..dim).map(|j| rows.chunks_exact(dim).map(|row| row[j]).sum::<f64>() / count).collect();
    let square = |row: &[f64]| -> f64 {
        row.iter().zip(&mean).map(|(value, mean)| (value - mean).powi(2)).sum()
    };
    rows.chunks_exact(dim).map(|row| square(row).powi(2)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// In any parts, in any order, wherever the origin lies, and if the rows drift from part to
    /// part; on both sides of m = p, of the block of 256 rows and of the panel of 128 dimensions.
    #[test]
    fn the_fourth_moment_is_the_same_in_any_parts(
        dim in prop_oneof![1..20_usize, 125..135_usize],
        count in 1..3000_usize,
        cuts in prop::collection::vec(0..3000_usize, 0..4),
        drift in prop_oneof![Just(0.0), -100.0..100.0_f64],
        shift in prop_oneof![Just(0.0), -1e3..1e3_f64],
        seed: u64,
    ) {
        let rows: Vec<_> = uniform(count * dim, seed)
            .into_iter()
            .enumerate()
            .map(|(at, u)| u * (1.0 + (at % dim % 7) as f64) + drift * (at / dim / 500) as f64)
            .collect();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(count) * dim).collect();
        cuts.extend([0, rows.len()]);
        cuts.sort();
        let mut merged = Moments::new(dim);
        for part in cuts.windows(2) {
            merged.merge(&moments(dim, &rows[part[0]..part[1]]));
        }
        let merged = Spectrum::of(merged).unwrap().unwrap().fourth_moment;
        let expected = fourth_moment(dim, &rows);
        prop_assert!((merged - expected).abs() <= 1e-12 * expected, "{merged} {expected}");
        let whole = spectrum(dim, &rows).fourth_moment;
        prop_assert!((whole - expected).abs() <= 1e-12 * expected, "{whole} {expected}");
        let backwards: Vec<_> =
            rows.chunks_exact(dim).rev().flatten().map(|value| value + shift).collect();
        let backwards = spectrum(dim, &backwards).fourth_moment;
        // The shifted values themselves are rounded.
        prop_assert!((backwards - expected).abs() <= 1e-10 * expected, "{backwards} {expected}");
    }
}
