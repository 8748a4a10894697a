//! `explain` on real detectors: what it says of classes whose faults are known, and what it refuses.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array2, s};
use ndarray_npy::{read_npy, write_npy};

use crate::{Workdir, repository};

/// The rows of a csv file, each a value by column.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}

fn explain(runs: &Path, more: &str) -> (Workdir, Vec<BTreeMap<String, String>>) {
    let work = Workdir::new();
    work.run(&format!("explain {more} --runs {}", runs.display()));
    let classes = rows(&work.read("reports/classes.csv"));
    (work, classes)
}

/// The detector of `data/shapes`, whose reasons were built in (its README): each that shows in its numbers is
/// said of its class, and none of the classes in which nothing is wrong.
#[test]
fn reasons_that_were_built_into_a_trained_detector() {
    let (_, classes) = explain(&repository("data/shapes/runs.toml"), "");
    let truth = std::fs::read_to_string(repository("data/shapes/reasons.csv")).unwrap();
    for built in rows(&truth) {
        let class = classes.iter().find(|class| class["class"] == built["class"]).unwrap();
        let reasons: Vec<&str> = class["reasons"].split_whitespace().collect();
        let wanted: &[&str] = match (built["reason"].as_str(), built["class"].as_str()) {
            ("look-alike", _) => &["confused-overlap"],
            ("label-noise", _) => &["confused-apart", "label-noise"],
            // Flower and spiral look like no other class: AP is 0.81.
            ("few-instances", "key" | "bolt" | "spiral") => &["few-instances"],
            ("small", _) => &["small"],
            ("spread", _) => &["spread"],
            ("sloppy-boxes", _) => &["localization"],
            ("faint", _) => &["missed"],
            ("clutter", _) => &["background"],
            ("shifted", _) => &["shifted"],
            _ => &[],
        };
        let name = &built["class"];
        assert!(wanted.iter().all(|token| reasons.contains(token)), "{name}: {reasons:?}");
        // What is taken for another class because of its reason is confused, too; small ones are boxed badly.
        let follows = |token: &str| match built["reason"].as_str() {
            "few-instances" | "shifted" => token == "confused-apart",
            "small" => token == "localization",
            _ => false,
        };
        let others = reasons.iter().filter(|token| !wanted.contains(token) && !follows(token));
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&&str>::new(), "{name}");
    }
}

/// FOD-A: what the classifier takes held-out boxes for is the most confused class of the detections
/// (`errors.csv`, made apart) in most classes with 5 confused objects or more.
#[test]
fn taken_for_is_the_most_confused_class() {
    let (work, classes) = explain(&repository("data/fod-a2/runs.toml"), "");
    let (mut right, mut of) = (0, 0);
    for (run, folder) in [("EfficientNet-Lite0 CE", "ce"), ("EfficientNet-Lite0 Cosine", "cos")] {
        let path = repository("data/fod-a2").join(folder).join("errors.csv");
        for errors in rows(&std::fs::read_to_string(path).unwrap()) {
            let confused: u64 = errors["confused"].parse().unwrap();
            if errors["threshold_kind"] != "fixed" || confused < 5 {
                continue;
            }
            let ours = classes
                .iter()
                .find(|class| class["run"] == run && class["class"] == errors["class"]);
            of += 1;
            right += u32::from(ours.unwrap()["taken_for"] == errors["confused_most_with"]);
        }
    }
    assert!(of >= 15 && 2 * right > of, "{right} of {of}");
    // A run a figure, the second numbered.
    let files = work.files("reports");
    assert_eq!(files, ["classes.csv", "details.csv", "overlap-2.svg", "overlap.svg"]);
}

