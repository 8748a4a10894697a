//! Annotations in every format: the same data as COCO, Pascal VOC, YOLO and Open Images, written by the projects
//! themselves and compared with pycocotools (`tests/golden/annotations.py`); odd files; several files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use igam_analyze::Warnings;
use igam_analyze::classes::Numbering;
use igam_analyze::detector::{Counts, Evaluated};
use igam_analyze::input::annotations::{Choices, Include};
use igam_analyze::input::detections::{self, GroundTruthFiles};
use igam_analyze::input::{classes, counts};
use serde_json::{Value, json};

use crate::bad_input::refused;
use crate::{Workdir, repository, written};

const NAMES: [&str; 5] = ["traffic light", "salt & pepper", "nut", "unseen", "key"];

fn golden(path: &str) -> PathBuf {
    repository("tests/golden/annotations").join(path)
}

fn expected() -> Value {
    let text = fs::read_to_string(repository("tests/golden/annotations.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn read(paths: &[PathBuf], choices: &Choices) -> Counts {
    counts::read(paths, None, choices, &Warnings::default()).unwrap()
}

fn problem(paths: &[PathBuf], choices: &Choices) -> String {
    counts::read(paths, None, choices, &Warnings::default()).unwrap_err().to_string()
}

/// Instances and the two covariates of each class that is listed.
fn by_name(counts: &Counts) -> BTreeMap<String, (u64, Option<f64>, Option<f64>)> {
    let names = counts.keys.names().unwrap();
    let value = |column: usize, at: usize| counts.covariates[column].values[at];
    let one = |(at, name): (usize, &String)| {
        (name.clone(), (counts.values[at], value(0, at), value(1, at)))
    };
    names.iter().enumerate().map(one).collect()
}

#[test]
fn every_writing_has_the_counts_of_pycocotools() {
    let expected = expected();
    let described = Choices {
        class_names: Some(golden("open_images/class-descriptions-boxable.csv")),
        ..Choices::default()
    };
    let plain = Choices::default();
    let cases: [(&[&str], &Choices, bool, usize); 8] = [
        (&["coco/train.json"], &plain, true, 5),
        (&["coco/train.json.gz"], &plain, true, 5),
        (&["coco/part1.json", "coco/part2.json"], &plain, true, 5),
        (&["voc"], &plain, true, 5),
        (&["yolo/data.yaml"], &plain, true, 5),
        // Of files alone, what has no object is no class.
        (&["supervision/voc"], &plain, true, 4),
        // Without images, areas are not known in pixels.
        (&["supervision/yolo/data.yaml"], &plain, false, 5),
        (&["open_images/train-annotations-bbox.csv"], &described, false, 4),
    ];
    for (paths, choices, areas, classes) in cases {
        let paths: Vec<_> = paths.iter().map(|path| golden(path)).collect();
        let counts = by_name(&read(&paths, choices));
        assert_eq!(counts.len(), classes, "{paths:?}");
        for (name, (instances, area, crowding)) in counts {
            let theirs = &expected["counts"][&name];
            assert_eq!(instances, theirs[0].as_u64().unwrap(), "{paths:?} {name}");
            let close = |ours: Option<f64>, theirs: &Value| match (ours, theirs.as_f64()) {
                (Some(ours), Some(theirs)) => (ours - theirs).abs() < 1e-6,
                (ours, theirs) => ours == theirs,
            };
            assert!(close(crowding, &theirs[2]), "{paths:?} {name}: {crowding:?}");
            let theirs = if areas { &theirs[1] } else { &Value::Null };
            assert!(close(area, theirs), "{paths:?} {name}: {area:?}");
        }
    }
}

#[test]
fn difficult_objects_count_if_asked_for() {
    let expected = expected();
    let include = Include { difficult: true, ..Include::default() };
    let all = Choices { include, ..Choices::default() };
    let plain = read(&[golden("voc")], &Choices::default());
    let notes = plain.notes.join("\n");
    assert!(
        notes.contains("split trainval: 12 images with 34 objects, 4 of them difficult"),
        "{notes}"
    );
    assert!(
        notes.contains("4 difficult objects") && notes.contains("--include-difficult"),
        "{notes}"
    );
    let (plain, all) = (by_name(&plain), by_name(&read(&[golden("voc")], &all)));
    for name in NAMES {
        let difficult = expected["difficult"][name].as_u64().unwrap_or(0);
        assert_eq!(all[name].0, plain[name].0 + difficult, "{name}");
    }
}

#[test]
fn splits_are_chosen() {
    let of = |path: &str, split: &str| {
        let choices = Choices { split: Some(split.into()), ..Choices::default() };
        counts::read(&[golden(path)], None, &choices, &Warnings::default())
            .map_err(|error| error.to_string())
    };
    let (voc, yolo) = (of("voc", "val").unwrap(), of("yolo/data.yaml", "val").unwrap());
    let (voc, yolo) = (by_name(&voc), by_name(&yolo));
    assert_eq!(voc, yolo);
    assert_ne!(voc["nut"].0, expected()["counts"]["nut"][0].as_u64().unwrap());
    let voc = of("voc", "tset").unwrap_err();
    assert!(
        voc.contains("has no tset.txt; there are \"trainval\", \"val\": choose one with --split"),
        "{voc}"
    );
    let yolo = of("yolo", "test").unwrap_err();
    assert!(
        yolo.contains("data.yaml: has no test: with images; it has \"train\", \"val\""),
        "{yolo}"
    );
    let coco = of("coco/train.json", "val").unwrap_err();
    assert!(coco.contains("is COCO json, which has no splits"), "{coco}");
    let one = of("voc/Annotations/street_1.xml", "val").unwrap_err();
    assert!(one.contains("is one file, so the split \"val\" is not known"), "{one}");
    let folder = of("voc/Annotations", "val").unwrap_err();
    assert!(
        folder.contains("has no ImageSets/Main, so the split \"val\" is not known"),
        "{folder}"
    );
    // All xml files, without lists of splits.
    let all = read(&[golden("voc/Annotations")], &Choices::default());
    assert!(all.notes[0].contains("all xml files: 22 images"), "{:?}", all.notes);
}

/// AP of each class that has one.
fn aps(evaluated: &Evaluated) -> BTreeMap<String, f64> {
    let names = evaluated.classes.names().iter().cloned();
    let aps = evaluated.detections.iter().map(|class| class.ap[0]);
    names.zip(aps).filter_map(|(name, ap)| Some((name, ap?))).collect()
}

#[test]
fn the_same_detections_have_the_ap_of_pycocotools_on_every_writing() {
    let expected = expected();
    let theirs: BTreeMap<String, f64> = NAMES
        .iter()
        .filter_map(|&name| Some((name.to_owned(), expected["ap"][name].as_f64()?)))
        .collect();
    assert!(theirs.len() == 4 && theirs.values().all(|&ap| ap > 0.1));
    let names = golden("yolo/data.yaml");
    let listed = || Some(classes::read(&names, &Warnings::default()).unwrap().0);
    let coco = GroundTruthFiles::from(&golden("coco/val.json"));
    let yolo = GroundTruthFiles::from(&golden("yolo/data.yaml"));
    let voc = GroundTruthFiles { classes: listed(), ..GroundTruthFiles::from(&golden("voc")) };
    for (files, note) in [
        (coco, "images are matched by \"file_name\", as Ultralytics writes it"),
        (yolo, "category ids are read as Ultralytics' own, which begin with 1"),
        (voc, "category ids are read as Ultralytics' own, which begin with 1"),
    ] {
        let path = files.paths[0].clone();
        let evaluated =
            detections::read(&golden("predictions.json"), files, &Warnings::default()).unwrap();
        let ours = aps(&evaluated);
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{path:?}");
        for (name, theirs) in &theirs {
            assert!(
                (ours[name] - theirs).abs() < 1e-12,
                "{path:?} {name}: {} {theirs}",
                ours[name]
            );
        }
        assert!(evaluated.notes.iter().any(|one| one.contains(note)), "{:?}", evaluated.notes);
    }
    // Classes that nothing numbers are joined to no number.
    let voc = GroundTruthFiles::from(&golden("voc"));
    let refused = detections::read(&golden("predictions.json"), voc, &Warnings::default())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("gives its classes no numbers: give --class-names"), "{refused}");
}

/// Objects at random, as COCO, Pascal VOC and YOLO; some boxes of YOLO stand there twice, some of COCO are
/// crowds, and some of Pascal VOC are difficult.
fn random_writings(work: &Workdir, seed: u64) -> [PathBuf; 3] {
    let mut random = Rng::with_seed(seed);
    for folder in ["voc/Annotations", "yolo/images/train", "yolo/labels/train"] {
        fs::create_dir_all(work.path(folder)).unwrap();
    }
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for image in 0..random.u32(3..30) {
        let (mut xml, mut rows) = (String::new(), String::new());
        let mut seen = Vec::new();
        for _ in 0..random.u32(0..9) {
            let class = random.usize(0..4);
            let [x, y, w, h] = [64, 64, 63, 63].map(|most| f64::from(random.u32(0..most)));
            if seen.contains(&(class, x as u32, y as u32, w as u32, h as u32)) {
                continue;
            }
            seen.push((class, x as u32, y as u32, w as u32, h as u32));
            let kind = random.u32(0..9);
            let bbox = [x, y, w + 1.0, h + 1.0];
            annotations.push(json!({
                "id": annotations.len(), "image_id": image, "category_id": class, "bbox": bbox,
                "area": bbox[2] * bbox[3], "iscrowd": u8::from(kind == 0),
            }));
            xml += &format!(
                "<object><name>c{class}</name><difficult>{}</difficult><bndbox><xmax>{}</xmax><xmin>{}</xmin>\
                 <ymin>{}</ymin><ymax>{}.0</ymax></bndbox></object>\n",
                u8::from(kind == 0),
                x + bbox[2],
                x + 1.0,
                y + 1.0,
                y + bbox[3]
            );
            if kind > 0 {
                let side = |at: f64| at / 128.0;
                let row = format!(
                    "{class} {} {} {} {}\n",
                    side(x + bbox[2] / 2.0),
                    side(y + bbox[3] / 2.0),
                    side(bbox[2]),
                    side(bbox[3])
                );
                rows += &row.repeat(if kind == 1 { 2 } else { 1 });
            }
        }
        images.push(json!({"id": image, "width": 128, "height": 128}));
        let xml = format!("<annotation><filename>{image}.jpg</filename>{xml}</annotation>");
        work.write(&format!("voc/Annotations/{image}.xml"), xml);
        work.write(&format!("yolo/images/train/{image}.jpg"), "");
        work.write(&format!("yolo/labels/train/{image}.txt"), rows);
    }
    let categories: Vec<_> = (0..4).map(|id| json!({"id": id, "name": format!("c{id}")})).collect();
    let all = json!({"images": images, "annotations": annotations, "categories": categories});
    work.write("train.json", all.to_string());
    work.write("yolo/data.yaml", "train: images/train\nnc: 4\nnames: [c0, c1, c2, c3]\n");
    ["train.json", "voc", "yolo/data.yaml"].map(|name| work.path(name))
}

#[test]
fn random_data_have_the_same_counts_in_every_writing() {
    let mut boxes = 0;
    for seed in 0..20 {
        let work = Workdir::new();
        let writings = random_writings(&work, seed);
        let [coco, voc, yolo] = writings.map(|path| by_name(&read(&[path], &Choices::default())));
        for (name, (instances, area, crowding)) in &coco {
            boxes += instances;
            let of = yolo[name];
            assert_eq!((of.0, of.2), (*instances, *crowding), "seed {seed}, {name}");
            match voc.get(name) {
                Some(of) => assert_eq!(*of, (*instances, *area, *crowding), "seed {seed}, {name}"),
                None => assert_eq!(*instances, 0, "seed {seed}, {name}"),
            }
        }
    }
    assert!(boxes > 500, "{boxes}");
}

#[test]
fn clean_files_are_read_as_hotcoco_reads_them() {
    let ours = by_name(&read(&[golden("supervision/voc")], &Choices::default()));
    let theirs = hotcoco::convert::voc_to_coco(&golden("supervision/voc")).unwrap();
    for category in &theirs.categories {
        let of = theirs.annotations.iter().filter(|one| one.category_id == category.id);
        // What stands behind an entity alone is its name there: &amp; cuts it.
        let name = if category.name == "pepper" { "salt & pepper" } else { &category.name };
        assert_eq!(ours[name].0, of.count() as u64, "{name}");
    }
    assert!(theirs.categories.iter().any(|one| one.name == "pepper"), "hotcoco reads entities now");
    // Nor does it read polygons, byte order marks, or labels beside a data.yaml in another folder.
    let work = Workdir::new();
    work.write("data.yaml", "names: [a]\n");
    let sizes = std::collections::HashMap::from([("x".to_owned(), (10, 10))]);
    for row in ["0 0.1 0.1 0.2 0.1 0.2 0.3\n", "\u{feff}0 0.5 0.5 0.1 0.1\n"] {
        work.write("x.txt", row);
        assert!(hotcoco::convert::yolo_to_coco(work.0.path(), &sizes).is_err(), "{row}");
    }
    work.write("x.txt", "0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.1\n");
    let twice = hotcoco::convert::yolo_to_coco(work.0.path(), &sizes).unwrap();
    assert_eq!(twice.annotations.len(), 2, "hotcoco leaves rows out that stand there again");
    let csv = golden("open_images/train-annotations-bbox.csv");
    let theirs = hotcoco::convert::oid_to_coco(&csv, None, &Default::default()).unwrap();
    let include = Include { crowd: true, ..Include::default() };
    let ours = by_name(&read(&[csv], &Choices { include, ..Choices::default() }));
    for category in &theirs.categories {
        let of = theirs.annotations.iter().filter(|one| one.category_id == category.id);
        assert_eq!(ours[&category.name].0, of.count() as u64, "{}", category.name);
    }
}

/// An object of Pascal VOC.
fn object(inside: &str) -> String {
    let bndbox = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>";
    format!("<object>{}</object>", inside.replace("BOX", bndbox))
}

#[test]
fn odd_files_of_pascal_voc() {
    let work = Workdir::new();
    let xml =
        |objects: &str| format!("<annotation><filename>a.jpg</filename>{objects}</annotation>");
    let good = [
        (xml(&object("<name> cup </name>BOX")), "cup"),
        (
            format!(
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{}",
                xml(&object("<name>cup</name>BOX"))
            ),
            "cup",
        ),
        (
            format!(
                "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}",
                xml(&object("<name>Tür</name>BOX"))
            ),
            "Tür",
        ),
        (xml(&object("<name>a &lt;b&gt; &#x263A;</name>BOX")), "a <b> ☺"),
        (xml(&object("<name><![CDATA[a & b]]></name>BOX")), "a & b"),
        // What is in a part is none of the object.
        (
            xml(&object(
                "<part><name>head</name>BOX</part><name>person</name>BOX<part><name>foot</name></part>",
            )),
            "person",
        ),
        (
            xml(&object(
                "<bndbox><ymax>9.5</ymax><xmax>8.0</xmax><xmin>1.0</xmin><ymin>2</ymin></bndbox><difficult/><name>cup</name>",
            )),
            "cup",
        ),
        (
            xml(&object("<name>cup</name><difficult>0</difficult>BOX"))
                .replace("<filename>a.jpg</filename>", ""),
            "cup",
        ),
    ];
    for (text, name) in good {
        work.write("a.xml", &text);
        let counts = by_name(&read(&[work.path("a.xml")], &Choices::default()));
        assert_eq!(counts.len(), 1, "{text}");
        assert_eq!(counts[name].0, 1, "{text}");
    }
    let bad = [
        ("<annotation>".into(), "ends within <annotation>: it is cut off"),
        ("<annotation><object></annotation>".into(), "line 1: is not XML"),
        (
            "<annotations><image/></annotations>".into(),
            "CVAT's own xml: export it as COCO or Pascal VOC",
        ),
        ("<kml/>".into(), "holds <kml>, not the <annotation> of Pascal VOC"),
        (xml(&object("\n\n<name></name>BOX")), "line 3: the <object> that ends here has no <name>"),
        (xml(&object("<name>a</name>")), "the <object> \"a\" that ends here has no <bndbox>"),
        (
            xml(&object("<name>a</name><bndbox><xmin>1</xmin></bndbox>")),
            "has a <bndbox> without its four sides",
        ),
        (
            xml(&object("<name>a</name><bndbox><xmin>one</xmin></bndbox>")),
            "its <xmin> is \"one\", not a number",
        ),
        (
            xml(&object("<name>a</name><difficult>2</difficult>BOX")),
            "its <difficult> is \"2\", neither 0 nor 1",
        ),
        (xml(&object("<name>a &nbsp;</name>BOX")), "uses &nbsp;, which XML does not define"),
        (xml(""), "names no class: its xml files have no <object>"),
    ];
    for (text, says) in bad {
        work.write("a.xml", &text);
        let said = problem(&[work.path("a.xml")], &Choices::default());
        assert!(said.contains("a.xml: ") && said.contains(says), "{text}: {said}");
    }
    // A tree: lists of the devkit and beside it.
    fs::create_dir_all(work.path("VOCdevkit/VOC2007/Annotations")).unwrap();
    fs::create_dir_all(work.path("VOCdevkit/VOC2007/ImageSets/Main")).unwrap();
    work.write(
        "VOCdevkit/VOC2007/Annotations/my image.v1.xml",
        xml(&object("<name>cup</name>BOX")),
    );
    work.write("VOCdevkit/VOC2007/Annotations/other.xml", "<annotation><obj");
    let list = "VOCdevkit/VOC2007/ImageSets/Main/trainval.txt";
    work.write(list, "my image.v1\r\n\r\nmy image.v1 \n");
    let tree = [work.path("VOCdevkit")];
    assert_eq!(read(&tree, &Choices::default()).values, [1]);
    work.write(list, "my image.v1\ngone\n");
    let said = problem(&tree, &Choices::default());
    assert!(said.contains("trainval.txt: line 2: lists \"gone\", but "), "{said}");
    work.write(list, "my image.v1  1\n");
    let said = problem(&tree, &Choices::default());
    assert!(said.contains("line 1: says whether an image holds one class"), "{said}");
    fs::rename(work.path(list), work.path("VOCdevkit/VOC2007/ImageSets/Main/train.txt")).unwrap();
    let said = problem(&tree, &Choices::default());
    assert!(said.contains("has no trainval.txt; there are \"train\""), "{said}");
    fs::create_dir_all(work.path("VOCdevkit/VOC2012/Annotations")).unwrap();
    let said = problem(&tree, &Choices::default());
    assert!(
        said.contains("VOC2007\"") && said.contains("give one of them, or several by name"),
        "{said}"
    );
}

/// A tree of YOLO with one image and these labels.
fn yolo(work: &Workdir, yaml: &str, labels: &str) -> PathBuf {
    for folder in ["images/train", "labels/train"] {
        fs::create_dir_all(work.path(folder)).unwrap();
    }
    work.write("images/train/a.jpg", "");
    work.write("labels/train/a.txt", labels);
    work.write("data.yaml", yaml);
    work.path("data.yaml")
}

const YAML: &str = "train: images/train\nval: images/train\nnames: [cup, spoon]\n";

#[test]
fn odd_labels_of_yolo() {
    let work = Workdir::new();
    let good = [
        ("0 0.5 0.5 0.1 0.1\n1.0 0.5 0.5 0.1 0.1\n", [1, 1]),
        ("", [0, 0]),
        ("\u{feff}", [0, 0]),
        ("\n  \n", [0, 0]),
        ("\u{feff}0 0.5 0.5 0.1 0.1\r\n\r\n0\t0.5 0.5 0.2 0.1", [2, 0]),
        ("0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 0.10\n", [1, 0]),
        ("1 0.1 0.1 0.2 0.1 0.2 0.3\n1 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.1\n", [0, 2]),
        ("1 0.5 0.5 0.1 1.009\n", [0, 1]),
    ];
    for (labels, counts) in good {
        let path = yolo(&work, YAML, labels);
        assert_eq!(read(&[path], &Choices::default()).values, counts, "{labels}");
    }
    let bad = [
        (
            "0 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.1 0.1\n",
            "a.txt: line 2: the class 2 is not one of the 2 names",
        ),
        ("-1 0.5 0.5 0.1 0.1\n", "the class -1 is not a whole number from 0"),
        ("0.5 0.5 0.5 0.1 0.1\n", "the class 0.5 is not a whole number"),
        ("cup 0.5 0.5 0.1 0.1\n", "\"cup\" is not a number"),
        ("0 0.5 0.5 0.1\n", "has 4 numbers: a row is class x y width height"),
        ("0 0.5 0.5 0.1 0.1 0.9\n", "has 6 numbers, as predictions with their scores"),
        ("0 50 50 10 10\n", "50 is not between 0 and 1"),
        ("0 0.5 0.5 -0.005 0.1\n", "its width or height is below 0"),
        ("0 0.5 0.5 nan 0.1\n", "\"nan\" is not a number"),
        (
            "0 0.1 0.1 0.2 0.1 0.2 0.3\n0 0.5 0.5 0.1 0.1\n",
            "line 2: is a box in a file with polygons",
        ),
        (
            "0 0.1 0.1 0.2 0.1 0.2 0.3 0.1\n",
            "is a polygon of 7 numbers: three or more corners have \
                                             an even number from 6 on",
        ),
    ];
    for (labels, says) in bad {
        let path = yolo(&work, YAML, labels);
        let said = problem(&[path], &Choices::default());
        assert!(
            said.contains("labels/train/a.txt: line ") && said.contains(says),
            "{labels}: {said}"
        );
    }
    // Boxes with key points.
    let pose = format!("{YAML}kpt_shape: [1, 3]\n");
    let path = yolo(&work, &pose, "0 0.5 0.5 0.1 0.1 0.5 0.5 2\n");
    assert_eq!(read(&[path], &Choices::default()).values, [1, 0]);
}

#[test]
fn where_the_images_of_yolo_lie() {
    let work = Workdir::new();
    let row = "0 0.5 0.5 0.1 0.1\n";
    let names = "names:\n  0: cup\n  1: spoon\n";
    fs::create_dir_all(work.path("lists")).unwrap();
    work.write("lists/train.txt", "../images/train/a.jpg\nnotes.md\n");
    work.write("lists/dot.txt", "\u{feff}./../images/train/a.jpg\n");
    work.write("lists/absent.txt", "./gone.jpg\n");
    let root = work.0.path().display();
    for train in [
        "train: images/train".to_owned(),
        "train: images".into(),
        "train: ./images/train/".into(),
        "train: [images/train, images]".into(),
        "train:\n  - images/train".into(),
        "train: ../images/train".into(),
        "train: lists/train.txt".into(),
        "train: lists/dot.txt".into(),
        format!("path: {root}\ntrain: images/train"),
        format!("train: {root}/images/train"),
        "path: .\ntrain: images/train".into(),
        "path: ../\ntrain: images/train".into(),
        "path: ../datasets/moved\ntrain: images/train".into(),
        "train: images/train/a.jpg".into(),
    ] {
        let path = yolo(&work, &format!("{train}\n{names}"), row);
        let counts = counts::read(&[path], None, &Choices::default(), &Warnings::default());
        assert_eq!(
            counts.unwrap_or_else(|error| panic!("{train}: {error}")).values,
            [1, 0],
            "{train}"
        );
    }
    for (yaml, says) in [
        ("train: gone/images", "gone/images does not exist, and neither does "),
        ("val: images", "has no train: with images; it has \"val\""),
        ("nc: 2", "names classes, but no folder of images: add train: and val:"),
        (
            "train: lists/absent.txt",
            "absent.txt: line 1: neither ./gone.jpg nor its label file exists",
        ),
        ("train: lists", "holds no image"),
    ] {
        let path = yolo(&work, &format!("{yaml}\n{names}"), row);
        let said = problem(&[path], &Choices::default());
        assert!(said.contains(says), "{yaml}: {said}");
    }
    // Without a label file, an image is background; hidden files are none.
    work.write("images/train/b.JPG", "");
    work.write("images/train/._a.jpg", "");
    let path = yolo(&work, &format!("train: images\n{names}"), row);
    let counts = read(&[path], &Choices::default());
    assert_eq!(counts.values, [1, 0]);
    let note = &counts.notes[0];
    assert!(
        note.contains("2 images with 1 boxes; 1 images without a label file, which are background"),
        "{note}"
    );
    let said = problem(
        &[yolo(&work, "train: images\nnames: {1: cup, 2: spoon}\n", row)],
        &Choices::default(),
    );
    assert!(said.contains("gives its 2 names other ids than 0, 1, …"), "{said}");
}

#[test]
fn several_files() {
    let work = Workdir::new();
    let part = |image: Value, category: i64, count: usize| {
        let one = |id| json!({"id": id, "image_id": image["id"], "category_id": category});
        let annotations: Vec<_> = (0..count).map(one).collect();
        json!({
            "images": [image], "annotations": annotations,
            "categories": [{"id": 0, "name": "dog"}, {"id": 4, "name": "cat"}],
        })
    };
    // The image 1 of one file is another than that of the other, as their names say.
    work.write("a.json", part(json!({"id": 1, "file_name": "a.jpg"}), 0, 2).to_string());
    work.write("b.json", part(json!({"id": 1, "file_name": "b.jpg"}), 0, 4).to_string());
    work.write("c.json", part(json!({"id": 1, "file_name": "a.jpg"}), 0, 3).to_string());
    let paths = |names: &[&str]| names.iter().map(|name| work.path(name)).collect::<Vec<_>>();
    let per_image = |names: &[&str]| by_name(&read(&paths(names), &Choices::default()))["dog"];
    assert_eq!(per_image(&["a.json", "b.json"]), (6, None, Some(3.0)));
    // Two classes may share an image, but objects of one class there may be the same.
    work.write("d.json", part(json!({"id": 1, "file_name": "a.jpg"}), 4, 3).to_string());
    assert_eq!(per_image(&["a.json", "d.json"]), (2, None, Some(2.0)));
    work.write("copy.json", work.read("a.json"));
    let other = work.read("a.json").replace("\"cat\"", "\"cow\"");
    work.write("other.json", other);
    work.write("table.csv", "class,instances\ndog,1\n");
    for (names, says) in [
        (&["a.json", "a.json"][..], "is given twice: its annotations would be counted twice"),
        (&["a.json", "./a.json"], "is given twice"),
        (&["a.json", "copy.json"], "copy.json: holds the same annotations as "),
        (&["a.json", "c.json"], "c.json: has objects of \"dog\" on an image on which "),
        (&["a.json", "other.json"], "other.json: lacks the category 4, \"cat\", unlike "),
        (&["a.json", "table.csv"], "is a table, and "),
        (&["table.csv", "table2.csv"], "is a table, and only one table can be given"),
    ] {
        work.write("table2.csv", "class,instances\ncat,1\n");
        let said = problem(&paths(names), &Choices::default());
        assert!(said.contains(says), "{names:?}: {said}");
    }
    // Pascal VOC of two years, joined by name.
    for (year, name) in [("2007", "cup"), ("2012", "a bowl")] {
        fs::create_dir_all(work.path(&format!("VOC{year}/Annotations"))).unwrap();
        let objects = object(&format!("<name>{name}</name>BOX")) + &object("<name>cup</name>BOX");
        work.write(
            &format!("VOC{year}/Annotations/1.xml"),
            format!("<annotation>{objects}</annotation>"),
        );
    }
    let both = read(&paths(&["VOC2007", "VOC2012"]), &Choices::default());
    assert_eq!(both.keys.names().unwrap(), ["a bowl", "cup"]);
    assert_eq!(both.values, [1, 3]);
    assert_eq!(both.covariates[1].values, [Some(1.0), Some(1.5)]);
    // The same files by another name, and copies.
    let said = problem(&paths(&["VOC2007", "VOC2007/Annotations"]), &Choices::default());
    assert!(said.contains("holds the same annotations as "), "{said}");
    yolo(&work, YAML, "0 0.5 0.5 0.1 0.1\n");
    work.write("data2.yaml", YAML);
    let said = problem(&paths(&["data.yaml", "data2.yaml"]), &Choices::default());
    assert!(said.contains("holds the same annotations as "), "{said}");
    fs::create_dir_all(work.path("images/more")).unwrap();
    fs::create_dir_all(work.path("labels/more")).unwrap();
    work.write("images/more/b.jpg", "");
    work.write("labels/more/b.txt", "0 0.5 0.5 0.1 0.1\n");
    work.write(
        "data2.yaml",
        YAML.replace("train: images/train", "train: [images/train, images/more]"),
    );
    let said = problem(&paths(&["data.yaml", "data2.yaml"]), &Choices::default());
    assert!(said.contains("has objects of \"cup\" on an image on which "), "{said}");
    work.write("data2.yaml", YAML.replace("train: images/train", "train: images/more"));
    assert_eq!(read(&paths(&["data.yaml", "data2.yaml"]), &Choices::default()).values, [2, 0]);
    // The program, and a runs file.
    work.write("ap.csv", "class,ap\ndog,0.5\ncat,0.25\n");
    work.run("correlate --counts a.json b.json --ap ap.csv");
    work.write(
        "runs.toml",
        "[[run]]\ncounts = [\"a.json\", \"b.json\"]\nap = \"ap.csv\"\nname = \"x\"\n",
    );
    let results = work.json("correlate --runs runs.toml");
    assert!(results.to_string().contains("\"x\""));
    refused(
        &work,
        "correlate --counts a.json --include-difficult --ap ap.csv",
        1,
        "--include-difficult is for Pascal VOC",
    );
    refused(
        &work,
        "correlate --counts table.csv --split val --ap ap.csv",
        1,
        "--split is for annotation files",
    );
}

#[test]
fn what_else_annotations_come_in_is_named() {
    let work = Workdir::new();
    let jsonl =
        "{\"file_name\": \"a.jpg\", \"objects\": {\"bbox\": [[0,0,1,1]], \"categories\": [0]}}\n";
    for (name, text, says) in [
        (
            "a.json",
            r#"{"version": "5.0", "shapes": [{"label": "dog", "points": [[0, 0], [1, 1]]}], "imagePath": "a.jpg"}"#,
            "is labelme's file",
        ),
        (
            "a.json",
            r#"[{"image": "a.jpg", "annotations": [{"label": "dog", "coordinates": {"x": 1}}]}]"#,
            "is CreateML's json",
        ),
        (
            "a.json",
            r#"{"a.jpg1": {"regions": [{"shape_attributes": {"name": "rect"}}]}}"#,
            "VGG Image Annotator",
        ),
        (
            "a.odgt",
            "{\"ID\":\"1\",\"gtboxes\":[{\"tag\":\"person\"}]}\n{\"ID\":\"2\",\"gtboxes\":[]}\n",
            "is an odgt file",
        ),
        ("a.jsonl", &jsonl.repeat(2), "is json with one line per image"),
        ("0.txt", "0 0.5 0.5 0.1 0.1\n1 0.2 0.2 0.1 0.1\n", "is a label file of YOLO"),
        (
            "a.csv",
            "ImageID,Source,LabelName,Confidence\na,x,/m/01,1\n",
            "has no boxes (XMin, XMax, YMin, YMax)",
        ),
        (
            "a.csv",
            "ImageID,LabelName,Score,XMin,XMax,YMin,YMax\na,/m/01,1,0,1,0,1\n",
            "it holds detections, not annotations",
        ),
        (
            "a.csv",
            "ImageID,LabelName,XMin,XMax,YMin,YMax\na,/m/01,0,17,0,1\n",
            "line 2: \"17\" is not the side of a box",
        ),
        ("a.csv", "ImageID,LabelName,XMin,XMax,YMin,YMax\n", "has no row below its header"),
    ] {
        work.write(name, text);
        let said = problem(&[work.path(name)], &Choices::default());
        assert!(said.contains(name) && said.contains(says), "{text}: {said}");
    }
    for (folder, file, says) in [
        ("labels", "a.txt", "holds label files of YOLO"),
        ("json", "a.json", "holds json files"),
        ("none", "a.md", "without \"Annotations\" of xml files"),
    ] {
        fs::create_dir(work.path(folder)).unwrap();
        work.write(&format!("{folder}/{file}"), "");
        let said = problem(&[work.path(folder)], &Choices::default());
        assert!(said.contains(says), "{folder}: {said}");
    }
}

fn packed(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn what_gzip_has_packed() {
    let work = Workdir::new();
    let text = fs::read_to_string(golden("coco/train.json")).unwrap();
    let plain = by_name(&read(&[golden("coco/train.json")], &Choices::default()));
    for name in ["t.json.gz", "t.json", "train.gz", "t"] {
        // Of two members, as pigz and bgzip write them, and with a byte order mark.
        let (a, b) = text.split_at(text.len() / 2);
        let bytes = [packed(&format!("\u{feff}{a}")), packed(b)].concat();
        work.write(name, &bytes);
        assert_eq!(by_name(&read(&[work.path(name)], &Choices::default())), plain, "{name}");
        work.write(name, &bytes[..bytes.len() - 30]);
        let said = problem(&[work.path(name)], &Choices::default());
        assert!(said.contains("it is packed by gzip and cannot be unpacked"), "{said}");
    }
    assert_eq!(
        classes::read(&golden("coco/train.json.gz"), &Warnings::default()).unwrap().0.names(),
        NAMES
    );
    let (results, truth) = (golden("predictions.json"), golden("coco/val.json"));
    let plain = aps(&detections::read(&results, &truth, &Warnings::default()).unwrap());
    let pack =
        |name: &str, path: &Path| work.write(name, packed(&fs::read_to_string(path).unwrap()));
    pack("results.json.gz", &results);
    pack("truth.json.gz", &truth);
    let evaluated = detections::read(
        &work.path("results.json.gz"),
        &work.path("truth.json.gz"),
        &Warnings::default(),
    );
    assert_eq!(aps(&evaluated.unwrap()), plain);
}

#[test]
fn class_names_of_every_format() {
    let names = |path: &str| classes::read(&golden(path), &Warnings::default()).unwrap().0;
    let mut sorted = NAMES;
    sorted.sort();
    assert_eq!(names("yolo/data.yaml").names(), NAMES);
    assert_eq!(names("yolo").names(), NAMES);
    assert_eq!(names("supervision/yolo/data.yaml").names(), NAMES);
    assert_eq!(names("voc").names(), sorted);
    assert_eq!(names("open_images/class-descriptions-boxable.csv").names(), NAMES);
    // Nothing numbers the classes of Pascal VOC: numbers are no labels there.
    let work = Workdir::new();
    let voc = golden("voc");
    let x = ndarray::Array2::from_shape_fn((10, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(
        work.path("y.npy"),
        &ndarray::Array1::from_shape_fn(10, |i| i as i64 % 5),
    )
    .unwrap();
    let command =
        format!("information --embeddings x.npy --labels y.npy --class-names {}", voc.display());
    refused(&work, &command, 1, "y.npy: ");
    work.write("y.csv", format!("label\n{}\n", [NAMES, NAMES].concat().join("\n")));
    work.run(&command.replace("y.npy", "y.csv"));
    assert_eq!(written(&work, "class"), sorted);
}

#[test]
fn an_image_has_the_size_that_viewers_show() {
    // A JPEG of 100 by 50 that a camera took on its side: orientation 6, in either order of bytes.
    let size = [&[0xff, 0xc0, 0, 11, 8, 0, 50, 0, 100, 1, 1, 0x11, 0][..], &[0xff, 0xd9]].concat();
    let little =
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let big = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    for (exif, bbox) in
        [(Vec::new(), [0, 0, 100, 25]), (little, [0, 0, 50, 50]), (big, [0, 0, 50, 50])]
    {
        let work = Workdir::new();
        let path = yolo(&work, YAML, "0 0.5 0.25 1 0.5\n");
        let part = |marker: u8, bytes: &[u8]| {
            [&[0xff, marker][..], &(bytes.len() as u16 + 2).to_be_bytes(), bytes].concat()
        };
        let parts = if exif.is_empty() { Vec::new() } else { part(0xe1, &exif) };
        work.write("images/train/a.jpg", [&[0xff, 0xd8][..], &parts, &size].concat());
        let found = json!([{
            "image_id": "a", "file_name": "a.jpg", "category_id": 1, "bbox": bbox, "score": 0.5,
        }]);
        work.write("results.json", found.to_string());
        let evaluated =
            detections::read(&work.path("results.json"), &path, &Warnings::default()).unwrap();
        assert!(evaluated.detections[0].ap[0].unwrap() > 0.999, "{bbox:?} {:?}", evaluated.notes);
    }
}

/// Ground truth with the ids 0, 1, … and two boxes, and what Ultralytics and others say of them.
fn numbered(
    work: &Workdir,
    zero: bool,
    results: &Value,
    numbering: Option<Numbering>,
) -> Result<Evaluated, String> {
    let one = |image: i64, category: i64, left: i64| json!({"image_id": image, "category_id": category, "bbox": [left, 0, 10, 10]});
    let truth = json!({
        "images": [{"id": 7, "file_name": "x/0001.jpg"}, {"id": 1, "file_name": "x/0007.jpg"}],
        "annotations": [one(7, if zero { 0 } else { 2 }, 0), one(1, 1, 30)],
        "categories": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}, {"id": 2, "name": "c"}],
    });
    work.write("truth.json", truth.to_string());
    work.write("results.json", results.to_string());
    let files = GroundTruthFiles { numbering, ..GroundTruthFiles::from(&work.path("truth.json")) };
    detections::read(&work.path("results.json"), files, &Warnings::default())
        .map_err(|error| error.to_string())
}

#[test]
fn ids_of_detections_that_may_be_two_things() {
    let work = Workdir::new();
    let found = |image: i64, name: Option<&str>, category: i64, left: i64| {
        let mut one = json!({"image_id": image, "category_id": category, "bbox": [left, 0, 10, 10], "score": 0.5});
        if let Some(name) = name {
            one["file_name"] = name.into();
        }
        one
    };
    let of = |evaluated: Evaluated| {
        let whole = |ap: f64| (1e9 * ap).round() / 1e9;
        evaluated.detections.iter().map(|class| class.ap[1].map(whole)).collect::<Vec<_>>()
    };
    // The names of images decide, though their numbers are ids of others; only a shift fits.
    let theirs = json!([
        found(1, Some("0001.jpg"), 1, 0),
        found(7, Some("0007.jpg"), 2, 30),
        found(7, Some("0007.jpg"), 3, 60)
    ]);
    let evaluated = numbered(&work, true, &theirs, None).unwrap();
    assert!(
        evaluated.notes.iter().any(|note| note.contains("1 means the ground truth's category 0")),
        "{:?}",
        evaluated.notes
    );
    assert_eq!(of(evaluated), [Some(1.0), Some(1.0), None]);
    // Both fit.
    let both = json!([found(1, Some("0001.jpg"), 1, 0), found(7, Some("0007.jpg"), 2, 30)]);
    let said = numbered(&work, true, &both, None).unwrap_err();
    assert!(
        said.contains("has the category ids 1 to 2 and never 0")
            && said.contains("--ap-numbering ids"),
        "{said}"
    );
    assert_eq!(
        of(numbered(&work, true, &both, Some(Numbering::Ids)).unwrap()),
        [Some(0.0), Some(0.0), None]
    );
    // A category 0 without boxes, as Roboflow's, is no doubt.
    assert_eq!(of(numbered(&work, false, &both, None).unwrap()), [None, Some(0.0), Some(0.0)]);
    // Without names of images nobody says that they begin with 1.
    let bare = json!([found(7, None, 1, 0), found(1, None, 3, 30)]);
    let said = numbered(&work, true, &bare, None).unwrap_err();
    assert!(said.contains("only if 1 is subtracted from each"), "{said}");
    let ids = json!([found(7, None, 0, 0), found(1, None, 1, 30)]);
    assert_eq!(of(numbered(&work, true, &ids, None).unwrap()), [Some(1.0), Some(1.0), None]);
    // Ids with gaps are not what Ultralytics numbers.
    let gaps = json!([found(1, Some("0001.jpg"), 1, 0), found(7, Some("0007.jpg"), 2, 30)]);
    numbered(&work, false, &gaps, None).unwrap();
    work.write("truth.json", work.read("truth.json").replace("\"id\":0", "\"id\":9"));
    let said = detections::read(
        &work.path("results.json"),
        &work.path("truth.json"),
        &Warnings::default(),
    );
    let said = said.unwrap_err().to_string();
    assert!(said.contains("the ids of the ground truth have gaps"), "{said}");
    // A name that the ground truth does not have.
    let gone = json!([found(1, Some("0001.jpg"), 1, 0), found(7, Some("gone.jpg"), 2, 30)]);
    let said = numbered(&work, true, &gone, None).unwrap_err();
    assert!(said.contains("detection 1 (from 0) is of the image \"gone.jpg\""), "{said}");
}

#[test]
fn detections_on_difficult_objects_count_for_nothing() {
    let work = Workdir::new();
    let place = |left: u32, difficult: u32| {
        format!(
            "<object><name>cup</name><difficult>{difficult}</difficult><bndbox><xmin>{}</xmin><ymin>1</ymin>\
             <xmax>{}</xmax><ymax>10</ymax></bndbox></object>",
            left + 1,
            left + 10
        )
    };
    work.write("7.xml", format!("<annotation>{}{}</annotation>", place(0, 0), place(50, 1)));
    let found = |left: u32, width: u32, score: f64| json!({"image_id": 7, "category_id": "cup", "bbox": [left, 0, width, 10], "score": score});
    // Two on the difficult object, one of a tenth of it, and one on the other.
    let results =
        json!([found(50, 10, 0.9), found(50, 9, 0.8), found(0, 10, 0.7), found(54, 1, 0.6)]);
    work.write("results.json", results.to_string());
    let evaluated =
        detections::read(&work.path("results.json"), &work.path("7.xml"), &Warnings::default())
            .unwrap();
    let cup = &evaluated.detections[0];
    assert_eq!((cup.objects, cup.found), (1, 1));
    assert!(cup.ap[1].unwrap() > 0.999);
    // What is small inside of it is a false detection, where a crowd would hide it.
    let faults: u64 = cup.errors.iter().map(|error| error.count).sum();
    assert_eq!(faults, 1);
    assert!(
        evaluated.notes.iter().any(|note| note.contains("1 difficult objects")),
        "{:?}",
        evaluated.notes
    );
}
