//! The files that detector projects leave behind, against pycocotools and NumPy on the same files, by
//! `tests/golden/ecosystem.py`.

use std::fs;
use std::io::Write;

use igam_analyze::Warnings;
use igam_analyze::classes::{Classes, Keys, Rows};
use igam_analyze::detector::{ApColumn, ApFormat};
use igam_analyze::input::annotations::{Choices, Include};
use igam_analyze::input::ap::{self, ApIou};
use igam_analyze::input::classes;
use igam_analyze::input::counts;
use serde_json::{Value, json};

use crate::{Workdir, assert_close, column, pearson_of, repository};

fn folder() -> String {
    repository("tests/golden/ecosystem").display().to_string()
}

fn expected() -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{}/expected.json", folder())).unwrap())
        .unwrap()
}

/// The class of each row, without a doubt. A row of weight 0 says nothing.
fn places(classes: &Classes, keys: &Keys, weights: &[u64]) -> Vec<Option<usize>> {
    let rows = Rows {
        keys,
        weights,
        asked: None,
        whole: true,
        once: true,
        counted: false,
        known: classes.boxes(),
    };
    classes.join(&rows).unwrap().classes
}

/// AP of each class, none where it is absent, from a file of the folder, on the scale 0–1.
#[track_caller]
fn aps(file: &str, columns: &[&str], format: ApFormat, iou: Option<ApIou>) -> Vec<Vec<Value>> {
    let path = format!("{}/{file}", folder());
    let path = path.as_ref();
    let (classes, _) =
        classes::read(format!("{}/instances_train.json", folder()).as_ref(), &Warnings::default())
            .unwrap();
    let columns: Vec<String> = columns.iter().map(|&column| column.into()).collect();
    let read = |forced| ap::read(path, &columns, forced, iou, None).unwrap();
    let (recognized, forced) = (read(None), read(Some(format)));
    let aps = |columns: &[ApColumn]| -> Vec<Vec<Value>> {
        let column = |column: &ApColumn| {
            assert_eq!(column.format, format, "{file}");
            let mut of_class = vec![Value::Null; classes.len()];
            let weights: Vec<_> = column.values.iter().map(|ap| ap.is_some().into()).collect();
            for (row, class) in places(&classes, &column.keys, &weights).iter().enumerate() {
                let class = class.expect("a class of every row");
                of_class[class] = json!(column.values[row].map(|ap| ap / column.scale.full()));
            }
            of_class
        };
        columns.iter().map(column).collect()
    };
    assert_eq!(aps(&recognized), aps(&forced));
    aps(&recognized)
}

#[track_caller]
fn assert_aps(ours: &[Value], theirs: &Value, factor: f64) {
    assert_eq!(ours.len(), theirs.as_array().unwrap().len());
    for (ours, theirs) in ours.iter().zip(theirs.as_array().unwrap()) {
        match (ours.as_f64(), theirs.as_f64()) {
            (Some(ours), Some(theirs)) => assert_close(&[ours], &[factor * theirs], 1e-12),
            (None, None) => {}
            _ => panic!("{ours} against {theirs}"),
        }
    }
}

#[test]
fn ap_as_each_project_writes_it() {
    let expected = expected();
    use ApFormat::{Detectron2, Mmdetection, Pycocotools, Table, Torchmetrics};
    for (file, format, iou, key) in [
        ("ap.csv", Table, None, "ap"),
        ("ap.parquet", Table, None, "ap"),
        ("detectron2_metrics.json", Detectron2, None, "ap"),
        ("detectron2_results.json", Detectron2, None, "ap"),
        ("mmdetection_scalars.json", Mmdetection, None, "ap_mmdetection"),
        ("mmdetection_2.log.json", Mmdetection, None, "ap_mmdetection"),
        ("torchmetrics.json", Torchmetrics, None, "ap"),
        ("precision.npy", Pycocotools, None, "ap"),
        ("precision.npy", Pycocotools, Some(ApIou::All), "ap"),
        ("precision.npy", Pycocotools, Some(ApIou::Half), "ap50"),
        ("precision.npy", Pycocotools, Some(ApIou::ThreeQuarters), "ap75"),
        ("lvis_precision.npy", Pycocotools, Some(ApIou::Half), "ap50"),
    ] {
        let aps = aps(file, &[], format, iou);
        assert_eq!(aps.len(), 1);
        assert_aps(&aps[0], &expected[key], 1.0);
    }
    // Both tasks of one line.
    let both = aps("detectron2_metrics.json", &["bbox", "segm"], Detectron2, None);
    assert_aps(&both[0], &expected["ap"], 1.0);
    assert_aps(&both[1], &expected["ap"], 0.5);
}