#[test]
fn a_class_by_name_or_by_id() {
    let runs = repository("data/shapes/runs.toml");
    let card = |wanted: &str| {
        let work = Workdir::new();
        let command = format!("explain {wanted} --quiet --runs {}", runs.display());
        String::from_utf8(work.run(&command).stdout).unwrap()
    };
    let frame = card("frame");
    assert!(frame.starts_with("frame ") && frame.contains("classified as: square 23"), "{frame}");
    assert_eq!(card("24"), frame);
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    assert!(readme.contains(&format!("```text\n{frame}```\n")), "the README shows another card");
    assert!(card("frame octagon").contains("\noctagon "));
    let work = Workdir::new();
    let output =
        work.command(&format!("explain frmae --runs {}", runs.display())).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("\"frmae\" is not one of the classes"), "{said}");
    assert!(said.contains("did you mean \"frame\"?"), "{said}");
    assert!(work.files("reports").is_empty(), "something is written");
}

/// Results do not depend on threads; moments stand for the embeddings of training.
#[test]
fn the_same_of_moments_and_for_any_number_of_threads() {
    let runs = repository("data/fod-a2/runs.toml");
    let (work, _) = explain(&runs, "--threads 1");
    let (again, _) = explain(&runs, "--threads 5");
    for file in work.files("reports") {
        let path = format!("reports/{file}");
        assert!(work.read(&path) == again.read(&path), "{file}");
    }
    let data = repository("data/fod-a2");
    let data = data.display();
    let of = |input: &str, work: &Workdir| {
        work.run(&format!(
            "explain {input} --class-names {data}/classes.txt --ap {data}/ce/ap.csv --ap-column ap50 \
             --weights {data}/ce/weights.npy --bias {data}/ce/bias.npy \
             --validation-embeddings {data}/ce/test_embeddings.npy \
             --validation-labels {data}/test_labels.npy"
        ));
        let reasons =
            |row: BTreeMap<String, String>| (row["class"].clone(), row["reasons"].clone());
        rows(&work.read("reports/classes.csv")).into_iter().map(reasons).collect::<Vec<_>>()
    };
    let embeddings = format!("--embeddings {data}/ce/embeddings.npy --labels {data}/labels.npy");
    let whole = of(&embeddings, &work);
    work.run(&format!("moments {embeddings} --class-names {data}/classes.txt --out m.parquet"));
    assert_eq!(of("--moments m.parquet", &work), whole);
}

/// Recall of training boxes is said to tell nothing, and gives no reason.
#[test]
fn training_boxes_tell_nothing() {
    let data = repository("data/fod-a2");
    let data = data.display();
    let work = Workdir::new();
    let output = work.run(&format!(
        "explain --embeddings {data}/ce/embeddings.npy --labels {data}/labels.npy --quiet \
         --class-names {data}/classes.txt --ap {data}/ce/ap.csv --ap-column ap50 \
         --weights {data}/ce/weights.npy --bias {data}/ce/bias.npy"
    ));
    let said = String::from_utf8(output.stdout).unwrap();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("recall there (99.5%) says nothing about new images"), "{said}");
    for class in rows(&work.read("reports/classes.csv")) {
        assert!(!class["reasons"].contains("confused"), "{class:?}");
        assert_eq!(class["taken_for"], "");
    }
}

/// Weights whose rows are not in the order of the classes are not believed in silence.
#[test]
fn a_classifier_that_knows_nothing_is_doubted() {
    let data = repository("data/fod-a2");
    let weights: Array2<f32> = read_npy(data.join("ce/weights.npy")).unwrap();
    let turned = Array2::from_shape_fn((31, 128), |(row, at)| weights[((row + 1) % 31, at)]);
    let work = Workdir::new();
    write_npy(work.path("turned.npy"), &turned).unwrap();
    write_npy(work.path("right.npy"), &weights.slice(s![..31, ..]).to_owned()).unwrap();
    let data = data.display();
    for (file, doubted) in [("turned.npy", true), ("right.npy", false)] {
        let output = work.run(&format!(
            "explain --class-names {data}/classes.txt --ap {data}/ce/ap.csv --ap-column ap50 \
             --counts {data}/../fod-a/counts.csv --weights {file} \
             --validation-embeddings {data}/ce/test_embeddings.npy \
             --validation-labels {data}/test_labels.npy"
        ));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.contains("no more than chance"), doubted, "{said}");
    }
}

