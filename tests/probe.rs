//! Classification layers on frozen embeddings: their losses, optima, judgement and verdict, against float64 PyTorch,
//! SciPy and scikit-learn (`tests/golden/probe.py`), closed forms and simulated embeddings.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::ops::Range;

use igam_analyze::analysis::probe::{Finding, Instances, Layer, Probe, ProbeSettings, ProbedLoss};
use igam_analyze::figure::draw::{ProbeBar, ProbePanel, probe as figure};
use igam_analyze::input::embeddings::Dump;
use igam_analyze::loss::{Batch, SCALE};
use igam_analyze::margin::margins;
use igam_analyze::probe::{
    Difference, LossKind, Minimum, Resampled, RowLoss, VECTORS, folds_of, holm, minimize,
};
use igam_analyze::rows::Array;
use igam_analyze::stream::{Features, Head, PROGRAM, Real, Threads, judged};
use igam_analyze::{Classes, Error, Estimator, Normalization, Options, Warnings, information};
use ndarray::{Array1, Array2, ArrayView2};
use ndarray_npy::{read_npy, write_npy};
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, ParquetWriter, Series};
use proptest::prelude::*;
use serde_json::Value;

use crate::bad_input::{lists, parquet, refused};
use crate::figures::{assert_legible, texts};
use crate::{Workdir, assert_close, numbers, repository};

fn golden() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/probe.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn matrix(rows: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = rows.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn kind(name: &Value) -> LossKind {
    *LossKind::ALL.iter().find(|kind| kind.name() == name).unwrap()
}

fn row_loss(
    kind: LossKind,
    counts: &[f64],
    margins: Option<ArrayView2<f64>>,
    scale: f64,
) -> RowLoss {
    match margins {
        Some(margins) => RowLoss::with_margins(margins, scale),
        None => RowLoss::new(kind, counts, scale),
    }
}

/// The loss of a row, and its gradient.
fn of_row(loss: &RowLoss, y: usize, z: &[f64]) -> (f64, Vec<f64>) {
    let mut gradient = z.to_vec();
    let value = loss.of_row(y, &mut gradient, &mut Vec::new());
    (value, gradient)
}

#[track_caller]
fn assert_near(ours: &[f64], theirs: &[f64], most: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len());
    let scale = theirs.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
    for (one, other) in ours.iter().zip(theirs) {
        assert!((one - other).abs() <= most * scale, "{what}: {ours:?} against {theirs:?}");
    }
}

#[test]
fn losses_and_gradients_agree_with_pytorch() {
    let mut kinds = Vec::new();
    for case in golden()["rows"].as_array().unwrap() {
        let margins = case.get("margins").map(matrix);
        let margins = margins.as_ref().map(|margins| margins.view());
        let (kind, counts) = (kind(&case["loss"]), numbers(&case["counts"]));
        let loss = row_loss(kind, &counts, margins, case["scale"].as_f64().unwrap());
        let y = case["y"].as_u64().unwrap() as usize;
        let (value, gradient) = of_row(&loss, y, &numbers(&case["z"]));
        assert_near(&[value], &[case["value"].as_f64().unwrap()], 1e-12, kind.name());
        assert_near(&gradient, &numbers(&case["gradient"]), 1e-10, kind.name());
        kinds.push(kind);
    }
    assert!(LossKind::ALL.iter().all(|kind| kinds.contains(kind)));
}

