//! Detections, against pycocotools, lvis-api and tidecv (`tests/golden/detections.py`), and against the
//! sums that hotcoco itself makes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use hotcoco::{COCO, COCOeval, IouType};
use igam_analyze::detections::{ClassDetections, ErrorType};
use igam_analyze::detector::Evaluated;
use igam_analyze::input::detections::read;
use igam_analyze::observer::{Observer, Unit};
use igam_analyze::warning::Warning;
use igam_analyze::{Classes, Detector, Options, RunFiles, Warnings, load};
use serde_json::{Value, json};

use crate::{Workdir, numbers, repository};

fn expected() -> Value {
    let text = std::fs::read_to_string(repository("tests/golden/detections.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn files(name: &str) -> [PathBuf; 2] {
    ["results", "truth"]
        .map(|what| repository(&format!("tests/golden/detections/{name}_{what}.json")))
}

fn evaluated(name: &str) -> Evaluated {
    let [results, truth] = files(name);
    read(&results, &truth, &Warnings::default()).unwrap()
}

/// Each category's id with what is known of it.
fn by_id(evaluated: &Evaluated) -> Vec<(String, &ClassDetections)> {
    let ids = evaluated.classes.ids().iter().map(i64::to_string);
    ids.zip(&evaluated.detections).collect()
}

#[track_caller]
fn close(ours: f64, theirs: f64, most: f64) {
    assert!((ours - theirs).abs() <= most, "{ours} against {theirs}");
}

#[test]
fn ap_is_that_of_pycocotools_and_of_lvis_api() {
    let expected = expected();
    for (name, least) in [("coco", 6), ("lvis", 6)] {
        let evaluated = evaluated(name);
        let mut compared = 0;
        for (id, class) in by_id(&evaluated) {
            let theirs = &expected[name]["ap"][&id];
            for (ours, theirs) in class.ap.iter().zip(theirs.as_array().unwrap()) {
                assert_eq!(ours.is_some(), !theirs.is_null(), "{name} {id}");
                if let Some(ours) = *ours {
                    close(ours, theirs.as_f64().unwrap(), 1e-12);
                    compared += usize::from(ours > 0.0);
                }
            }
        }
        assert!(compared >= 2 * least, "{name}: {compared}");
        let rules =
            if name == "lvis" { "the federated rules of LVIS" } else { "the rules of COCO" };
        assert!(evaluated.notes[0].ends_with(rules), "{:?}", evaluated.notes);
    }
}

#[test]
fn error_types_are_those_of_tidecv() {
    let (expected, evaluated) = (expected(), evaluated("tide"));
    for (id, class) in by_id(&evaluated) {
        let theirs = &expected["tide"]["tide"][&id];
        let counts: Vec<_> = class.errors.iter().map(|error| error.count as f64).collect();
        assert_eq!(counts, numbers(&theirs["counts"]), "{id}");
        if let Some(ap50) = class.ap[1] {
            close(ap50, theirs["ap50"].as_f64().unwrap(), 1e-12);
        }
        for (error, theirs) in class.errors.iter().zip(numbers(&theirs["costs"])) {
            close(error.ap, theirs, 1e-12);
        }
    }
    // Each type happens, and costs something.
    for at in 0..6 {
        let of_type = || evaluated.detections.iter().map(|class| class.errors[at]);
        assert!(of_type().any(|error| error.count > 0 && error.ap > 0.0), "{at}");
    }
}

#[test]
fn objects_are_taken_for_the_class_of_the_best_box_on_them() {
    let (expected, evaluated) = (expected(), evaluated("tide"));
    let mut taken = 0;
    for (id, class) in by_id(&evaluated) {
        let theirs = &expected["tide"]["taken"][&id];
        assert_eq!(class.found, theirs["found"].as_u64().unwrap(), "{id}");
        let ours = class.taken_for.iter();
        let ours = ours.map(|&(at, count)| (evaluated.classes.ids()[at].to_string(), json!(count)));
        assert_eq!(Value::Object(ours.collect()), theirs["taken_for"], "{id}");
        assert!(class.taken_for.is_sorted_by(|a, b| a.1 >= b.1), "{id}");
        let sum: u64 = class.taken_for.iter().map(|&(_, count)| count).sum();
        assert!(class.found + sum <= class.objects, "{id}");
        taken += sum;
    }
    assert!(taken > 10, "{taken}");
}

/// Objects and boxes at random, many of them alike, with crowds.
fn random_set(work: &Workdir, seed: u64, federated: bool) -> [PathBuf; 2] {
    let mut random = Rng::with_seed(seed);
    let (mut annotations, mut results) = (Vec::new(), Vec::new());
    let mut images = Vec::new();
    for image in 0..random.u32(1..12) {
        let side = |random: &mut Rng, most: u32| f64::from(random.u32(0..most));
        for _ in 0..random.u32(0..6) {
            let bbox =
                [side(&mut random, 60), side(&mut random, 60), 20.0, 10.0 + side(&mut random, 9)];
            let category = random.u32(1..5);
            annotations.push(json!({
                "id": annotations.len(), "image_id": image, "category_id": category, "bbox": bbox,
                "area": bbox[2] * bbox[3], "iscrowd": u8::from(random.u32(0..7) == 0),
            }));
            for _ in 0..random.u32(0..4) {
                let most = random.u32(1..9);
                let bbox: Vec<f64> = bbox.iter().map(|at| at + side(&mut random, most)).collect();
                let category = if random.bool() { category } else { random.u32(1..6) };
                let score = f64::from(random.u32(0..20)) / 20.0;
                results.push(json!({
                    "image_id": image, "category_id": category, "bbox": bbox, "score": score,
                }));
            }
        }
        let some =
            |random: &mut Rng| -> Vec<u32> { (1..6).filter(|_| random.u32(0..3) == 0).collect() };
        images.push(match federated {
            true => json!({
                "id": image, "neg_category_ids": some(&mut random),
                "not_exhaustive_category_ids": some(&mut random),
            }),
            false => json!({"id": image}),
        });
    }
    // At least one of each.
    annotations.push(json!({
        "id": annotations.len(), "image_id": 0, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0,
    }));
    results.push(json!({"image_id": 0, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5}));
    let categories: Vec<_> = (1..6)
        .rev()
        .map(|id| json!({"id": id, "name": format!("c{id}"), "frequency": "f"}))
        .collect();
    let truth = json!({"images": images, "annotations": annotations, "categories": categories});
    work.write("truth.json", truth.to_string());
    work.write("results.json", Value::from(results).to_string());
    [work.path("results.json"), work.path("truth.json")]
}

/// The same evaluated by hotcoco alone.
fn hotcoco(results: &Path, truth: &Path, federated: bool) -> COCOeval {
    let truth = COCO::new(truth).unwrap();
    let results = truth.load_res(results).unwrap();
    let mut evaluator = match federated {
        true => COCOeval::new_lvis(truth, results, IouType::Bbox),
        false => COCOeval::new(truth, results, IouType::Bbox),
    };
    evaluator.evaluate().unwrap();
    evaluator
}

#[test]
fn classes_add_up_to_what_hotcoco_says_of_all() {
    let names = ["Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"];
    let (work, mut seen) = (Workdir::new(), [0; 6]);
    for seed in 0..100 {
        let federated = seed % 2 == 1;
        let [results, truth] = random_set(&work, seed, federated);
        let ours = read(&results, &truth, &Warnings::default()).unwrap();
        let all = hotcoco(&results, &truth, federated);
        let theirs = all.tide_errors(0.5, 0.1).unwrap();
        let counting: Vec<_> = ours.detections.iter().filter(|class| class.objects > 0).collect();
        let mean = |of: &dyn Fn(&ClassDetections) -> f64| {
            counting.iter().map(|class| of(class)).sum::<f64>() / counting.len() as f64
        };
        for (at, name) in names.iter().enumerate() {
            let count: u64 = ours.detections.iter().map(|class| class.errors[at].count).sum();
            assert_eq!(count, theirs.counts[*name], "seed {seed}, {name}");
            seen[at] += count;
            close(mean(&|class| class.errors[at].ap), theirs.delta_ap[*name], 1e-12);
        }
        close(mean(&|class| class.ap[1].unwrap()), theirs.ap_base, 1e-12);
    }
    assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
}

#[test]
fn intervals_are_those_of_a_bootstrap_that_writes_out_each_resample() {
    let (expected, evaluated) = (expected(), evaluated("coco"));
    for (id, class) in by_id(&evaluated) {
        let theirs = &expected["coco"]["interval"][&id];
        assert_eq!(class.interval.is_some(), !theirs.is_null(), "{id}");
        let Some((low, high)) = class.interval else { continue };
        let theirs = numbers(theirs);
        close(low, theirs[0], 0.03);
        close(high, theirs[1], 0.03);
        let ap = class.ap[0].unwrap();
        assert!((low..=high).contains(&ap), "{id}: {low} {ap} {high}");
    }
}

#[test]
fn nothing_depends_on_the_number_of_threads() {
    let [results, truth] = files("coco");
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| read(&results, &truth, &Warnings::default()).unwrap().detections)
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn classes_of_a_detector_find_their_categories_by_name_and_id() {
    let evaluated = evaluated("tide");
    let classes = [(3, "key"), (8, "luggage tag"), (1, "bolt"), (100, "spanner")];
    let classes = classes.map(|(id, name)| (id, name.to_owned())).to_vec();
    let classes = Classes::new(classes, igam_analyze::classes::IdsFrom::Table).unwrap();
    let detector = Detector::new("a", classes).evaluated(&evaluated).unwrap();
    let of_classes = detector.detections().unwrap();
    let category = |id: i64| {
        let at = evaluated.classes.ids().iter().position(|one| *one == id).unwrap();
        &evaluated.detections[at]
    };
    let ids = detector.classes().ids().to_vec();
    assert_eq!(ids, [1, 3, 8, 100]);
    assert!(of_classes[3].is_none());
    for (class, &id) in of_classes.iter().zip(&ids).take(3) {
        let (class, category) = (class.as_ref().unwrap(), category(id));
        assert_eq!((class.ap, class.errors), (category.ap, category.errors));
        // Of what it is taken for, only the detector's classes are left.
        let theirs = category.taken_for.iter();
        let theirs = theirs.map(|&(at, count)| (evaluated.classes.ids()[at], count));
        let theirs: Vec<_> = theirs.filter(|(id, _)| ids.contains(id)).collect();
        let ours: Vec<_> = class.taken_for.iter().map(|&(at, count)| (ids[at], count)).collect();
        assert_eq!(ours, theirs);
    }
    let runs = detector.runs();
    let aps: Vec<_> = runs[0][0].classes().map(|class| class.ap).collect();
    assert_eq!(aps[..3], [1, 3, 8].map(|id| category(id).ap[0]));
}

#[test]
fn the_ground_truth_lists_the_classes_but_counts_no_instances() {
    let [results, truth] = files("coco");
    let work = Workdir::new();
    work.write(
        "counts.csv",
        "class,instances\nbolt,500\nnut,90\nkey,70\nwasher,200\nluggage tag,30\n",
    );
    let files = RunFiles {
        name: "a".into(),
        detections: Some(results),
        ground_truth: vec![truth],
        counts: vec![work.path("counts.csv")],
        ap_column: vec!["ap50".into(), "ap75".into()],
        ..RunFiles::default()
    };
    assert_eq!(files.files().unwrap().len(), 3);
    let detector = load(&files, &Options::new(), &mut Warnings::default()).unwrap();
    assert_eq!(detector.classes().ids(), [1, 2, 3, 5, 8, 13, 90]);
    let ours = detector.detections().unwrap().to_vec();
    let runs = detector.runs();
    assert_eq!(runs.len(), 2);
    for (at, runs) in [1, 2].into_iter().zip(&runs) {
        for (class, detections) in runs[0].classes().zip(&ours) {
            assert_eq!(class.ap, detections.as_ref().unwrap().ap[at]);
        }
    }
    let instances: Vec<_> = runs[0][0].classes().map(|class| class.instances).collect();
    assert_eq!(
        instances,
        [500, 90, 70, 200, 30].map(Some).into_iter().chain([None; 2]).collect::<Vec<_>>()
    );
}

#[test]
fn a_runs_file_names_them_and_the_command_line_says_the_same() {
    let (work, run) = (Workdir::new(), "counts.csv");
    let [results, truth] = files("coco");
    std::fs::copy(results, work.path("coco.json")).unwrap();
    std::fs::copy(truth, work.path("truth.json")).unwrap();
    work.write(run, "class,instances\nbolt,500\nnut,90\nkey,70\nwasher,200\nluggage tag,30\nwrench,9\npliers,4\n");
    std::fs::create_dir(work.path("sub")).unwrap();
    work.write(
        "sub/runs.toml",
        "ground_truth = '../truth.json'\ncounts = '../counts.csv'\n[[run]]\nname = 'a'\ndetections = '../coco.json'\n",
    );
    let typed =
        work.json("correlate --detections coco.json --ground-truth truth.json --counts counts.csv");
    let of_runs = work.json("correlate --runs sub/runs.toml");
    assert_eq!(typed["bias"][0]["mean_ap"], of_runs["bias"][0]["mean_ap"]);
    assert!(typed["correlations"][0]["pearson"].is_number(), "{typed}");
    let ap50 = work.json(
        "correlate --detections coco.json --ground-truth truth.json --counts counts.csv --ap-column ap50",
    );
    assert_ne!(typed["bias"][0]["mean_ap"], ap50["bias"][0]["mean_ap"]);
    for (toml, says) in [
        (
            "[[run]]\nname = 'a'\ndetections = 'x.json'\n",
            "run 1: has detections and no ground_truth",
        ),
        (
            "[[run]]\nname = 'a'\nap = 'a.csv'\ndetections = 'x.json'\nground_truth = 't.json'\n",
            "run 1: has both ap and detections: give one",
        ),
    ] {
        work.write("runs.toml", toml);
        let output = work.command("correlate --runs runs.toml").output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(says), "{error}");
    }
    for arguments in [
        "correlate --detections coco.json --counts counts.csv",
        "correlate --ap a.csv --ground-truth truth.json --counts counts.csv",
        "correlate --ap a.csv --detections coco.json --ground-truth truth.json --counts counts.csv",
        "correlate --detections coco.json --ground-truth truth.json --ap-iou 0.5 --counts counts.csv",
    ] {
        assert_eq!(work.command(arguments).output().unwrap().status.code(), Some(2), "{arguments}");
    }
}

const TRUTH: &str = r#"{"images": [{"id": 1}, {"id": "a.jpg"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [0, 0, 9, 9]},
                    {"id": 1, "image_id": "a.jpg", "category_id": 7, "bbox": [0, 0, 9, 9], "iscrowd": null}],
    "categories": [{"id": 7, "name": "bolt"}, {"id": 9, "name": "nut"}]}"#;

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let one = r#"{"image_id": 1, "category_id": 7, "bbox": [0, 0, 9, 9], "score": 0.5}"#;
    let but = |from: &str, to: &str| format!("[{one}, {}]", one.replace(from, to));
    let sentences = [
        ("[]".into(), "is an empty list, without a detection"),
        ("{}".into(), "is not a list of detections: give COCO results"),
        (
            but("\"image_id\": 1", "\"image_id\": 5"),
            "detection 1 (from 0) is of the image 5, which the ground",
        ),
        (
            but("\"image_id\": 1", "\"image_id\": \"b\""),
            "is of the image \"b\", which the ground truth",
        ),
        (
            but("\"image_id\": 1, ", ""),
            "detection 1 (from 0) has the \"image_id\" null, which is not an id",
        ),
        (but("7", "0"), "is of the category 0, which the ground truth does not list"),
        (but("7", "\"bolt\""), "has the \"category_id\" \"bolt\", which is not a whole number"),
        (but(", \"score\": 0.5", ""), "detection 1 (from 0) has no \"score\", or NaN"),
        (but("0.5", "NaN"), "detection 1 (from 0) has no \"score\", or NaN"),
        (but("0.5", "Infinity"), "which is not a finite number"),
        (but("0.5", "\"high\""), "has the \"score\" \"high\", which is not a finite number"),
        (but("\"bbox\": [0, 0, 9, 9], ", ""), "has no \"bbox\" of four finite numbers"),
        (but("9, 9]", "9]"), "has no \"bbox\" of four finite numbers"),
        (but("9, 9]", "9, NaN]"), "has no \"bbox\" of four finite numbers"),
        (but("9, 9]", "9, -Infinity]"), "has no \"bbox\" of four finite numbers"),
        (
            but("9, 9]", "-9, 9]"),
            "whose width or height is below 0: COCO boxes are left, top, width, height",
        ),
        (
            but(
                "\"bbox\": [0, 0, 9, 9]",
                "\"segmentation\": {\"size\": [9, 9], \"counts\": \"a\"}",
            ),
            "has a mask but no \"bbox\", and AP of masks is not computed: give the results of boxes",
        ),
        ("[3]".into(), "is not a list of detections: "),
        (format!("[{one}"), "is cut off"),
        (format!("[{one}] x"), "is not JSON"),
        ("\u{1f}\u{8b}".into(), ""),
    ];
    let work = Workdir::new();
    work.write("truth.json", TRUTH);
    let (results, truth) = (work.path("results.json"), work.path("truth.json"));
    for (text, says) in sentences {
        work.write("results.json", &text);
        let error = read(&results, &truth, &Warnings::default()).unwrap_err().to_string();
        assert!(error.contains("results.json") && error.contains(says), "{text}: {error}");
        assert!(!error.trim().contains('\n'), "{error}");
    }
    // Gzip that is cut off is named for what it is.
    work.write("results.json", b"\x1f\x8b\x08\x00\x00\x00\x00\x00");
    let cut = read(&results, &truth, &Warnings::default()).unwrap_err().to_string();
    assert!(cut.contains("it is packed by gzip and cannot be unpacked"), "{cut}");
    // The two files in each other's place.
    work.write("results.json", format!("[{one}]"));
    let swapped = read(&truth, &results, &Warnings::default()).unwrap_err().to_string();
    assert!(
        swapped.contains("truth.json: is not a list") && swapped.contains("swapped?"),
        "{swapped}"
    );
    let of_list = read(&results, &results, &Warnings::default()).unwrap_err().to_string();
    assert!(of_list.contains("results.json: is not an annotation file"), "{of_list}");
    for (from, to, says) in [
        ("\"images\"", "\"pictures\"", "has no \"images\""),
        ("\"annotations\"", "\"notes\"", "has no \"annotations\""),
        ("\"categories\"", "\"classes\"", "has no \"categories\""),
        ("\"name\": \"nut\"", "\"name\": \"bolt\"", "names the class \"bolt\" twice"),
        ("\"id\": 9", "\"id\": 7", "gives two classes the same id"),
        (
            "\"bbox\": [0, 0, 9, 9]}",
            "\"box\": 3}",
            "annotation 0 (from 0) has no \"bbox\" of four finite",
        ),
        ("\"iscrowd\": null", "\"iscrowd\": []", "has \"iscrowd\": a list or an object"),
        (
            "{\"id\": 1}",
            "{\"id\": null}",
            "image 0 (from 0) has the \"id\" null, which is not an \
                                           id",
        ),
    ] {
        work.write("truth.json", TRUTH.replacen(from, to, 1));
        let error = read(&results, &truth, &Warnings::default()).unwrap_err().to_string();
        assert!(error.contains("truth.json") && error.contains(says), "{to}: {error}");
    }
}

