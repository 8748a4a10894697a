//! Texts and what stands in their place: each is read, or named for what it is; and which numbers of an
//! evaluator's file are taken for AP.

use std::io::Write;

use crate::bad_input::refused;
use crate::{Workdir, written};

const COMMAND: &str = "correlate --embeddings x.npy --labels y.csv --counts counts.csv --ap ap.csv";

fn work() -> Workdir {
    let work = Workdir::new();
    let x = ndarray::Array2::from_shape_fn((6, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    work.write("y.csv", "label\na\na\na\nb\nb\nc\n");
    work.write("ap.csv", "class,ap\na,0.5\nb,0.25\nc,0.75\n");
    work.write("counts.csv", "class,instances\na,3\nb,2\nc,1\n");
    work
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// Every input that is a text, and the command that reads it.
const TEXTS: [(&str, &str); 8] = [
    ("t.csv", "correlate --counts counts.csv --ap t.csv"),
    ("t.json", "correlate --counts counts.csv --ap t.json"),
    ("t.log", "correlate --counts counts.csv --ap t.log"),
    ("t.csv", "correlate --counts t.csv --ap ap.csv"),
    ("t.json", "correlate --counts t.json --ap ap.csv"),
    ("t.txt", "correlate --counts counts.csv --ap ap.csv --class-names t.txt"),
    ("t.json", "correlate --counts counts.csv --ap ap.csv --class-names t.json"),
    ("t.toml", "correlate --runs t.toml"),
];

#[test]
fn what_stands_in_place_of_a_text() {
    let work = work();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"class,ap").unwrap();
    let lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".into(), "is empty: was it written to its end?"),
        (b"\xef\xbb\xbf".into(), "is empty"),
        (vec![0; 300], "holds NUL bytes in place of text"),
        (lfs.into(), "is a pointer of Git LFS in place of the file: run git lfs pull"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>".into(), "is a web page (HTML)"),
        (b"\xef\xbb\xbf<HTML>\n".into(), "is a web page (HTML)"),
        (b"\x1f\x8b\x08\x00abcdefgh".into(), "is compressed by gzip: unpack it"),
        (b"BZh91AY&SYabc".into(), "is compressed by bzip2: unpack it"),
        (b"\xfd7zXZ\0abc".into(), "is compressed by xz: unpack it"),
        (b"\x28\xb5\x2f\xfdabc".into(), "is compressed by zstd: unpack it"),
        (
            zip.finish().unwrap().into_inner(),
            "is a zip archive, as .npz and .xlsx files are, not text",
        ),
        (std::fs::read(work.path("x.npy")).unwrap(), "is an npy array, not text"),
        (b"\x80\x04\x95.".into(), "is a pickle of Python, which is never read"),
        (utf16("{\"class\": 1}", true, false), "is text in UTF-16: save it as UTF-8"),
        (utf16("class,ap\na,1\n", true, true), "is text in UTF-16"),
        (utf16("class,ap\na,1\n", false, false), "is text in UTF-16"),
        (utf16("{\"class\": 1}", false, true), "is text in UTF-16"),
    ];
    for (content, sentence) in cases {
        for (name, command) in TEXTS {
            work.write(name, &content);
            // JSON is unpacked.
            let sentence = match content.starts_with(b"\x1f\x8b") && name.ends_with("json") {
                true => "cannot be read: it is packed by gzip and cannot be unpacked",
                false => sentence,
            };
            refused(&work, command, 1, &format!("{name}: {sentence}"));
        }
    }
    // A pointer or a page may stand in place of any file.
    for (content, sentence) in
        [(lfs, "is a pointer of Git LFS"), ("<html></html>", "is a web page")]
    {
        for name in ["x.npy", "x.npz", "x.parquet", "x.safetensors"] {
            let work = Workdir::new();
            work.write(name, content);
            refused(
                &work,
                &format!("information --embeddings {name} --labels {name}"),
                1,
                sentence,
            );
        }
    }
}

/// An annotation file, and one of an evaluator, around some text.
fn annotations(field: &str) -> Vec<u8> {
    let one = |id: usize| format!("{{\"category_id\": {id}, \"image_id\": 0, {field}}}");
    let all: Vec<_> = [0, 0, 0, 1, 1, 2].iter().map(|&id| one(id)).collect();
    let names =
        "{\"id\": 0, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}, {\"id\": 2, \"name\": \"c\"}";
    format!("{{\"annotations\": [{}],\n\"categories\": [{names}]}}", all.join(",\n")).into()
}

const FROM_JSON: &str =
    "correlate --embeddings x.npy --labels y.csv --counts counts.json --ap ap.csv";

#[test]
fn json_as_python_writes_it() {
    let work = work();
    for field in [
        "\"area\": NaN",
        "\"area\": Infinity, \"score\": -Infinity",
        "\"bbox\": [NaN, 1, 2, 3]",
        "\"file_name\": \"a\\udc81.jpg\"",
        "\"file_name\": \"\\ud83d\\ude00\\ud83dx\\\\udc81\\\"NaN\"",
        "\"NaN\": \"Infinity \\\\\"",
    ] {
        for mark in ["", "\u{feff}"] {
            work.write("counts.json", [mark.as_bytes(), &annotations(field)].concat());
            work.run(FROM_JSON);
            assert_eq!(written(&work, "instances"), ["3", "2", "1"], "{field}");
        }
    }
    // Words and halves that lie across the blocks in which a file is read.
    for shift in 0..90 {
        let pad = "x".repeat((1 << 17) - 150 + shift);
        let field = format!("\"pad\": \"{pad}\", \"score\": NaN, \"n\": \"\\ud83d\\ude00\\udc81\"");
        work.write("counts.json", annotations(&field));
        work.run(&format!("{FROM_JSON} --quiet"));
    }
    // A pair is a character, in a name too.
    let smile = String::from_utf8(annotations("\"x\": 1")).unwrap();
    work.write("counts.json", smile.replace("\"a\"", "\"\\ud83d\\ude00\""));
    work.write("y.csv", "label\n\u{1f600}\n\u{1f600}\nb\nb\nb\nc\n");
    work.write("ap.csv", "class,ap\n\u{1f600},0.5\nb,0.25\nc,0.75\n");
    work.run(FROM_JSON);
    assert_eq!(written(&work, "class"), ["\u{1f600}", "b", "c"]);
}

#[test]
fn what_is_wrong_with_json_and_where() {
    let work = work();
    let good = String::from_utf8(annotations("\"x\": 1")).unwrap();
    let gbk = |from: &str| {
        let (before, after) = good.split_once(from).unwrap();
        [before.as_bytes(), b"\xc8\xcb", after.as_bytes()].concat()
    };
    for (text, sentence) in [
        (
            good[..good.len() - 5].into(),
            "counts.json: is cut off: its JSON does not end within line 7",
        ),
        (good[..50].into(), "is cut off: its JSON does not end within line 1"),
        (gbk("a\"}, {\"id\": 1"), "counts.json: line 7: is not text in UTF-8: save it as UTF-8"),
        (
            good.replace(
                "}],
", "},],
",
            )
            .into(),
            "line 6: there is a comma before a closing bracket: remove it",
        ),
        (
            good.replacen("},\n", "}, // one\n", 1).into(),
            "line 1: holds a comment, which JSON does not allow",
        ),
        (format!("# made by hand\n{good}").into(), "line 1: holds a comment"),
        (good.replacen(",\n", ",\n /* x */", 2).into(), "holds a comment"),
        (
            good.replace('"', "'").into(),
            "line 1: holds what Python prints, not JSON: write it with json.dump",
        ),
        (good.replacen("\"x\": 1", "\"x\": None", 1).into(), "holds what Python prints, not JSON"),
        (format!("{good}\0\0\0").into(), "line 7: holds NUL bytes: it was not written to its end"),
        (
            good.replacen("[{", "[{{", 1).into(),
            "line 1: is not JSON: key must be a string at column 19",
        ),
        (
            good.replace("\"c\"", "\"\\udc81\"").into(),
            "category 2: the name \"…\" holds half a character",
        ),
    ] as [(Vec<u8>, &str); 12]
    {
        work.write("counts.json", text);
        refused(&work, FROM_JSON, 1, sentence);
    }
}