/// An annotation file and a results file alone, without embeddings.
#[test]
fn detections_alone_are_enough() {
    let data = repository("data/shapes");
    let data = data.display();
    let work = Workdir::new();
    work.run(&format!(
        "explain --counts {data}/train.json --detections {data}/detections.json \
         --ground-truth {data}/val.json"
    ));
    let classes = rows(&work.read("reports/classes.csv"));
    let frame = classes.iter().find(|class| class["class"] == "frame").unwrap();
    assert_eq!((frame["taken_for"].as_str(), frame["reasons"].as_str()), ("square", "confused"));
    assert_eq!(work.files("reports"), ["classes.csv", "details.csv"]);
    let details = rows(&work.read("reports/details.csv"));
    let intervals = details.iter().filter(|class| !class["ap_low"].is_empty()).count();
    assert_eq!(intervals, 24);
}

/// What went and what came, between two runs.
#[test]
fn compare_says_which_reasons_changed() {
    let runs = repository("data/fod-a2/runs.toml");
    let work = Workdir::new();
    let names = ["EfficientNet-Lite0 CE", "EfficientNet-Lite0 Cosine"];
    let mut command = work.command("compare");
    let output = command.args([&runs, &runs]).arg("--run").args(names).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let changed = rows(&work.read("reports/reasons.csv"));
    let noted = String::from_utf8(output.stderr).unwrap();
    assert!(!noted.contains("have different inputs"), "{noted}");
    // Tape is taken for Nut by one classifier alone.
    let tape = changed.iter().find(|class| class["class"] == "Tape").unwrap();
    assert_eq!((tape["went"].as_str(), tape["came"].as_str()), ("confused-apart", ""));
    assert!(
        said.contains(&format!("reasons that appeared or disappeared, {} classes:", changed.len()))
    );
    // The same detector without its classifier is no better for it.
    let data = repository("data/fod-a2").display().to_string();
    let bare = format!(
        "class_names = '{data}/classes.txt'\n[[run]]\nname = 'bare'\nap_column = 'ap50'\n\
         ap = '{data}/ce/ap.csv'\nembeddings = '{data}/ce/embeddings.npy'\nlabels = '{data}/labels.npy'\n"
    );
    work.write("bare.toml", bare);
    let mut command = work.command("compare");
    let output =
        command.arg(&runs).args(["bare.toml", "--run", names[0], "bare"]).output().unwrap();
    let noted = String::from_utf8(output.stderr).unwrap();
    assert!(noted.contains("have different inputs"), "{noted}");
}

/// Where all AP are near 0 no class is worse than the others: a card says that the whole detector has failed, and
/// so does the table. One of middling AP hears nothing of it.
#[test]
fn a_detector_that_has_failed_as_a_whole() {
    let work = Workdir::new();
    let said = |arguments: &str| String::from_utf8(work.run(arguments).stdout).unwrap();
    let table = |aps: [f64; 4]| {
        let rows = aps.iter().zip('a'..).map(|(ap, class)| format!("{class},{ap}\n"));
        format!("class,ap\n{}", rows.collect::<String>())
    };
    work.write("counts.csv", "class,instances\na,3\nb,20\nc,100\nd,400\n");
    work.write("failed.csv", table([0.0, 0.0, 0.0, 0.031]));
    work.write("percent.csv", table([0.0, 0.0, 0.0, 3.1]));
    work.write("well.csv", table([0.0, 0.0, 0.0, 0.05]));
    for (ap, mean) in [("failed.csv", "0.8%"), ("percent.csv", "0.8%")] {
        let card = said(&format!("explain d --counts counts.csv --ap {ap}"));
        let reasons = format!("not searched: the whole detector has failed (mean AP {mean})");
        assert!(card.contains(&reasons), "{card}");
        let worst = said(&format!("explain --counts counts.csv --ap {ap}"));
        let note = format!("mean AP is {mean}, so the whole detector has failed: train longer");
        assert!(worst.contains(&note), "{worst}");
    }
    let card = said("explain d --counts counts.csv --ap well.csv");
    assert!(card.contains("not searched: AP is not below the median or the expected AP"), "{card}");
    let worst = said("explain --counts counts.csv --ap well.csv");
    assert!(!worst.contains("failed"), "{worst}");
}
