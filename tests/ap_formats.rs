//! AP per class in every form that projects write it: `tests/corpus/ap/real` has their files, and what they
//! hold by pycocotools or by the project's own arrays.

use std::path::PathBuf;

use igam_analyze::ApScale;
use igam_analyze::classes::Keys;
use igam_analyze::detector::{ApColumn, ApFormat};
use igam_analyze::input::ap::{self, ApIou};
use proptest::prelude::*;
use serde_json::Value;

use crate::{Workdir, assert_close, repository, written};

const FOLDER: &str = "tests/corpus/ap/real";

fn file(name: &str) -> PathBuf {
    repository(FOLDER).join(name)
}

fn expected() -> Value {
    let text = std::fs::read_to_string(file("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn read(name: &str, column: &str, iou: Option<ApIou>) -> ApColumn {
    let wanted: Vec<String> =
        column.split(',').filter(|one| !one.is_empty()).map(Into::into).collect();
    ap::read(&file(name), &wanted, None, iou, None).unwrap().remove(0)
}

/// AP of each class of the corpus, 0–1, as a column says it.
fn by_class(column: &ApColumn, names: &[String], ids: &[i64]) -> Vec<Option<f64>> {
    let place = |row: usize| match &column.keys {
        Keys::InOrder(_) => Some(row),
        Keys::Numbers(numbers) => ids.iter().position(|id| *id == numbers[row]),
        keys => names.iter().position(|name| *name == keys.text(row)),
    };
    let mut values = vec![None; names.len()];
    for (row, value) in column.values.iter().enumerate() {
        // The row of all classes is left out where the classes are known.
        if column.keys.text(row) == "mAP" {
            continue;
        }
        let place = place(row).unwrap_or_else(|| panic!("{} is no class", column.keys.text(row)));
        assert_eq!(values[place], None, "{} is there twice", column.keys.text(row));
        values[place] = value.map(|value| value / column.scale.full());
    }
    values
}

/// A file, the column that is asked for, who wrote it, what it holds, and to how many parts of one.
type Case = (&'static str, &'static str, ApFormat, &'static str, &'static str, f64);

const ALL: &str = "0.5:0.95";

const CASES: [Case; 44] = {
    use ApFormat::*;
    [
        ("mmdetection3.log", "", Mmdetection, "bbox", ALL, 5e-4),
        ("mmdetection3.log", "mAP_50", Mmdetection, "bbox", "0.5", 5e-4),
        ("mmdetection3.log", "bbox/mAP_75", Mmdetection, "bbox", "0.75", 5e-4),
        ("mmdetection3_masks.log", "", Mmdetection, "bbox", ALL, 5e-4),
        ("mmdetection3_masks.log", "mAP_75", Mmdetection, "bbox", "0.75", 5e-4),
        ("mmdetection3_masks.log", "segm", Mmdetection, "segm", ALL, 5e-4),
        ("mmdetection3_masks.log", "segm/mAP_50", Mmdetection, "segm", "0.5", 5e-4),
        ("mmdetection3_lvis.log", "", Mmdetection, "bbox", ALL, 5e-4),
        ("mmdetection3_voc.log", "", Mmdetection, "bbox", "0.5", 5e-4),
        ("mmdetection3_scalars.json", "", Mmdetection, "bbox", ALL, 5e-4),
        ("mmdetection3_masks_scalars.json", "", Mmdetection, "segm", ALL, 5e-4),
        ("mmdetection2.log", "", Mmdetection, "bbox", ALL, 5e-4),
        ("mmdetection2.log", "segm", Mmdetection, "segm", ALL, 5e-4),
        ("detectron2.txt", "", Detectron2, "bbox", ALL, 5e-6),
        ("detectron2.txt", "segm", Detectron2, "segm", ALL, 5e-6),
        ("detectron2.json", "", Detectron2, "bbox", ALL, 1e-12),
        ("detectron2.json", "segm", Detectron2, "segm", ALL, 1e-12),
        ("yolox.log", "", Yolox, "bbox", ALL, 5e-6),
        ("nanodet.log", "", Nanodet, "bbox", ALL, 5e-4),
        ("nanodet.log", "AP50", Nanodet, "bbox", "0.5", 5e-4),
        ("darknet.txt", "", Darknet, "darknet", "0.5", 5e-5),
        ("ultralytics_summary.json", "", Ultralytics, "ultralytics", ALL, 5e-6),
        ("ultralytics_summary.json", "mAP50", Ultralytics, "ultralytics", "0.5", 5e-6),
        ("ultralytics_to_json.json", "", Ultralytics, "ultralytics", ALL, 5e-6),
        ("ultralytics_to_csv.csv", "", Ultralytics, "ultralytics", ALL, 5e-6),
        ("ultralytics_to_csv.csv", "mAP50", Ultralytics, "ultralytics", "0.5", 5e-6),
        ("ultralytics_val.txt", "", Ultralytics, "ultralytics", ALL, 5e-4),
        ("ultralytics_val.txt", "mAP50", Ultralytics, "ultralytics", "0.5", 5e-4),
        ("ultralytics_maps.npy", "", Array, "ultralytics", ALL, 0.0),
        ("ultralytics_index.json", "", Ultralytics, "ultralytics", ALL, 0.0),
        ("supervision.json", "", Supervision, "supervision", ALL, 1e-15),
        ("supervision.npy", "", Array, "supervision", ALL, 1e-15),
        ("faster_coco_eval.json", "", FasterCocoEval, "bbox", ALL, 1e-12),
        ("rf_detr.json", "map@50", FasterCocoEval, "bbox", "0.5", 1e-12),
        ("hotcoco.json", "", Hotcoco, "bbox", ALL, 1e-12),
        ("hotcoco_flat.json", "", Hotcoco, "bbox", ALL, 1e-12),
        ("torchmetrics.json", "", Torchmetrics, "torchmetrics", ALL, 0.0),
        ("transformers.json", "", Transformers, "torchmetrics", ALL, 5e-5),
        ("transformers_state.json", "", Transformers, "torchmetrics", ALL, 5e-5),
        ("roboflow.json", "", Roboflow, "bbox", ALL, 0.0),
        ("fiftyone.json", "", Fiftyone, "fiftyone", ALL, 1e-15),
        ("tensorflow_wide.csv", "", Tensorflow, "bbox", ALL, 0.0),
        ("tensorflow_long.csv", "", Tensorflow, "bbox", ALL, 0.0),
        ("wandb.csv", "", Mmdetection, "bbox", ALL, 5e-4),
    ]
};

#[test]
fn every_project_s_file_is_read_as_it_is_meant() {
    let expected = expected();
    let names: Vec<String> = serde_json::from_value(expected["names"].clone()).unwrap();
    // Ids of these are places among the names.
    let ids: Vec<i64> = (0..names.len() as i64).collect();
    for (name, column, format, data, iou, near) in CASES {
        let column = read(name, column, None);
        assert_eq!(column.format, format, "{name}");
        let ours = by_class(&column, &names, &ids);
        let theirs: Vec<Option<f64>> = serde_json::from_value(expected[data][iou].clone()).unwrap();
        for ((class, ours), theirs) in names.iter().zip(&ours).zip(&theirs) {
            assert_eq!(ours.is_some(), theirs.is_some(), "{name}: {class}");
            let error = (ours.unwrap_or(0.0) - theirs.unwrap_or(0.0)).abs();
            assert!(error <= near + 1e-12, "{name}, {class}: {ours:?} against {theirs:?}");
        }
    }
    // Every file is among them, or below.
    let others =
        ["detectron2_one_class.json", "ultralytics_all_ap.npy", "expected.json", "make.py"];
    for entry in std::fs::read_dir(repository(FOLDER)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = CASES.iter().any(|case| case.0 == name) || others.contains(&name.as_str());
        assert!(known, "{name}");
    }
}

#[test]
fn one_iou_threshold_of_ten() {
    let expected = expected();
    for (iou, name) in [(ApIou::Half, "0.5"), (ApIou::ThreeQuarters, "0.75"), (ApIou::All, ALL)] {
        let theirs: Vec<Option<f64>> =
            serde_json::from_value(expected["supervision"][name].clone()).unwrap();
        let array = read("supervision.npy", "", Some(iou));
        assert_eq!(array.values.iter().position(Option::is_none), Some(4));
        let there = |values: &[Option<f64>]| values.iter().flatten().copied().collect::<Vec<f64>>();
        assert_close(&there(&array.values), &there(&theirs), 1e-14);
        let json = read("supervision.json", "", Some(iou));
        assert_close(&there(&json.values), &there(&theirs), 1e-14);
        let fiftyone = read("fiftyone.json", "", Some(iou));
        assert_eq!(fiftyone.name, name);
        // Of what has one threshold alone, another cannot be asked for.
        let refused = ap::read(&file("hotcoco.json"), &[], None, Some(iou), None).unwrap_err();
        assert!(refused.to_string().contains("--ap-iou is for"), "{refused}");
    }
}

#[test]
fn what_projects_write_that_is_not_what_it_seems() {
    let masks = read("mmdetection3_masks_scalars.json", "", None);
    assert!(masks.doubts[0].contains("for masks (mean 0.514), not for boxes (mean 0.523)"));
    assert!(read("mmdetection3_scalars.json", "", None).doubts.is_empty());
    let maps = read("ultralytics_maps.npy", "", None);
    assert!(maps.doubts[0].contains("the mean of the others, as Ultralytics' box.maps shows"));
    // Only the classes with ground truth have a row here.
    assert_eq!(read("ultralytics_all_ap.npy", "", None).keys, Keys::InOrder(7));
    let one = ap::read(&file("detectron2_one_class.json"), &[], None, None, None).unwrap_err();
    assert!(one.to_string().contains("where there is more than one class"), "{one}");
    let notes = read("transformers_state.json", "", None).notes;
    assert!(notes[0].contains("epoch 2, step 20, the last that has it"), "{notes:?}");
}

#[test]
fn a_format_that_is_forced_is_the_only_one() {
    let forced = |name, format| ap::read(&file(name), &[], Some(format), None, None);
    for (name, _, format, ..) in CASES {
        let column = forced(name, format).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(column[0].format, format, "{name}");
        let other = match format {
            ApFormat::Hotcoco => ApFormat::Roboflow,
            _ => ApFormat::Hotcoco,
        };
        if !name.ends_with(".npy") {
            let error = forced(name, other).unwrap_err().to_string();
            assert!(error.contains(&format!("as {} writes it", other.name())), "{name}: {error}");
        }
    }
}

/// What one file, under a name, is understood as: classes with their AP, or the sentence that refuses it.
fn understood(
    work: &Workdir,
    name: &str,
    text: &str,
) -> Result<Vec<(String, Option<f64>)>, String> {
    understood_as(work, name, text, &[])
}

fn understood_as(
    work: &Workdir,
    name: &str,
    text: &str,
    wanted: &[&str],
) -> Result<Vec<(String, Option<f64>)>, String> {
    work.write(name, text);
    let wanted: Vec<String> = wanted.iter().map(|&name| name.into()).collect();
    let columns = ap::read(&work.path(name), &wanted, None, None, None);
    let column = columns.map_err(|error| error.to_string())?.remove(0);
    let row = |(row, ap): (usize, &Option<f64>)| (column.keys.text(row), *ap);
    Ok(column.values.iter().enumerate().map(row).collect())
}

fn classes(values: &[(&str, f64)]) -> Vec<(String, Option<f64>)> {
    values.iter().map(|&(name, ap)| (name.into(), Some(ap))).collect()
}

#[test]
fn json_that_people_write() {
    let work = Workdir::new();
    let two = classes(&[("boat", 0.3), ("bus", 0.5)]);
    for text in [
        r#"{"boat": 0.3, "bus": 0.5}"#,
        r#"[{"class": "boat", "ap": 0.3}, {"class": "bus", "ap": 0.5}]"#,
        r#"[{"Name": "boat", "AP": 0.3, "precision": 0.9}, {"Name": "bus", "AP": 0.5, "precision": 0.1}]"#,
        r#"[{"category": "boat", "id": 7, "mAP50-95": 0.3}, {"category": "bus", "id": 8, "mAP50-95": 0.5}]"#,
        "{\"class\": \"boat\", \"ap\": 0.3}\n{\"class\": \"bus\", \"ap\": 0.5}\n",
        r#"{"per_class": [{"label": "boat", "AP": 0.3}, {"label": "bus", "AP": 0.5}]}"#,
        r#"{"AP": {"boat": 0.3, "bus": 0.5}, "recall": {"boat": 0.9, "bus": 0.9}}"#,
        r#"{"boat": {"precision": 0.1, "ap": 0.3}, "bus": {"precision": 0.9, "ap": 0.5}}"#,
        r#"{"val": {"boat": {"AP": 0.3, "recall": 0.5}, "bus": {"AP": 0.5, "recall": 0.5}}}"#,
        r#"{"classes": ["boat", "bus"], "ap": [0.3, 0.5], "recall": [0.9, 0.8]}"#,
        r#"[{"tag": "val/AP/boat", "step": 2, "value": 0.3}, {"tag": "AP/boat", "step": 1, "value": 0.1},
            {"tag": "val/AP/bus", "step": 2, "value": 0.5}, {"tag": "val/AP", "step": 2, "value": 0.4},
            {"tag": "val/AP50", "step": 2, "value": 0.4}]"#,
    ] {
        assert_eq!(understood(&work, "ap.json", text).as_ref(), Ok(&two), "{text}");
        assert_eq!(understood(&work, "ap.txt", text).as_ref(), Ok(&two), "{text}");
    }
    assert_eq!(
        understood(&work, "ap.json", "[0.3, null, 0.5]"),
        Ok(vec![("0".into(), Some(0.3)), ("1".into(), None), ("2".into(), Some(0.5))])
    );
    let ten = format!("[{}]", ["[0.1, 0.3, -1, -1, -1, -1, -1, -1, -1, -1]"; 2].join(","));
    assert_eq!(understood(&work, "ap.json", &ten), Ok(classes(&[("0", 0.2), ("1", 0.2)])));
    for (text, sentence) in [
        (r#"["boat", 0.3]"#, "holds a list, not an object"),
        (r#"[{"boat": 0.3}, {"bus": 0.5}]"#, "and not all give their class"),
        (r#"[{"class": "boat", "recall": 0.3}]"#, "without a number that is named as AP"),
        (r#"[{"class": "boat", "ap50": 0.3, "ap75": 0.1}]"#, "choose one with --ap-column"),
        (
            r#"[{"class": "boat", "ap": 0.3}, {"class": "bus", "ap": 50}, {"class": "x", "ap": 0.2}]"#,
            "mixes the scales",
        ),
        (
            r#"{"boat": {"f1-score": 0.3, "support": 5, "precision": 0.9, "recall": 0.9}}"#,
            "which holds no AP",
        ),
        (r#"{"metrics/mAP50-95(B)": 0.5, "fitness": 0.5}"#, "Ultralytics' means over all classes"),
        (r#"[[1700000000.5, 100, 0.4], [1700000010.5, 200, 0.5]]"#, "does not say its class"),
        (
            r#"[{"image_id": 0, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.1}]"#,
            "holds detections",
        ),
        (r#"{"map_50": 0.4, "map": 0.3, "map_small": -1}"#, "holds no AP per class"),
    ] {
        let refused = understood(&work, "ap.json", text).unwrap_err();
        assert!(refused.contains(sentence), "{text}: {refused}");
    }
}

#[test]
fn classes_that_are_called_as_keys_are() {
    let work = Workdir::new();
    for (odd, format) in [("person_precision", "mmdetection"), ("AP-cat", "detectron2")] {
        let text = format!(r#"{{"person": 0.1, "dog": 0.2, "{odd}": 0.3}}"#);
        let said = understood(&work, "t.json", &text).unwrap_err();
        let way_out = format!(
            "give --ap-format {format} if {format} wrote it, or table if each key is a class"
        );
        assert!(said.contains(&way_out), "{said}");
        let table = ap::read(&work.path("t.json"), &[], Some(ApFormat::Table), None, None).unwrap();
        assert_eq!(table[0].values, [Some(0.1), Some(0.2), Some(0.3)]);
    }
    // A class without ground truth lacks its AP.
    let text = r#"{"person": {"ap50": 0.9, "ap": 0.1}, "dog": {"ap50": 0.9, "ap": 0.2}, "cat": {"ap50": 0.8}}"#;
    let column = understood(&work, "t.json", text).unwrap();
    let expected = [("person", Some(0.1)), ("dog", Some(0.2)), ("cat", None)];
    assert_eq!(column, expected.map(|(name, ap)| (name.to_owned(), ap)));
}

#[test]
fn keys_of_all_classes_are_none() {
    let work = Workdir::new();
    // Classes that are called as metrics are, and metrics that are called as classes might be.
    let text = r#"{"eval_map": 0.4, "eval_map_50": 0.6, "eval_map_small": 0.1, "eval_mar_small": 0.1,
        "eval_map_large": 0.2, "eval_mar_100_large": 0.3, "eval_map_per_class": -1, "eval_mar_100_per_class": -1,
        "eval_map_map_x": 0.5, "eval_mar_100_map_x": 0.6, "eval_map_gone": -1, "eval_mar_100_gone": -1}"#;
    let three =
        vec![("large".into(), Some(0.2)), ("map_x".into(), Some(0.5)), ("gone".into(), None)];
    assert_eq!(understood(&work, "all_results.json", text), Ok(three));
    let text = r#"{"class_map": [{"class": "all", "map@50:95": 0.1, "map@50": 0.2},
        {"class": "all", "map@50:95": 0.3, "map@50": 0.4}], "map": 0.4}"#;
    assert_eq!(understood(&work, "c.json", text), Ok(classes(&[("all", 0.1)])));
    let both = r#"{"class_map": {"valid": [{"class": "a", "map@50:95": 0.1}], "test": [{"class": "a", "map@50:95": 0.3}]}}"#;
    assert_eq!(understood_as(&work, "c.json", both, &["test"]), Ok(classes(&[("a", 0.3)])));
    let refused = understood(&work, "c.json", both).unwrap_err();
    assert!(
        refused.contains("has several kinds of AP, \"valid/map@50:95\", \"test/map@50:95\""),
        "{refused}"
    );
}

#[test]
fn loggers_exports() {
    let work = Workdir::new();
    let wide = "Step,run - val/AP/boat,run - val/AP/boat__MIN,run - val/AP/bus\n1,0.1,0.1,\n2,,,\n3,0.3,0.3,0.5\n";
    let two = classes(&[("boat", 0.3), ("bus", 0.5)]);
    assert_eq!(understood(&work, "w.csv", wide).as_ref(), Ok(&two));
    let pascal = "step,PascalBoxes_Precision/mAP@0.5IOU,PascalBoxes_PerformanceByCategory/AP@0.5IOU/boat,PascalBoxes_PerformanceByCategory/AP@0.5IOU/bus\n1,0.4,0.3,0.5\n";
    assert_eq!(understood(&work, "w.csv", pascal).as_ref(), Ok(&two));
    for (text, sentence) in [
        ("Wall time,Step,Value\n1700000000.1,100,0.45\n", "does not say its class"),
        ("epoch,metrics/mAP50(B),metrics/mAP50-95(B)\n1,0.4,0.3\n", "no column with AP of a class"),
    ] {
        let refused = understood(&work, "w.csv", text).unwrap_err();
        assert!(refused.contains(sentence), "{refused}");
    }
}

#[test]
fn tables_between_other_lines() {
    let work = Workdir::new();
    let grid = |aps: [&str; 3]| {
        let border = "+----------+-------+----------+-------+\n";
        let [a, b, c] = aps;
        format!(
            "{border}| category | AP    | category | AP    |\n{border}| boat     | {a} | bus      | {b} |\n\
             | a|b | {c} | None | None |\n{border}"
        )
    };
    let three = classes(&[("boat", 0.3), ("bus", 0.5), ("a|b", 0.4)]);
    let (good, old) = (grid(["0.300", "0.500", "0.400"]), grid(["0.100", "0.100", "0.100"]));
    let cut = &good[..good.len() - 50];
    let logged =
        format!("[INFO] x\n2024-01-01 - mmdet - INFO - \n{old}\nEpoch 2\n{good}\nmore\n{cut}");
    for text in [
        good.clone(),
        logged.clone(),
        logged.replace('\n', "\r\n"),
        format!("{old}{good}{cut}"),
        format!("{old}{good}\x1b[32m{cut}\x1b[0m"),
        good.replace("| ", "[rank0]: | ").replace(" [rank0]: |", " |"),
    ] {
        for name in ["t.log", "t.txt", "t.md", "t"] {
            assert_eq!(understood(&work, name, &text).as_ref(), Ok(&three), "{text}");
        }
    }
    work.write("t.log", &logged);
    let column = ap::read(&work.path("t.log"), &[], None, None, None).unwrap().remove(0);
    assert!(
        column.notes[0].ends_with("AP is from line 12, the last that has it"),
        "{:?}",
        column.notes
    );
    assert!(column.notes[1].ends_with("skipped cut-off line 20"), "{:?}", column.notes);
    let refused = understood(&work, "t.log", cut).unwrap_err();
    assert!(refused.contains("line 2: the table of classes is cut off"), "{refused}");
    let refused = understood(&work, "t.log", "Epoch 1\nloss 2\n").unwrap_err();
    assert!(refused.contains("holds no AP per class"), "{refused}");

    // The last evaluation has fewer classes.
    let fewer = "| class | ap |\n|---|---|\n| boat | 0.3 |\n| bus | 0.5 |\n\n| class | ap |\n|---|---|\n| bus | 0.6 |\n";
    work.write("t.md", fewer);
    let column = ap::read(&work.path("t.md"), &[], None, None, None).unwrap().remove(0);
    assert!(column.doubts[0].contains("has AP of 1 classes, but that of line 1 had 2"));
}

#[test]
fn percentages_that_are_none() {
    let work = Workdir::new();
    let table =
        "| class   | AP    |\n|:--------|:------|\n| boat    | 0.300 |\n| bus     | 0.500 |\n";
    let refused = understood(&work, "t.md", table).unwrap_err();
    assert!(refused.contains("but yolox prints percentages: give --ap-scale"), "{refused}");
    for scale in [ApScale::Percent, ApScale::Fraction] {
        let column = ap::read(&work.path("t.md"), &[], None, None, Some(scale)).unwrap().remove(0);
        assert_eq!((column.scale, &column.values[..]), (scale, &[Some(0.3), Some(0.5)][..]));
    }
}

#[test]
fn what_ultralytics_prints() {
    let work = Workdir::new();
    let header = "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95)     Mask(P          R      mAP50  mAP50-95)";
    let row = |name: &str, instances: &str, first: &str, last: &str| {
        format!(
            "{name:>22}         40{instances:>11}        0.8        0.7        0.6{first:>11}        0.8        0.7        0.6{last:>11}\n"
        )
    };
    let rows = [row("bus 2", "40", "0.5", "0.4"), row("all", "10", "0.00123", "1.2e-05")].concat();
    let text = format!("{header}: 100% ━━━ 2/2\n{}{rows}", row("all", "50", "0.4", "0.3"));
    let boxes = classes(&[("bus 2", 0.5), ("all", 0.00123)]);
    assert_eq!(understood(&work, "val.txt", &text), Ok(boxes));
    let masks = classes(&[("bus 2", 0.4), ("all", 0.000012)]);
    assert_eq!(understood_as(&work, "val.txt", &text, &["Mask"]), Ok(masks));
    // Without its last row, it has fewer instances than all.
    let cut = &text[..text.len() - 20];
    let refused = understood(&work, "val.txt", cut).unwrap_err();
    assert!(refused.contains("is cut off"), "{refused}");
}

/// From a model's files to the report, as a user runs it.
#[test]
fn a_log_is_joined_by_name() {
    let work = Workdir::new();
    work.write("counts.csv", "class,instances\na,8\nb,6\nc,4\n");
    let x = ndarray::Array2::from_shape_fn((18, 2), |(i, j)| ((i * i * 5 + 3 * j * i) % 17) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    let labels: String = "aaaaaaaabbbbbbcccc".chars().map(|c| format!("{c}\n")).collect();
    work.write("y.csv", format!("label\n{labels}"));
    work.write("map.txt", "class_id = 0, name = c, ap = 54.10%   \t (TP = 5, FP = 6) \nclass_id = 1, name = a, ap = 4.10%   \t (TP = 5, FP = 6) \n");
    let said = work
        .run("correlate --embeddings x.npy --labels y.csv --counts counts.csv --ap map.txt")
        .stderr;
    assert_eq!(written(&work, "ap"), ["4.1", "", "54.1"]);
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("AP from column \"ap\" of darknet, on the scale 0–100"), "{said}");
}

/// Names as datasets have them: spaces and slashes inside, digits, letters of any script.
fn names() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-zA-Z0-9çæ猫ж(&'][a-zA-Z0-9çæ猫ж _./:%()&'-]{0,20}[a-zA-Z0-9çæ猫ж)]";
    let taken = |name: &String| name.to_lowercase() != "none" && !name.contains(", ap =");
    prop::collection::hash_set(name.prop_filter("a word of the printers", taken), 1..9)
        .prop_map(|names| names.into_iter().collect())
}

/// Cells side by side, of so many columns, as terminaltables draws them.
fn as_grid(header: &[&str], cells: &[String]) -> String {
    let rows: Vec<Vec<&str>> = cells
        .chunks(header.len())
        .map(|row| (0..header.len()).map(|at| row.get(at).map_or("None", String::as_str)).collect())
        .collect();
    let width = |at: usize| {
        let widths = rows.iter().map(|row| row[at].chars().count());
        widths.max().unwrap_or(0).max(header[at].len())
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let border: String = widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).collect();
    let draw = |row: &[&str]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("| {cell:width$} "));
        format!("{}|\n", cells.collect::<String>())
    };
    let body: String = rows.iter().map(|row| draw(row)).collect();
    format!("{border}+\n{}{border}+\n{body}{border}+\n", draw(header))
}

/// The same as tabulate prints pipes.
fn as_pipes(header: &[&str], cells: &[String]) -> String {
    let row = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let full = |chunk: &[String]| {
        row((0..header.len()).map(|at| chunk.get(at).map_or("", String::as_str)).collect())
    };
    let body: String = cells.chunks(header.len()).map(full).collect();
    format!("{}{}{body}", row(header.to_vec()), row(vec![":---"; header.len()]).replace(' ', ""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_any_printer_prints_comes_back(names in names(), seed in 0_u32..1000) {
        let work = Workdir::new();
        let ap = |at: usize| f64::from((seed + 131 * at as u32) % 999 + 1) / 1000.0;
        let fractions: Vec<_> =
            names.iter().enumerate().map(|(at, name)| (name.clone(), Some(ap(at)))).collect();
        let percent = |at: usize| f64::from((seed + 131 * at as u32) % 999 + 1001) / 100.0;
        let percents: Vec<_> =
            names.iter().enumerate().map(|(at, name)| (name.clone(), Some(percent(at)))).collect();
        let pairs = |ap: &dyn Fn(usize) -> String| -> Vec<String> {
            names.iter().enumerate().flat_map(|(at, name)| [name.clone(), ap(at)]).collect()
        };
        let wide = |columns: usize, name: &'static str, ap: &'static str| -> Vec<&'static str> {
            [name, ap].repeat(columns.min(names.len()))
        };
        let grid = as_grid(&wide(3, "category", "AP"), &pairs(&|at| format!("{:.3}", ap(at))));
        let pipes = as_pipes(&wide(3, "category", "AP"), &pairs(&|at| format!("{:.3}", percent(at))));
        let plain = as_pipes(&["class", "ap"], &pairs(&|at| ap(at).to_string())).replace(":---", "---");
        let voc: Vec<String> = names.iter().enumerate()
            .flat_map(|(at, name)| [name.clone(), "4".into(), "9".into(), "0.700".into(), format!("{:.3}", ap(at))])
            .collect();
        let voc = as_grid(&["class", "gts", "dets", "recall", "ap"], &voc);
        let console: String = names.iter().enumerate()
            .map(|(at, name)| format!("{name:>22}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n", 4, 9, 0.8, 0.7, 0.6, ap(at)))
            .collect();
        let console = format!(
            "{:>22}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n{console}",
            "Class", "Images", "Instances", "Box(P", "R", "mAP50", "mAP50-95)"
        );
        let darknet: String = names.iter().enumerate()
            .map(|(at, name)| format!("class_id = {at}, name = {name}, ap = {:.2}%   \t (TP = 5, FP = 6) \n", percent(at)))
            .collect();
        for (text, expected) in [
            (grid, &fractions), (pipes, &percents), (plain, &fractions), (voc, &fractions),
            (console, &fractions), (darknet, &percents),
        ] {
            let text = format!("07/22 10:00:00 - INFO - begin\n{text}end of it\n");
            let read = understood(&work, "t.log", &text);
            prop_assert_eq!(read.as_ref(), Ok(expected), "{}", text);
        }
    }
}