/// Logits of six classes, as cosines at a scale; margins of every size, none for the own class.
fn row() -> impl Strategy<Value = (usize, f64, Vec<f64>, Vec<f64>, Array2<f64>)> {
    let cosines = proptest::collection::vec(-0.98..0.98, 6);
    let counts = proptest::collection::vec(0.0..5000.0, 6);
    let margins = proptest::collection::vec(-3.0..5.0, 36);
    (0..6_usize, 1.0..64.0, cosines, counts, margins).prop_map(
        |(y, scale, cosines, counts, margins)| {
            let mut margins = Array2::from_shape_vec((6, 6), margins).unwrap();
            margins.diag_mut().fill(0.0);
            (y, scale, cosines, counts, margins)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_are_central_differences((y, scale, cosines, counts, margins) in row()) {
        let z: Vec<f64> = cosines.iter().map(|cosine| scale * cosine).collect();
        for &kind in LossKind::ALL {
            let loss = row_loss(kind, &counts, kind.has_margins().then(|| margins.view()), scale);
            let (_, gradient) = of_row(&loss, y, &z);
            for j in 0..z.len() {
                let step = 1e-6 * scale;
                let at = |by: f64| {
                    let mut z = z.clone();
                    z[j] += by;
                    of_row(&loss, y, &z)
                };
                let (before, after) = (at(-step), at(step));
                // Where a loss has an edge within the step, it has no derivative.
                let edge = (after.1[j] - before.1[j]).abs() > 1e-2;
                let slope = (after.0 - before.0) / (2.0 * step);
                prop_assert!(
                    edge || (slope - gradient[j]).abs() < 1e-4,
                    "{}: {slope} against {}", kind.name(), gradient[j]
                );
            }
        }
    }

    #[test]
    fn igam_is_the_loss_of_the_margins((y, scale, cosines, _, margins) in row()) {
        let z: Vec<f64> = cosines.iter().map(|cosine| scale * cosine).collect();
        let (value, gradient) = of_row(&RowLoss::with_margins(margins.view(), scale), y, &z);
        let (cosines, labels) = (Array2::from_shape_vec((1, 6), cosines).unwrap(), [y]);
        let batch = Batch::new(cosines.view(), &labels).unwrap();
        assert_near(&[value], &batch.losses(margins.view(), scale).unwrap(), 1e-12, "loss");
        // That of Eq. 6 is by cosines, and z = s·cosθ.
        let theirs = batch.gradients(margins.view(), scale).unwrap() / scale;
        assert_near(&gradient, theirs.as_slice().unwrap(), 1e-10, "gradient");
    }

    #[test]
    fn rows_of_an_image_share_a_fold_and_classes_are_spread(
        classes in proptest::collection::vec(0..5_u32, 1..120),
        each in 1..4_usize, folds in 2..6_usize, seed in 1..9_u64,
    ) {
        // Images of so many boxes; then of one, each of its own class.
        for each in [each, 1] {
            let images: Vec<u32> = (0..classes.len()).map(|row| (row / each) as u32).collect();
            let count = images.last().map_or(0, |last| *last as usize + 1);
            let mut counts = vec![0; 5];
            classes.iter().for_each(|&class| counts[class as usize] += 1);
            let fold_of = folds_of(&images, count, &classes, &counts, folds, seed);
            prop_assert!(fold_of.iter().all(|&fold| usize::from(fold) < folds));
            for pair in 1..classes.len() {
                prop_assert!(images[pair] != images[pair - 1] || fold_of[pair] == fold_of[pair - 1]);
            }
            for class in (0..5).filter(|_| each == 1) {
                let of = |fold: usize| {
                    let rows = classes.iter().zip(&fold_of);
                    rows.filter(|&(&c, &f)| c == class && usize::from(f) == fold).count()
                };
                let sizes: Vec<usize> = (0..folds).map(of).collect();
                prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            }
        }
    }

    #[test]
    fn weights_have_mean_1_and_are_those_of_their_image(
        images in proptest::collection::vec(0..40_u32, 1..200), seed in 0..9_u64,
    ) {
        let of = |seed, part| Resampled::new(&images, 40, seed, part).weights;
        let weights = of(seed, 0);
        for (a, one) in weights.iter().enumerate() {
            prop_assert!(*one > 0.0 && one.is_finite());
            for (b, other) in weights[..a].iter().enumerate() {
                prop_assert_eq!(images[a] == images[b], one == other);
            }
        }
        let each: Vec<u32> = (0..40).collect();
        let all = Resampled::new(&each, 40, seed, 0).weights;
        prop_assert!((all.iter().sum::<f64>() / 40.0 - 1.0).abs() < 1e-12);
        prop_assert_eq!(&weights, &of(seed, 0));
        prop_assert!(weights != of(seed, 1) && weights != of(seed + 1, 0));
    }
}

/// The weights of a Bayesian bootstrap are exponential: mean and standard deviation 1, a share e⁻² above 2.
#[test]
fn weights_are_exponential() {
    let images: Vec<u32> = (0..100_000).collect();
    let weights = Resampled::new(&images, images.len(), 3, 0).weights;
    let mean = |of: &dyn Fn(f64) -> f64| {
        weights.iter().map(|&weight| of(weight)).sum::<f64>() / weights.len() as f64
    };
    assert!((mean(&|weight| (weight - 1.0).powi(2)).sqrt() - 1.0).abs() < 0.02);
    assert!((mean(&|weight| f64::from(weight > 2.0)) - (-2.0_f64).exp()).abs() < 0.005);
}

/// Class 1 has two images, each with a row of the rarer class 0: they must not meet in one fold.
#[test]
fn the_images_of_a_class_are_spread_even_beside_rarer_ones() {
    let (mut images, mut labels) = (vec![0, 0, 1, 1], vec![1, 1, 1, 1]);
    for image in 2..12 {
        images.extend([image; 3]);
        labels.extend([2, 2, 2]);
    }
    // Of class 0 a row in each of the first two images.
    images.extend([0, 1]);
    labels.extend([0, 0]);
    for seed in 1..30 {
        let fold_of = folds_of(&images, 12, &labels, &[2, 4, 30], 2, seed);
        assert_ne!(fold_of[0], fold_of[2], "seed {seed}");
    }
}

/// The counts of classes without instances change no margin of the others.
#[test]
fn ldam_has_the_margins_of_the_classes_that_are_there() {
    let z = [3.0, 1.0, -2.0, 0.5];
    let there = RowLoss::new(LossKind::Ldam, &[40.0, 5.0, 0.4], 30.0);
    let more = RowLoss::new(LossKind::Ldam, &[40.0, 5.0, 0.4, 0.0], 30.0);
    for y in 0..3 {
        let margin = |loss: &RowLoss, z: &[f64]| {
            // Of two equal logits, the loss is ln(1 + e^margin).
            let mut z: Vec<f64> = z.iter().map(|_| -1e3).collect();
            (z[y], z[(y + 1) % 3]) = (0.0, 0.0);
            loss.of_row(y, &mut z, &mut Vec::new())
        };
        assert_close(&[margin(&more, &z)], &[margin(&there, &z[..3])], 1e-12);
        let expected = 30.0 * 0.5 * (0.4_f64 / [40.0, 5.0, 0.4][y]).powf(0.25);
        assert_close(&[margin(&there, &z[..3])], &[expected.exp().ln_1p()], 1e-12);
    }
}

/// Of features that say nothing, a linear layer learns the shares of the classes: the loss is their entropy. So it
/// does of features so small that the weight decay allows no use of them.
#[test]
fn small_features_leave_the_shares_of_the_classes() {
    let labels: Vec<u32> = [vec![0; 60], vec![1; 30], vec![2; 10]].concat();
    let entropy = -[0.6_f64, 0.3, 0.1].map(|share| share * share.ln()).iter().sum::<f64>();
    let layer = Layer { classes: 3, scale: None, epochs: 500, threads: Threads::One };
    let loss = RowLoss::new(LossKind::Softmax, &[60.0, 30.0, 10.0], 1.0);
    for size in [0.0, 1e-30, 1e-6] {
        let values: Vec<f32> =
            (0..200).map(|at| size * ((at * 7919) % 100) as f32 / 100.0).collect();
        let features: Features<f32, Array> = Features::Memory(values, 2);
        let rows = (&labels[..], &[0.01; 100][..]);
        let (_, found) = layer.trained(&features, rows, &loss, &|_| {}).unwrap();
        assert!((found.value - entropy).abs() < 1e-4 && found.converged, "{size}: {found:?}");
    }
}

/// Equal logits share a row, so that the first class gains nothing.
#[test]
fn equal_logits_share_the_recall() {
    let features: Features<f64, Array> = Features::Memory(vec![0.0; 12], 2);
    let head = Head { weights: vec![1.0; 6], offsets: vec![0.0; 3], cosine: false };
    let labels = [0, 0, 1, 1, 2, 2];
    let heads = (&[head][..], &(|_| 0_usize) as &(dyn Fn(usize) -> usize + Sync));
    let found = judged(&features, (&labels, &[1.0; 6]), heads, Threads::One).unwrap();
    let recall: Vec<f64> = found.recall.into_iter().flatten().collect();
    assert_close(&recall, &[1.0 / 3.0; 3], 1e-12);
}

/// ½·Σ k·(x_k − k)², and its gradient.
fn quadratic(x: &[f64]) -> (f64, Vec<f64>) {
    let steps = x.iter().enumerate().map(|(k, x)| (k as f64 + 1.0, x - k as f64 - 1.0));
    let value = steps.clone().map(|(k, step)| k * step * step / 2.0).sum();
    (value, steps.map(|(k, step)| k * step).collect())
}

fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
    let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
    (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
}

#[test]
fn known_minima_are_found() {
    let Minimum { at, converged, evaluations, .. } =
        minimize(vec![0.0; 50], 500, 1e-14, |x| Ok(quadratic(x))).unwrap();
    assert!(converged && evaluations < 120, "{evaluations}");
    at.iter().enumerate().for_each(|(k, x)| assert!((x - k as f64 - 1.0).abs() < 1e-5, "{x}"));
    let Minimum { at, value, converged, .. } =
        minimize(vec![-1.2, 1.0], 500, 1e-14, |x| Ok(rosenbrock(x))).unwrap();
    assert!(converged && value < 1e-12 && (at[0] - 1.0).abs() < 1e-5 && (at[1] - 1.0).abs() < 1e-5);
    // It begins where it ends.
    let there = minimize(vec![1.0, 1.0], 500, 1e-14, |x| Ok(rosenbrock(x))).unwrap();
    assert_eq!((there.at, there.evaluations, there.converged), (vec![1.0, 1.0], 1, true));
}

#[test]
fn no_more_evaluations_than_allowed() {
    let least = minimize(vec![-1.2, 1.0], 1000, 1e-8, |x| Ok(rosenbrock(x))).unwrap().evaluations;
    let mut last = f64::INFINITY;
    for most in 1..=least + 1 {
        let mut asked = 0;
        let found = minimize(vec![-1.2, 1.0], most, 1e-8, |x| {
            asked += 1;
            Ok(rosenbrock(x))
        })
        .unwrap();
        assert_eq!((asked, found.evaluations), (asked.min(most), asked));
        assert_eq!(found.value, rosenbrock(&found.at).0, "the value is of another point");
        assert!(found.value <= last, "more evaluations find less");
        assert_eq!(found.converged, most >= least, "{most} of {least}");
        last = found.value;
    }
    let fails = minimize(vec![0.0], 9, 1e-5, |_| Err(Error::Input("gone".into())));
    assert_eq!(fails.unwrap_err().to_string(), "gone");
}

fn labels(file: &str) -> Vec<u32> {
    let ids: Array1<i64> = read_npy(repository("data/fod-a2").join(file)).unwrap();
    ids.into_iter().map(|id| id as u32).collect()
}

/// N×128 halves, which begin after a header of 128 bytes.
fn halves(file: &str) -> Array2<half::f16> {
    let bytes = std::fs::read(repository("data/fod-a2").join(file)).unwrap();
    let values = bytes[128..].chunks_exact(2).map(|two| half::f16::from_le_bytes([two[0], two[1]]));
    let values: Vec<half::f16> = values.collect();
    Array2::from_shape_vec((values.len() / 128, 128), values).unwrap()
}

/// The layer of each loss against the optimum that SciPy finds in float64: its loss, and the test objects that it
/// recognizes, to one of a class and to so many `objects` of all 1810.
fn at_the_optimum<T: Real>(objects: f64) {
    let golden = &golden()["optimum"];
    let (x, test) = (halves("cos/embeddings.npy"), halves("cos/test_embeddings.npy"));
    let (x, test) = (Array::new(x.view(), &[]).unwrap(), Array::new(test.view(), &[]).unwrap());
    let (y, shown) = (labels("labels.npy"), labels("test_labels.npy"));
    let (features, test) =
        (Features::<T, _>::in_memory(&x).unwrap(), Features::in_memory(&test).unwrap());
    let normalized = Normalization::PrintedMean.normalize(&numbers(&golden["information"]));
    let mut counts = vec![0.0; 31];
    y.iter().for_each(|&label| counts[label as usize] += 1.0);
    for expected in golden["losses"].as_array().unwrap() {
        let kind = kind(&expected["loss"]);
        let margins = kind.has_margins().then(|| {
            let margins = margins(&normalized, kind == LossKind::IgamSigned);
            let transposed = kind == LossKind::IgamTransposed;
            if transposed { margins.reversed_axes() } else { margins }
        });
        let scale = kind.is_cosine().then_some(SCALE);
        let loss = row_loss(kind, &counts, margins.as_ref().map(|margins| margins.view()), SCALE);
        let layer = Layer { classes: 31, scale, epochs: 1000, threads: Threads::All };
        let weights = vec![1.0 / y.len() as f64; y.len()];
        let (head, minimum) = layer.trained(&features, (&y, &weights), &loss, &|_| {}).unwrap();
        let theirs = expected["value"].as_f64().unwrap();
        let one = vec![1.0; shown.len()];
        let found = judged(&test, (&shown, &one), (&[head], &|_| 0), Threads::All).unwrap();
        let right = numbers(&expected["right"]);
        let ours: Vec<f64> = (0..31)
            .map(|class| {
                let all = shown.iter().filter(|&&label| label == class).count() as f64;
                (found.recall[class as usize].unwrap() * all).round()
            })
            .collect();
        let most = ours.iter().zip(&right).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let (sum, total): (f64, f64) = (ours.iter().sum(), right.iter().sum());
        let said = format!(
            "{:<16} {:.8} against {theirs:.8}, {} passes; {sum} against {total} right, {most} in a class",
            kind.name(),
            minimum.value,
            minimum.evaluations
        );
        println!("{said}");
        assert!((minimum.value - theirs).abs() < 1e-5 && minimum.converged, "{said}");
        assert!(minimum.value > theirs - 1e-7, "below the optimum: {said}");
        assert!((sum - total).abs() <= objects && most <= 1.0, "{said}");
    }
}

#[test]
fn layers_are_at_the_optimum_in_f64() {
    at_the_optimum::<f64>(1.0);
}

#[test]
fn layers_are_at_the_optimum_in_f32() {
    at_the_optimum::<f32>(2.0);
}

#[test]
fn weighted_recall_and_ap_agree_with_scikit_learn() {
    let golden = &golden()["ranked"];
    let logits = matrix(&golden["logits"]);
    let labels: Vec<u32> =
        numbers(&golden["labels"]).into_iter().map(|label| label as u32).collect();
    let weights = numbers(&golden["weights"]);
    // A layer that gives the embeddings themselves; the last class has no rows.
    let classes = logits.ncols();
    let unit: Vec<f64> = Array2::<f64>::eye(classes).into_iter().collect();
    let head = Head { weights: unit, offsets: vec![0.0; classes], cosine: false };
    let heads = [head.clone(), head];
    let array = Array::new(logits.view(), &[]).unwrap();
    let features = [Features::in_memory(&array).unwrap(), Features::Rows(&array)];
    for (features, threads) in features.iter().zip([Threads::One, Threads::All]) {
        // Which layer sees a row does not matter, as they are equal.
        let found =
            judged(features, (&labels, &weights), (&heads, &|row| row % 2), threads).unwrap();
        let known =
            |values: &[Option<f64>]| -> Vec<f64> { values.iter().flatten().copied().collect() };
        assert!(found.recall[3].is_none() && found.average_precision[3].is_none());
        assert_close(&known(&found.recall), &numbers(&golden["recall"]), 1e-12);
        assert_close(&known(&found.average_precision), &numbers(&golden["ap"]), 1e-12);
    }
}

/// Against the t distribution's tables: t₀.₉₇₅ of 3 degrees of freedom is 3.182446.
#[test]
fn differences_have_the_interval_of_their_seeds() {
    let difference = Difference::of(&[0.01, 0.03, 0.02, 0.06]).unwrap();
    let error = (0.0014 / 3.0 * 1.25_f64).sqrt();
    assert_close(&[difference.mean], &[0.03], 1e-12);
    assert_close(&[difference.low], &[0.03 - 3.182446305 * error], 1e-7);
    assert_close(&[difference.high], &[0.03 + 3.182446305 * error], 1e-7);
    // At t = 3.182446 p is 0.05.
    let scaled: Vec<f64> = [-1.0, 1.0, -1.0, 1.0]
        .map(|one| 1.0 + one / 3.182446305 / (4.0 / 3.0 * 1.25_f64).sqrt())
        .to_vec();
    assert_close(&[Difference::of(&scaled).unwrap().p_value], &[0.05], 1e-7);
    let none = Difference::of(&[0.0; 5]).unwrap();
    assert_eq!((none.mean, none.low, none.high, none.p_value), (0.0, 0.0, 0.0, 1.0));
    // What does not vary is no evidence.
    assert_eq!(Difference::of(&[0.1; 5]).unwrap().p_value, 1.0);
    assert_eq!(Difference::of(&[0.7; 6]).unwrap().p_value, 1.0);
    assert!(Difference::of(&[1.0]).is_none());
}

/// Holm's rule: the k-th smallest of n against level/(n − k + 1), until one fails.
#[test]
fn of_many_losses_each_needs_more_evidence() {
    assert_eq!(holm(&[0.04, 0.012, 0.001, 0.03], 0.05), [false, true, true, false]);
    assert_eq!(holm(&[0.013, 0.013, 0.013, 0.013], 0.05), [false; 4]);
    assert_eq!(holm(&[0.04], 0.05), [true]);
    assert!(holm(&[], 0.05).is_empty());
}

/// Generated embeddings, with labels.
struct Data {
    x: Array2<f32>,
    y: Vec<u32>,
}

/// Of a standard normal distribution (Box and Muller).
fn normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (2.0 * PI * random.f64()).cos()
}

/// Classes around `means`, each with its standard deviation and count.
fn drawn(means: &[Vec<f64>], spread: &[f64], counts: &[usize], random: &mut fastrand::Rng) -> Data {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (class, ((mean, spread), &count)) in means.iter().zip(spread).zip(counts).enumerate() {
        for _ in 0..count {
            x.extend(mean.iter().map(|mean| (mean + spread * normal(random)) as f32));
            y.push(class as u32);
        }
    }
    Data { x: Array2::from_shape_vec((y.len(), means[0].len()), x).unwrap(), y }
}

/// Vectors along the axes.
fn axes(classes: usize, dim: usize, length: f64) -> Vec<Vec<f64>> {
    let axis = |class| (0..dim).map(|k| if k == class { length } else { 0.0 }).collect();
    (0..classes).map(axis).collect()
}

fn probed(
    training: &Data,
    held_out: Option<&Data>,
    estimator: Estimator,
    settings: &ProbeSettings,
) -> Probe {
    let classes = *training.y.iter().max().unwrap() as usize + 1;
    let ids: Vec<i64> = training.y.iter().map(|&label| label.into()).collect();
    let options = Options::new().estimator(estimator);
    let named = Classes::numbered(classes);
    let amounts = information(training.x.view(), &ids, named, &options).unwrap();
    let counted = |data: &Data| {
        let mut counts = vec![0; classes];
        data.y.iter().for_each(|&label| counts[label as usize] += 1);
        counts
    };
    let shown = held_out.unwrap_or(training);
    let (rows, others) =
        [training, shown].map(|data| Array::new(data.x.view(), &[]).unwrap()).into();
    let (counts, theirs) = (counted(training), counted(shown));
    let training = Instances { rows: &rows, labels: &training.y, counts: &counts, images: None };
    let shown = Instances { rows: &others, labels: &shown.y, counts: &theirs, images: None };
    let held_out = held_out.map(|_| &shown);
    Probe::of(&training, held_out, &amounts, None, settings, None, &mut Warnings::default())
        .unwrap()
}

/// Classes that overlap, with 800, 200, 60 and 30 embeddings; 200 held-out ones of each. Mean recall then needs
/// boundaries as of equal classes, which logit adjustment gives.
fn imbalanced(seed: u64) -> [Data; 2] {
    let random = &mut fastrand::Rng::with_seed(seed);
    [[800, 200, 60, 30], [200; 4]].map(|counts| drawn(&axes(4, 4, 2.0), &[1.0; 4], &counts, random))
}

/// One wide class of few embeddings, and around it three narrow ones of many. Training separates them in 48
/// dimensions, with the boundary between the outermost embeddings. Others of the wide class lie beyond it, and
/// none of the narrow ones do: the wide class needs more space, and has more information.
fn wide(seed: u64) -> [Data; 2] {
    let mut means = axes(4, 48, 72.0);
    means.iter_mut().for_each(|mean| mean[0] = 120.0);
    let spread = [20.4, 1.2, 1.2, 1.2];
    let random = &mut fastrand::Rng::with_seed(seed);
    [[12, 100, 100, 100], [200; 4]].map(|counts| drawn(&means, &spread, &counts, random))
}

/// Equal spherical classes of 60, with means so far from 0; at 0 they are all the same.
fn equal(length: f64, seed: u64) -> [Data; 2] {
    let random = &mut fastrand::Rng::with_seed(seed);
    [[60; 4]; 2].map(|counts| drawn(&axes(4, 8, length), &[1.0; 4], &counts, random))
}

fn only(losses: &[LossKind]) -> ProbeSettings {
    let normalizations = vec![Normalization::PrintedMean];
    ProbeSettings { losses: losses.to_vec(), normalizations, ..ProbeSettings::default() }
}

fn loss(probe: &Probe, kind: LossKind) -> &ProbedLoss {
    probe.losses.iter().find(|one| one.variant.kind == kind).unwrap()
}

fn helps(probe: &Probe) -> bool {
    probe.losses.iter().any(|one| one.finding() == Some(Finding::Helps))
}

#[test]
fn logit_adjustment_helps_where_classes_are_imbalanced() {
    for seed in 0..3 {
        let [training, held_out] = imbalanced(seed);
        let settings = only(&[LossKind::LogitAdjustment]);
        let probe = probed(&training, Some(&held_out), Estimator::default(), &settings);
        let found = loss(&probe, LossKind::LogitAdjustment);
        assert_eq!(found.finding(), Some(Finding::Helps), "data set {seed}");
        let verdict = probe.verdict();
        assert!(verdict[0].starts_with("logit-adjustment helps: mean recall +"), "{verdict:?}");
        let [higher, lower] = found.changed();
        assert!(higher.contains(&3) && !higher.contains(&0) && !lower.contains(&3), "{higher:?}");
    }
}

#[test]
fn transposed_margins_help_a_wide_class_among_narrow_ones() {
    for seed in 0..4 {
        let [training, held_out] = wide(seed);
        let settings = only(&[LossKind::Igam, LossKind::IgamTransposed]);
        let probe = probed(&training, Some(&held_out), Estimator::Sample, &settings);
        let bits: Vec<f64> = probe.classes.iter().map(|class| class.information.unwrap()).collect();
        assert!(bits[1..].iter().all(|narrow| bits[0] > *narrow), "{bits:?}");
        let [printed, transposed] =
            [LossKind::Igam, LossKind::IgamTransposed].map(|kind| loss(&probe, kind));
        assert_eq!(transposed.finding(), Some(Finding::Helps), "data set {seed}");
        assert_eq!(transposed.changed()[0], [0]);
        assert!(printed.compared.as_ref().unwrap().recall.mean < 0.0);
        let yes = "Does IGAM help these classes? Yes, as \"igam-transposed\".";
        assert_eq!(probe.verdict()[0], yes);
    }
}

/// A finding needs a p-value that is small among those of all losses (Holm), and a change of half a point.
#[test]
fn findings_follow_from_all_p_values() {
    let [training, held_out] = imbalanced(4);
    let probe = probed(&training, Some(&held_out), Estimator::default(), &only(LossKind::ALL));
    let compared: Vec<_> = probe.losses.iter().filter_map(|one| one.compared.as_ref()).collect();
    let mut changes: Vec<(usize, Difference)> = Vec::new();
    for (at, one) in compared.iter().enumerate() {
        changes.extend([(at, one.recall), (at, one.average_precision)]);
    }
    assert_eq!(changes.len(), 2 * (LossKind::ALL.len() - 1));
    changes.sort_by(|a, b| a.1.p_value.total_cmp(&b.1.p_value));
    let fails = |&(rank, change): &(usize, &(usize, Difference))| {
        change.1.p_value > 0.05 / (changes.len() - rank) as f64
    };
    let significant = changes.iter().enumerate().find(fails).unwrap().0;
    let large = |change: &Difference| change.mean.abs() >= 0.005;
    for (at, one) in compared.iter().enumerate() {
        let own = changes[..significant].iter().filter(|change| change.0 == at && large(&change.1));
        let signs: Vec<bool> = own.map(|change| change.1.mean > 0.0).collect();
        let expected = match (signs.contains(&true), signs.contains(&false)) {
            (true, true) => Finding::Mixed,
            (true, false) => Finding::Helps,
            (false, true) => Finding::Hurts,
            (false, false) => Finding::None,
        };
        assert_eq!(one.finding, expected);
    }
    // The rule decides something here.
    let alone = |change: &&(usize, Difference)| change.1.p_value < 0.05 && large(&change.1);
    assert!(changes[significant..].iter().any(|change| alone(&change)));
}

/// Chance alone says "helps" in at most 5% of data sets: hardly in any of these.
#[test]
fn nothing_helps_where_nothing_can() {
    let all = only(LossKind::ALL);
    let found = |seed| {
        let [training, held_out] = equal(0.0, seed);
        let judged = probed(&training, Some(&held_out), Estimator::default(), &all);
        let crossed = (seed % 4 == 0).then(|| probed(&training, None, Estimator::default(), &all));
        usize::from(helps(&judged)) + usize::from(crossed.is_some_and(|probe| helps(&probe)))
    };
    assert!((0..8).map(found).sum::<usize>() <= 1);
}

fn share(count: usize, of: usize) -> String {
    format!("{:.1}%", 100.0 * count as f64 / of as f64)
}

/// Rates of findings over data sets.
fn rates(
    name: &str,
    seeds: Range<u64>,
    cross: bool,
    estimator: Estimator,
    of: fn(u64) -> [Data; 2],
) {
    let kinds: Vec<LossKind> =
        LossKind::ALL.iter().copied().filter(|&kind| kind != LossKind::Cosine).collect();
    let sets = seeds.clone().count();
    let (mut any, mut found) = (0, BTreeMap::new());
    for seed in seeds {
        let [training, held_out] = of(seed);
        let held_out = (!cross).then_some(&held_out);
        let probe = probed(&training, held_out, estimator, &only(LossKind::ALL));
        any += usize::from(helps(&probe));
        for &kind in &kinds {
            let one = loss(&probe, kind);
            let entry: &mut Vec<(Finding, Difference, Difference, bool)> =
                found.entry(kind.name()).or_default();
            let compared = one.compared.as_ref().unwrap();
            let changed = one.changed().iter().any(|side| !side.is_empty());
            entry.push((compared.finding, compared.recall, compared.average_precision, changed));
        }
    }
    println!("{name}: any loss helps in {}", share(any, sets));
    println!(
        "| Loss | Helps | Hurts | Mixed | A class changes | Recall, points | AP, points | p below 0.05: recall | AP |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for kind in kinds {
        let all = &found[kind.name()];
        let count = |wanted| share(all.iter().filter(|one| one.0 == wanted).count(), sets);
        let mean = |of: fn(&(Finding, Difference, Difference, bool)) -> Difference| {
            100.0 * all.iter().map(|one| of(one).mean).sum::<f64>() / sets as f64
        };
        let below = |of: fn(&(Finding, Difference, Difference, bool)) -> Difference| {
            share(all.iter().filter(|one| of(one).p_value < 0.05).count(), sets)
        };
        println!(
            "| {} | {} | {} | {} | {} | {:+.2} | {:+.2} | {} | {} |",
            kind.name(),
            count(Finding::Helps),
            count(Finding::Hurts),
            count(Finding::Mixed),
            share(all.iter().filter(|one| one.3).count(), sets),
            mean(|one| one.1),
            mean(|one| one.2),
            below(|one| one.1),
            below(|one| one.2)
        );
    }
    println!();
}

/// How often each loss is said to help: over 200 data sets, or PROBE_SETS of them.
#[test]
#[ignore = "takes minutes; prints a table"]
fn simulated_probe_findings() {
    let sets = std::env::var("PROBE_SETS").map_or(200, |sets| sets.parse().unwrap());
    let seeds = || 1000..1000 + sets;
    let floor = Estimator::default();
    rates("Imbalanced classes, held-out", seeds(), false, floor, imbalanced);
    rates("A wide class among narrow ones, held-out", seeds(), false, Estimator::Sample, wide);
    rates("Four classes that are the same, held-out", seeds(), false, floor, |seed| {
        equal(0.0, seed)
    });
    rates("Four classes that are the same, cross-validated", seeds(), true, floor, |seed| {
        equal(0.0, seed)
    });
    rates("Equal spherical classes, held-out", seeds(), false, floor, |seed| equal(2.0, seed));
    rates("Equal spherical classes, cross-validated", seeds(), true, floor, |seed| {
        equal(2.0, seed)
    });
}

/// Embeddings of three classes, two rows an image, more than one batch: as arrays, tables and parquet.
fn files() -> Workdir {
    let work = Workdir::new();
    let mut random = fastrand::Rng::with_seed(5);
    for (name, count) in [("x", 700), ("held", 90)] {
        let data = drawn(&axes(3, 6, 1.5), &[1.0; 3], &[count, count / 2, count / 4], &mut random);
        let y: Vec<i64> = data.y.iter().map(|&label| label.into()).collect();
        write_npy(work.path(&format!("{name}.npy")), &data.x).unwrap();
        write_npy(work.path(&format!("{name}_labels.npy")), &Array1::from(y.clone())).unwrap();
        let rows = y.iter().enumerate().map(|(row, y)| format!("{y},{name}{}\n", row / 2));
        work.write(&format!("{name}.csv"), format!("label,frame\n{}", rows.collect::<String>()));
        let values: Vec<Vec<Option<f32>>> =
            data.x.outer_iter().map(|row| row.iter().copied().map(Some).collect()).collect();
        let rows: Vec<Option<&[Option<f32>]>> = values.iter().map(|row| Some(&row[..])).collect();
        let frames: Vec<String> = (0..y.len()).map(|row| format!("{name}{}", row / 2)).collect();
        let columns = vec![
            lists("embedding", &rows),
            Series::new("label".into(), &y),
            Series::new("frame".into(), &frames),
        ];
        work.write(&format!("{name}.parquet"), parquet(columns));
    }
    work
}

const ARRAYS: &str = "probe --embeddings x.npy --labels x_labels.npy";
const HELD_OUT: &str = "--validation-embeddings held.npy --validation-labels held_labels.npy";

#[test]
fn the_same_bytes_for_any_threads_and_format() {
    let work = files();
    let few = "--seeds 3 --folds 3 --losses igam-transposed ldam seesaw";
    let tables = "probe --embeddings x.npy --labels x.csv --group-column frame";
    let mut runs = vec![
        (format!("{tables} {few} --threads 1"), "one"),
        (format!("{tables} {few} --threads 3"), "three"),
        (format!("probe --embeddings x.parquet --group-column frame {few}"), "parquet"),
    ];
    let few = "--seeds 3 --losses igam-transposed ldam seesaw";
    let held = "--validation-embeddings held.npy --validation-labels held.csv";
    for (held, limit, out) in [
        (held, "--threads 1", "held-one"),
        (held, "--threads 3", "held-three"),
        ("--validation-embeddings held.parquet", "", "held-parquet"),
    ] {
        runs.push((format!("{tables} {few} {held} {limit}"), out));
    }
    for (arguments, out) in &runs {
        work.run(&format!("{arguments} --out {out}"));
    }
    for (group, at) in [("one", 1..3), ("held-one", 4..6)] {
        let files = work.files(group);
        assert_eq!(files, ["probe.csv", "probe.svg", "probe_classes.csv", "probe_verdict.csv"]);
        for (_, out) in &runs[at] {
            for file in &files {
                let [ours, theirs] = [group, *out].map(|out| work.read(&format!("{out}/{file}")));
                assert!(ours == theirs, "{out}/{file} differs from {group}");
            }
        }
    }
    assert!(work.read("one/probe.csv") != work.read("held-one/probe.csv"));
}

/// Embeddings that the limit has no room for are read anew in each pass: from an array, and from groups of rows of
/// another size than a batch. Nothing else changes.
#[test]
fn the_same_where_memory_is_limited() {
    let data =
        drawn(&axes(3, 6, 1.5), &[1.0; 3], &[1500, 800, 300], &mut fastrand::Rng::with_seed(9));
    let work = Workdir::new();
    write_npy(work.path("x.npy"), &data.x).unwrap();
    let values: Vec<Option<f32>> = data.x.iter().copied().map(Some).collect();
    let each: Vec<Option<&[Option<f32>]>> = values.chunks(6).map(Some).collect();
    let file = std::fs::File::create(work.path("x.parquet")).unwrap();
    let column = lists("embedding", &each).into_column();
    let mut frame = DataFrame::new_infer_height(vec![column]).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(700)).finish(&mut frame).unwrap();

    let ids: Vec<i64> = data.y.iter().map(|&label| label.into()).collect();
    let amounts = information(data.x.view(), &ids, Classes::numbered(3), &Options::new()).unwrap();
    let settings = ProbeSettings {
        seeds: 3,
        folds: 3,
        ..only(&[LossKind::IgamTransposed, LossKind::Ldam, LossKind::Seesaw])
    };
    let counts = [1500, 800, 300];
    let files = ["x.npy", "x.parquet"].map(|file| Dump::open(&[work.path(file)], None).unwrap());
    // What a layer takes, the gradients of all threads, and 80 bytes a row: nothing is left for embeddings.
    let layer = (VECTORS + rayon::current_num_threads()) * 3 * 7 * size_of::<f64>();
    let least = PROGRAM + (80 * data.y.len() + layer) as u64;
    let mut found = Vec::new();
    for rows in &files {
        let training = Instances { rows, labels: &data.y, counts: &counts, images: None };
        let (limit, warnings) = (Some(least - 1), &mut Warnings::default());
        let refused = Probe::of(&training, None, &amounts, None, &settings, limit, warnings);
        assert!(refused.unwrap_err().to_string().contains("to train a layer takes"));
        for limit in [None, Some(least)] {
            let training = Instances { rows, labels: &data.y, counts: &counts, images: None };
            let warnings = &mut Warnings::default();
            let probe =
                Probe::of(&training, None, &amounts, None, &settings, limit, warnings).unwrap();
            found.push(probe.losses.into_iter().map(|loss| loss.seeds).collect::<Vec<_>>());
        }
    }
    assert!(found[1..].iter().all(|one| *one == found[0]));
}