/// A class and its AP.
type ClassAp = (&'static str, Option<f64>);

/// How versions and settings differ: the file, its columns' names, and the classes of the first.
#[test]
fn variants_of_evaluators_files() {
    let work = Workdir::new();
    let cases: [(&str, &str, &str, &[ClassAp]); 12] = [
        // The evaluation of two data sets, one with both tasks.
        (
            r#"{"coco/bbox/AP-cat": 40, "coco/bbox/AP": 1, "lvis/bbox/AP-dog": 5.0}"#,
            "coco/bbox",
            "coco/bbox",
            &[("cat", Some(40.0))],
        ),
        // Nested twice.
        (
            r#"{"coco": {"bbox": {"AP": 3, "AP-a/AP-b": 0.5}}}"#,
            "",
            "coco/bbox",
            &[("a/AP-b", Some(0.5))],
        ),
        // One task's dictionary alone.
        (
            r#"{"AP50": 3, "APr": NaN, "AP-x": NaN, "AP-y": 2}"#,
            "",
            "bbox",
            &[("x", None), ("y", Some(2.0))],
        ),
        (
            "{\"bbox/AP-x\": 1}\n{\"bbox/AP-x\": 2}\n\n{\"loss\": -Infinity}\n",
            "",
            "bbox",
            &[("x", Some(2.0))],
        ),
        // One line, or many, without end of line, with a byte order mark, or CRLF.
        (
            "\u{feff}{\"a\": \"NaN \\\" NaN\",\r\n \"bbox/AP-NaN\": NaN}",
            "",
            "bbox",
            &[("NaN", None)],
        ),
        // mmdetection: prefixes, and classes with slashes.
        (
            r#"{"coco/a/b_precision": 0.5, "coco/bbox_mAP": 0.1, "coco/coco/c_precision": 0.25}"#,
            "",
            "coco",
            &[("a/b", Some(0.5)), ("coco/c", Some(0.25))],
        ),
        (
            r#"{"val/coco/a_precision": 1, "val/coco/bbox_mAP": 0.1}"#,
            "",
            "val/coco",
            &[("a", Some(1.0))],
        ),
        (r#"{"lvis/a_precision": NaN, "lvis/bbox_AP": 0.1}"#, "", "lvis", &[("a", None)]),
        (
            r#"{"coco/a_precision": 0.1, "coco/b_precision": 0}"#,
            "",
            "coco",
            &[("a", Some(0.1)), ("b", Some(0.0))],
        ),
        (
            r#"{"bbox_a_precision": 0.1, "bbox_b c_precision": 0.2, "segm_a_precision": 0.3}"#,
            "",
            "bbox",
            &[("a", Some(0.1)), ("b c", Some(0.2))],
        ),
        // torchmetrics: a single class, whose tensors have no axis; and both tasks.
        (r#"{"classes": 3, "map_per_class": 0.5}"#, "", "map_per_class", &[("3", Some(0.5))]),
        (
            r#"{"classes": [1, 7], "segm_map_per_class": [0, 1], "bbox_map_per_class": [-1, 0.5]}"#,
            "",
            "bbox_map_per_class",
            &[("1", None), ("7", Some(0.5))],
        ),
    ];
    for (text, wanted, name, classes) in cases {
        work.write("ap.json", text);
        let wanted: Vec<String> = wanted.split_whitespace().map(String::from).collect();
        let columns = ap::read(&work.path("ap.json"), &wanted, None, None, None).expect(text);
        assert_eq!(columns[0].name, name, "{text}");
        let keys = &columns[0].keys;
        let texts: Vec<_> = (0..keys.len()).map(|row| keys.text(row)).collect();
        let read: Vec<_> =
            texts.iter().map(String::as_str).zip(columns[0].values.iter().copied()).collect();
        assert_eq!(read, classes, "{text}");
    }
}

#[test]
fn counts_as_pycocotools_counts() {
    let expected = expected();
    let counts = |file: &str, crowd| {
        let path = format!("{}/{file}", folder());
        let include = Include { crowd, ..Include::default() };
        let choices = Choices { include, ..Choices::default() };
        let counts = counts::read(&[path.into()], None, &choices, &Warnings::default()).unwrap();
        let classes = counts.classes.clone().unwrap();
        let mut rows = vec![Value::Null; classes.len()];
        let mut letters = rows.clone();
        let places = places(&classes, &counts.keys, &counts.values);
        for (row, class) in places.into_iter().enumerate() {
            rows[class.unwrap()] = counts.values[row].into();
            let frequency = counts.frequencies.as_ref().unwrap()[row];
            letters[class.unwrap()] = frequency.name()[..1].into();
        }
        assert_eq!(json!(classes.names()), expected["classes"]);
        (json!(rows), json!(letters))
    };
    assert_eq!(counts("instances_train.json", true).0, expected["with_crowd"]);
    assert_eq!(counts("instances_train.json", true).1, expected["frequency"]);
    assert_eq!(counts("instances_train.json", false).0, expected["instances"]);
    // LVIS has no crowds.
    assert_eq!(counts("lvis_train.json", false), counts("lvis_train.json", true));
    assert_eq!(counts("lvis_train.json", false).0, expected["with_crowd"]);
    assert_eq!(counts("lvis_train.json", false).1, expected["frequency"]);
}

/// Without letters, categories are grouped by the images that they are in, each counted once; what the file
/// itself says of that comes first.
#[test]
fn frequencies_are_counted_in_images() {
    let work = Workdir::new();
    let images: [u64; 8] = [1, 10, 11, 50, 51, 100, 101, 240];
    let name = |at: usize| format!("in {} images", images[at]);
    let mut annotations = Vec::new();
    // Twice in every other image; the images of all categories mixed, and not ascending.
    for image in (0..240_u64).map(|k| k * 77 % 240) {
        for (category, &count) in images.iter().enumerate().filter(|&(_, &count)| image < count) {
            assert!(count > image);
            let one = json!({"category_id": category + 1, "image_id": image});
            annotations.extend(vec![one; if image % 2 == 0 { 2 } else { 1 }]);
        }
    }
    let mut categories: Vec<_> =
        (0..images.len()).map(|at| json!({"id": at + 1, "name": name(at)})).collect();
    categories.push(json!({"id": 90, "name": "by its count", "image_count": 101}));
    categories
        .push(json!({"id": 91, "name": "by its letter", "image_count": 101, "frequency": "r"}));
    for id in [90, 91] {
        annotations.push(json!({"category_id": id, "image_id": "a text"}));
    }
    let file = json!({"annotations": annotations, "categories": categories});
    work.write("a.json", file.to_string());
    let counts =
        counts::read(&[work.path("a.json")], None, &Choices::default(), &Warnings::default())
            .unwrap();
    use igam_analyze::groups::Frequency::{Common, Frequent, Rare};
    let expected = [Rare, Rare, Common, Common, Common, Common, Frequent, Frequent, Frequent, Rare];
    assert_eq!(counts.frequencies.unwrap(), expected);
    let instances = images.map(|count| count + count.div_ceil(2));
    assert_eq!(counts.values[..8], instances);
}

#[test]
fn annotations_log_and_dump_give_figures_1_and_2() {
    let work = Workdir::new();
    let from = folder();
    let command = format!(
        "correlate --counts {from}/instances_train.json --ap {from}/mmdetection_scalars.json \
         --embeddings {from}/embeddings.npy --labels {from}/labels.npy"
    );
    let output = work.run(&command);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("AP from column \"coco\" of mmdetection, on the scale 0–1"), "{said}");
    assert!(said.contains("labels.npy: 7 of 8 classes matched, counting from 0"), "{said}");
    assert!(!said.contains("counts differ"), "{said}");
    let files = work.files("reports");
    assert!(["figure1.svg", "figure2.svg"].iter().all(|name| files.contains(&(*name).into())));
    let json = work.json(&command);
    assert_eq!(json["correlations"][1]["x"], "instances");
    let r = json["correlations"][1]["pearson"].as_f64().unwrap();
    assert_close(&[r], &[expected()["r_instances"].as_f64().unwrap()], 1e-9);
    // The same through a runs file, and by LVIS's groups.
    let toml = format!(
        "counts = '{from}/instances_train.json'\nlabels = '{from}/labels.npy'\ninclude_crowd = false\n\
         embeddings = '{from}/embeddings.npy'\n[[run]]\nname = 'a'\nap = '{from}/precision.npy'\n\
         ap_format = 'pycocotools'\nap_iou = '0.5:0.95'\n[[run]]\nname = 'b'\nap = '{from}/torchmetrics.json'\n"
    );
    work.write("runs.toml", toml);
    let both = work.json("correlate --runs runs.toml --groups lvis");
    for x in ["information", "instances", "log_instances"] {
        let r = pearson_of(&both, x);
        assert_close(&r[..1], &r[1..], 1e-9);
    }
}

#[test]
fn labels_may_be_category_ids() {
    let work = Workdir::new();
    work.write("x.csv", "class,ap\na,0.5\nb,0.25\nc,0.75\n");
    let categories: Vec<_> =
        [(2, "a"), (3, "b"), (5, "c")].map(|(id, name)| json!({"id": id, "name": name})).into();
    work.write("names.json", json!({ "categories": categories }).to_string());
    let x = ndarray::Array2::from_shape_fn((6, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    for (labels, said) in [
        ([2, 2, 3, 3, 5, 5], "y.npy: 3 of 3 classes matched, by id"),
        ([0, 0, 1, 1, 2, 2], "y.npy: 3 of 3 classes matched, counting from 0 in order of id"),
    ] {
        ndarray_npy::write_npy(work.path("y.npy"), &ndarray::arr1(&labels.map(i64::from))).unwrap();
        let arguments = "information --embeddings x.npy --labels y.npy --class-names names.json";
        let stderr = String::from_utf8(work.run(arguments).stderr).unwrap();
        assert!(stderr.contains(said), "{stderr}");
        let counts = column(&work.json(arguments)["information"], "instances");
        assert_eq!(counts, [2.0; 3]);
    }
    // 2 is the id of a, and the last position.
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::arr1(&[2_i64; 6])).unwrap();
    let arguments = "information --embeddings x.npy --labels y.npy --class-names names.json";
    let output = work.command(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("give --label-numbering ids or positions"), "{said}");
    for (numbering, class) in [("ids", 0), ("positions", 2)] {
        let json = work.json(&format!("{arguments} --label-numbering {numbering}"));
        assert_eq!(column(&json["information"], "instances")[class], 6.0);
    }
}

#[test]
fn safetensors_as_npy() {
    let work = Workdir::new();
    let from = folder();
    let bits = |embeddings: &str, labels: &str| {
        let json = work.json(&format!("information --embeddings {from}/{embeddings} {labels}"));
        column(&json["information"], "information")
    };
    let labels = format!("--labels {from}/labels.npy");
    for (tensors, array) in [
        ("float16.safetensors", "float16_as_float32.npy"),
        ("float32.safetensors", "embeddings.npy"),
        ("float64.safetensors", "embeddings.npy"),
    ] {
        assert_eq!(bits(tensors, ""), bits(array, &labels), "{tensors}");
    }
    assert_eq!(bits("bfloat16.safetensors", &labels), bits("bfloat16_as_float32.npy", &labels));
    let other = format!("--embedding-column embeddings --labels {from}/float16.safetensors");
    assert_eq!(bits("float32.safetensors", &other), bits("embeddings.npy", &labels));
}

/// Memory does not grow with the annotations: a process of 40 MiB reads 60 MiB of them.
#[test]
#[cfg(target_os = "linux")]
fn annotations_are_streamed() {
    let work = Workdir::new();
    let mut file = std::io::BufWriter::new(fs::File::create(work.path("large.json")).unwrap());
    let polygon = vec![123.25; 200];
    write!(file, "{{\"annotations\": [").unwrap();
    for id in 0..40_000 {
        let comma = if id > 0 { "," } else { "" };
        let (image, category) = (id / 3, id % 80);
        write!(
            file,
            "{comma}{{\"segmentation\": [{polygon:?}], \"image_id\": {image}, \"category_id\": {category}}}"
        )
        .unwrap();
    }
    let categories: Vec<_> =
        (0..80).map(|id| json!({"id": id, "name": format!("class {id}")})).collect();
    write!(file, "], \"categories\": {}}}", json!(categories)).unwrap();
    drop(file.into_inner().unwrap());
    assert!(fs::metadata(work.path("large.json")).unwrap().len() > 60 << 20);
    // The limit is below what the text alone would take.
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "ulimit -d {} && exec {} queue-size --threads 1 --dim 8 --counts large.json",
            40 << 10,
            assert_cmd::cargo::cargo_bin("igam-analyze").display()
        ))
        .current_dir(work.0.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