#[test]
fn ids_may_be_texts_and_what_is_not_listed_is_left_out() {
    let work = Workdir::new();
    let more = r#""annotations": [{"image_id": 2, "category_id": 7, "bbox": [0, 0, 1, 1]}, "#;
    work.write("truth.json", TRUTH.replace("\"annotations\": [", more));
    work.write(
        "results.json",
        r#"[{"image_id": "a.jpg", "category_id": 7.0, "bbox": [0, 0, 9, 9], "score": 2, "segmentation": []}]"#,
    );
    let evaluated =
        read(&work.path("results.json"), &work.path("truth.json"), &Warnings::default()).unwrap();
    let bolt = &evaluated.detections[0];
    assert_eq!((bolt.objects, bolt.found), (2, 1));
    assert!(bolt.interval.is_none() && evaluated.detections[1].ap == [None; 3]);
    assert_eq!(bolt.errors[5].count, 1);
    let notes = evaluated.notes.join("\n");
    assert!(
        notes.contains("skipped 1 annotations of images or categories that it does not list"),
        "{notes}"
    );
    assert!(notes.contains("boxes are evaluated, not masks"), "{notes}");
    assert_eq!(ErrorType::ALL.map(ErrorType::name)[5], "missed");
}

#[test]
fn the_best_box_of_another_class_decides_from_an_iou_of_one_half() {
    let work = Workdir::new();
    let object = |id: u32| json!({"image_id": id, "category_id": 1, "bbox": [0, 0, 10, 10]});
    let found = |image: u32, category: u32, height: f64, score: f64| {
        json!({
            "image_id": image, "category_id": category, "bbox": [0, 0, 10, height], "score": score,
        })
    };
    let names = ["bolt", "nut", "key", "pin"];
    let categories: Vec<_> =
        (1..).zip(names).map(|(id, name)| json!({"id": id, "name": name})).collect();
    let images: Vec<_> = (0..4).map(|id| json!({"id": id})).collect();
    let truth = json!({
        "images": images, "categories": categories, "annotations": (0..4).map(object).collect::<Vec<_>>(),
    });
    let results = json!([
        // The best is a key; a box of the right class that is better still lies badly.
        found(0, 1, 4.0, 0.9),
        found(0, 2, 10.0, 0.6),
        found(0, 3, 5.0, 0.8),
        found(0, 4, 9.0, 0.7),
        // One that is just too low is none.
        found(1, 3, 4.99, 0.9),
        found(1, 2, 5.0, 0.1),
        // Of equal ones the first class.
        found(2, 4, 9.0, 0.5),
        found(2, 2, 9.0, 0.5),
        // What is found is taken for nothing else.
        found(3, 1, 10.0, 0.1),
        found(3, 2, 10.0, 0.9),
    ]);
    work.write("truth.json", truth.to_string());
    work.write("results.json", results.to_string());
    let evaluated =
        read(&work.path("results.json"), &work.path("truth.json"), &Warnings::default()).unwrap();
    let bolt = &evaluated.detections[0];
    assert_eq!((bolt.objects, bolt.found), (4, 1));
    assert_eq!(bolt.taken_for, [(1, 2), (2, 1)]);
    assert!(bolt.interval.is_none(), "4 images say too little");
}

