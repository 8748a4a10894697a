//! What the other classes lead to expect: against statsmodels with each class really left out
//! (`tests/golden/expected.py`), and on simulated classes; `docs/explain.md` quotes the shares.

use igam_analyze::ApScale;
use igam_analyze::correlation::{Expected, Refusal, benjamini_hochberg, expected};
use igam_analyze::evidence::{Class, expectation};
use rayon::prelude::*;
use serde_json::Value;

use crate::truth::Random;
use crate::{assert_close, numbers, repository};

fn golden() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn flags(array: &Value) -> Vec<bool> {
    array.as_array().unwrap().iter().map(|flag| flag.as_bool().unwrap()).collect()
}

#[test]
fn leave_one_out_predictions_agree_with_statsmodels() {
    for case in golden()["cases"].as_array().unwrap() {
        let columns: Vec<Vec<f64>> =
            case["columns"].as_array().unwrap().iter().map(numbers).collect();
        let noise = case["noise"].is_array().then(|| numbers(&case["noise"]));
        let ours = expected(&numbers(&case["y"]), &columns, noise.as_deref()).unwrap();
        let ours: Vec<Expected> = ours.into_iter().map(Option::unwrap).collect();
        let compare = |name: &str, number: fn(&Expected) -> f64| {
            let ours: Vec<f64> = ours.iter().map(number).collect();
            assert_close(&ours, &numbers(&case[name]), 1e-9);
        };
        compare("value", |one| one.value);
        compare("low", |one| one.interval.0);
        compare("high", |one| one.interval.1);
        compare("residual", |one| one.residual);
        compare("deleted_residual", |one| one.deleted_residual);
        compare("p_value", |one| one.p_value);
        let flagged: Vec<bool> = ours.iter().map(|one| one.flagged).collect();
        assert_eq!(flagged, flags(&case["flagged"]), "{}", case["name"]);
    }
}

#[test]
fn false_discoveries_are_controlled_as_in_statsmodels() {
    let golden = &golden()["discovery"];
    let p = numbers(&golden["p"]);
    for (level, flagged) in golden["flagged"].as_object().unwrap() {
        assert_eq!(benjamini_hochberg(&p, level.parse().unwrap()), flags(flagged), "{level}");
    }
    assert!(benjamini_hochberg(&[], 0.05).is_empty());
    // The third holds, and takes the second with it, which does not.
    let p = [0.9, 0.03, 0.001, 0.036];
    assert_eq!(benjamini_hochberg(&p, 0.05), [false, true, true, true]);
}

#[test]
fn predictions_that_cannot_be_made_are_refused() {
    let y = [3.0, 1.0, 4.0, 1.5, 9.0];
    let x = [1.0, 2.0, 3.0, 4.0, 5.0];
    let of = |y: &[f64], x: &[f64]| expected(y, &[x], Some(x));
    assert_eq!(of(&y[..3], &x[..3]), Err(Refusal::TooFew { classes: 3, needed: 4 }));
    assert_eq!(of(&[2.0; 5], &x), Err(Refusal::ConstantY));
    assert_eq!(of(&y, &[2.0; 5]), Err(Refusal::ConstantX));
    assert_eq!(of(&x.map(|x| 3.0 - x), &x), Err(Refusal::Exact));
    assert_eq!(expected(&y, &[x, x], None), Err(Refusal::Collinear));
    // One class alone has another number: what it does cannot be told without it.
    let ours = of(&y, &[0.0, 0.0, 0.0, 0.0, 1.0]).unwrap();
    assert_eq!(
        ours.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, true, true, true, false]
    );
    // Without it the others are on one line: nothing tells how far one may lie from it.
    let ours = of(&[1.0, 2.0, 7.0, 4.0, 5.0], &x).unwrap();
    assert!(ours[2].is_none() && ours[0].is_some());
    // Without columns: the mean of the others.
    let ours = expected(&y, &[] as &[&[f64]], None).unwrap();
    assert_close(&[ours[4].unwrap().value], &[9.5 / 4.0], 1e-12);
}

/// Classes of these counts, AP and information.
fn classes<'a>(counts: &[u64], ap: &[f64], information: &[f64]) -> Vec<Class<'a>> {
    let class = |at: usize| Class {
        name: "",
        information: information[at],
        floor_bits: None,
        embeddings: counts[at],
        instances: counts[at],
        covariates: &[],
        group: None,
        ap: ap[at],
    };
    (0..counts.len()).map(class).collect()
}

