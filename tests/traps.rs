//! What newcomers meet: the background's row at the other end, labels from 1, counts of the validation images,
//! the loss of cosines of a linear classifier.

use std::path::Path;

use igam_analyze::analysis::Losses;
use igam_analyze::analysis::information::{Given, of_array};
use igam_analyze::analysis::last_layer::{LastLayer, Shown};
use igam_analyze::classes::{Classes, Labels};
use igam_analyze::input::embeddings::Dump;
use igam_analyze::recognition::{BackgroundRow, Classifier};
use igam_analyze::row_mapping::{Recalls, RowMapping, unequal_lengths};
use igam_analyze::rows::{Array, Rows as _};
use igam_analyze::{Options, Warning, Warnings};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};
use ndarray_npy::{read_npy, write_npy};
use serde_json::json;

use crate::{Workdir, repository};

const FILES: [&str; 2] = ["w.npy", "b.npy"];

/// A trained head, and boxes that it has not seen.
struct Head {
    weights: Array2<f64>,
    bias: Array1<f64>,
    embeddings: Array2<f64>,
    labels: Vec<u32>,
    classes: usize,
}

fn matrix(path: &Path) -> Array2<f64> {
    let dump = Dump::open(&[path.to_owned()], None).unwrap();
    let mut all = Vec::new();
    let mut sink = |block: &mut Vec<f64>| {
        all.append(block);
        true
    };
    dump.read(dump.rows(), &mut sink).unwrap();
    Array2::from_shape_vec((dump.rows(), dump.dim()), all).unwrap()
}

fn fod(run: &str) -> Head {
    let data = repository("data/fod-a2");
    let labels: Array1<i64> = read_npy(data.join("test_labels.npy")).unwrap();
    Head {
        weights: matrix(&data.join(run).join("weights.npy")),
        bias: read_npy::<_, Array1<f32>>(data.join(run).join("bias.npy")).unwrap().mapv(f64::from),
        embeddings: matrix(&data.join(run).join("test_embeddings.npy")),
        labels: labels.iter().map(|&label| label as u32).collect(),
        classes: 31,
    }
}

/// One without a background row, whose labels are category ids.
fn shapes() -> Head {
    let data = repository("data/shapes");
    let labels: Array1<i64> = read_npy(data.join("validation_labels.npy")).unwrap();
    let mut ids = labels.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let place = |label: &i64| ids.binary_search(label).unwrap() as u32;
    Head {
        weights: matrix(&data.join("weights.npy")),
        bias: read_npy::<_, Array1<f32>>(data.join("bias.npy")).unwrap().mapv(f64::from),
        embeddings: matrix(&data.join("validation_embeddings.npy")),
        labels: labels.iter().map(place).collect(),
        classes: ids.len(),
    }
}

impl Head {
    /// The same with its rows in this order.
    fn rows(&self, order: &[usize]) -> Head {
        Head {
            weights: self.weights.select(Axis(0), order),
            bias: self.bias.select(Axis(0), order),
            embeddings: self.embeddings.clone(),
            labels: self.labels.clone(),
            classes: self.classes,
        }
    }

    fn shown(&self) -> Shown {
        Shown::of(&Array::new(self.embeddings.view(), &[]).unwrap(), &self.labels).unwrap()
    }

    fn layer(&self, background: Option<BackgroundRow>, cosine: bool) -> LastLayer {
        let bias = (!cosine).then(|| self.bias.to_vec());
        LastLayer { weights: self.weights.clone(), bias, background, cosine }
    }

    /// The classifier, with what is said of it.
    fn classifier(
        &self,
        background: Option<BackgroundRow>,
        cosine: bool,
    ) -> (Result<Classifier, String>, Vec<Warning>) {
        let mut said = Warnings::default();
        let of = (self.classes, self.embeddings.ncols());
        let layer = self.layer(background, cosine);
        let classifier = layer.classifier(of, FILES.map(Path::new), Some(&self.shown()), &mut said);
        (classifier.map_err(|error| error.to_string()), said.iter().cloned().collect())
    }