#[test]
fn files_have_their_columns_and_rows() {
    let work = files();
    let output = work.run(&format!(
        "{ARRAYS} {HELD_OUT} --seeds 4 --losses igam softmax --normalization printed softmax --scale 10 30 \
         --estimator sample --groups 200,500"
    ));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("it is not known which embeddings are of one image"), "{stderr}");
    let first =
        |file: &str| work.read(&format!("reports/{file}")).lines().next().unwrap().to_owned();
    let loss = "loss,normalization,estimator,scale,largest_margin";
    let change = |of: &str| format!("{of}_change,{of}_low,{of}_high");
    let (recall, ap, bias) = (change("recall"), change("ap"), change("bias"));
    let columns = "seed,epochs,unfinished,training_loss,recall,ap,bias";
    assert_eq!(first("probe.csv"), format!("{loss},{columns}"));
    let verdict = format!("finding,group,classes,{recall},recall_p,{ap},ap_p,{bias}");
    assert_eq!(first("probe_verdict.csv"), format!("{loss},{verdict}"));
    let class = "class_id,class,instances,information,judged_on,images,recall,ap";
    let shows = format!("{recall},recall_p,recall_shows,{ap},ap_p,ap_shows");
    assert_eq!(first("probe_classes.csv"), format!("{loss},{class},{shows}"));
    // Cosine and two normalizations at two scales, and softmax: 7 losses, all but the first compared.
    let lines = |file: &str| work.read(&format!("reports/{file}")).lines().count() - 1;
    assert_eq!(lines("probe.csv"), 7 * 4);
    assert_eq!(lines("probe_classes.csv"), 7 * 3);
    // All classes, three groups, the informative ones.
    assert_eq!(lines("probe_verdict.csv"), 6 * 5);
    let verdict = work.read("reports/probe_verdict.csv");
    for row in ["igam,printed,sample,10,", "igam,softmax,sample,30,", "softmax,,,,,"] {
        assert_eq!(verdict.matches(&format!("\n{row}")).count(), 5, "{row}: {verdict}");
    }
    assert!(!verdict.contains("NaN") && !verdict.contains("inf,"));
}

