//! Lists of class names in every form that people keep them in: read, or refused by name.

use serde_json::json;

use crate::Workdir;
use crate::bad_input::refused;

/// A dump of three classes of 2, 3 and 4 rows, labelled by these ids.
fn work(ids: [i64; 3]) -> Workdir {
    let work = Workdir::new();
    let x = ndarray::Array2::from_shape_fn((9, 2), |(i, j)| (i * i + 3 * j) as f32);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    let labels: Vec<i64> = [0, 0, 1, 1, 1, 2, 2, 2, 2].iter().map(|&at: &usize| ids[at]).collect();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::Array1::from(labels)).unwrap();
    work
}

fn command(name: &str) -> String {
    format!("information --embeddings x.npy --labels y.npy --class-names {name}")
}

/// Asserts that a file names the classes of these ids cup, fork and 7, and gives what is said.
#[track_caller]
fn named(name: &str, text: &str, ids: [i64; 3]) -> String {
    let work = work(ids);
    work.write(name, text);
    let output = work.run(&command(name));
    let table = work.read("reports/information.csv");
    for (class, rows) in [("cup", 2), ("fork", 3), ("7", 4)] {
        assert!(table.contains(&format!(",{class},{rows},")), "{text}: {table}");
    }
    String::from_utf8(output.stderr).unwrap()
}

const FROM_0: [i64; 3] = [0, 1, 2];

#[test]
fn every_form_of_a_list() {
    for (name, text) in [
        ("names.txt", "cup\nfork\n7\n"),
        ("names.names", "\u{feff}cup \r\n\u{a0}fork\u{200b}\r\n7"),
        ("names.txt", "0 cup\n1 fork\n2 7\n"),
        ("names.txt", "0: cup\n1: fork\n2: 7\n"),
        ("names.txt", "0. cup\n1. fork\n2. 7\n"),
        ("names.txt", "0,cup\n1,fork\n2,7\n"),
        ("data.yaml", "train: a\nnc: 3\nnames: ['cup', \"fork\", 7]  # three\n"),
        ("data.yaml", "names:\n- cup\n- fork\n- '7'\nnc: 3\npath: /data\ntest: ''\n"),
        ("data.yml", "path: x\nnames:\n  0: cup\n  1: fork # of steel\n  2: 7\n"),
        (
            "data.yaml",
            "names: {2: 7, 0: cup, 1: fork}\nroboflow:\n  names: 3\n  list: [a, {b: c}]\n",
        ),
        ("data.yaml", "- cup\n- fork\n- 7\n"),
        ("names.txt", "names:\n- cup\n- fork\n- 7\n"),
        ("names.txt", "- cup\n- fork\n- 7\n"),
        ("names.json", "[\"cup\", \" fork\", \"7\"]"),
        ("names.json", "{\"0\": \"cup\", \"1\": \"fork\", \"2\": \"7\"}"),
        ("names.json", "{\"cup\": 0, \"fork\": 1, \"7\": 2}"),
        (
            "config.json",
            "{\"a\": [1], \"id2label\": {\"0\": \"cup\", \"1\": \"fork\", \"2\": \"7\"}, \"label2id\": {}}",
        ),
        ("names.json", "\u{feff}{\"names\": [\"cup\", \"fork\", 7]}"),
        ("names.csv", "id,name\n0,cup\n1,fork\n2,7\n"),
        ("names.csv", "class,id\n7,2\ncup,0\nfork,1.0\n"),
        ("names.csv", "Class\ncup\nfork\n7\n"),
    ] {
        named(name, text, FROM_0);
    }
    for text in ["1 cup\n2 fork\n3 7\n", "1: cup\n2: fork\n3: 7\n"] {
        named("names.txt", text, [1, 2, 3]);
    }
}

#[test]
fn fillers_and_the_background_are_no_classes() {
    let said = named("names.txt", "N/A\ncup\nN/A\nfork\nN/A\n7\nN/A\n", [1, 3, 5]);
    assert!(said.contains("4 of 7 names, such as \"N/A\", only fill an unused id"), "{said}");
    named("names.json", "[\"unused\", \"cup\", \"Unused\", \"fork\", \"7\"]", [1, 3, 4]);
    named("data.yaml", "names: [cup, n/a, fork, '-', '-', 7]", [0, 2, 5]);
    for background in ["__background__", "background", "BG"] {
        let said = named("names.txt", &format!("{background}\ncup\nfork\n7\n"), [1, 2, 3]);
        assert!(said.contains("is not a class, and the other classes keep their ids"), "{said}");
        // Then no label may be 0.
        let work = work(FROM_0);
        work.write("names.txt", format!("{background}\ncup\nfork\n7\n"));
        let sentence = "do not all match a class, but all match after 1 is added to each";
        refused(&work, &command("names.txt"), 1, sentence);
    }
    // A class may be called so elsewhere, and one that only stands once may be called none.
    let work = work([0, 1, 2]);
    work.write("names.txt", "none\ncup\nbackground\n");
    work.run(&command("names.txt"));
    let table = work.read("reports/information.csv");
    assert!(table.contains(",none,2,") && table.contains(",background,4,"), "{table}");
}