#[test]
fn the_count_leads_to_expect_no_ap_off_its_scale() {
    let counts = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000];
    let ap = [0.0, 0.0, 0.1, 0.3, 0.6, 0.8, 0.9, 1.0, 0.95];
    let none = [0.0; 9];
    let of = |scale| expectation(&classes(&counts, &ap, &none), false, scale).unwrap();
    let ours: Vec<Expected> = of(ApScale::Fraction).into_iter().map(Option::unwrap).collect();
    assert!(ours[0].value == 0.0 && ours[0].interval.0 == 0.0 && ours[0].residual == 0.0);
    assert!(ours[8].value == 1.0 && ours[8].interval.1 == 1.0);
    assert_close(&[ours[8].residual], &[-0.05], 1e-12);
    for (one, ap) in ours.iter().zip(ap) {
        assert_close(&[one.value + one.residual], &[ap], 1e-12);
        assert!(one.interval.0 <= one.value && one.value <= one.interval.1);
    }
    // The line goes beyond, and what it says of the last class is not cut off.
    let free: Vec<f64> = of(ApScale::Percent).iter().map(|one| one.unwrap().value).collect();
    assert!(free[8] > 1.0);
    assert_eq!(ours[8].deleted_residual, of(ApScale::Percent)[8].unwrap().deleted_residual);
    // Where all counts are the same, the mean of the others is expected.
    let same = expectation(&classes(&[7; 9], &ap, &none), false, ApScale::Fraction).unwrap();
    assert_close(&[same[0].unwrap().value], &[4.65 / 8.0], 1e-12);
}

#[test]
fn information_is_asked_only_where_it_is_to_be() {
    let counts: Vec<u64> = (1..=30).map(|rank| rank * rank).collect();
    let information: Vec<f64> = (0..30).map(|at| f64::from(at * at % 17)).collect();
    let ap: Vec<f64> = information.iter().map(|bits| 90.0 - 5.0 * bits).collect();
    let ap: Vec<f64> = (ap.iter().enumerate()).map(|(at, ap)| ap + (at % 3) as f64).collect();
    let classes = classes(&counts, &ap, &information);
    let largest = |by_information| {
        let all = expectation(&classes, by_information, ApScale::Percent).unwrap();
        all.iter().map(|one| one.unwrap().residual.abs()).fold(0.0, f64::max)
    };
    assert!(largest(true) < 3.0 && largest(false) > 20.0);
}

#[test]
fn the_curve_of_real_counts_is_that_of_docs_explain() {
    // Three knots for 20 classes, four for 80.
    for (case, count) in [("voc, noise by log m", 20), ("coco, noise by log m", 80)] {
        let golden = golden();
        let mut cases = golden["cases"].as_array().unwrap().iter();
        let case = cases.find(|one| one["name"] == case).unwrap();
        let counts: Vec<u64> =
            numbers(&case["noise"]).iter().map(|log| log.exp().round() as u64).collect();
        assert_eq!(counts.len(), count);
        let classes = classes(&counts, &numbers(&case["y"]), &vec![0.0; count]);
        let ours = expectation(&classes, false, ApScale::Percent).unwrap();
        let residuals: Vec<f64> = ours.iter().map(|one| one.unwrap().deleted_residual).collect();
        assert_close(&residuals, &numbers(&case["deleted_residual"]), 1e-9);
    }
    // Below 20, a line.
    let counts: Vec<u64> = (0..19).map(|at| 1 << at).collect();
    let ap: Vec<f64> = (0..19).map(|at| f64::from(at + at % 2)).collect();
    let log: Vec<f64> = counts.iter().map(|m| (*m as f64).ln()).collect();
    let ours = expectation(&classes(&counts, &ap, &[0.0; 19]), false, ApScale::Percent).unwrap();
    let line = expected(&ap, &[&log], Some(&log)).unwrap();
    let deleted = |all: &[Option<Expected>]| -> Vec<f64> {
        all.iter().map(|one| one.unwrap().deleted_residual).collect()
    };
    assert_close(&deleted(&ours), &deleted(&line), 1e-9);
}

/// What became of simulated sets of classes.
#[derive(Default)]
struct Shares {
    /// Classes in their interval, of all and of the thirds with the fewest, middling and most instances.
    covered: f64,
    by_third: [f64; 3],
    /// Sets in which a class is flagged, and flagged classes.
    any_flagged: f64,
    flagged: f64,
    /// Classes 4 and 6 standard deviations below the others that are flagged.
    found: [f64; 2],
}

/// How noise depends on the instance count.
#[derive(Clone, Copy, Debug)]
enum NoiseLaw {
    Equal,
    /// Variance 1 + 20/m.
    Mild,
    /// Variance m^0.3.
    Rising,
    /// Variance 1/m.
    Root,
}

impl NoiseLaw {
    const ALL: [NoiseLaw; 4] = [NoiseLaw::Equal, NoiseLaw::Mild, NoiseLaw::Rising, NoiseLaw::Root];

