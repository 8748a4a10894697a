//! Each reason is shown of a simulated detector in which only that is wrong, for the class that it is of and
//! for no other; and none is shown of a detector in which nothing is wrong.

use fastrand::Rng;
use ndarray::Array2;
use serde_json::{Value, json};

use crate::Workdir;

const CLASSES: usize = 20;
const DIM: usize = 24;
/// Objects of each class in the test images, one an image.
const OBJECTS: usize = 60;
/// Distance of a class's mean from the origin, in units of its spread: two lie √2 times that apart.
const FAR: f64 = 4.0;
/// The class that something is wrong with, and the one that it is taken for.
const BAD: usize = 7;
const OTHER: usize = 12;

/// How a class is made, and what happens to its objects.
#[derive(Clone)]
struct Class {
    /// Training instances.
    instances: usize,
    mean: [f64; DIM],
    /// Of its held-out embeddings.
    held_out: [f64; DIM],
    /// Standard deviation of its embeddings.
    spread: f64,
    /// Side of its boxes, pixels.
    side: f64,
    /// Shares of its objects that are missed, boxed badly, or taken for another class.
    missed: f64,
    badly: f64,
    taken_for: (usize, f64),
    /// Share of its objects with a second box, and boxes on nothing.
    twice: f64,
    on_nothing: usize,
    /// Share of its labels that are another's.
    mislabelled: (usize, f64),
}

struct Detector {
    classes: Vec<Class>,
    weights: Array2<f64>,
    rng: Rng,
}

fn axis(at: usize, length: f64) -> [f64; DIM] {
    std::array::from_fn(|k| if k == at { length } else { 0.0 })
}