    /// What is said of its loss of cosines.
    fn loss(&self, biased: bool) -> Vec<Warning> {
        let mut said = Warnings::default();
        let of = (self.classes, self.embeddings.ncols());
        let layer = self.layer(None, !biased);
        layer.for_cosines(of, true, FILES.map(Path::new), &self.shown(), &mut said).unwrap();
        said.iter().cloned().collect()
    }

    /// Mean recall of the classes in plain loops: class c is in row c + `first` of `rows`.
    fn recall(&self, rows: std::ops::Range<usize>, first: isize, cosine: bool) -> f64 {
        let (mut right, mut counts) = (vec![0.0; self.classes], vec![0.0; self.classes]);
        for (x, &label) in self.embeddings.outer_iter().zip(&self.labels) {
            let logit = |row: usize| {
                let weights = self.weights.row(row);
                let length = weights.dot(&weights).sqrt();
                if cosine { x.dot(&weights) / length } else { x.dot(&weights) + self.bias[row] }
            };
            let found = rows.clone().reduce(|a, b| if logit(b) > logit(a) { b } else { a });
            counts[label as usize] += 1.0;
            right[label as usize] +=
                f64::from(u8::from(found == (label as usize).checked_add_signed(first)));
        }
        right.iter().zip(&counts).map(|(right, count)| right / count).sum::<f64>()
            / self.classes as f64
    }
}

#[test]
fn recall_under_readings_is_that_of_plain_loops() {
    for (head, cosine) in [(fod("ce"), false), (fod("ce"), true), (fod("cos"), true)] {
        let mappings = [
            RowMapping::without(Some(31), 31, cosine),
            RowMapping::without(Some(0), 31, cosine),
            RowMapping::shifted(1, 31, cosine),
            RowMapping::shifted(-1, 31, cosine),
        ];
        let layer = (&head.weights, Some(head.bias.as_slice().unwrap()));
        let recalls = Recalls::of((&head.embeddings, &head.labels), layer, &mappings);
        let plain = [
            head.recall(0..31, 0, cosine),
            head.recall(1..32, 1, cosine),
            head.recall(1..31, 1, cosine),
            head.recall(0..30, -1, cosine),
        ];
        for (at, plain) in plain.into_iter().enumerate() {
            assert!((recalls.recall(at) - plain).abs() < 1e-12, "{at}: {plain}");
        }
        assert!(recalls.other_rows(0, 1) && recalls.other_rows(0, 2));
        assert!(!recalls.other_rows(1, 0) && !recalls.other_rows(0, 0) && recalls.knows(0));
    }
    // Unequal classes: to say one class always is no knowledge.
    let x = array![[1.0], [1.0], [1.0], [1.0]];
    let weights = array![[2.0], [1.0], [0.0]];
    let mappings = [RowMapping::without(None, 3, false)];
    let recalls = Recalls::of((&x, &[0, 0, 0, 2]), (&weights, None), &mappings);
    assert_eq!((recalls.recall(0), recalls.knows(0)), (0.5, false));
    // Of equal logits the first is taken; zeros have no direction.
    let weights = array![[0.0], [1.0], [1.0]];
    let mappings = [RowMapping::without(Some(0), 2, true)];
    let recalls = Recalls::of((&x, &[0, 0, 0, 1]), (&weights, None), &mappings);
    assert_eq!(recalls.recall(0), 0.5);
}

