//! Normalization, margins and loss: against 60-digit references, and their laws.

use igam_analyze::loss::{Batch, LossError};
use igam_analyze::margin::{Summary, logit_change, margins};
use igam_analyze::normalization::Normalization;
use ndarray::{Array2, arr2};
use ndarray_npy::read_npy;
use proptest::prelude::*;
use serde_json::Value;

use crate::{Workdir, assert_close, column, golden, numbers, repository};

const RUN: &str = "data/fod-a/effnet-lite0-ce";

fn reading(name: &Value) -> Normalization {
    *Normalization::ALL.iter().find(|reading| name == reading.name()).unwrap()
}

fn matrix(rows: &Value) -> Array2<f64> {
    let rows: Vec<_> = rows.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

#[test]
fn margins_agree_with_60_digits() {
    let golden = &golden()["margins"];
    for case in golden["cases"].as_array().unwrap() {
        let information = numbers(&golden["amounts"][case["name"].as_str().unwrap()]);
        let normalized = reading(&case["reading"]).normalize(&information);
        for (ours, log) in normalized.values().zip(numbers(&case["log_normalized"])) {
            assert_close(&[ours], &[log.exp()], 1e-12);
        }
        let signed = margins(&normalized, true);
        for pair in case["pairs"].as_array().unwrap() {
            let pair = numbers(pair);
            let (i, j) = (pair[0] as usize, pair[1] as usize);
            assert_close(&[signed[(i, j)]], &[pair[2]], 1e-12);
        }
    }
}

#[test]
fn twenty_thousand_classes_do_not_overflow() {
    let mut information = vec![1.0; 20_000];
    information[7] = 1e6;
    for reading in Normalization::ALL {
        let normalized = reading.normalize(&information);
        assert!(normalized.log_ratio(7, 0).is_finite() && normalized.log_ratio(7, 0) > 0.0);
        assert_eq!(normalized.log_ratio(1, 0), 0.0);
    }
}

#[test]
fn losses_agree_with_60_digits() {
    let golden = &golden()["loss"];
    let (cosines, margins) = (matrix(&golden["cosines"]), matrix(&golden["margins"]));
    let labels: Vec<usize> =
        numbers(&golden["labels"]).iter().map(|&label| label as usize).collect();
    let batch = Batch::new(cosines.view(), &labels).unwrap();
    for scale in [1.0, 30.0, 64.0] {
        let igam = batch.losses(margins.view(), scale).unwrap();
        assert_close(&igam, &numbers(&golden[format!("igam_{scale}")]), 1e-10);
        let softmax = batch.losses(Array2::zeros((7, 7)).view(), scale).unwrap();
        assert_close(&softmax, &numbers(&golden[format!("softmax_{scale}")]), 1e-10);
    }
}

#[test]
fn what_is_no_batch_is_refused() {
    let cosines = arr2(&[[0.5, f64::NAN]]);
    assert!(matches!(Batch::new(cosines.view(), &[0]), Err(LossError::Cosine { class: 1, .. })));
    let cosines = arr2(&[[0.5, 1.5]]);
    assert!(matches!(Batch::new(cosines.view(), &[0]), Err(LossError::Cosine { value: 1.5, .. })));
    let cosines = arr2(&[[0.5, 1.0 + 1e-9]]);
    assert!(matches!(Batch::new(cosines.view(), &[2]), Err(LossError::Label { label: 2, .. })));
    assert!(matches!(
        Batch::new(cosines.view(), &[0, 1]),
        Err(LossError::Samples { labels: 2, .. })
    ));
    let batch = Batch::new(cosines.view(), &[0]).unwrap();
    let wrong = batch.losses(Array2::zeros((3, 2)).view(), 30.0);
    assert_eq!(wrong, Err(LossError::Margins { rows: 3, columns: 2, classes: 2 }));
    let gradients = batch.gradients(arr2(&[[0.0, 0.2], [0.0, 0.0]]).view(), 30.0).unwrap();
    assert!(gradients.iter().all(|gradient| gradient.is_finite()));
}

/// Near cosθ = 1 the slope of a positive margin is sin(θ+m)/sinθ for all but the last ten-millionth.
#[test]
fn gradients_of_embeddings_on_their_classes_weight() {
    let margin = 0.5_f64;
    let margins = arr2(&[[0.0, margin], [0.0, 0.0]]);
    for (angle, sine) in [
        (1e-1_f64, 1e-1_f64.sin()),
        (1e-2, 1e-2_f64.sin()),
        (1e-3, 1e-3_f64.sin()),
        (1e-5, 1e-5_f64.sin()),
        (0.0, 1e-7),
    ] {
        let cosines = arr2(&[[0.3, angle.cos()]]);
        let gradients = Batch::new(cosines.view(), &[0]).unwrap().gradients(margins.view(), 4.0);
        let gradients = gradients.unwrap();
        let lead = 4.0 * ((angle + margin).cos() - 0.3);
        let share = lead.exp() / (1.0 + lead.exp());
        let expected = 4.0 * share * (angle + margin).sin() / sine;
        // The angle is that of a rounded cosine.
        let rounding = if angle > 0.0 { f64::EPSILON / angle.powi(2) } else { 0.0 };
        assert_close(&[gradients[(0, 1)]], &[expected], 1e-12 + 4.0 * rounding);
    }
}

/// Two classes on a circle: von Mises densities (concentration 30) about −0.3 and 0.3 rad, which overlap.
struct Circle {
    angles: Vec<f64>,
    /// Share of a class in all samples at each angle: those of class 0, then those of class 1.
    weights: Vec<f64>,
    labels: Vec<usize>,
}

impl Circle {
    const SCALE: f64 = igam_analyze::loss::SCALE;

    fn new() -> Circle {
        let grid = || (0..720).map(|n| (n as f64 / 720.0 - 0.5) * std::f64::consts::TAU);
        let density = |angle: f64, mode: f64| (30.0 * ((angle - mode).cos() - 1.0)).exp();
        let sum: f64 = grid().map(|angle| density(angle, 0.0)).sum();
        let class = |mode: f64| grid().map(move |angle| density(angle, mode) / sum);
        Circle {
            angles: grid().chain(grid()).collect(),
            weights: class(-0.3).chain(class(0.3)).collect(),
            labels: (0..1440).map(|sample| sample / 720).collect(),
        }
    }

    fn cosines(&self, directions: [f64; 2]) -> Array2<f64> {
        let cosine =
            |(sample, class): (usize, usize)| (self.angles[sample] - directions[class]).cos();
        Array2::from_shape_fn((1440, 2), cosine)
    }

    /// Mean Eq. 6 over both classes.
    fn risk(&self, directions: [f64; 2], margins: &Array2<f64>) -> f64 {
        let cosines = self.cosines(directions);
        let batch = Batch::new(cosines.view(), &self.labels).unwrap();
        let losses = batch.losses(margins.view(), Circle::SCALE).unwrap();
        losses.iter().zip(&self.weights).map(|(loss, weight)| loss * weight).sum()
    }

    /// Directions of the two weight vectors after gradient descent on the risk.
    fn train(&self, margins: &Array2<f64>) -> [f64; 2] {
        let mut directions = [-0.5, 0.2];
        for _ in 0..4000 {
            let cosines = self.cosines(directions);
            let batch = Batch::new(cosines.view(), &self.labels).unwrap();
            let gradients = batch.gradients(margins.view(), Circle::SCALE).unwrap();
            let slope = |class: usize| -> f64 {
                let samples = self.angles.iter().zip(&self.weights).zip(gradients.column(class));
                let turn = |angle: f64| (angle - directions[class]).sin();
                samples.map(|((&angle, weight), gradient)| weight * gradient * turn(angle)).sum()
            };
            let slopes = [slope(0), slope(1)];
            directions = [0, 1].map(|class| directions[class] - 0.005 * slopes[class]);
        }
        directions
    }

    /// Share of class 0 that lies nearer to its own weight vector than to the other: its recall without margins.
    fn recall(&self, directions: [f64; 2]) -> f64 {
        let boundary = (directions[0] + directions[1]) / 2.0;
        let own = self.angles.iter().zip(&self.weights).take(720);
        own.filter(|(angle, _)| **angle < boundary).map(|(_, weight)| weight).sum()
    }
}

/// With m_01 > 0 class 0 is judged more gently in training, and loses space at test time.
#[test]
fn trained_boundary_moves_towards_the_class_with_the_margin() {
    const MARGIN: f64 = 0.1;
    let circle = Circle::new();
    let trained = |margins: [[f64; 2]; 2]| {
        let margins = arr2(&margins);
        let directions = circle.train(&margins);
        // Gradients and losses agree where the least risk is.
        for moved in [[0.01, 0.01], [-0.01, -0.01], [0.01, -0.01], [-0.01, 0.01]] {
            let moved = [0, 1].map(|class| directions[class] + moved[class]);
            assert!(circle.risk(moved, &margins) > circle.risk(directions, &margins));
        }
        let boundary = (directions[0] + directions[1]) / 2.0;
        (boundary, circle.recall(directions))
    };
    let (plain, plain_recall) = trained([[0.0; 2]; 2]);
    assert!(plain.abs() < 1e-9, "{plain}");
    // Class 0 lies at negative angles. A quarter of the margin, about, and a half where it is signed.
    let (gentle, gentle_recall) = trained([[0.0, MARGIN], [0.0, 0.0]]);
    assert!((-0.3..-0.2).contains(&(gentle / MARGIN)), "{gentle}");
    let (transposed, transposed_recall) = trained([[0.0, 0.0], [MARGIN, 0.0]]);
    assert!((transposed + gentle).abs() < 1e-9, "{transposed} {gentle}");
    let (signed, _) = trained([[0.0, MARGIN], [-MARGIN, 0.0]]);
    assert!((-0.6..-0.4).contains(&(signed / MARGIN)), "{signed}");
    assert!(gentle_recall < plain_recall - 0.005 && transposed_recall > plain_recall + 0.005);
}

/// docs/paper.md: where both classes are equally likely, training pulls θ_i until z = −a/2; the boundary
/// z = 0 is left where class i is (1+e^a)/2 times as likely.
#[test]
fn what_a_margin_does_at_a_point() {
    let (scale, angle, margin) =
        (igam_analyze::loss::SCALE, std::f64::consts::FRAC_PI_3, 0.178_f64);
    let bonus = scale * (angle.cos() - (angle + margin).cos());
    let margins = arr2(&[[0.0, margin], [0.0, 0.0]]);
    let pull = |z: f64, odds: f64| {
        let own = angle.cos() + z / scale;
        let cosines = arr2(&[[own, angle.cos()], [own, angle.cos()]]);
        let gradients =
            Batch::new(cosines.view(), &[0, 1]).unwrap().gradients(margins.view(), scale);
        let gradients = gradients.unwrap();
        odds * gradients[(0, 0)] + gradients[(1, 0)]
    };
    let odds = (1.0 + bonus.exp()) / 2.0;
    assert!((63.0..65.0).contains(&odds), "{odds}");
    assert!(pull(-bonus / 2.0, 1.0).abs() < 1e-12 && pull(0.0, odds).abs() < 1e-10);
    assert!(pull(0.0, 1.0) > 1.0);
}

#[test]
fn a_summary_by_hand() {
    let summary = Summary::of(&arr2(&[[0.0, 0.1, 0.4], [0.0, 0.0, 0.3], [0.0, 0.0, 0.0]]));
    assert_eq!(summary.largest, 0.4);
    assert_eq!(summary.median_positive, Some(0.3));
    assert_close(&summary.gain, &[0.25, 0.1, -0.35], 1e-12);
    assert_eq!(Summary::of(&Array2::zeros((2, 2))).median_positive, None);
    let even = Summary::of(&arr2(&[[0.0, 0.1, 0.4], [0.0, 0.0, 0.3], [0.2, 0.0, 0.0]]));
    assert_close(even.median_positive.as_slice(), &[0.25], 1e-15);
    // s(cosθ − cos(θ+m)) is largest at θ = (π−m)/2.
    let theta = (std::f64::consts::PI - 0.4) / 2.0;
    assert_close(&[logit_change(0.4, 30.0)], &[30.0 * (theta.cos() - (theta + 0.4).cos())], 1e-14);
}

#[test]
fn margins_of_the_csv_are_those_of_the_dump() {
    let work = Workdir::new();
    let (run, names) = (repository(RUN), repository("data/fod-a/classes.txt"));
    let dump = format!(
        "--embeddings {0}/embeddings.npy --labels {0}/labels.npy --class-names {1}",
        run.display(),
        names.display()
    );
    work.run(&format!("information {dump}"));
    let csv = work.json("margins --information reports/information.csv --out one");
    let direct = work.json(&format!("margins {dump} --out two"));
    assert_eq!(csv["margins"], direct["margins"]);
    assert_eq!(work.files("one"), ["margins.csv", "margins.npy", "margins.parquet", "margins.svg"]);
    for file in work.files("one") {
        let read = |folder: &str| std::fs::read(work.path(&format!("{folder}/{file}"))).unwrap();
        assert_eq!(read("one"), read("two"), "{file}");
    }
    // As printed, the margins cannot be felt.
    let warning = csv["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("4.12e-3 rad") && warning.contains("--normalization printed-mean"),
        "{warning}"
    );
    let expected = &golden()["margins"]["cases"][0];
    let written: Array2<f64> = read_npy(work.path("one/margins.npy")).unwrap();
    for pair in expected["pairs"].as_array().unwrap() {
        let pair = numbers(pair);
        assert!((written[(pair[0] as usize, pair[1] as usize)] - pair[2].max(0.0)).abs() <= 1e-12);
    }
}

/// The long form names the true class first, as the matrix has it in its rows.
#[test]
fn the_long_form_is_the_matrix() {
    use polars::prelude::{ParquetReader, SerReader};
    let work = Workdir::new();
    work.write("i.csv", "run,class_id,class,information\nr,0,a,2\nr,1,b,9\nr,2,c,4\n");
    let json = work.json("margins --information i.csv --normalization softmax");
    let row = &json["margins"][2];
    assert_eq!((&row["normalization"], &row["chosen"]), (&"softmax".into(), &1.into()));
    let number = |name: &str| row[name].as_f64().unwrap();
    for name in ["largest_margin", "median_positive_margin"] {
        let degrees = number(name) * 180.0 / std::f64::consts::PI;
        assert_close(&[number(&format!("{name}_degrees"))], &[degrees], 1e-14);
    }
    let lists = ["gain_most", "lose_most"].map(|name| row[name].as_str().unwrap());
    let [gain, lose] = lists.map(|list| list.split("; ").collect::<Vec<_>>());
    assert_eq!((gain[0], lose[0]), ("b", "a"));
    assert!(gain.len() + lose.len() == 3 && gain.iter().all(|name| !lose.contains(name)));
    let margins: Array2<f64> = read_npy(work.path("reports/margins.npy")).unwrap();
    // The class of more information gains the angle.
    assert!(margins[(1, 0)] > margins[(1, 2)] && margins[(2, 0)] > 0.0 && margins[(0, 1)] == 0.0);
    let file = std::fs::File::open(work.path("reports/margins.parquet")).unwrap();
    let table = ParquetReader::new(file).finish().unwrap();
    let names = |column: &str| -> Vec<String> {
        let column = table.column(column).unwrap().str().unwrap();
        column.iter().map(|name| name.unwrap().to_owned()).collect()
    };
    let margin: Vec<_> = table.column("margin").unwrap().f64().unwrap().iter().flatten().collect();
    let place = |name: &String| ["a", "b", "c"].iter().position(|class| class == name).unwrap();
    let rows = names("class_i").into_iter().zip(names("class_j")).zip(margin);
    assert_eq!(rows.len(), 9);
    for ((i, j), margin) in rows {
        assert_eq!(margin, margins[(place(&i), place(&j))], "{i} {j}");
    }
}

/// The class that training judges more gently is the one that loses space at test time.
#[test]
fn the_table_says_which_way_the_boundaries_move() {
    let work = Workdir::new();
    work.write("i.csv", "run,class_id,class,information\nr,0,a,2\nr,1,b,9\nr,2,c,4\n");
    let printed = |arguments: &str| {
        let command = format!("margins --information i.csv {arguments}");
        String::from_utf8(work.run(&command).stdout).unwrap()
    };
    let words = printed("--normalization softmax");
    let lines: Vec<&str> = words.lines().skip_while(|line| !line.starts_with("training")).collect();
    assert_eq!(
        lines,
        [
            "training region grows most: \"b\" (the loss is lower for their samples)",
            "at test time, the decision boundaries are nearer to these classes: they lose space",
            "classes that gain most space at test time: \"a\", \"c\"",
            "Are these margins large enough to matter in training? Yes: the largest is 0.1285 rad, and changes a \
             logit by up to 3.853.",
        ]
    );
    // No boundary moves where all margins are 0.
    work.write("i.csv", "run,class_id,class,information\nr,0,a,2\nr,1,b,2\n");
    let same = printed("");
    assert!(!same.contains("boundaries"), "{same}");
    assert!(same.contains("matter in training? No: the largest is 0.0000 rad"), "{same}");
}

#[test]
fn a_class_without_information_has_no_margin() {
    let work = Workdir::new();
    work.write("i.csv", "run,class_id,class,information\nr,2,c,4\nr,0,a,2\nr,1,b,\ns,0,a,1\n");
    let json = work.json("margins --information i.csv --run r --normalization softmax");
    assert!(json["warnings"][0].as_str().unwrap().contains("\"b\""));
    assert_eq!(json["margins"][2]["classes"], 2);
    let margins: Array2<f64> = read_npy(work.path("reports/margins.npy")).unwrap();
    assert_eq!(margins.dim(), (3, 3));
    let positive: Vec<_> =
        margins.indexed_iter().filter(|(_, margin)| **margin > 0.0).map(|(at, _)| at).collect();
    assert_eq!(positive, [(2, 0)]);
}

#[test]
fn losses_of_a_real_classifier() {
    let work = Workdir::new();
    let run = repository(RUN);
    let run = run.display();
    let input = format!(
        "--embeddings {run}/embeddings.npy --labels {run}/labels.npy --weights {run}/weights.npy"
    );
    let computed = work.json(&format!("loss {input} --normalization printed-mean"));
    let expected = &golden()["loss_of_a_run"];
    assert_close(
        &column(&computed["loss"], "cosine_softmax_loss"),
        &numbers(&expected["cosine_softmax"]),
        1e-9,
    );
    assert_close(&column(&computed["loss"], "igam_loss"), &numbers(&expected["igam"]), 1e-9);
    // Over all samples, each counts once.
    let instances = column(&computed["loss"], "instances");
    for name in ["cosine_softmax_loss", "igam_loss", "difference"] {
        let sums = column(&computed["loss"], name);
        let sum: f64 = sums.iter().zip(&instances).map(|(mean, count)| mean * count).sum();
        let mean = sum / instances.iter().sum::<f64>();
        assert_close(&[computed["mean"][name].as_f64().unwrap()], &[mean], 1e-9);
    }
    work.run(&format!("margins --embeddings {run}/embeddings.npy --labels {run}/labels.npy --normalization printed-mean"));
    let read = work.json(&format!("loss {input} --margins reports/margins.npy --threads 1"));
    assert_eq!(computed["loss"], read["loss"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn laws_of_margins(information in prop::collection::vec(prop_oneof![0.0..1e3_f64, 1e-9..1e6_f64], 1..30), turn in 0..30_usize) {
        for reading in Normalization::ALL {
            let normalized = reading.normalize(&information);
            let (signed, clamped) = (margins(&normalized, true), margins(&normalized, false));
            for ((i, j), &margin) in signed.indexed_iter() {
                // I′ orders the classes as I does.
                prop_assert!(information[i] != information[j] || margin == 0.0);
                prop_assert!(information[i] <= information[j] || margin >= 0.0);
                prop_assert_eq!(margin + signed[(j, i)], 0.0);
                prop_assert_eq!(clamped[(i, j)], margin.max(0.0));
                prop_assert_eq!(clamped[(i, j)] * clamped[(j, i)], 0.0);
            }
            // A permutation of the classes permutes the matrix, up to the order of a sum.
            let turn = turn % information.len();
            let mut turned = information.clone();
            turned.rotate_left(turn);
            let turned = margins(&reading.normalize(&turned), true);
            for ((i, j), &margin) in turned.indexed_iter() {
                let same = signed[((i + turn) % information.len(), (j + turn) % information.len())];
                prop_assert!((margin - same).abs() <= 1e-12 * same.abs());
            }
        }
    }

    #[test]
    fn gradients_are_central_differences(
        cosines in prop::collection::vec(-0.98..0.98_f64, 12),
        margins in prop::collection::vec(0.0..1.5_f64, 16),
        label in 0..4_usize,
        scale in 1.0..40.0_f64,
    ) {
        let cosines = Array2::from_shape_vec((3, 4), cosines).unwrap();
        let margins = Array2::from_shape_vec((4, 4), margins).unwrap();
        let labels = [label, 0, 3];
        let gradients = Batch::new(cosines.view(), &labels).unwrap().gradients(margins.view(), scale).unwrap();
        const STEP: f64 = 1e-6;
        for ((sample, class), &gradient) in gradients.indexed_iter() {
            let at = |step: f64| {
                let mut moved = cosines.clone();
                moved[(sample, class)] += step;
                Batch::new(moved.view(), &labels).unwrap().losses(margins.view(), scale).unwrap()[sample]
            };
            // Where θ+m passes π there is a corner: differences across it say nothing.
            let angle = cosines[(sample, class)].acos() + margins[(labels[sample], class)];
            if (angle - std::f64::consts::PI).abs() < 1e-3 {
                continue;
            }
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            prop_assert!((gradient - difference).abs() <= 1e-6 * scale.max(gradient.abs()), "{} {}", gradient, difference);
        }
    }
}