/// What is written is what Rust computes; and means over classes and seeds are what they are called.
#[test]
fn changes_are_differences_of_the_seeds() {
    let work = files();
    let json = work.json(&format!("{ARRAYS} {HELD_OUT} --seeds 5 --losses ldam focal"));
    let seeds = json["seeds"].as_array().unwrap();
    for row in json["verdict"].as_array().unwrap().iter().filter(|row| row["group"] == "all") {
        for (column, change) in
            [("recall", "recall_change"), ("ap", "ap_change"), ("bias", "bias_change")]
        {
            let of = |name: &Value| -> Vec<f64> {
                let rows = seeds.iter().filter(|seed| seed["loss"] == *name);
                rows.map(|seed| seed[column].as_f64().unwrap()).collect()
            };
            let (ours, plain) = (of(&row["loss"]), of(&"cosine".into()));
            let mean = ours.iter().zip(&plain).map(|(a, b)| a - b).sum::<f64>() / 5.0;
            assert_near(&[mean], &[row[change].as_f64().unwrap()], 1e-12, change);
        }
    }
    let classes = json["classes"].as_array().unwrap();
    let of = |name: &str| -> Vec<f64> {
        let rows = classes.iter().filter(|row| row["loss"] == "ldam");
        rows.map(|row| row[name].as_f64().unwrap()).collect()
    };
    assert_eq!(of("judged_on"), [90.0, 45.0, 22.0]);
    let all = &json["verdict"][0];
    let mean = of("recall_change").iter().sum::<f64>() / 3.0;
    assert_near(&[mean], &[all["recall_change"].as_f64().unwrap()], 1e-12, "mean over classes");
}