/// The rows of a real head with the background at either end, and in the middle.
#[test]
fn the_embeddings_tell_which_row_is_the_backgrounds() {
    let first: Vec<usize> = [31].into_iter().chain(0..31).collect();
    let middle: Vec<usize> = (0..7).chain([31]).chain(7..31).collect();
    for (run, cosine) in [("ce", false), ("cos", true)] {
        let head = fod(run);
        let wanted = head.classifier(Some(BackgroundRow::Last), cosine).0.unwrap();
        for (order, row) in [
            ((0..32).collect(), BackgroundRow::Last),
            (first.clone(), BackgroundRow::First),
            (middle.clone(), BackgroundRow::Row(7)),
        ] {
            let head = head.rows(&order);
            let asked = Some(row);
            let found = if row == BackgroundRow::Row(7) { asked } else { None };
            for background in [found, asked] {
                let (classifier, said) = head.classifier(background, cosine);
                let classifier = classifier.unwrap();
                assert_eq!(classifier.weights(), wanted.weights(), "{run} {row}");
                assert_eq!(classifier.bias(), wanted.bias());
                assert_eq!(said, [], "{run} {row}");
            }
            // What is said is obeyed, but not in silence.
            let wrong = match row {
                BackgroundRow::First => BackgroundRow::Last,
                BackgroundRow::Last => BackgroundRow::First,
                _ => continue,
            };
            let (classifier, said) = head.classifier(Some(wrong), cosine);
            assert_ne!(classifier.unwrap().weights(), wanted.weights());
            let [Warning::OtherBackground { asked, better, recall, .. }] = &said[..] else {
                panic!("{said:?}")
            };
            assert_eq!((asked, better), (&wrong.to_string(), &row.to_string()));
            assert!(recall.0 < 0.05 && recall.1 > 0.7, "{recall:?}");
        }
    }
    // Rows in no order that the embeddings know.
    let turned: Vec<usize> = (0..32).map(|row| (row + 13) % 32).collect();
    let (classifier, _) = fod("ce").rows(&turned).classifier(None, false);
    let problem = classifier.unwrap_err();
    for words in
        ["w.npy: holds 32 rows", "give --background-row first, as torchvision", "mmdetection"]
    {
        assert!(problem.contains(words), "{problem}");
    }
    assert_eq!(problem.matches('\n').count(), 0);
}

#[test]
fn the_wrong_row_was_dropped() {
    for (run, cosine) in [("ce", false), ("cos", true)] {
        let head = fod(run);
        // A head with the background first, of which the last row was left out.
        let torchvision: Vec<usize> = [31].into_iter().chain(0..30).collect();
        let detectron2: Vec<usize> = (1..32).collect();
        for (order, after) in [(torchvision, true), (detectron2, false)] {
            let (_, said) = head.rows(&order).classifier(None, cosine);
            let [Warning::ShiftedRows { after: found, recall, .. }] = &said[..] else {
                panic!("{said:?}")
            };
            assert!(*found == after && recall.0 < 0.05 && recall.1 > 0.7, "{recall:?}");
            let said = said[0].to_string();
            let leave = if after { "remove the first row" } else { "remove the last row" };
            assert!(said.contains(leave), "{said}");
        }
        let right: Vec<usize> = (0..31).collect();
        assert_eq!(head.rows(&right).classifier(None, cosine).1, []);
    }
    assert_eq!(shapes().classifier(None, false).1, []);
    let rolled: Vec<usize> = (0..24).map(|row| (row + 1) % 24).collect();
    let (_, said) = shapes().rows(&rolled).classifier(None, false);
    assert!(matches!(said[..], [Warning::ShiftedRows { after: false, .. }]), "{said:?}");
}

#[test]
fn a_linear_head_and_one_of_cosines() {
    let (_, said) = fod("cos").classifier(None, false);
    let [Warning::OtherKind { cosine: false, recall, .. }] = said[..] else { panic!("{said:?}") };
    assert!(recall.0 < 0.4 && recall.1 > 0.7, "{recall:?}");
    assert!(said[0].to_string().ends_with("give --cosine"));
    // Of this one the cosines recognize as much.
    assert_eq!(fod("ce").classifier(None, true).1, []);
    assert_eq!(shapes().classifier(None, true).1, []);
    // Its loss of cosines is its own.
    assert_eq!(fod("cos").loss(true), []);
    assert_eq!(fod("cos").loss(false), []);
    // Of this one neither a bias nor a background row is given.
    let classes: Vec<usize> = (0..31).collect();
    assert_eq!(fod("cos").rows(&classes).loss(false), []);
    for (head, biased, unequal) in [
        (fod("ce"), true, true),
        (fod("ce"), false, true),
        (fod("ce").rows(&classes), false, true),
        (shapes(), true, false),
    ] {
        let said = head.loss(biased);
        let [Warning::NotItsLoss { biased: found, lengths, .. }] = said[..] else {
            panic!("{said:?}")
        };
        assert_eq!((found, lengths.is_some()), (biased, unequal));
        assert!(said[0].to_string().contains("the cosine loss is not the loss of its training"));
    }
    assert_eq!(unequal_lengths(&array![[3.0, 4.0], [5.0, 0.0]]), None);
    assert_eq!(unequal_lengths(&array![[3.0, 4.0], [1.0, 0.0]]), Some((1.0, 5.0)));
}

