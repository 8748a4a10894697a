//! Formats of annotations that are not read: the error names them and says what to convert them to.

use std::path::Path;

use crate::input::file;

const TO_COCO: &str = "convert it to COCO json, for example with supervision, FiftyOne or datumaro";

/// Keys by which formats of JSON are known, each format with what to say.
const JSON: [(&[&str], &str); 6] = [
    (
        &["\"shapes\"", "\"imagePath\""],
        "is labelme's file of one image: convert all of them to COCO json with labelme2coco, and \
         give the result",
    ),
    (
        &["\"gtboxes\""],
        "is an odgt file, as CrowdHuman has, with one object per line: convert it to COCO json, \
         with \"images\", \"annotations\" and \"categories\"",
    ),
    (
        &["\"regions\"", "\"shape_attributes\""],
        "is a project of the VGG Image Annotator (VIA): export it as COCO json there, and give the \
         result",
    ),
    (
        &["\"coordinates\"", "\"label\""],
        "is CreateML's json: convert it to COCO json, for example with Roboflow or datumaro, and \
         give the result",
    ),
    (
        &["\"rectanglelabels\""],
        "is Label Studio's own json: export it as COCO there, and give the result",
    ),
    (
        &["\"image_id\"", "\"objects\"", "\"bbox\""],
        "is json with one line per image, as in data sets of Hugging Face (metadata.jsonl): \
         convert it to COCO json, with \"images\", \"annotations\" and \"categories\"",
    ),
];

/// What a JSON file without COCO's keys is, where that can be told from how it begins.
pub(super) fn named(path: &Path) -> Option<&'static str> {
    let text = file::beginning(path);
    let has = |keys: &[&str]| keys.iter().all(|key| text.contains(key));
    if has(&["\"categories\""]) && !has(&["\"objects\""]) || has(&["\"segments_info\""]) {
        return None;
    }
    let hugging_face =
        || (text.contains("\"objects\"") && text.contains("\"file_name\"")).then_some(JSON[5].1);
    JSON.iter().find(|(keys, _)| has(keys)).map(|&(_, what)| what).or_else(hugging_face)
}

/// What a text is that is no table, where that can be told from how it begins.
pub(super) fn text(text: &str) -> Option<&'static str> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let row = |line: &&str| {
        let cells: Vec<_> = line.split_ascii_whitespace().collect();
        cells.len() >= 5
            && cells[0].parse::<u32>().is_ok()
            && cells.iter().all(|cell| cell.parse::<f64>().is_ok())
    };
    (!lines.is_empty() && lines.iter().all(row)).then_some(
        "is a label file of YOLO, which has the rows of one image and no class names: give the \
         data.yaml that names the classes and the folders of images",
    )
}

/// What a folder is that is neither Pascal VOC's nor YOLO's.
pub(super) fn folder(path: &Path) -> String {
    let has = |extension: &str| {
        let ends = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == extension))
        };
        path.read_dir().is_ok_and(|mut entries| entries.any(ends))
    };
    if has("txt") || path.join("labels").is_dir() {
        "holds label files of YOLO, which do not name their classes: give the data.yaml that names the classes \
         and the folders of images"
            .into()
    } else if has("json") {
        format!("holds json files: give the COCO files by name; if each is of one image, {TO_COCO}")
    } else if has("tfrecord") || has("record") {
        format!("holds TFRecords, which are not supported: {TO_COCO}")
    } else {
        "is a directory, pipe or device without \"Annotations\" of xml files (Pascal VOC) and \
         without a data.yaml (YOLO): give one of these, or a file"
            .into()
    }
}