#[test]
fn bad_input_is_refused_in_one_sentence() {
    let work = files();
    let count: usize = work.read("x.csv").lines().count() - 1;
    let array = |name: &str, values: Vec<i64>| {
        write_npy(work.path(name), &Array1::from(values)).unwrap();
    };
    array("one.npy", vec![0; count]);
    // A class with one row, and held-out embeddings of one class alone.
    array("single.npy", (0..count).map(|row| i64::from(row + 1 == count)).collect());
    array("alone.npy", vec![1; work.read("held.csv").lines().count() - 1]);
    write_npy(work.path("narrow.npy"), &Array2::<f32>::ones((157, 5))).unwrap();
    write_npy(work.path("huge.npy"), &Array2::<f32>::from_elem((count, 6), 3e38)).unwrap();
    std::fs::create_dir(work.path("folder")).unwrap();
    std::fs::copy(work.path("x_labels.npy"), work.path("folder/x_labels.npy")).unwrap();
    work.write("counts.csv", "class,instances\na,3\nb,2\n");
    work.run("moments --embeddings x.npy --labels x_labels.npy --out m.parquet");
    let held = "--validation-embeddings held.npy";
    for (arguments, code, sentence) in [
        (
            "probe --counts counts.csv".into(),
            2,
            "losses are compared on embeddings: give --embeddings",
        ),
        (
            "probe --moments m.parquet".into(),
            2,
            "losses are compared on embeddings: give --embeddings",
        ),
        (
            format!("{ARRAYS} --group-column frame"),
            2,
            "--group-column frame: x_labels.npy has no columns; give --labels as a table",
        ),
        (
            "probe --embeddings x.npy --labels x.csv --group-column image".into(),
            1,
            "x.csv: has no column \"image\"; its columns are \"label\", \"frame\"",
        ),
        (
            format!(
                "{ARRAYS} --validation-embeddings narrow.npy --validation-labels held_labels.npy"
            ),
            1,
            "narrow.npy: has 5 dimensions, but the training embeddings have 6",
        ),
        (
            "probe --embeddings x.npy --labels one.npy".into(),
            1,
            "fewer than 2 classes have embeddings of 2 images, as cross-validation needs",
        ),
        (
            "probe --embeddings x.npy --labels single.npy".into(),
            1,
            "fewer than 2 classes have embeddings of 2 images, as cross-validation needs",
        ),
        (
            format!("{ARRAYS} {held} --validation-labels alone.npy"),
            1,
            "fewer than 2 classes have both training and held-out embeddings",
        ),
        (
            "probe --embeddings x.npy --labels folder --group-column frame".into(),
            2,
            "--group-column frame: folder/x_labels.npy has no columns; give --labels as a table",
        ),
        (
            "probe --embeddings x.npy --labels x.csv --group-column label".into(),
            2,
            "--group-column label: this is the column of the labels; name the one that says which",
        ),
        (
            format!("{ARRAYS} --validation-embeddings huge.npy --validation-labels x_labels.npy"),
            1,
            "the scores of row 0 (from 0) of the embeddings are not finite",
        ),
        (
            "probe --embeddings huge.npy --labels x_labels.npy".into(),
            1,
            "the loss is not finite: values of the embeddings are too large",
        ),
        (
            format!("{ARRAYS} --validation-embeddings held.npy"),
            2,
            "give --validation-labels: held.npy holds no labels of its own",
        ),
        (format!("{ARRAYS} --scale 1e39"), 2, "a scale is a number from 0.001 to 10,000"),
        (format!("{ARRAYS} --seeds 2"), 2, "--seeds 2: 2 is not in 3 to 1000"),
        (format!("{ARRAYS} --folds 1"), 2, "--folds 1: 1 is not in 2 to 255"),
        (
            format!("{ARRAYS} {HELD_OUT} --folds 3"),
            2,
            "--validation-embeddings cannot be used with --folds",
        ),
        (format!("{ARRAYS} --epochs 0"), 2, "--epochs 0: 0 is not in 1 to 65535"),
        (format!("{ARRAYS} --scale 0"), 2, "--scale 0: not a number above 0"),
        (format!("{ARRAYS} --losses cosines"), 2, "cosines"),
        (format!("{ARRAYS} --losses cosine"), 2, "the cosine softmax is compared with itself"),
    ] {
        refused(&work, &arguments, code, sentence);
    }
}