    fn deviation(self, m: f64) -> f64 {
        match self {
            NoiseLaw::Equal => 1.0,
            NoiseLaw::Mild => (1.0 + 20.0 / m).sqrt(),
            NoiseLaw::Rising => m.powf(0.15),
            NoiseLaw::Root => m.powf(-0.5),
        }
    }
}

/// AP rises with the count and levels off, from 4 to 5000 instances.
fn simulate(count: usize, noise: NoiseLaw, sets: u64) -> Shares {
    let instances: Vec<u64> = (0..count)
        .map(|at| (4.0 * 1250_f64.powf(at as f64 / (count - 1) as f64)).round() as u64)
        .collect();
    let deviations: Vec<f64> = instances.iter().map(|&m| noise.deviation(m as f64)).collect();
    let mean = deviations.iter().sum::<f64>() / count as f64;
    let none = vec![0.0; count];
    let of = |ap: &[f64]| -> Vec<Expected> {
        let all = expectation(&classes(&instances, ap, &none), false, ApScale::Percent).unwrap();
        all.into_iter().map(Option::unwrap).collect()
    };
    let one = |set: u64| {
        let mut random = Random::of(set);
        let mut shares = Shares::default();
        let mut ap: Vec<f64> = (instances.iter().zip(&deviations))
            .map(|(&m, deviation)| {
                let m = m as f64;
                40.0 + 12.0 * m / (m + 50.0) + 4.0 * deviation / mean * random.normal()
            })
            .collect();
        let all = of(&ap);
        for (at, (one, ap)) in all.iter().zip(&ap).enumerate() {
            let covered = one.interval.0 <= *ap && *ap <= one.interval.1;
            let third = 3 * at / count;
            let size = (0..count).filter(|at| 3 * at / count == third).count();
            shares.covered += f64::from(covered) / count as f64;
            shares.by_third[third] += f64::from(covered) / size as f64;
            shares.flagged += f64::from(one.flagged) / count as f64;
        }
        shares.any_flagged = f64::from(all.iter().any(|one| one.flagged));
        let at = (random.uniform() * count as f64) as usize;
        let (own, deviation) = (ap[at], 4.0 * deviations[at] / mean);
        for (found, below) in shares.found.iter_mut().zip([4.0, 6.0]) {
            ap[at] = own - below * deviation;
            let one = of(&ap)[at];
            *found = f64::from(one.flagged && one.deleted_residual < 0.0);
        }
        shares
    };
    let all: Vec<Shares> = (0..sets).into_par_iter().map(one).collect();
    let mean = |number: &dyn Fn(&Shares) -> f64| all.iter().map(number).sum::<f64>() / sets as f64;
    Shares {
        covered: mean(&|one| one.covered),
        by_third: [0, 1, 2].map(|third| mean(&|one| one.by_third[third])),
        any_flagged: mean(&|one| one.any_flagged),
        flagged: mean(&|one| one.flagged),
        found: [0, 1].map(|below| mean(&|one| one.found[below])),
    }
}

#[test]
fn intervals_cover_simulated_classes_and_few_are_flagged() {
    for count in [12, 31, 80] {
        for noise in [NoiseLaw::Equal, NoiseLaw::Root] {
            let shares = simulate(count, noise, 15_000 / count as u64);
            let what = format!("{count} {noise:?}: {:.3} covered", shares.covered);
            assert!((0.93..=0.97).contains(&shares.covered), "{what}");
            let thirds = shares.by_third;
            assert!(thirds.iter().all(|third| *third > 0.8), "{what}, by third {thirds:?}");
            assert!(shares.flagged < 0.02, "{what}, {:.4} flagged", shares.flagged);
            assert!(shares.any_flagged < 0.15, "{what}, in {:.3} of sets", shares.any_flagged);
            let found = shares.found;
            assert!(count < 31 || found[0] > 0.4 && found[1] > 0.7, "{what}, {found:?} found");
        }
    }
}

#[test]
#[ignore = "the table of docs/explain.md; a minute"]
fn simulated_expectations() {
    println!(
        "| classes | noise | covered | by third | flagged | sets with any | 4 below | 6 below |"
    );
    for count in [12, 20, 31, 80, 300] {
        for noise in NoiseLaw::ALL {
            let shares = simulate(count, noise, 150_000 / count as u64);
            let [few, middling, many] = shares.by_third.map(|share| 100.0 * share);
            println!(
                "| {count} | {noise:?} | {:.1} | {few:.1}, {middling:.1}, {many:.1} | {:.2} | {:.1} | {:.0} | {:.0} |",
                100.0 * shares.covered,
                100.0 * shares.flagged,
                100.0 * shares.any_flagged,
                100.0 * shares.found[0],
                100.0 * shares.found[1],
            );
        }
    }
}