/// Adds up what it is told of each unit: how much there is to do, and how much is done.
#[derive(Default)]
struct Sums(Arc<Mutex<Vec<(Unit, u64, u64)>>>);

impl Observer for Sums {
    fn warn(&mut self, _: Warning) {}

    fn progress(&self, total: u64, unit: Unit) -> Box<dyn Fn(u64) + Sync> {
        let mut begun = self.0.lock().unwrap();
        let (at, sums) = (begun.len(), self.0.clone());
        begun.push((unit, total, 0));
        Box::new(move |done| sums.lock().unwrap()[at].2 += done)
    }
}

/// Of each file its bytes as they lie on the disk, packed or not, and of each class its boxes.
#[test]
fn how_far_it_has_come_is_told_to_the_end() {
    let work = Workdir::new();
    let [results, truth] = files("coco");
    let packed = work.path("truth.json.gz");
    let mut gzip = GzEncoder::new(std::fs::File::create(&packed).unwrap(), Compression::fast());
    gzip.write_all(&std::fs::read(&truth).unwrap()).unwrap();
    gzip.finish().unwrap();
    let sums = Sums::default();
    read(&results, &packed, &sums).unwrap();
    let sums = sums.0.lock().unwrap();
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    let (unit, boxes, done) = sums[2];
    let expected = [&packed, &results].map(|path| (Unit::Bytes, size(path), size(path)));
    assert_eq!(sums[..2], expected);
    // Of an image and a class, 100 at most are evaluated.
    assert!(unit == Unit::Boxes && boxes > 200 && boxes == done, "{boxes}, {done}");
}