/// Without an amount a class has no margin, and all else goes on; a class that cannot be judged has no result.
#[test]
fn classes_without_amounts_or_held_out_rows() {
    let work = files();
    let few = "--seeds 3 --losses igam --normalization softmax --estimator ledoit-peche";
    // The last class: five rows alone have an id 3.
    let mut y: Array1<i64> = read_npy(work.path("x_labels.npy")).unwrap();
    let count = y.len();
    y.slice_mut(ndarray::s![count - 5..]).fill(3);
    write_npy(work.path("four.npy"), &y).unwrap();
    let json = work.json(&format!("probe --embeddings x.npy --labels four.npy {HELD_OUT} {few}"));
    let rows: Vec<&Value> = json["classes"].as_array().unwrap().iter().collect();
    let last = rows.iter().rfind(|row| row["class"] == "3").unwrap();
    assert!(
        last["information"].is_null() && last["recall"].is_null() && last["ap_change"].is_null()
    );
    assert_eq!((&last["instances"], &last["judged_on"]), (&5.into(), &0.into()));
    assert_eq!(rows.iter().filter(|row| row["recall"].is_f64()).count(), 2 * 3);
    let warnings = json["warnings"].to_string();
    let sentence =
        "1 class is not judged, because it has no training embeddings, or no held-out ones";
    assert!(warnings.contains(sentence), "{warnings}");
    assert!(
        warnings.contains("no information amount under --estimator ledoit-peche"),
        "{warnings}"
    );
    let margin = rows[rows.len() - 1]["largest_margin"].as_f64().unwrap();
    assert!(margin > 0.0 && margin < 1.0, "{margin}");
}