/// A head that has learnt nothing, and boxes that lie in clusters: each class is in some row by chance.
#[test]
fn heads_that_know_nothing_are_hardly_ever_read_as_shifted() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    for (classes, most) in [(5, 12), (10, 4), (31, 2), (100, 2)] {
        let (mut decided, trials) = (0, 200);
        for _ in 0..trials {
            let means = Array2::from_shape_simple_fn((classes, 8), &mut normal);
            let labels: Vec<u32> = (0..8 * classes).map(|row| (row % classes) as u32).collect();
            let noise = Array2::from_shape_simple_fn((labels.len(), 8), &mut normal);
            let of = |(row, at): (usize, usize)| {
                means[(labels[row] as usize, at)] + 0.2 * noise[(row, at)]
            };
            let embeddings = Array2::from_shape_fn((labels.len(), 8), of);
            let weights = Array2::from_shape_simple_fn((classes + 1, 8), &mut normal);
            let mappings = [classes, 0].map(|row| RowMapping::without(Some(row), classes, false));
            let recalls = Recalls::of((&embeddings, &labels), (&weights, None), &mappings);
            decided += u32::from(recalls.other_rows(0, 1)) + u32::from(recalls.other_rows(1, 0));
        }
        assert!(decided <= most, "{classes} classes: {decided} of {trials}");
    }
}

#[test]
fn samples_hold_some_of_each_class() {
    let labels: Vec<u32> = (0..20_000).map(|row| u32::from(row >= 19_990)).collect();
    let x = Array2::from_shape_fn((20_000, 2), |(row, at)| (2 * row + at) as f32);
    let rows = Array::new(x.view(), &[]).unwrap();
    let (sample, of) = igam_analyze::stream::sample(&rows, &labels).unwrap();
    assert_eq!(of.iter().filter(|&&label| label == 1).count(), 10);
    assert_eq!(of.len(), 2048 + 10);
    // Spread over the rows, ascending, each with its own label.
    let numbers: Vec<usize> = sample.column(0).iter().map(|&first| first as usize / 2).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 10));
    assert!(numbers.iter().zip(&of).all(|(&row, &label)| labels[row] == label));
}

#[test]
fn rows_by_name_or_number() {
    for (text, row) in [
        ("first", BackgroundRow::First),
        ("last", BackgroundRow::Last),
        ("none", BackgroundRow::None),
        ("0", BackgroundRow::Row(0)),
        ("91", BackgroundRow::Row(91)),
    ] {
        assert_eq!((text.parse(), row.to_string()), (Ok(row), text.to_owned()));
    }
    for text in ["", "First", "-1", "1.5", "middle"] {
        let problem = text.parse::<BackgroundRow>().unwrap_err();
        assert!(
            problem.contains("\"first\", \"last\", \"none\" or the number of a row"),
            "{problem}"
        );
    }
    let problem = BackgroundRow::of(Some(BackgroundRow::Row(4)), 4, 3).unwrap_err();
    assert!(problem.contains("there is no row 4 (from 0)"), "{problem}");
    let run = |row: &str| {
        let work = Workdir::new();
        work.write(
            "r.toml",
            format!("[[run]]\nname = \"a\"\nweights = \"w.npy\"\nbackground_row = {row}\n"),
        );
        let read = igam_analyze::run_files::read(&work.path("r.toml"));
        read.map(|runs| runs[0].background_row).map_err(|error| error.to_string())
    };
    assert_eq!(run("3"), Ok(Some(BackgroundRow::Row(3))));
    assert_eq!(run("\"none\""), Ok(Some(BackgroundRow::None)));
    for wrong in ["\"middle\"", "-1", "1.5", "true"] {
        let problem = run(wrong).unwrap_err();
        assert!(
            problem.contains("run 1: ") && problem.contains("\"first\", \"last\", \"none\" or"),
            "{problem}"
        );
    }
}

