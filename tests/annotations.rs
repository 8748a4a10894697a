//! Annotation files as tools write them: flags and ids of any type, and which annotations are counted.

use serde_json::{Value, json};

use crate::bad_input::refused;
use crate::{Workdir, written};

const COMMAND: &str =
    "correlate --embeddings x.npy --labels y.csv --counts counts.json --ap ap.csv";

/// Three categories, of which the annotations are these; each lies in an image of 100 by 80.
fn file(annotations: &[Value]) -> Value {
    json!({
        "images": [{"id": 1, "width": 100, "height": 80}, {"id": 2, "width": 100, "height": 80}],
        "annotations": annotations,
        "categories": [{"id": 3, "name": "kiwi"}, {"id": 5, "name": "lime"}, {"id": 9, "name": "fig"}],
    })
}

/// So many good annotations of each category, of which `change` changes some.
fn good(change: impl Fn(usize, &mut Value)) -> Vec<Value> {
    let ids = [3, 5, 9, 3, 5, 3, 3];
    let one = |(at, id): (usize, i32)| {
        let mut one = json!({"id": at, "image_id": 1, "category_id": id, "bbox": [5, 5, 20, 20], "area": 400, "iscrowd": 0});
        change(at, &mut one);
        one
    };
    ids.into_iter().enumerate().map(one).collect()
}