#[test]
fn names_may_look_like_other_things() {
    for (text, names) in [
        ("1 inch\n2 inch\n3 inch\n", ["1 inch", "2 inch", "3 inch"]),
        ("9\n8\n7\n", ["9", "8", "7"]),
        ("007\n07\n7\n", ["007", "07", "7"]),
        ("3d print\n2-wheeler\n4-wheeler\n", ["3d print", "2-wheeler", "4-wheeler"]),
        ("10 cent\n2 euro\n5 mark\n", ["10 cent", "2 euro", "5 mark"]),
        ("a: b\nc = d\n#e\n", ["a: b", "c = d", "#e"]),
    ] {
        let work = work(FROM_0);
        work.write("names.txt", text);
        let json = work.json(&command("names.txt"));
        let rows = json["information"].as_array().unwrap();
        let ours: Vec<_> = rows.iter().map(|row| row["class"].clone()).collect();
        assert_eq!(json!(ours), json!(names));
    }
}

#[test]
fn what_is_no_list_of_names_is_refused_by_name() {
    let work = work(FROM_0);
    for (name, text, sentence) in [
        ("n.txt", "CLASSES = ('cup', 'fork', '7')\n", "is a list of Python or JSON, not names"),
        ("n.txt", "CLASSES = [\n'cup',\n'fork',\n]\n", "is a list of Python or JSON"),
        ("n.txt", "'cup',\n'fork',\n'7'\n", "is a list of Python or JSON"),
        ("n.txt", "[\n\"cup\",\n\"fork\"\n]\n", "is a list of Python or JSON"),
        ("n.txt", "[\"cup\", \"fork\"]", "whose name does not end in .json"),
        ("n.txt", "cup,fork,7\n", "holds one line with commas, not one name per line"),
        ("n.txt", "cup,\nfork,\n7,\n", "has a comma behind each name"),
        ("n.txt", "cup,0\nfork,1\n7,2\n", "is a table without a header line"),
        ("n.txt", "id,name\n0,cup\n1,fork\n", "is a csv table whose name does not end in .csv"),
        ("n.pbtxt", "item {\n  id: 1\n  name: 'cup'\n}\n", "is a label map of TensorFlow"),
        ("n.txt", "1 cup\n3 fork\n4 7\n", "each line begins with a number, such as \"1 cup\""),
        ("n.txt", "cup\n\nfork\n", "line 2: is empty"),
        ("n.csv", "cup,0\nfork,1\n7,2\n", "has no header line"),
        (
            "n.csv",
            "class,name\n0,cup\n1,fork\n2,7\n",
            "has a column \"class\" and a column \"name\"",
        ),
        (
            "n.csv",
            "name,id\ncup,0\nfork,1.5\n",
            "line 3, column \"id\": the id is not a whole number",
        ),
        ("n.yaml", "nc: 3\ntrain: x\n", "has no \"names\": is it YOLO's data.yaml?"),
        ("n.yaml", "names: data.names\n", "its \"names\" are neither a list nor ids with names"),
        ("n.yaml", "names: [cup, fork]\nnc: 3\n", "has 2 names, but says nc: 3"),
        ("n.yaml", "names: [cup, [fork]]\n", "one of its \"names\" is not a text"),
        ("n.yaml", "names: &x [cup, fork]\nother: *x\nnames: *x\n", "has \"names\" twice"),
        ("n.yaml", "other: &x [cup, fork]\nnames: *x\n", "neither a list nor ids"),
        ("n.yaml", "names: [cup, fork\n", "is not YAML"),
        ("n.yaml", "names: [yes, no]\n", "the name yes has no quotes"),
        ("n.yaml", "names: [010, 7]\n", "the name 010 has no quotes"),
        ("n.yaml", "names: {a: cup, b: fork}\n", "ids and names cannot be told apart"),
        ("n.yaml", "names: [cup, cup]\n", "names the class \"cup\" twice"),
        ("n.yaml", "names:\n  0: cup\n  0: fork\n", "gives two classes the same id"),
        ("n.yaml", "names: []\n", "names no class"),
        ("n.json", "{\"cup\": [1], \"fork\": 2}", "ids and names cannot be told apart"),
        ("n.json", "{\"0\": 1, \"1\": 2}", "ids and names cannot be told apart"),
        ("n.json", "{\"0\": \"cup\", \"1\": null}", "null of id 1 is not a name"),
        ("n.json", "[\"cup\", {\"name\": \"fork\"}]", "a list or an object of id 1 is not a name"),
        (
            "n.json",
            "\"cup\"",
            "expected annotations, a list of names, or an object of ids and names",
        ),
        ("n.json", "[\"cup\", ", "is cut off: its JSON does not end within line 1"),
        ("n.json", "[\"cup\", \"a\\udc81\"]", "holds half a character"),
    ] {
        work.write(name, text);
        refused(&work, &command(name), 1, sentence);
    }
}