/// Boxes of eight classes about one direction each, which a head knows; labels from 0 in `y.npy`, from 1 in `y1.npy`.
fn toy() -> Workdir {
    let work = Workdir::new();
    let labels: Vec<i64> = (0..80).map(|row| (row * 7) % 8).collect();
    let x = Array2::from_shape_fn((80, 8), |(row, at)| {
        let noise = ((row * 31 + at * 17) % 23) as f32 / 60.0;
        noise + 2.0 * f32::from(u8::from(at as i64 == labels[row]))
    });
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path("y.npy"), &Array1::from(labels.clone())).unwrap();
    write_npy(work.path("y1.npy"), &Array1::from(labels.clone()).mapv(|label| label + 1)).unwrap();
    let text = |by: i64| labels.iter().map(|label| format!("{}\n", label + by)).collect::<String>();
    work.write("y1.csv", format!("label\n{}", text(1)));
    // Without the last class, and, as it stands, without the first.
    let kept: Vec<usize> = (0..80).filter(|&row| labels[row] < 7).collect();
    write_npy(work.path("x7.npy"), &x.select(Axis(0), &kept)).unwrap();
    let seven: Vec<i64> = kept.iter().map(|&row| labels[row] + 1).collect();
    write_npy(work.path("y7.npy"), &Array1::from(seven)).unwrap();
    let names: Vec<String> = (0..8).map(|class| format!("n{class}\n")).collect();
    work.write("names.txt", names.concat());
    let ids: String = (0..8).map(|class| format!("n{class},{}\n", class + 1)).collect();
    work.write("ids.csv", format!("class,id\n{ids}"));
    let ap: String = (0..8).map(|class| format!("n{class},0.{}\n", 9 - class)).collect();
    work.write("ap.csv", format!("class,ap\n{ap}"));
    let head = Array2::<f32>::eye(8);
    let background = Array2::<f32>::from_elem((1, 8), 0.1);
    write_npy(work.path("w.npy"), &head).unwrap();
    let first = concatenate![Axis(0), background, head];
    let last = concatenate![Axis(0), head, background];
    write_npy(work.path("first.npy"), &first).unwrap();
    write_npy(work.path("last.npy"), &last).unwrap();
    write_npy(work.path("dropped.npy"), &first.slice(s![..8, ..])).unwrap();
    work
}

/// The one error of a command, after which nothing is there.
#[track_caller]
fn refused(work: &Workdir, arguments: &str) -> String {
    let output = work.command(&format!("{arguments} --out nothing")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments}: {said}");
    assert!(work.files("nothing").is_empty());
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("error:")).collect();
    let [error] = errors[..] else { panic!("{said}") };
    error.to_owned()
}

#[track_caller]
fn said(work: &Workdir, arguments: &str) -> String {
    String::from_utf8(work.run(arguments).stderr).unwrap()
}

