//! Overlap, recognition, shift, suspects and spread: against NumPy (`tests/golden/overlap.py`), closed forms,
//! and labels that are wrong by construction.

use std::fs;

use fastrand::Rng;
use igam_analyze::geometry::{Geometry, Labelled, Of};
use igam_analyze::input::embeddings::Dump;
use igam_analyze::kernel::product::Precision;
use igam_analyze::moments_file::MomentsFiles;
use igam_analyze::overlap::Neighbour;
use igam_analyze::pooled::WithinClasses;
use igam_analyze::recognition::{BackgroundRow, Classifier, Recognition};
use igam_analyze::rows::{Array, Rows};
use igam_analyze::run_files::{RunFiles, load_explained, read};
use igam_analyze::shrinkage::Estimator;
use igam_analyze::spread::Spread;
use igam_analyze::stream::{self, MomentsSource};
use igam_analyze::{Detector, Options, Warnings};
use ndarray::{Array1, Array2, array, s};
use ndarray_npy::{read_npy, write_npy};
use polars::prelude::{NamedFrom, Series};
use serde_json::Value;

use crate::bad_input::{lists, parquet};
use crate::{Workdir, assert_close, numbers, repository};

const C: usize = 31;
const DATA: &str = "data/fod-a2";

fn expected() -> Value {
    let text = fs::read_to_string(repository("tests/golden/overlap.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The run `ce` on its training embeddings, with held-out ones and the classifier.
fn files() -> RunFiles {
    let data = repository(DATA);
    RunFiles {
        embeddings: vec![data.join("ce/embeddings.npy")],
        labels: vec![data.join("labels.npy")],
        class_names: Some(data.join("classes.txt")),
        validation_embeddings: vec![data.join("ce/test_embeddings.npy")],
        validation_labels: vec![data.join("test_labels.npy")],
        weights: Some(data.join("ce/weights.npy")),
        bias: Some(data.join("ce/bias.npy")),
        ..RunFiles::default()
    }
}

fn explained(files: &RunFiles, options: &Options) -> Detector {
    load_explained(files, options, &mut Warnings::default()).unwrap()
}

fn geometry(files: &RunFiles) -> Geometry {
    explained(files, &Options::new()).geometry().unwrap().as_ref().clone()
}

/// All distances, row by row.
fn distances(geometry: &Geometry) -> Vec<f64> {
    let overlap = geometry.overlap.as_ref().unwrap();
    let pairs = (0..C).flat_map(|i| (0..C).map(move |j| (i, j)));
    pairs.map(|(i, j)| overlap.distance(i, j).unwrap()).collect()
}

fn matrix(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(numbers).collect()
}

fn check_overlap(geometry: &Geometry, expected: &Value) {
    let overlap = geometry.overlap.as_ref().unwrap();
    assert_close(&[overlap.intensity], &[expected["intensity"].as_f64().unwrap()], 1e-9);
    let theirs = matrix(&expected["distances"]);
    assert_close(&distances(geometry), &theirs, 1e-9);
    let variability: Vec<f64> = (0..C).map(|class| overlap.variability(class).unwrap()).collect();
    assert_close(&variability, &numbers(&expected["variability"]), 1e-9);
    for class in 0..C {
        let mut order: Vec<usize> = (0..C).filter(|&other| other != class).collect();
        order.sort_by(|a, b| theirs[class * C + a].total_cmp(&theirs[class * C + b]));
        let closest: Vec<_> = overlap.closest(class).iter().map(|near| near.class).collect();
        assert_eq!(closest, order[..3]);
    }
}

fn check_suspects(geometry: &Geometry, labels: &Array1<i64>, expected: &Value) {
    let ours = geometry.nearer.as_ref().unwrap();
    let theirs: Vec<Vec<f64>> =
        expected["suspects"].as_array().unwrap().iter().map(numbers).collect();
    assert!(theirs.len() > 10);
    for (class, ours) in ours.iter().enumerate() {
        let of_class = |suspect: &&Vec<f64>| labels[suspect[0] as usize] == class as i64;
        let mut theirs: Vec<_> = theirs.iter().filter(of_class).collect();
        let nearer: u64 = ours.nearer.iter().map(|(_, count)| count).sum();
        assert_eq!((ours.of, nearer), (geometry.counts[class], theirs.len() as u64));
        let to_first = ours.nearer.first().map_or(0, |first| first.0);
        let share = theirs.iter().filter(|row| row[1] == to_first as f64).count() as f64;
        assert_eq!(ours.share_nearer_to(to_first), share / ours.of as f64);
        let margin = |row: &[f64]| 0.5 * (row[2] * row[2] - row[3] * row[3]);
        theirs.retain(|row| margin(row) > 100.0_f64.ln());
        theirs.sort_by(|a, b| margin(b).total_cmp(&margin(a)));
        assert_eq!(ours.count(), theirs.len() as u64);
        assert_eq!(ours.worst.len(), theirs.len().min(20));
        for (ours, theirs) in ours.worst.iter().zip(theirs) {
            assert_eq!((ours.row, ours.nearer_to), (theirs[0] as u64, theirs[1] as usize));
            assert_close(&[ours.own, ours.distance], &theirs[2..], 1e-9);
        }
    }
}

#[test]
fn held_out_and_training_embeddings_agree_with_numpy() {
    let expected = expected();
    let data = repository(DATA);
    let labels = |name: &str| read_npy::<_, Array1<i64>>(data.join(name)).unwrap();
    let held_out = geometry(&files());
    assert_eq!(held_out.of, Of::HeldOut);
    check_overlap(&held_out, &expected["held_out"]);
    check_suspects(&held_out, &labels("test_labels.npy"), &expected["held_out"]);
    let shifts: Vec<_> = held_out.shift.iter().map(|shift| shift.unwrap()).collect();
    let distances: Vec<_> = shifts.iter().map(|shift| shift.distance).collect();
    let by_chance: Vec<_> = shifts.iter().map(|shift| shift.by_chance).collect();
    assert_close(&distances, &numbers(&expected["shift"]), 1e-9);
    assert_close(&by_chance, &numbers(&expected["shift_by_chance"]), 1e-9);

    let training = geometry(&RunFiles {
        validation_embeddings: Vec::new(),
        validation_labels: Vec::new(),
        ..files()
    });
    assert_eq!(training.of, Of::Training);
    check_overlap(&training, &expected["training"]);
    check_suspects(&training, &labels("labels.npy"), &expected["training"]);
    assert!(training.shift.iter().all(Option::is_none));
    // Boxes that it was trained with it knows nearly all: 99.5%, the data's README says.
    let right: u64 = training.recognized.unwrap().iter().map(|of| of.right).sum();
    assert_eq!(right, 2833);
}

#[test]
fn the_classifier_takes_boxes_for_what_numpy_says() {
    let all = expected();
    let data = repository(DATA);
    for run in ["ce", "cos"] {
        let files = RunFiles {
            embeddings: Vec::new(),
            labels: Vec::new(),
            validation_embeddings: vec![data.join(run).join("test_embeddings.npy")],
            weights: Some(data.join(run).join("weights.npy")),
            bias: Some(data.join(run).join("bias.npy")),
            cosine: run == "cos",
            ..files()
        };
        let recognized = geometry(&files).recognized.unwrap();
        let confusion = matrix(&all[run]["confusion"]);
        for (class, of) in recognized.iter().enumerate() {
            let theirs = &confusion[class * C..][..C];
            assert_eq!((of.right as f64, of.rows as f64), (theirs[class], theirs.iter().sum()));
            let taken_for = numbers(&all[run]["taken_for"][class]).into_iter();
            let counted = taken_for.map(|other| (other as usize, theirs[other as usize] as u64));
            assert_eq!(of.taken_for, counted.collect::<Vec<_>>());
        }
    }
    // What the trainer itself counted of `ce`, in the data's run.json.
    let hit = [
        60, 44, 41, 60, 54, 21, 43, 13, 48, 32, 57, 57, 36, 55, 29, 60, 58, 59, 60, 21, 46, 87, 59,
        26, 53, 60, 7, 59, 60, 42, 47,
    ];
    let right = geometry(&files()).recognized.unwrap();
    assert_eq!(right.iter().map(|of| of.right).collect::<Vec<_>>(), hit);
}

#[test]
fn spread_agrees_with_numpy() {
    let spreads = expected()["spread"].clone();
    let named = |name: &str| -> Vec<Option<f64>> {
        spreads.as_array().unwrap().iter().map(|of| of[name].as_f64()).collect()
    };
    let close = |ours: Vec<Option<f64>>, name: &str| {
        let theirs = named(name);
        for (class, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
            assert_eq!(ours.is_some(), theirs.is_some(), "{name} of {class}");
            assert_close(&[ours.unwrap_or(0.0)], &[theirs.unwrap_or(0.0)], 1e-9);
        }
    };
    for estimators in [&[Estimator::MpFloor][..], &[Estimator::Sample], Estimator::ALL] {
        let detector = explained(&files(), &Options::new().estimators(estimators));
        let amounts = detector.amounts()[0].of_classes();
        let of = |what: fn(&Spread) -> Option<f64>| -> Vec<Option<f64>> {
            amounts.iter().map(|of| what(&of.unwrap().spread.unwrap())).collect()
        };
        close(of(|spread| Some(spread.total_variance)), "total_variance");
        close(of(|spread| Some(spread.effective_dimension)), "effective_dimension");
        if estimators.len() > 1 {
            close(of(|spread| spread.effective_rank), "effective_rank");
            close(of(|spread| spread.largest_share), "largest_share");
            close(of(|spread| spread.decay), "decay");
        } else {
            assert!(of(|spread| spread.effective_rank).iter().all(Option::is_none));
        }
    }
}

#[test]
fn spread_of_known_spectra() {
    let power: Vec<f64> = (1..=40).map(|rank| 3.0 * f64::from(rank).powf(-1.25)).collect();
    let spread = Spread::of(&power).unwrap();
    assert!((spread.decay.unwrap() - 1.25).abs() < 1e-12);
    assert_eq!(Spread::of(&[2.0; 9]).unwrap().decay, None, "four points are too few");
    let equal = Spread::of(&[2.0; 10]).unwrap();
    assert!((equal.effective_dimension - 10.0).abs() < 1e-12);
    assert!((equal.effective_rank.unwrap() - 10.0).abs() < 1e-12);
    assert!((equal.largest_share.unwrap() - 0.1).abs() < 1e-15);
    assert_eq!((Spread::of(&[0.0, 0.0]), Spread::of(&[])), (None, None));
}

/// What classes have inside, in passes of these numbers of classes.
fn within(rows: &impl Rows, labels: &[u32], classes: usize, each: usize) -> WithinClasses {
    let mut counts = vec![0; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let present: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0).collect();
    let passes: Vec<_> = present.chunks(each).map(<[usize]>::to_vec).collect();
    let precision = Precision::Double;
    stream::within_classes::<f32>(&passes, rows, labels, &counts, &[], precision, &|_| ())
        .unwrap()
        .0
}

fn parts(within: &WithinClasses) -> Vec<f64> {
    let mut all = within.scatter.packed();
    all.extend(within.means.iter().chain(&within.squares));
    all.push(within.fourth);
    all
}

/// Those of training, f16 in the file.
fn embeddings() -> Array2<f32> {
    let dump = Dump::open(&[repository(DATA).join("ce/embeddings.npy")], None).unwrap();
    let mut values = Vec::new();
    let mut take = |block: &mut Vec<f32>| {
        values.append(block);
        true
    };
    dump.read(dump.rows(), &mut take).unwrap();
    Array2::from_shape_vec((dump.rows(), dump.dim()), values).unwrap()
}

#[test]
fn the_same_for_any_format_pass_and_thread() {
    let data = repository(DATA);
    let x = embeddings();
    let y: Array1<i64> = read_npy(data.join("labels.npy")).unwrap();
    let labels: Vec<u32> = y.iter().map(|&label| label as u32).collect();
    let work = Workdir::new();
    fs::create_dir(work.path("shards")).unwrap();
    for (at, rows) in [0..700, 700..701, 701..2846].into_iter().enumerate() {
        let path = work.path(&format!("shards/{at}.npy"));
        write_npy(path, &x.slice(s![rows, ..]).to_owned()).unwrap();
    }
    let rows: Vec<Vec<Option<f32>>> =
        x.outer_iter().map(|row| row.iter().copied().map(Some).collect()).collect();
    let column: Vec<_> = rows.iter().map(|row| Some(&row[..])).collect();
    work.write("x.parquet", parquet(vec![lists("embedding", &column)]));
    let npy = Dump::open(&[data.join("ce/embeddings.npy")], None).unwrap();
    let truth = parts(&within(&npy, &labels, C, C));
    for path in ["shards", "x.parquet"] {
        let dump = Dump::open(&[work.path(path)], None).unwrap();
        assert!(parts(&within(&dump, &labels, C, C)) == truth, "{path}");
    }
    assert!(parts(&within(&Array::new(x.view(), &[]).unwrap(), &labels, C, C)) == truth);
    for (threads, each) in [(1, 1), (3, 7), (8, 31)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let ours = pool.install(|| parts(&within(&npy, &labels, C, each)));
        assert!(ours == truth, "{threads} threads, {each} classes a pass");
    }
    // What follows from them.
    let text = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        format!("{:?}", pool.install(|| geometry(&files())))
    };
    assert_eq!(text(1), text(5));
}

#[test]
fn merged_moments_are_the_whole() {
    let data = repository(DATA);
    let x = embeddings();
    let y: Array1<i64> = read_npy(data.join("labels.npy")).unwrap();
    let work = Workdir::new();
    for (at, rows) in [0..1000, 1000..1900, 1900..2846].into_iter().enumerate() {
        write_npy(work.path("x.npy"), &x.slice(s![rows.clone(), ..]).to_owned()).unwrap();
        write_npy(work.path("y.npy"), &y.slice(s![rows]).to_owned()).unwrap();
        let names = data.join("classes.txt");
        work.run(&format!(
            "moments --embeddings x.npy --labels y.npy --class-names {} --out m/{at}.parquet",
            names.display()
        ));
    }
    let of_moments = RunFiles {
        embeddings: Vec::new(),
        labels: Vec::new(),
        moments: vec![work.path("m")],
        ..files()
    };
    let source = MomentsFiles::open(&of_moments.moments).unwrap();
    assert_eq!(source.counts().len(), C);
    let (ours, theirs) = (geometry(&of_moments), geometry(&files()));
    // Held-out embeddings are as they were; training has a part in the shift alone.
    assert_eq!(distances(&ours), distances(&theirs));
    let shift = |geometry: &Geometry| -> Vec<f64> {
        geometry
            .shift
            .iter()
            .flat_map(|shift| shift.map(|s| [s.distance, s.by_chance]))
            .flatten()
            .collect()
    };
    assert_close(&shift(&ours), &shift(&theirs), 1e-9);
    let alone = |files: RunFiles| {
        let (validation_embeddings, validation_labels) = (Vec::new(), Vec::new());
        let (weights, bias) = (None, None);
        geometry(&RunFiles { validation_embeddings, validation_labels, weights, bias, ..files })
    };
    let (ours, theirs) = (alone(of_moments), alone(files()));
    assert_close(&distances(&ours), &distances(&theirs), 1e-9);
    // There is no embedding that could be judged by itself.
    assert!(ours.nearer.is_none() && theirs.nearer.is_some());
}

#[test]
fn single_precision_is_right_to_six_digits() {
    let single = explained(&files(), &Options::new().precision(Precision::Single));
    let (ours, theirs) = (distances(single.geometry().unwrap()), distances(&geometry(&files())));
    assert_close(&ours, &theirs, 1e-4);
    assert_ne!(ours, theirs);
}

/// Rows of classes whose means lie `apart` along axes of their own, with unit spread, about a point.
fn simulated(
    counts: &[usize],
    dim: usize,
    apart: f64,
    at: f64,
    seed: u64,
) -> (Array2<f64>, Vec<u32>) {
    let mut rng = Rng::with_seed(seed);
    let mut normal = move || {
        let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
        radius * (std::f64::consts::TAU * rng.f64()).cos()
    };
    let labels: Vec<u32> = counts.iter().zip(0..).flat_map(|(&m, class)| vec![class; m]).collect();
    let x = Array2::from_shape_fn((labels.len(), dim), |(row, j)| {
        at + normal() + if j == labels[row] as usize { apart } else { 0.0 }
    });
    (x, labels)
}

fn of_training(x: &Array2<f64>, labels: &[u32], classes: usize, left_out: &[usize]) -> Geometry {
    let rows = Array::new(x.view(), left_out).unwrap();
    let mut counts = vec![0; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let labelled = Labelled { rows: &rows, labels, counts: &counts, left_out };
    let (options, observer) = (Options::new(), Warnings::default());
    let within = labelled.measure(&options, &observer).unwrap();
    Geometry::of_training(within, Some(&labelled), None, &observer).unwrap()
}

#[test]
fn distances_of_classes_that_are_known() {
    // Means 4 apart along two axes, spread 1: D = 4√2, but for chance.
    let (x, labels) = simulated(&[4000, 4000, 300], 6, 4.0, 0.0, 1);
    let near = of_training(&x, &labels, 3, &[]);
    let overlap = near.overlap.as_ref().unwrap();
    assert!((overlap.distance(0, 1).unwrap() / 32.0_f64.sqrt() - 1.0).abs() < 0.02);
    assert_eq!(overlap.distance(1, 0), overlap.distance(0, 1));
    // v = 6 in both, ‖μ_i−μ_j‖² = 32.
    assert!((overlap.variability(0).unwrap() - 6.0 / 32.0).abs() < 0.01);
    // 2·Φ(−1) = 31.7% lie further than one standard deviation from a mean.
    assert!((Neighbour { class: 0, distance: 2.0 }.overlap() - 0.158655254).abs() < 1e-9);
    // A point a million spreads away changes nothing that f64 can hold.
    let (x, labels) = simulated(&[4000, 4000, 300], 6, 4.0, 1e6, 1);
    let far = of_training(&x, &labels, 3, &[]);
    let d = |geometry: &Geometry| geometry.overlap.as_ref().unwrap().distance(0, 2).unwrap();
    assert_close(&[d(&far)], &[d(&near)], 1e-8);
}

#[test]
fn wrong_labels_are_found() {
    let (mut x, mut labels) = simulated(&[80, 60, 40, 1], 8, 12.0, 3.0, 2);
    assert!(of_training(&x, &labels, 4, &[]).in_training.unwrap().iter().all(|of| of.count() == 0));
    // Rows 5 and 90 bear each other's label, 130 is of class 2 and called 0.
    (labels[5], labels[90], labels[150]) = (1, 0, 0);
    // Two rows of anything, which are left out.
    let none = Array2::from_elem((1, 8), f64::NAN);
    x = ndarray::concatenate![
        ndarray::Axis(0),
        none,
        x.slice(s![..100, ..]),
        none,
        x.slice(s![100.., ..])
    ];
    let suspects = of_training(&x, &labels, 4, &[0, 101]).in_training.unwrap();
    let found: Vec<Vec<(u64, usize)>> = suspects
        .iter()
        .map(|of| of.worst.iter().map(|suspect| (suspect.row, suspect.nearer_to)).collect())
        .collect();
    let mut of_0 = found[0].clone();
    of_0.sort_unstable();
    assert_eq!((of_0, &found[1]), (vec![(91, 1), (152, 2)], &vec![(6, 0)]));
    // The only row of a class has no others to lie near to.
    assert!(found[2].is_empty() && found[3].is_empty());
    assert!(suspects[0].worst[0].margin() >= suspects[0].worst[1].margin());
}

#[test]
fn a_shift_by_chance_is_not_beyond_it() {
    let (before, labels) = simulated(&[400, 4, 200], 16, 9.0, 0.0, 3);
    let (mut after, _) = simulated(&[400, 4, 200], 16, 9.0, 0.0, 4);
    let row = |at: usize| at >= 404;
    for (at, mut row_of) in after.outer_iter_mut().enumerate() {
        if row(at) {
            row_of[7] += 2.0;
        }
    }
    let [before, after] = [&before, &after].map(|x| Array::new(x.view(), &[]).unwrap());
    let counts = [400, 4, 200];
    let [before, after] = [&before, &after].map(|rows| Labelled {
        rows,
        labels: &labels,
        counts: &counts,
        left_out: &[],
    });
    let (options, observer) = (Options::new(), Warnings::default());
    let training = before.measure(&options, &observer).unwrap();
    let geometry =
        Geometry::of_held_out(Some((&training, Some(&before))), &after, None, &options, &observer)
            .unwrap();
    let shift: Vec<_> = geometry.shift.into_iter().flatten().collect();
    // 16·(1/4+1/4) = 8, and 16·(1/200+1/200) = 0.16.
    assert!((shift[1].by_chance - 8.0_f64.sqrt()).abs() < 0.2, "{shift:?}");
    assert!((shift[2].by_chance - 0.4).abs() < 0.02, "{shift:?}");
    assert!(shift[1].distance > 1.5 && shift[1].beyond_chance() < 2.0, "{shift:?}");
    assert!((shift[2].beyond_chance() - 2.0).abs() < 0.25, "{shift:?}");
    assert!(shift[0].beyond_chance() < 0.2, "{shift:?}");
}

#[test]
fn classes_without_embeddings_or_spread() {
    // One class without rows, one of a single row.
    let x = array![[0.0, 0.0], [2.0, 0.0], [0.0, 5.0], [0.0, 7.0], [9.0, 9.0]];
    let geometry = of_training(&x, &[0, 0, 2, 2, 3], 4, &[]);
    let overlap = geometry.overlap.unwrap();
    assert_eq!(
        (overlap.closest(1), overlap.distance(0, 1), overlap.variability(1)),
        (&[][..], None, None)
    );
    assert_eq!(overlap.closest(0).iter().map(|near| near.class).collect::<Vec<_>>(), [2, 3]);
    // No two rows of a class that differ: there are no units to measure in.
    assert!(of_training(&x, &[0, 1, 2, 3, 4], 5, &[]).overlap.is_none());
    let same = array![[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]];
    assert!(of_training(&same, &[0, 0, 1, 1], 2, &[]).overlap.is_none());
    // A dimension that is dead, and a covariance of rank one.
    let dead = array![[1.0, 0.0], [-1.0, 0.0], [5.0, 0.0], [7.0, 0.0]];
    let geometry = of_training(&dead, &[0, 0, 1, 1], 2, &[]);
    // W = 2 in the only dimension with spread: D² = 36/2.
    let d = geometry.overlap.unwrap().distance(0, 1).unwrap();
    assert!((d - 18.0_f64.sqrt()).abs() < 1e-6, "{d}");
}

#[test]
fn the_row_of_the_background_has_no_part() {
    let of = BackgroundRow::of;
    let (first, last, none) = (BackgroundRow::First, BackgroundRow::Last, BackgroundRow::None);
    // With a row more, nothing says which is the background's.
    assert_eq!(
        (of(None, 3, 3), of(None, 4, 3), of(Some(first), 4, 3)),
        (Ok(Some(none)), Ok(None), Ok(Some(first)))
    );
    for (asked, rows) in [(None, 5), (None, 2), (Some(none), 4), (Some(first), 3), (Some(last), 5)]
    {
        assert!(of(asked, rows, 3).unwrap_err().contains(&format!("holds {rows} rows")));
    }
    // The background would win everywhere.
    let weights = array![[9.0, 9.0], [1.0, 0.0], [0.0, 2.0]];
    let x = array![[3.0, 1.0], [1.0, 3.0], [2.0, 1.0], [2.0, 2.0]];
    let rows = Array::new(x.view(), &[]).unwrap();
    let recognized = |bias: Option<&[f64]>, cosine| {
        let classifier = Classifier::new(weights.clone(), bias, first, cosine).unwrap();
        let of = stream::recognized(&rows, &[0, 1, 0, 0], &classifier, &|_| ()).unwrap();
        of[0].clone()
    };
    let taken = |right| Recognition { rows: 3, right, taken_for: vec![(1, 3 - right)] };
    // Logits 3:2, 2:2 and 2:4; of equal ones the first is taken.
    assert_eq!(recognized(None, false), taken(2));
    assert_eq!(recognized(Some(&[0.0, 0.0, 0.5]), false), taken(1));
    // At unit length the third is 1:1 as well.
    assert_eq!(recognized(None, true).right, 3);
    let wrong = |bias: &[f64], cosine| {
        Classifier::new(weights.clone(), Some(bias), first, cosine).unwrap_err()
    };
    assert!(wrong(&[0.0], false).contains("holds 1 values, the weights have 3 rows"));
    assert!(wrong(&[0.0, 0.0, 1.0], true).contains("no bias"));
}

#[test]
fn files_that_do_not_go_together() {
    let work = Workdir::new();
    let refused = |files: &RunFiles, sentence: &str| {
        let error = load_explained(files, &Options::new(), &mut Warnings::default()).unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
    };
    write_npy(work.path("w.npy"), &Array2::<f32>::ones((32, 64))).unwrap();
    refused(&RunFiles { weights: Some(work.path("w.npy")), ..files() }, "in 64 dimensions");
    write_npy(work.path("w.npy"), &Array2::<f32>::ones((40, 128))).unwrap();
    refused(
        &RunFiles { weights: Some(work.path("w.npy")), ..files() },
        "31 rows, or 32 with the background",
    );
    let none = Some(BackgroundRow::None);
    refused(&RunFiles { background_row: none, ..files() }, "holds 32 rows");
    write_npy(work.path("b.npy"), &Array1::<f32>::ones(31)).unwrap();
    refused(
        &RunFiles { bias: Some(work.path("b.npy")), ..files() },
        "31 values, the weights have 32",
    );
    write_npy(work.path("b.npy"), &array![1.0, f64::NAN]).unwrap();
    refused(&RunFiles { bias: Some(work.path("b.npy")), ..files() }, "number 1 (from 0) is NaN");
    refused(&RunFiles { cosine: true, ..files() }, "a cosine classifier has no bias");
    write_npy(work.path("x.npy"), &Array2::<f32>::ones((1810, 64))).unwrap();
    let other = RunFiles { validation_embeddings: vec![work.path("x.npy")], ..files() };
    refused(&other, "has 64 dimensions, but the training embeddings have 128");
}

#[test]
fn a_runs_file_names_them() {
    let work = Workdir::new();
    work.write(
        "runs.toml",
        "[[run]]\nname = \"a\"\nembeddings = \"x.npy\"\nvalidation_embeddings = \"v.npy\"\n\
         validation_labels = [\"l.npy\"]\nweights = \"w.npy\"\nbias = \"b.npy\"\nbackground_row = \"first\"\n\
         cosine = true\n",
    );
    let run = read(&work.path("runs.toml")).unwrap().remove(0);
    assert_eq!(run.validation_embeddings, [work.path("v.npy")]);
    assert_eq!(run.validation_labels, [work.path("l.npy")]);
    assert_eq!((run.weights, run.bias), (Some(work.path("w.npy")), Some(work.path("b.npy"))));
    assert_eq!((run.background_row, run.cosine), (Some(BackgroundRow::First), true));
}

#[test]
fn labels_beside_held_out_embeddings() {
    let data = repository(DATA);
    let x = matrix_of(&data.join("ce/test_embeddings.npy"));
    let y: Array1<i64> = read_npy(data.join("test_labels.npy")).unwrap();
    let rows: Vec<Vec<Option<f32>>> =
        x.outer_iter().map(|row| row.iter().copied().map(Some).collect()).collect();
    let column: Vec<_> = rows.iter().map(|row| Some(&row[..])).collect();
    let work = Workdir::new();
    let labels = Series::new("label".into(), y.to_vec());
    work.write("v.parquet", parquet(vec![lists("embedding", &column), labels]));
    let beside = RunFiles {
        validation_embeddings: vec![work.path("v.parquet")],
        validation_labels: Vec::new(),
        ..files()
    };
    assert_eq!(format!("{:?}", geometry(&beside)), format!("{:?}", geometry(&files())));
}

/// The numbers of a file as f32.
fn matrix_of(path: &std::path::Path) -> Array2<f32> {
    let dump = Dump::open(&[path.to_owned()], None).unwrap();
    let mut all = Vec::new();
    let mut sink = |block: &mut Vec<f32>| {
        all.append(block);
        true
    };
    dump.read(dump.rows(), &mut sink).unwrap();
    Array2::from_shape_vec((dump.rows(), dump.dim()), all).unwrap()
}