impl Detector {
    /// Nothing is wrong with it: no class is worse than another but by chance.
    fn sound(seed: u64) -> Detector {
        let mut rng = Rng::with_seed(seed);
        let class = |at: usize| Class {
            instances: rng.usize(80..300),
            mean: axis(at, FAR),
            held_out: axis(at, FAR),
            spread: 1.0,
            side: 80.0,
            missed: 0.15,
            badly: 0.05,
            taken_for: ((at + 1 + rng.usize(0..CLASSES - 1)) % CLASSES, 0.02),
            twice: 0.03,
            on_nothing: 6,
            mislabelled: (at, 0.0),
        };
        let classes = (0..CLASSES).map(class).collect();
        let weights = Array2::from_shape_fn((CLASSES, DIM), |(i, k)| axis(i, FAR)[k]);
        Detector { classes, weights, rng }
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.rng.f64().max(f64::MIN_POSITIVE).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.rng.f64()).cos()
    }

    /// Embeddings of so many objects of a class, about its mean or that of its held-out objects.
    fn embeddings(&mut self, at: usize, rows: usize, held_out: bool) -> Vec<[f64; DIM]> {
        let row = |detector: &mut Detector, _| {
            let class = detector.classes[at].clone();
            let (as_other, share) = class.mislabelled;
            let from =
                if detector.rng.f64() < share { &detector.classes[as_other] } else { &class }
                    .clone();
            let mean = if held_out { from.held_out } else { from.mean };
            std::array::from_fn(|k| mean[k] + from.spread * detector.normal())
        };
        (0..rows).map(|at| row(self, at)).collect()
    }

    fn write_embeddings(&mut self, work: &Workdir, name: &str, held_out: bool) {
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for at in 0..CLASSES {
            let rows = if held_out { OBJECTS } else { self.classes[at].instances };
            values.extend(self.embeddings(at, rows, held_out).into_iter().flatten());
            labels.extend(vec![at as i64 + 1; rows]);
        }
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        let x = Array2::from_shape_vec((labels.len(), DIM), values).unwrap();
        ndarray_npy::write_npy(work.path(&format!("{name}embeddings.npy")), &x).unwrap();
        let labels = ndarray::Array1::from(labels);
        ndarray_npy::write_npy(work.path(&format!("{name}labels.npy")), &labels).unwrap();
    }

    fn categories(&self) -> Vec<Value> {
        (0..CLASSES).map(|at| json!({"id": at + 1, "name": format!("class {at}")})).collect()
    }

    /// The training annotations, of which the counts and the sizes of the boxes come.
    fn write_training(&mut self, work: &Workdir) {
        let (mut images, mut annotations) = (Vec::new(), Vec::new());
        for at in 0..CLASSES {
            for _ in 0..self.classes[at].instances {
                let id = annotations.len() + 1;
                let side = self.classes[at].side * (0.8 + 0.4 * self.rng.f64());
                images.push(json!({"id": id, "width": 400, "height": 400}));
                annotations.push(json!({"id": id, "image_id": id, "category_id": at + 1,
                    "bbox": [10.0, 10.0, side, side], "area": side * side, "iscrowd": 0}));
            }
        }
        let all =
            json!({"images": images, "annotations": annotations, "categories": self.categories()});
        work.write("train.json", all.to_string());
    }

    /// The test annotations, and what is detected.
    fn write_detections(&mut self, work: &Workdir) {
        let (mut images, mut objects, mut detections) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..CLASSES {
            for _ in 0..OBJECTS {
                let class = self.classes[at].clone();
                let id = images.len() + 1;
                images.push(json!({"id": id, "width": 400, "height": 400}));
                let side = class.side * (0.8 + 0.4 * self.rng.f64());
                let bbox = [100.0, 100.0, side, side];
                objects.push(json!({"id": id, "image_id": id, "category_id": at + 1, "bbox": bbox,
                    "area": side * side, "iscrowd": 0}));
                let mut detect = |label: usize, shift: f64, score: f64| {
                    // Shifted by a share of its side.
                    let bbox = [100.0 + shift * side, 100.0, side, side];
                    detections.push(json!({"image_id": id, "category_id": label + 1,
                        "bbox": bbox, "score": score}));
                };
                let (what, score) = (self.rng.f64(), 0.5 + 0.5 * self.rng.f64());
                let to_badly = class.missed + class.badly;
                if what < class.missed {
                } else if what < to_badly {
                    detect(at, 0.55, score);
                } else if what < to_badly + class.taken_for.1 {
                    detect(class.taken_for.0, 0.03, score);
                } else {
                    detect(at, 0.03, score);
                    if self.rng.f64() < class.twice {
                        detect(at, 0.05, score - 0.01);
                    }
                }
            }
        }
        for at in 0..CLASSES {
            for _ in 0..self.classes[at].on_nothing {
                let score = if self.classes[at].on_nothing > 10 { 0.6 } else { 0.1 };
                detections.push(json!({"image_id": 1 + self.rng.usize(0..images.len()),
                    "category_id": at + 1, "bbox": [300.0, 300.0, 60.0, 60.0],
                    "score": score + 0.4 * self.rng.f64()}));
            }
        }
        let all =
            json!({"images": images, "annotations": objects, "categories": self.categories()});
        work.write("val.json", all.to_string());
        work.write("detections.json", Value::from(detections).to_string());
    }

    /// The reasons of each class, as `classes.csv` has them.
    fn reasons(mut self) -> Vec<Vec<String>> {
        let work = Workdir::new();
        self.write_embeddings(&work, "", false);
        self.write_embeddings(&work, "validation_", true);
        self.write_training(&work);
        self.write_detections(&work);
        let squares = self.weights.outer_iter().map(|row| -0.5 * row.dot(&row));
        let bias: ndarray::Array1<f64> = squares.collect();
        // A head at fault has its own weights; the biases are those of sound ones.
        let bias = bias.map(|_| -0.5 * FAR * FAR);
        ndarray_npy::write_npy(work.path("weights.npy"), &self.weights).unwrap();
        ndarray_npy::write_npy(work.path("bias.npy"), &bias).unwrap();
        work.run(
            "explain --embeddings embeddings.npy --labels labels.npy --counts train.json \
             --detections detections.json --ground-truth val.json --weights weights.npy --bias bias.npy \
             --validation-embeddings validation_embeddings.npy --validation-labels validation_labels.npy",
        );
        let table = work.read("reports/classes.csv");
        let mut rows = csv::Reader::from_reader(table.as_bytes());
        let at = rows.headers().unwrap().iter().position(|name| name == "reasons").unwrap();
        let reasons = rows
            .records()
            .map(|row| row.unwrap()[at].split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        reasons.collect()
    }

    /// Asserts that the bad class has this reason, and no other class.
    #[track_caller]
    fn assert_only_bad_has(self, token: &str) {
        let reasons = self.reasons();
        for (at, reasons) in reasons.iter().enumerate() {
            let has = reasons.iter().any(|reason| reason == token);
            assert_eq!(has, at == BAD, "class {at} has {reasons:?}");
        }
    }

    fn bad(&mut self) -> &mut Class {
        &mut self.classes[BAD]
    }
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    for seed in 0..5 {
        for (at, reasons) in Detector::sound(seed).reasons().iter().enumerate() {
            let found = reasons.iter().find(|reason| *reason != "nothing-found");
            assert_eq!(found, None, "seed {seed}, class {at}");
        }
    }
}