fn work() -> Workdir {
    let work = Workdir::new();
    let x = ndarray::Array2::from_shape_fn((7, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    work.write("y.csv", "label\nkiwi\nlime\nfig\nkiwi\nlime\nkiwi\nkiwi\n");
    work.write("ap.csv", "class,ap\nkiwi,0.5\nlime,0.25\nfig,0.75\n");
    work
}

/// The instances of the three classes, and what is said.
#[track_caller]
fn counted(text: &str, options: &str) -> (Vec<u64>, String) {
    let work = work();
    work.write("counts.json", text);
    let output = work.run(&format!("{COMMAND} {options}"));
    let counts = written(&work, "instances").iter().map(|cell| cell.parse().unwrap()).collect();
    (counts, String::from_utf8(output.stderr).unwrap())
}

const ALL: [u64; 3] = [4, 2, 1];

#[test]
fn flags_of_any_type() {
    for none in
        [json!("0"), json!(""), json!(null), json!(0.0), json!(false), json!("false"), json!(" 0 ")]
    {
        for key in ["iscrowd", "ignore"] {
            let text = file(&good(|_, one| one[key] = none.clone())).to_string();
            assert_eq!(counted(&text, "").0, ALL, "{key} {none}");
        }
    }
    let without = good(|_, one| drop(one.as_object_mut().unwrap().remove("iscrowd")));
    assert_eq!(counted(&file(&without).to_string(), "").0, ALL);
    for set in [json!("1"), json!(1.0), json!(true), json!("True"), json!("1.0"), json!(2)] {
        for (key, option) in [("iscrowd", "--include-crowd"), ("ignore", "--include-ignored")] {
            let some = good(|at, one| {
                if at % 3 == 0 {
                    one[key] = set.clone();
                }
            });
            let text = file(&some).to_string();
            assert_eq!(counted(&text, "").0, [1, 2, 1], "{key} {set}");
            assert_eq!(counted(&text, option).0, ALL, "{key} {set}");
        }
    }
    let odd = file(&good(|at, one| {
        if at == 2 {
            one["iscrowd"] = "perhaps".into();
        }
    }));
    let work = work();
    work.write("counts.json", odd.to_string());
    refused(
        &work,
        COMMAND,
        1,
        "annotation 2 (from 0) has \"iscrowd\": \"perhaps\", which is neither 0 nor 1",
    );
}

#[test]
fn ids_and_names_of_any_type() {
    let text = |change: &dyn Fn(&mut Value)| {
        let mut file = file(&good(|_, _| ()));
        let Value::Object(lists) = &mut file else { unreachable!() };
        for list in ["annotations", "categories"] {
            lists[list].as_array_mut().unwrap().iter_mut().for_each(change);
        }
        file.to_string()
    };
    let set = |one: &mut Value, to: &dyn Fn(i64) -> Value| {
        let key = if one.get("name").is_some() { "id" } else { "category_id" };
        one[key] = to(one[key].as_i64().unwrap());
    };
    for to in [&|id| json!(id.to_string()) as Value, &|id| json!(id as f64), &|id| {
        json!(format!("{id}.0"))
    }] as [&dyn Fn(i64) -> Value; 3]
    {
        assert_eq!(counted(&text(&|one| set(one, to)), "").0, ALL);
    }
    // Texts in one list alone.
    let mixed = text(&|one| {
        if one.get("name").is_none() {
            set(one, &|id| json!(format!(" {id} ")));
        }
    });
    assert_eq!(counted(&mixed, "").0, ALL);
    // What stands unseen around a name is none of it.
    let padded = text(&|one| {
        if let Some(name) = one.get("name").and_then(Value::as_str) {
            one["name"] = format!("\u{feff} {name}\u{a0}\u{200b}").into();
        }
    });
    assert_eq!(counted(&padded, "").0, ALL);

    let work = work();
    let annotations = |at: usize, key: &str, value: Value| {
        let mut some = good(|_, _| ());
        some[at][key] = value;
        file(&some).to_string()
    };
    let category = |key: &str, value: Value| {
        let mut file = file(&good(|_, _| ()));
        file["categories"][1][key] = value;
        file.to_string()
    };
    for (text, sentence) in [
        (
            annotations(4, "category_id", json!(null)),
            "annotation 4 (from 0) has no \"category_id\"",
        ),
        (
            annotations(4, "category_id", json!(5.5)),
            "annotation 4 (from 0) has the \"category_id\" 5.5, which is not a whole number",
        ),
        (
            annotations(0, "category_id", json!("kiwi")),
            "has the \"category_id\" \"kiwi\", which is not a whole number",
        ),
        (annotations(0, "category_id", json!([3])), "has the \"category_id\" a list or an object"),
        (category("id", json!(0.5)), "category 1 (from 0): its id 0.5 is not a whole number"),
        (category("id", json!("3")), "gives two classes the same id"),
        (category("name", json!(null)), "category 5 has no name"),
        (category("name", json!(" ")), "category 5: its name is empty"),
        (
            category("name", json!(["lime"])),
            "category 5: its name is a list or an object, not a text",
        ),
        (category("name", json!("kiwi ")), "names the class \"kiwi\" twice"),
    ] {
        work.write("counts.json", text);
        refused(&work, COMMAND, 1, sentence);
    }
}

#[test]
fn what_trainers_leave_out() {
    let odd = |at: usize, one: &mut Value| match at {
        0 => one["ignore"] = 1.into(),
        1 => (one["bbox"], one["area"]) = (json!([0, 0, 0, 0]), 0.into()),
        3 => one["bbox"] = json!([100, 5, 20, 20]),
        4 => one["bbox"] = json!([-20, 5, 20, 20]),
        5 => one["bbox"] = json!([5, 5, 0.5, 20]),
        _ => (),
    };
    let said = "skipped annotations, as mmdetection and detectron2 do in training: 1 \
                marked \"ignore\", 1 without area, 2 outside their image; --include-ignored counts \
                them; counted 1 with a side below one pixel: detectron2 trains on them, mmdetection does \
                not";
    // Sizes before the annotations, and behind them.
    let first = file(&good(odd));
    let mut last = first.clone();
    let images = last.as_object_mut().unwrap().shift_remove("images").unwrap();
    last["images"] = images;
    let last = last.to_string();
    assert!(last.find("images") > last.find("annotations"));
    for text in [first.to_string(), last] {
        let (counts, stderr) = counted(&text, "");
        assert_eq!(counts, [2, 0, 1]);
        assert!(stderr.contains(said), "{stderr}");
        let (counts, stderr) = counted(&text, "--include-ignored");
        assert_eq!(counts, ALL);
        assert!(!stderr.contains("left out"), "{stderr}");
    }
    // Boxes that reach over an edge are in the image; without its size, so are all that begin in it.
    let over = file(&good(|at, one| {
        one["bbox"] = [json!([-19, -19, 20, 20]), json!([99, 79, 20, 20])][at % 2].clone();
    }));
    assert_eq!(counted(&over.to_string(), "").0, ALL);
    let mut unsized_images = first.clone();
    unsized_images["images"] = json!([{"id": 1}, "x.jpg", {"id": 2, "width": null, "height": "?"}]);
    assert_eq!(counted(&unsized_images.to_string(), "").0, [3, 0, 1]);
    // In each image as large as it is, also where ids are texts on one side.
    let sizes = file(&good(|at, one| {
        one["image_id"] = ["1", "2"][at % 2].into();
        one["bbox"] = json!([50, 50, 20, 20]);
    }));
    let mut sizes = sizes;
    sizes["images"][1]["width"] = 50.into();
    assert_eq!(counted(&sizes.to_string(), "").0, [2, 1, 1]);
}

#[test]
fn images_that_are_not_listed() {
    let of = |images: Value, first: bool| {
        let all = good(|at, one| one["image_id"] = json!(if at == 3 { 7 } else { 1 }));
        let (images, annotations) =
            (format!("\"images\": {images}"), format!("\"annotations\": {}", json!(all)));
        let parts = if first { [images, annotations] } else { [annotations, images] };
        format!("{{{}, {}, \"categories\": {}}}", parts[0], parts[1], file(&[])["categories"])
    };
    let listed = json!([{"id": 1, "width": 100, "height": 80}]);
    for first in [true, false] {
        let (counts, said) = counted(&of(listed.clone(), first), "");
        assert_eq!(counts, [3, 2, 1]);
        assert!(said.contains("in training: 1 of images that the file does not list; "), "{said}");
        assert_eq!(counted(&of(listed.clone(), first), "--include-ignored").0, ALL);
        // A file without images lists none.
        assert_eq!(counted(&of(json!([]), first), "").0, ALL);
    }
}

#[test]
fn areas_that_were_never_filled_in_say_nothing() {
    let zero = file(&good(|_, one| one["area"] = 0.into()));
    let (counts, stderr) = counted(&zero.to_string(), "");
    assert_eq!(counts, ALL);
    assert!(!stderr.contains("left out"), "{stderr}");
    let one = file(&good(|at, one| one["area"] = if at == 6 { 0.0 } else { 9.0 }.into()));
    assert_eq!(counted(&one.to_string(), "").0, [3, 2, 1]);
    // Without box, as of masks alone.
    for nothing in [json!(null), json!([]), json!([1, 2, 3]), json!({"x": 1}), json!("5 5 9 9")] {
        let masks = file(&good(|_, one| one["bbox"] = nothing.clone()));
        assert_eq!(counted(&masks.to_string(), "").0, ALL, "{nothing}");
    }
}

#[test]
fn a_runs_file_may_include_the_ignored() {
    let work = work();
    work.write("counts.json", file(&good(|_, one| one["ignore"] = 1.into())).to_string());
    let run = "embeddings = 'x.npy'\nlabels = 'y.csv'\ncounts = 'counts.json'\nap = 'ap.csv'\n[[run]]\nname = 'a'\n";
    work.write("runs.toml", format!("include_ignored = true\n{run}"));
    work.run("correlate --runs runs.toml");
    assert_eq!(written(&work, "instances"), ["4", "2", "1"]);
    work.write("runs.toml", run);
    work.run("correlate --runs runs.toml");
    assert_eq!(written(&work, "instances"), ["0", "0", "0"]);
}

#[test]
fn files_that_are_no_annotations_of_boxes() {
    let work = work();
    let categories = json!([{"id": 1, "name": "kiwi"}]);
    let with = |annotations: Value| {
        json!({"categories": categories, "annotations": annotations}).to_string()
    };
    for (text, sentence) in [
        (with(json!([{"image_id": 1, "caption": "a kiwi"}])), "holds captions, not boxes"),
        (with(json!([{"image_id": 1, "segments_info": []}])), "is a panoptic file"),
        (with(json!(null)), "has no \"annotations\": there is nothing to count"),
        (
            json!([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 0.5}])
                .to_string(),
            "counts.json: holds detections, boxes with scores, which are neither annotations nor AP: give them as --detections",
        ),
        (json!([1, 2]).to_string(), "counts.json: holds a list, not an object"),
        (json!({"annotations": [], "categories": null}).to_string(), "has no \"categories\""),
    ] {
        work.write("counts.json", text);
        refused(&work, COMMAND, 1, sentence);
    }
}