#[test]
fn warnings_say_what_intervals_need() {
    let work = files();
    let said = |arguments: &str| {
        let output = work.run(&format!("{arguments} --seeds 3 --losses ldam"));
        String::from_utf8(output.stderr).unwrap()
    };
    let unknown = "it is not known which embeddings are of one image";
    let seen = "judged on images that it was trained on, too";
    let crossed = said(ARRAYS);
    assert!(crossed.contains(unknown) && crossed.contains(seen), "{crossed}");
    let held = said(&format!("{ARRAYS} {HELD_OUT}"));
    assert!(held.contains(unknown) && !held.contains(seen), "{held}");
    let tables = "probe --embeddings x.npy --labels x.csv --group-column frame";
    assert!(!said(tables).contains(unknown));
    // The same frames on both sides.
    let shared = work.read("held.csv").replace("held", "x");
    work.write("shared.csv", shared);
    let both = format!("{tables} --validation-embeddings held.npy --validation-labels shared.csv");
    let both = said(&both);
    assert!(both.contains("79 of the images have both training and held-out embeddings"), "{both}");
    let cut = said(&format!("{tables} --epochs 2"));
    assert!(cut.contains("30 of 30 layers were still improving after 2 epochs"), "{cut}");
}

/// Where the trained heads of `data/fod-a2` differ from the cosine softmax by more than their seeds do, the layers
/// that are trained anew change the recall of the same classes in the same direction.
#[test]
fn changes_have_the_signs_of_trained_heads() {
    let table = std::fs::read_to_string(repository("data/fod-a2/seeds.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let runs: Vec<BTreeMap<String, String>> =
        reader.deserialize().map(|row| row.unwrap()).collect();
    let trained = |loss: &str| -> BTreeMap<String, f64> {
        let rows = runs.iter().filter(|row| row["backbone"] == "lite0" && row["loss"] == loss);
        rows.map(|row| (row["seed"].clone(), row["recall_tail"].parse().unwrap())).collect()
    };
    // Mean and standard deviation of the change over seeds.
    let plain = trained("cos");
    let change = |loss: &str| {
        let changes: Vec<f64> = trained(loss)
            .iter()
            .filter_map(|(seed, recall)| Some(recall - plain.get(seed)?))
            .collect();
        let count = changes.len() as f64;
        let mean = changes.iter().sum::<f64>() / count;
        let squares: f64 = changes.iter().map(|change| (change - mean).powi(2)).sum();
        (mean, (squares / (count - 1.0)).sqrt())
    };
    let data = repository("data/fod-a2");
    let data = data.display();
    let work = Workdir::new();
    let input = format!(
        "probe --embeddings {data}/cos/embeddings.npy --labels {data}/labels.npy \
         --validation-embeddings {data}/cos/test_embeddings.npy --validation-labels {data}/test_labels.npy \
         --groups 20,100 --seeds 3 --normalization printed-mean softmax --losses igam igam-transposed"
    );
    let mut agreed = Vec::new();
    for (more, losses) in [
        (
            "softmax logit-adjustment seesaw",
            &[
                ("igam", "printed-mean", "igam-printed-mean-floor"),
                ("igam-transposed", "printed-mean", "igam-transposed-floor"),
                ("igam", "softmax", "igam-softmax-floor"),
                ("softmax", "", "ce"),
                ("logit-adjustment", "", "logit-adjust"),
                ("seesaw", "", "seesaw"),
            ][..],
        ),
        (
            "--estimator sample",
            &[
                ("igam", "printed-mean", "igam-printed-mean-sample"),
                ("igam-transposed", "printed-mean", "igam-transposed-sample"),
                ("igam", "softmax", "igam-softmax-sample"),
            ],
        ),
    ] {
        let json = work.json(&format!("{input} {more}"));
        for &(loss, normalization, name) in losses {
            let (mean, spread) = change(name);
            if mean.abs() < spread {
                continue;
            }
            let rows = json["verdict"].as_array().unwrap().iter();
            let normalized =
                |row: &Value| row["normalization"].as_str().unwrap_or_default().to_owned();
            let mut rows = rows.filter(|row| {
                row["loss"] == loss && normalized(row) == normalization && row["group"] == "< 20"
            });
            let ours = rows.next().unwrap()["recall_change"].as_f64().unwrap();
            assert!(ours * mean > 0.0, "{name}: {ours} against {mean} of trained heads");
            agreed.push(name);
        }
    }
    assert!(
        agreed.contains(&"igam-printed-mean-floor") && change("igam-printed-mean-floor").0 < 0.0
    );
    assert!(agreed.contains(&"igam-transposed-floor") && change("igam-transposed-floor").0 > 0.0);
    assert_eq!(agreed.len(), 7, "{agreed:?}");
}

fn panel(title: &str, classes: usize, largest: f64) -> ProbePanel {
    let change = |class: usize| {
        let mean = largest * ((class * 7 % 11) as f64 / 5.0 - 1.0);
        let half = 2.0 + (class % 5) as f64;
        let bar = ProbeBar { points: [mean, mean - half, mean + half], shows: mean.abs() > half };
        (class % 13 != 12).then_some(bar)
    };
    let changes = (0..classes).map(change).collect();
    ProbePanel { title: title.into(), mean: "+1.2 (−0.3 to +2.7)".into(), changes }
}

#[test]
fn probe_of_three_classes() {
    let names = ["plain", "Crème & <brûlée>", "\"quoted\""].map(str::to_owned);
    let panels = [panel("igam", 3, 10.0), panel("igam-transposed printed-mean", 3, 3.0)];
    insta::assert_snapshot!(figure(&names, &panels).unwrap());
}

#[test]
fn the_figure_is_legible_for_few_and_for_many_classes() {
    for (classes, largest) in
        [(1, 0.0), (3, 4.0), (31, 30.0), (80, 100.0), (300, 12.0), (1203, 60.0)]
    {
        let names: Vec<String> =
            (0..classes).map(|class| format!("a rather long name of class {class}")).collect();
        for count in [1, 12] {
            let title = "igam-transposed printed-mean ledoit-peche s=12.5";
            let panels: Vec<ProbePanel> =
                (0..count).map(|_| panel(title, classes, largest)).collect();
            let svg = figure(&names, &panels).unwrap();
            assert_legible(&svg);
            let texts = texts(&svg);
            let said = |what: &str| texts.iter().any(|text| text.says.contains(what));
            // Intervals are named where they are drawn.
            assert_eq!(said("whiskers"), classes <= 80, "{classes}");
            assert_eq!(said("is named"), classes > 80, "{classes}");
            let marks = svg.matches("<circle").count();
            assert_eq!(marks, count * (classes - classes / 13), "{classes}");
        }
    }
    assert!(figure(&[], &[panel("igam", 0, 1.0)]).is_err() && figure(&["a".into()], &[]).is_err());
}