#[test]
fn few_instances() {
    let mut detector = Detector::sound(1);
    for (at, class) in detector.classes.iter_mut().enumerate() {
        let share = at as f64 / (CLASSES - 1) as f64;
        class.instances = (8.0 * 100.0_f64.powf(share)) as usize;
        class.missed = 0.7 - 0.6 * share;
    }
    let reasons = detector.reasons();
    let has = |at: usize| reasons[at].iter().any(|reason| reason == "few-instances");
    let found: Vec<usize> = (0..CLASSES).filter(|&at| has(at)).collect();
    // Some of the classes with fewest instances, none of the others.
    assert!(found.len() >= 5 && found.iter().all(|&at| at < CLASSES / 2), "{found:?}");
}

#[test]
fn spread() {
    let mut detector = Detector::sound(2);
    let bad = detector.bad();
    bad.spread = 3.0;
    bad.missed = 0.5;
    detector.assert_only_bad_has("spread");
}

#[test]
fn confused_because_the_embeddings_overlap() {
    let mut detector = Detector::sound(3);
    let mut near = axis(BAD, FAR);
    near[OTHER] = 1.5;
    let other = &mut detector.classes[OTHER];
    (other.mean, other.held_out) = (near, near);
    for (k, value) in near.into_iter().enumerate() {
        detector.weights[(OTHER, k)] = value;
    }
    // So that the boundary lies between the two.
    detector.weights[(OTHER, BAD)] = FAR - 0.5 * 1.5 * 1.5 / FAR;
    for (at, with) in [(BAD, OTHER), (OTHER, BAD)] {
        detector.classes[at].taken_for = (with, 0.4);
    }
    let reasons = detector.reasons();
    for (at, reasons) in reasons.iter().enumerate() {
        let has = reasons.iter().any(|reason| reason == "confused-overlap");
        assert_eq!(has, at == BAD || at == OTHER, "class {at} has {reasons:?}");
        assert!(
            !reasons.iter().any(|reason| reason == "confused-apart"),
            "class {at}: {reasons:?}"
        );
    }
}

#[test]
fn confused_though_the_embeddings_lie_apart() {
    let mut detector = Detector::sound(4);
    // The head takes half of the class for another, the embeddings lie where they lay.
    detector.weights[(OTHER, BAD)] = 1.1 * FAR;
    detector.bad().taken_for = (OTHER, 0.6);
    detector.assert_only_bad_has("confused-apart");
}

#[test]
fn small_objects() {
    let mut detector = Detector::sound(5);
    let bad = detector.bad();
    bad.side = 12.0;
    bad.missed = 0.6;
    detector.assert_only_bad_has("small");
}

#[test]
fn each_type_of_error() {
    type Change = fn(&mut Class);
    let change: [(&str, Change); 4] = [
        ("missed", |bad| bad.missed = 0.6),
        ("localization", |bad| bad.badly = 0.6),
        ("background", |bad| bad.on_nothing = 80),
        ("duplicate", |bad| bad.twice = 1.0),
    ];
    for (seed, (token, change)) in change.into_iter().enumerate() {
        let mut detector = Detector::sound(6 + seed as u64);
        change(detector.bad());
        detector.assert_only_bad_has(token);
    }
}

#[test]
fn labels_that_are_wrong() {
    let mut detector = Detector::sound(10);
    let bad = detector.bad();
    bad.mislabelled = (OTHER, 0.2);
    bad.missed = 0.5;
    detector.assert_only_bad_has("label-noise");
}

#[test]
fn held_out_objects_that_look_different() {
    let mut detector = Detector::sound(11);
    let bad = detector.bad();
    bad.held_out[DIM - 1] = 3.0;
    bad.missed = 0.5;
    detector.assert_only_bad_has("shifted");
}