#[test]
fn losses_with_a_background_row() {
    let work = toy();
    let input = "loss --embeddings x.npy --labels y.npy --class-names names.txt --weights";
    let losses = |arguments: &str| {
        work.run(arguments);
        work.read("reports/loss.csv")
    };
    let wanted = losses(&format!("{input} w.npy"));
    assert!(!said(&work, &format!("{input} w.npy")).contains("w.npy: "));
    for (weights, row, number) in [("first", "first", 0), ("last", "last", 8)] {
        let input = format!("{input} {weights}.npy");
        assert_eq!(losses(&input), wanted);
        assert!(said(&work, &input).contains(&format!("the {row} of its 9 rows is read as the background: mean recall of the classes is 100% without it, and 0% without")));
        for asked in [row.to_owned(), number.to_string()] {
            let asked = format!("{input} --background-row {asked}");
            assert_eq!(losses(&asked), wanted);
            assert!(!said(&work, &asked).contains(".npy: with --background-row"));
        }
    }
    let wrong = said(&work, &format!("{input} first.npy --background-row last"));
    assert!(wrong.contains("first.npy: with --background-row last, mean recall of the classes is 0%; with first it is 100%: check --background-row"), "{wrong}");
    let dropped = said(&work, &format!("{input} dropped.npy"));
    assert!(
        dropped
            .contains("dropped.npy: mean recall is 87% if each class uses the row after its own"),
        "{dropped}"
    );
    let error = refused(&work, &format!("{input} w.npy --background-row first"));
    assert!(
        error.contains(
            "holds 8 rows, but there are 8 classes: expected 9 rows with --background-row first"
        ),
        "{error}"
    );
    // Without names, labels are rows: torchvision's are from 1.
    let rows = "loss --embeddings x.npy --labels y1.npy --weights first.npy";
    assert!(said(&work, rows).contains(
        "first.npy: no label belongs to its row 0: if this row is the background's, give \
         --background-row first"
    ));
    let means = |csv: &str| -> Vec<String> {
        csv.lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap().1.split_once(',').unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(means(&losses(&format!("{rows} --background-row first"))), means(&wanted));
    let zero = "loss --embeddings x.npy --labels y.npy --weights first.npy --background-row first";
    assert!(refused(&work, zero).contains("its numbers are 0…7, but the classes have 1…8"));
    let last = "loss --embeddings x.npy --labels y.npy --weights last.npy";
    assert!(said(&work, last).contains("no label belongs to its row 8"));
    // A bias has no part in cosines.
    write_npy(work.path("b.npy"), &Array1::<f32>::ones(8)).unwrap();
    let biased = format!("{input} w.npy --bias b.npy");
    assert_eq!(losses(&biased), wanted);
    assert!(
        said(&work, &biased)
            .contains("it has a bias, which the cosine loss ignores: it was trained as a linear")
    );
    let error = refused(&work, &format!("{input} first.npy --bias b.npy"));
    assert!(error.contains("b.npy: holds 8 values, the weights have 9 rows"), "{error}");
    let unknown =
        work.command(&format!("{input} first.npy --background-row middle")).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn losses_of_arrays() {
    let work = toy();
    let x: Array2<f32> = read_npy(work.path("x.npy")).unwrap();
    let y: Array1<i64> = read_npy(work.path("y.npy")).unwrap();
    let weights = |name: &str| read_npy::<_, Array2<f32>>(work.path(name)).unwrap().mapv(f64::from);
    let of = |name: &str| {
        let classes = Classes::from_names((0..8).map(|class| format!("n{class}"))).unwrap();
        let given = Given { classes: Some(classes.into()), ..Given::default() };
        let layer =
            LastLayer { weights: weights(name), bias: None, background: None, cosine: true };
        let margins = Array2::zeros((8, 8));
        let labels = Labels::of_ids(y.iter().copied());
        Losses::of_array(x.view(), &labels, given, layer, &margins, 30.0, &mut Warnings::default())
    };
    let wanted = of("w.npy").unwrap().mean;
    assert_eq!(of("first.npy").unwrap().mean, wanted);
    assert_eq!(of("last.npy").unwrap().mean, wanted);
}

/// torchvision's labels beside names from 0: what to do, and never that a class is the background.
#[test]
fn labels_from_one() {
    let work = toy();
    let check = |error: String, numbers: &str| {
        for words in [numbers, "torchvision", "ids from 1", "subtract 1 from each"] {
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(!error.contains("--background-label"), "{error}");
    };
    let spans = "its numbers are 1…8, but the classes have 0…7";
    for labels in ["y1.npy", "y1.csv"] {
        for command in ["information", "loss --weights w.npy", "margins", "correlate --ap ap.csv"] {
            let run =
                format!("{command} --embeddings x.npy --labels {labels} --class-names names.txt");
            check(refused(&work, &run), spans);
        }
    }
    // Asked to take them for ids, too.
    let ids = "information --embeddings x.npy --labels y1.npy --class-names names.txt --label-numbering ids";
    check(refused(&work, ids), "is 8, which is not one of the 8 classes: labels from 1 on");
    // The way out works.
    let run = "information --embeddings x.npy --labels y1.npy --class-names ids.csv";
    let named = work.json(run);
    let plain = work.json("information --embeddings x.npy --labels y.npy --class-names names.txt");
    let bits = |json: &serde_json::Value| crate::column(&json["information"], "information");
    assert_eq!(bits(&named), bits(&plain));
    // The last class has no box: every label is a class.
    for (command, labels) in [
        ("information --embeddings x7.npy --labels", "y7.npy"),
        ("loss --weights w.npy --embeddings x7.npy --labels", "y7.npy"),
        (
            "explain --ap ap.csv --embeddings x.npy --labels y.npy --validation-embeddings x7.npy --validation-labels",
            "y7.npy",
        ),
    ] {
        let run = format!("{command} {labels} --class-names names.txt");
        check(refused(&work, &run), "no row of the first class \"n0\"");
    }
    work.run("information --embeddings x7.npy --labels y7.npy --class-names names.txt --label-numbering ids");
    // Held-out boxes of a few classes are no pattern.
    let few: Vec<usize> = (0..7).collect();
    let x: Array2<f32> = read_npy(work.path("x7.npy")).unwrap();
    let y: Array1<i64> = read_npy(work.path("y7.npy")).unwrap();
    let few: Vec<usize> = few.into_iter().filter(|&row| y[row] > 3).collect();
    write_npy(work.path("fx.npy"), &x.select(Axis(0), &few)).unwrap();
    write_npy(work.path("fy.npy"), &y.select(Axis(0), &few)).unwrap();
    work.run(
        "explain --ap ap.csv --embeddings x.npy --labels y.npy --class-names names.txt --validation-embeddings fx.npy \
         --validation-labels fy.npy",
    );
    // Background boxes among them: which number they have depends on who wrote them.
    let mut nine: Array1<i64> = read_npy(work.path("y.npy")).unwrap();
    nine[0] = 8;
    write_npy(work.path("nine.npy"), &nine).unwrap();
    let error =
        refused(&work, "information --embeddings x.npy --labels nine.npy --class-names names.txt");
    for words in [
        "if 0 is the background, as in torchvision",
        "if 8 is the background, as in detectron2 and mmdetection",
    ] {
        assert!(error.contains(words), "{error}");
    }
    // AP by ids from 1.
    work.write("tm.json", r#"{"classes": [1, 2, 3, 4, 5, 6, 7, 8], "map_per_class": [0.6, 0.5, 0.4, 0.3, 0.2, 0.3, 0.1, 0.7]}"#);
    let run = "correlate --embeddings x.npy --labels y.npy --class-names names.txt --ap tm.json";
    check(refused(&work, run), spans);
}

/// The same of a list of names in memory, as Python gives it.
#[test]
fn labels_from_one_in_memory() {
    let work = toy();
    for (x, y, words) in
        [("x.npy", "y1.npy", "1…8"), ("x7.npy", "y7.npy", "no row of the first class")]
    {
        let x: Array2<f32> = read_npy(work.path(x)).unwrap();
        let y: Array1<i64> = read_npy(work.path(y)).unwrap();
        let classes = Classes::from_names((0..8).map(|class| format!("n{class}"))).unwrap();
        let given = Given { classes: Some(classes.into()), ..Given::default() };
        let labels = Labels::of_ids(y.iter().copied());
        let found = of_array(x.view(), &labels, given, &Options::new(), &mut Warnings::default());
        let error = found.unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("torchvision"), "{error}");
        assert!(!error.contains("--background-label"), "{error}");
    }
}

/// Evaluations in place of counts, as their projects write them: heads of `summary()`, `to_json()`, `to_csv()`
/// and `to_df()` of Ultralytics, and of others.
#[test]
fn evaluations_are_no_counts() {
    let work = toy();
    let names: Vec<String> = (0..8).map(|class| format!("n{class}")).collect();
    let records = |more: &str| {
        let record = |name: &String| {
            format!(
                "{{\"Class\": \"{name}\", \"Images\": \"9\", \"Instances\": \"12\", {more}\"mAP50\": 0.5, \"mAP50-95\": 0.3}}"
            )
        };
        format!("[{}]", names.iter().map(record).collect::<Vec<_>>().join(", "))
    };
    work.write("summary.json", records("\"Box-P\": 0.5, "));
    work.write("segm.json", records("\"Box-P\": 0.5, \"Mask-P\": 0.25, "));
    work.write("v5.json", records(""));
    let rf = names.iter().map(|name| json!({"class": name, "map@50:95": 0.3, "map@50": 0.5, "precision": 0.5, "recall": 0.5}));
    work.write("rf.json", json!({"class_map": rf.collect::<Vec<_>>(), "map": 0.5}).to_string());
    work.write(
        "tm.json",
        json!({"map": 0.3, "classes": [0, 1, 2], "map_per_class": [0.3, 0.2, 0.1]}).to_string(),
    );
    let table = |header: &str, row: &str| {
        let rows: Vec<String> = names.iter().map(|name| format!("{name},{row}\n")).collect();
        format!("{header}\n{}", rows.concat())
    };
    work.write(
        "to.csv",
        table(
            "Class,Images,Instances,Box-P,Box-R,Box-F1,mAP50,mAP75,mAP50-95",
            "9,12,0.5,0.5,0.5,0.5,0.4,0.3",
        ),
    );
    work.write("small.csv", table("class,images,instances,box-p,box-r,map50", "9,12,0.5,0.5,0.5"));
    work.write("mask.csv", table("Class,Instances,Mask-P,Mask-R", "12,0.5,0.5"));
    work.write(
        "plain.csv",
        table("Class,Images,Instances,P,R,mAP50,mAP50-95", "9,12,0.5,0.5,0.5,0.3"),
    );
    for file in [
        "summary.json",
        "segm.json",
        "v5.json",
        "rf.json",
        "tm.json",
        "to.csv",
        "small.csv",
        "mask.csv",
        "plain.csv",
    ] {
        let error = refused(&work, &format!("correlate --ap ap.csv --counts {file}"));
        let words = "is an evaluation, whose instances are those of the evaluated images: give the \
                     training set's";
        assert!(error.contains(&format!("{file}: {words}")), "{error}");
    }
    // Asked for, they are taken; a table of one's own with AP beside the counts is no evaluation.
    work.run("correlate --ap ap.csv --counts to.csv --counts-column Instances");
    work.write("own.csv", table("class,instances,ap", "12,0.5"));
    work.run("correlate --ap ap.csv --counts own.csv");
    // It lists the classes that the validation images have.
    let run = "information --embeddings x.npy --labels y.npy --class-names";
    assert!(refused(&work, &format!("{run} to.csv")).contains(
        "to.csv: is an evaluation, which lists only the classes of the validation images"
    ));
}

#[test]
fn counts_of_the_ground_truth() {
    let work = Workdir::new();
    let annotations = |counts: [usize; 3]| {
        let of =
            counts.iter().enumerate().flat_map(|(class, &count)| std::iter::repeat_n(class, count));
        let boxes = of.enumerate().map(|(at, class)| {
            json!({"id": at + 1, "image_id": 1 + at % 5, "category_id": class, "bbox": [1 + at, 1, 9, 9], "area": 81, "iscrowd": 0})
        });
        let boxes: Vec<_> = boxes.collect();
        let images: Vec<_> =
            (1..6).map(|id| json!({"id": id, "width": 99, "height": 99})).collect();
        let categories: Vec<_> =
            (0..3).map(|id| json!({"id": id, "name": format!("n{id}")})).collect();
        json!({"images": images, "annotations": boxes, "categories": categories}).to_string()
    };
    work.write("val.json", annotations([6, 5, 4]));
    work.write("same.json", annotations([6, 5, 4]));
    work.write("train.json", annotations([30, 20, 10]));
    let found = |at: usize| json!({"image_id": 1 + at % 5, "category_id": at % 3, "bbox": [1 + at, 1, 9, 9], "score": 0.5});
    work.write("d.json", json!((0..9).map(found).collect::<Vec<_>>()).to_string());
    let run = "correlate --detections d.json --ground-truth val.json --counts";
    let words = "its counts are those of the evaluated images";
    for (counts, wrong) in [("val.json", true), ("same.json", true), ("train.json", false)] {
        let said = said(&work, &format!("{run} {counts}"));
        assert_eq!(said.contains(words), wrong, "{counts}: {said}");
    }
}