const METRICS: &str =
    "correlate --embeddings x.npy --labels y.csv --counts counts.csv --ap metrics.json";

fn evaluation(iteration: usize, ap: [f64; 3]) -> String {
    let [a, b, c] = ap;
    format!(
        "{{\"iteration\": {iteration}, \"loss\": 1.0, \"bbox/AP\": 9, \"bbox/AP-a\": {a}, \"bbox/AP-b\": {b}, \"bbox/AP-c\": {c}}}\n"
    )
}

/// The AP of the three classes, and what is said.
#[track_caller]
fn aps(text: &[u8]) -> (Vec<String>, String) {
    let work = work();
    work.write("metrics.json", text);
    let output = work.run(METRICS);
    let values = written(&work, "ap");
    (values, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn metrics_of_a_run_that_was_killed() {
    let first = evaluation(39, [10.0, 20.0, 30.0]);
    let last = evaluation(79, [50.0, 25.0, 75.0]);
    let lines = format!("{{\"iteration\": 19}}\n{first}{last}");
    let (values, said) = aps(lines.as_bytes());
    let whole = values.clone();
    assert_eq!(values.len(), 3);
    assert!(said.contains("AP is from line 3, iteration 79, the last that has it"), "{said}");
    assert!(!said.contains("cut off"), "{said}");
    for (rest, at) in [
        ("{\"iteration\": 99, \"total_", Some(4)),
        ("{\"iteration\": 99, \"bbox/AP-a\": 1, \"bbox/AP-b\": ", Some(4)),
        ("{", Some(4)),
        ("\0\0\0\0\0\0", None),
        (
            "{\"iteration\": 99, \"to{\"iteration\": 100, \"loss\": 1}\n{\"iteration\": 119}\n",
            Some(4),
        ),
        ("{\"iteration\": 99,\n{\"iteration\": 119}\n", Some(4)),
        ("\0\0\0{\"iteration\": 99}\n", None),
    ] {
        let (values, said) = aps(format!("{lines}{rest}").as_bytes());
        assert_eq!(values, whole, "{rest}");
        assert!(said.contains("AP is from line 3, iteration 79"), "{said}");
        let cut = at.map(|at| format!("skipped cut-off line {at}\n"));
        assert_eq!(said.contains("cut-off"), cut.is_some(), "{said}");
        assert!(cut.is_none_or(|cut| said.contains(&cut)), "{said}");
    }
    // The evaluation itself is cut: the one before.
    let cut = &lines[..lines.len() - 9];
    let (values, said) = aps(cut.as_bytes());
    assert_eq!(values, aps(first.as_bytes()).0);
    assert!(said.contains("AP is from line 2, iteration 39"), "{said}");
    // As many lines are cut as are whole.
    let (values, said) = aps(format!("{first}{{\"iteration\": 59, \"to").as_bytes());
    assert_eq!(values, aps(first.as_bytes()).0);
    assert!(said.contains("skipped cut-off line 2\n"), "{said}");
    // What is damaged as a whole.
    let work = work();
    for text in [
        lines[20..60].to_owned(),
        "{\n\"bbox\": {\n\"AP-a\": 1,\n\"AP-b\": 2,\n".to_owned(),
        format!("[\n{lines}"),
        format!("{first}log of something\n{last}"),
        format!("{{\"a\": \n{{\"b\": \n{first}"),
    ] {
        work.write("metrics.json", &text);
        refused(&work, METRICS, 1, "metrics.json: ");
    }
}

#[test]
fn which_evaluation_of_several() {
    // Fewer classes than before.
    let part = "{\"epoch\": 2, \"bbox/AP-a\": 33}\n";
    let (values, said) = aps(format!("{}{part}", evaluation(39, [10.0, 20.0, 30.0])).as_bytes());
    assert_eq!(values[1..], ["", ""]);
    assert!(said.contains("warning: metrics.json: the evaluation of line 2, epoch 2 has AP of 1 classes, but that of line 1 had 3"), "{said}");
    // Masks alone in the last line.
    let boxes = evaluation(39, [10.0, 20.0, 30.0]);
    let masks = evaluation(40, [50.0, 60.0, 70.0]).replace("bbox", "segm");
    let (values, said) = aps(format!("{boxes}{masks}").as_bytes());
    assert_eq!(values, aps(boxes.as_bytes()).0);
    assert!(
        said.contains(
            "AP of \"bbox\" is from line 1, iteration 39; line 2 has a later one, of \"segm\""
        ),
        "{said}"
    );
    let work = work();
    work.write("metrics.json", format!("{boxes}{masks}"));
    let said = work.run(&format!("{METRICS} --ap-column segm")).stderr;
    assert!(String::from_utf8(said).unwrap().contains("line 2, iteration 40"));
    // Of several of boxes, the first.
    let both = boxes.replace("}\n", ", \"bbox_TTA/AP-a\": 1, \"bbox_TTA/AP-b\": 2}\n");
    assert_eq!(aps(both.as_bytes()).0, aps(boxes.as_bytes()).0);
    // Names are compared trimmed.
    let padded = boxes.replace("AP-a\"", "AP- a\u{a0}\"").replace("AP-b\"", "AP-\u{feff}b \"");
    assert_eq!(aps(padded.as_bytes()).0, aps(boxes.as_bytes()).0);
    work.write("metrics.json", boxes.replace("AP-b", "AP-a "));
    refused(&work, METRICS, 1, "two rows for the class \"a\"");
}

#[test]
fn what_is_no_ap_in_json() {
    let work = work();
    let pair = |other: &str| {
        format!(
            "{{\"a_precision\": 0.1, \"a_{other}\": 0.5, \"b_precision\": 0.9, \"b_{other}\": 0.4}}"
        )
    };
    for (text, sentence) in [
        (pair("AP"), "line 1: has \"a_precision\" and \"a_AP\", so this precision"),
        (pair("ap"), "precision is not the AP"),
        (pair("recall"), "and \"a_recall\", so"),
        (pair("f1"), "and \"a_f1\", so"),
        (format!("{{\"val\": {}}}", pair("recall")), "\"val/a_precision\" and \"val/a_recall\""),
        (
            "{\"classes\": [0, 1], \"mar_100_per_class\": [0.1, 0.2]}".into(),
            "holds no AP per class",
        ),
        (
            "{\"classes\": 0, \"map_per_class\": -1.0}".into(),
            "is −1: there is no AP per class, evaluate with class_metrics=True",
        ),
        (
            "{\"classes\": \"tensor([0, 1])\", \"map_per_class\": [0.1, 0.2]}".into(),
            "\"classes\" is a text, not a list of numbers: save the tensor with tolist()",
        ),
        (
            "{\"classes\": [0, 1], \"map_per_class\": [[0.1, 0.2]]}".into(),
            "\"map_per_class\" is a list of other things than numbers",
        ),
        (
            "{\"map_per_class\": [0.1, 0.2]}".into(),
            "is given without \"classes\", the ids that torchmetrics writes",
        ),
        (
            "[{\"image_id\": 1, \"category_id\": 2, \"score\": 0.5}]".into(),
            "holds detections, boxes with scores",
        ),
        ("[{\"a\": 0.5}]".into(), "holds a list of records, and not all give their class"),
        (
            String::from_utf8(annotations("\"x\": 1")).unwrap(),
            "is an annotation file, which holds no AP",
        ),
        ("OrderedDict([('bbox', {'AP-a': 3})])".into(), "holds what Python prints, not JSON"),
        ("{'bbox': {'AP-a': 3}}".into(), "holds what Python prints, not JSON"),
    ] {
        work.write("metrics.json", text);
        refused(&work, METRICS, 1, sentence);
    }
    // One class in torchmetrics gives numbers.
    work.write("metrics.json", "{\"classes\": 0, \"map_per_class\": 0.4}");
    work.write("names.txt", "a\nb\nc\n");
    work.run(&format!("{METRICS} --class-names names.txt"));
    assert_eq!(written(&work, "ap"), ["0.4", "", ""]);
}

#[test]
fn which_column_is_ap() {
    let work = work();
    let table = |columns: &[&str]| {
        let mut text = format!("class,{}\n", columns.join(","));
        for (at, class) in ["a", "b", "c"].iter().enumerate() {
            let cells = (0..columns.len()).map(|column| format!(",0.{}", 10 * column + at + 11));
            text += &format!("{class}{}\n", cells.collect::<String>());
        }
        work.write("ap.csv", text);
    };
    for name in [
        "precision",
        "Recall",
        "P",
        "R",
        "F1",
        "Box-P",
        "box_precision",
        "score",
        "confidence",
        "accuracy",
        "AR",
        "AR@100",
        "ar_100",
        "mar_100",
        "metrics/recall(B)",
        "",
    ] {
        table(&[name]);
        refused(&work, COMMAND, 1, "has no column that is named as AP");
        if !name.is_empty() {
            let said = work.run(&format!("{COMMAND} --ap-column {name}")).stderr;
            let said = String::from_utf8(said).unwrap();
            assert!(said.contains(&format!("column {name:?} is not named as AP")), "{said}");
        }
        std::fs::remove_dir_all(work.path("reports")).unwrap_or_default();
        // Beside a column that may be AP, it is not asked which is meant.
        table(&[name, "mAP50-95"]);
        let said = String::from_utf8(work.run(COMMAND).stderr).unwrap();
        assert!(
            said.contains("AP from column \"mAP50-95\"") && !said.contains("by its name"),
            "{said}"
        );
        std::fs::remove_dir_all(work.path("reports")).unwrap();
    }
    for name in
        ["AP", "mAP50", "ap_r", "average precision", "R-50", "car", "ours", "mAP@0.5", "AP75"]
    {
        table(&[name]);
        let said = String::from_utf8(work.run(COMMAND).stderr).unwrap();
        assert!(
            said.contains(&format!("AP from column {name:?}")) && !said.contains("by its name"),
            "{said}"
        );
    }
    std::fs::remove_dir_all(work.path("reports")).unwrap();
    table(&["mAP50", "mAP50-95"]);
    refused(
        &work,
        COMMAND,
        1,
        "several columns of numbers, \"mAP50\", \"mAP50-95\": choose with --ap-column",
    );
}

#[test]
fn tables_of_ultralytics() {
    let work = work();
    let table = "Class,Images,Instances,Box-P,Box-R,Box-F1,mAP50,mAP50-95\n\
                 a,9,8,0.8,0.7,0.7,0.5,0.3\nb,9,6,0.8,0.7,0.7,0.6,0.4\nc,9,4,0.8,0.7,0.7,0.7,0.6\n";
    work.write("ap.csv", table);
    work.run(&format!("{COMMAND} --ap-column mAP50-95"));
    assert_eq!(written(&work, "ap"), ["0.3", "0.4", "0.6"]);
    std::fs::remove_dir_all(work.path("reports")).unwrap();
    // Its instances are those of the validation images.
    let counts =
        "correlate --embeddings x.npy --labels y.csv --counts ap.csv --ap ap.csv --ap-column mAP50";
    refused(
        &work,
        counts,
        1,
        "is an evaluation, whose instances are those of the evaluated images",
    );
    work.run(&format!("{counts} --counts-column Instances"));
    assert_eq!(written(&work, "instances"), ["8", "6", "4"]);
    std::fs::remove_dir_all(work.path("reports")).unwrap();

    work.write(
        "results.csv",
        "epoch,time,metrics/precision(B),metrics/mAP50(B)\n1,10,0.5,0.4\n2,20,0.6,0.5\n",
    );
    let command = COMMAND.replace("ap.csv", "results.csv");
    refused(&work, &command, 1, "has one row per epoch or step, not per class");
}
