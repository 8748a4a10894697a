//! Nothing is joined to the wrong class: each way of writing keys gives the truth or a refusal.

use igam_analyze::classes::{Classes, IdsFrom, Keys, Numbering, Rows, Summary, Values, summary};
use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Workdir, column, repository};

/// Class lists with all that is awkward: digits for names, gaps in ids, any order in the file.
#[derive(Clone, Debug)]
struct World {
    /// Id and name of each class, in the order of the file.
    listed: Vec<(i64, String)>,
    /// Instances of each, some of none.
    instances: Vec<u64>,
    /// Whether each was evaluated.
    evaluated: Vec<bool>,
    from: IdsFrom,
    /// Whether the counts are known from elsewhere.
    known: bool,
}

fn world() -> impl Strategy<Value = World> {
    let names = prop::sample::select(vec![0, 1, 2]);
    let from = prop::sample::select(vec![
        IdsFrom::List,
        IdsFrom::Table,
        IdsFrom::Annotations,
        IdsFrom::Annotations,
        IdsFrom::Labels,
        IdsFrom::Nobody,
    ]);
    let shape = (2_usize..10, names, from, 0_usize..4, any::<bool>());
    shape
        .prop_flat_map(|(count, names, from, ids, known)| {
            let pool: Vec<String> = match names {
                0 => (0..count).map(|at| format!("class {at}")).collect(),
                1 => (0..count).map(|at| at.to_string()).collect(),
                _ => (0..count)
                    .map(|at| [at.to_string(), format!("0{at}"), format!("c{at}")][at % 3].clone())
                    .collect(),
            };
            let ids: Vec<i64> = match ids {
                0 => (0..count as i64).collect(),
                1 => (1..=count as i64).collect(),
                2 => (0..count as i64).map(|at| 1 + at + at / 2).collect(),
                _ => (0..count as i64).map(|at| 3 * at).collect(),
            };
            (
                Just(pool).prop_shuffle(),
                Just(ids).prop_shuffle(),
                prop::collection::vec(prop_oneof![1 => Just(0_u64), 4 => 1_u64..40], count),
                prop::collection::vec(prop::bool::weighted(0.85), count),
                Just(from),
                Just(known),
            )
        })
        .prop_map(|(names, mut ids, instances, evaluated, from, known)| {
            let names: Vec<String> = match from {
                IdsFrom::Labels => ids.iter().map(i64::to_string).collect(),
                _ => names,
            };
            if matches!(from, IdsFrom::List | IdsFrom::Nobody) {
                ids = (0..names.len() as i64).collect();
            }
            World {
                listed: ids.into_iter().zip(names).collect(),
                instances,
                evaluated,
                from,
                known,
            }
        })
}

impl World {
    fn classes(&self) -> Classes {
        match self.from {
            IdsFrom::Labels => {
                let ids = self.listed.iter().map(|(id, _)| *id).collect();
                Classes::of_labels(&Keys::Numbers(ids)).unwrap()
            }
            from => Classes::new(self.listed.clone(), from).unwrap(),
        }
    }

    /// Each way in which some tool or person writes the keys of these rows (places in the file).
    fn ways(&self, rows: &[usize]) -> Vec<(&'static str, Keys)> {
        let id = |at: usize| self.listed[at].0;
        let by_id =
            |at: usize| self.listed.iter().filter(|(other, _)| *other < id(at)).count() as i64;
        let numbers = |of: &dyn Fn(usize) -> i64| rows.iter().map(|&at| of(at)).collect();
        let texts = |of: &dyn Fn(usize) -> i64| rows.iter().map(|&at| of(at).to_string()).collect();
        let names: Vec<String> = rows.iter().map(|&at| self.listed[at].1.clone()).collect();
        let mut ways = vec![
            ("names", Keys::Names(names.clone())),
            ("strings", Keys::Strings(names.clone())),
            ("cells", Keys::Cells(names.clone())),
            ("names and ids", Keys::Both(names, numbers(&id))),
        ];
        if self.from != IdsFrom::Nobody {
            ways.push(("ids", Keys::Numbers(numbers(&id))));
            ways.push(("ids in csv", Keys::Cells(texts(&id))));
        }
        if matches!(self.from, IdsFrom::Annotations | IdsFrom::Table) {
            ways.push(("in order of id", Keys::Numbers(numbers(&by_id))));
            ways.push(("in order of id, in csv", Keys::Cells(texts(&by_id))));
        }
        if self.from == IdsFrom::Annotations {
            ways.push(("in order of the file", Keys::Numbers(numbers(&|at| at as i64))));
        }
        let from_zero =
            (0..self.listed.len() as i64).all(|id| self.listed.iter().any(|(one, _)| *one == id));
        if from_zero {
            ways.push(("background first", Keys::Numbers(numbers(&|at| id(at) + 1))));
        }
        ways
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn each_way_of_writing_keys_gives_the_truth_or_a_refusal(world in world(), order in any::<u64>()) {
        let classes = world.classes();
        let known: Vec<Option<u64>> = classes
            .ids()
            .iter()
            .map(|id| {
                let at = world.listed.iter().position(|(one, _)| one == id).unwrap();
                Some(world.instances[at])
            })
            .collect();
        let known = (world.known || world.from == IdsFrom::Labels).then_some(&known[..]);
        let truth = |at: usize| classes.ids().iter().position(|id| *id == world.listed[at].0);
        for counted in [true, false] {
            // Labels are of the classes with instances, in any order; APs of those of them evaluated.
            let mut rows: Vec<usize> = (0..world.listed.len())
                .filter(|&at| world.instances[at] > 0 && (counted || world.evaluated[at]))
                .collect();
            let length = rows.len().max(1);
            rows.rotate_left(order as usize % length);
            if rows.is_empty() {
                continue;
            }
            let weights: Vec<u64> =
                rows.iter().map(|&at| if counted { world.instances[at] } else { 1 }).collect();
            for (way, keys) in world.ways(&rows) {
                let joined = classes.join(&Rows {
                    keys: &keys,
                    weights: &weights,
                    asked: None,
                    whole: true,
                    once: true,
                    counted,
                    known,
                });
                let Ok(joined) = joined else { continue };
                for (row, &at) in rows.iter().enumerate() {
                    let found = joined.classes[row];
                    // A row without class is said to be left out.
                    prop_assert!(
                        found == truth(at) || found.is_none() && !counted,
                        "{way}: {:?} is taken for {:?} {:?}", world.listed[at], found, joined.by
                    );
                }
            }
        }
    }

    /// What the user says decides, and nothing is then doubted.
    #[test]
    fn what_is_asked_is_obeyed(world in world()) {
        let classes = world.classes();
        let rows: Vec<usize> = (0..world.listed.len()).collect();
        let weights = vec![1; rows.len()];
        for (by, way) in [
            (Numbering::Names, "cells"),
            (Numbering::Ids, "ids in csv"),
            (Numbering::Ids, "ids"),
            (Numbering::Positions, "in order of id"),
            (Numbering::FileOrder, "in order of the file"),
        ] {
            let ways = world.ways(&rows);
            let Some((_, keys)) = ways.iter().find(|(name, _)| *name == way) else { continue };
            let joined = classes
                .join(&Rows {
                    keys,
                    weights: &weights,
                    asked: Some(by),
                    whole: true,
                    once: true,
                    counted: false,
                    known: None,
                })
                .unwrap();
            for (at, found) in joined.classes.iter().enumerate() {
                prop_assert_eq!(classes.ids()[found.unwrap()], world.listed[at].0, "{}", way);
            }
        }
    }
}

/// A dump of so many rows of each label, whose information amounts differ by row count alone.
fn dump(work: &Workdir, name: &str, counts: &[(i64, usize)]) {
    let labels: Vec<i64> =
        counts.iter().flat_map(|&(label, count)| std::iter::repeat_n(label, count)).collect();
    let x =
        Array2::from_shape_fn((labels.len(), 3), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 7.0);
    write_npy(work.path("x.npy"), &x).unwrap();
    write_npy(work.path(&format!("{name}.npy")), &Array1::from(labels.clone())).unwrap();
}

/// Categories in the order of the file, with so many boxes of each.
fn annotations(categories: &[(i64, &str, usize)]) -> String {
    let boxes = categories.iter().flat_map(|&(id, _, count)| std::iter::repeat_n(id, count));
    let annotations: Vec<Value> = boxes
        .enumerate()
        .map(|(at, id)| json!({"id": at, "image_id": 1, "category_id": id, "bbox": [1, 1, 9, 9], "area": 81}))
        .collect();
    let categories: Vec<Value> =
        categories.iter().map(|(id, name, _)| json!({"id": id, "name": name})).collect();
    json!({"images": [{"id": 1}], "annotations": annotations, "categories": categories}).to_string()
}

/// The one sentence of a refusal, after which no file is there.
#[track_caller]
fn refused(work: &Workdir, arguments: &str, wanted: &[&str]) {
    let output = work.command(&format!("{arguments} --out nothing")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let errors: Vec<&str> = said.lines().filter(|line| line.contains("error:")).collect();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(errors.len(), 1, "{said}");
    for wanted in wanted {
        assert!(errors[0].contains(wanted), "{wanted:?} is not in {}", errors[0]);
    }
    assert!(work.files("nothing").is_empty());
}

/// Instances and AP of each class, by name.
fn joined(json: &Value) -> Vec<(String, u64, Option<f64>)> {
    let row = |row: &Value| {
        let instances = row["instances"].as_u64().unwrap();
        (row["class"].as_str().unwrap().to_owned(), instances, row["ap"].as_f64())
    };
    json["information"].as_array().unwrap().iter().map(row).collect()
}

/// Houses: the names are digits, and id 0 is "1".
const DIGITS: [(i64, &str, usize); 4] = [(0, "1", 9), (1, "2", 7), (2, "3", 5), (3, "0", 4)];

#[test]
fn what_a_collector_wrote_hides_no_order_of_the_file() {
    let work = Workdir::new();
    let classes = [(31, "kite", 9), (2, "disc", 7), (90, "ring", 5), (7, "bar", 4)];
    work.write("i.json", annotations(&classes));
    dump(&work, "ids", &[(31, 9), (2, 7), (90, 5), (7, 4)]);
    std::fs::create_dir_all(work.path("d/embeddings")).unwrap();
    std::fs::create_dir_all(work.path("d/labels")).unwrap();
    std::fs::rename(work.path("x.npy"), work.path("d/embeddings/0.npy")).unwrap();
    std::fs::rename(work.path("ids.npy"), work.path("d/labels/0.npy")).unwrap();
    work.write("d/class_names.csv", "class,id\ndisc,2\nbar,7\nkite,31\nring,90\n");
    work.write("ap.csv", "class,ap\n0,0.1\n1,0.2\n2,0.3\n3,0.4\n");
    let command = "correlate --embeddings d --counts i.json --ap ap.csv";
    refused(&work, command, &["--ap-numbering positions or file-order"]);
    // Two names that have changed places since training.
    let swapped = [(31, "disc", 9), (2, "kite", 7), (90, "ring", 5), (7, "bar", 4)];
    work.write("swapped.csv", "class,instances\ndisc,9\nkite,7\nring,5\nbar,4\n");
    work.write("swapped.json", annotations(&swapped));
    work.write("named.csv", "class,ap\nkite,0.1\ndisc,0.2\nring,0.3\nbar,0.4\n");
    for counts in ["swapped.csv", "swapped.json"] {
        let command = format!("correlate --embeddings d --counts {counts} --ap named.csv");
        refused(
            &work,
            &command,
            &[counts, "but for other classes", "in another order than in training"],
        );
    }
    // Numbers that are all ids, also that of a class without AP, are no positions.
    let classes = [(1, "kite", 9), (2, "disc", 7), (3, "ring", 5), (4, "bar", 4)];
    work.write("i.json", annotations(&classes));
    work.write("tm.json", r#"{"classes": [1, 2, 3, 4], "map_per_class": [0.1, 0.2, 0.3, -1]}"#);
    let output = work.run("correlate --counts i.json --ap tm.json");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("tm.json: 4 of 4 classes matched, by id"), "{said}");
    // A class whose name is another, and whose id is the same, is named.
    work.write("ap.csv", "class,id,ap\nkite,1,0.1\nplate,2,0.2\nring,3,0.3\nbar,4,0.4\n");
    let output = work.run("correlate --counts i.json --ap ap.csv");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("ap.csv: matched by id, because the names differ: \"plate\" for \"disc\""),
        "{said}"
    );
}

#[test]
fn a_text_that_is_a_class_name_is_that_class() {
    let work = Workdir::new();
    work.write("i.json", annotations(&DIGITS));
    dump(&work, "ids", &[(0, 9), (1, 7), (2, 5), (3, 4)]);
    let texts = |of: fn(&(i64, &str, usize)) -> String| {
        let lines = DIGITS.iter().flat_map(|one| vec![format!("{}\n", of(one)); one.2]);
        format!("label\n{}", lines.collect::<String>())
    };
    work.write("names.csv", texts(|one| one.1.to_owned()));
    work.write("ids.csv", texts(|one| one.0.to_string()));
    // ids of an evaluator are no names
    work.write("tm.json", r#"{"classes": [3, 2, 1, 0], "map_per_class": [0.2, 0.3, 0.4, 0.6]}"#);
    let truth: Vec<_> = [("1", 9, 0.6), ("2", 7, 0.4), ("3", 5, 0.3), ("0", 4, 0.2)]
        .map(|(name, count, ap)| (name.to_owned(), count, Some(ap)))
        .into();
    let arguments = "correlate --embeddings x.npy --counts i.json --ap tm.json --labels";
    assert_eq!(joined(&work.json(&format!("{arguments} ids.npy"))), truth);
    // A csv says neither that they are names nor that they are ids.
    for labels in ["names", "ids"] {
        let way_out = "give --label-numbering names or ids";
        refused(&work, &format!("{arguments} {labels}.csv"), &["more than one way", way_out]);
        let asked = format!("{arguments} {labels}.csv --label-numbering {labels}");
        assert_eq!(joined(&work.json(&asked)), truth, "{labels}");
    }
    let output = work.run(&format!("{arguments} ids.npy"));
    let said = String::from_utf8(output.stderr).unwrap();
    for line in ["ids.npy", "i.json", "tm.json"] {
        let by = if line == "i.json" { "name" } else { "id" };
        let line = format!("{line}: 4 of 4 classes matched, by {by}\n");
        assert!(said.contains(&line), "{said}");
    }
}

#[test]
fn texts_keep_their_zeros() {
    let work = Workdir::new();
    dump(&work, "y", &[(0, 3), (1, 4)]);
    work.write("y.csv", "label\n02146\n02146\n02146\n00017\n00017\n00017\n00017\n");
    work.write("ap.csv", "class,ap\n00017,0.5\n02146,0.25\n");
    work.write("names.txt", "02146\n00017\n");
    for names in ["", "--class-names names.txt"] {
        let json =
            work.json(&format!("correlate --embeddings x.npy --labels y.csv --ap ap.csv {names}"));
        let mut rows = joined(&json);
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let truth = [("00017", 4, 0.5), ("02146", 3, 0.25)];
        assert_eq!(rows, truth.map(|(name, count, ap)| (name.to_owned(), count, Some(ap))));
    }
}

#[test]
fn mmdetection_and_detectron2_number_otherwise() {
    let work = Workdir::new();
    // Categories that the file does not list in order of id.
    let categories = [(3, "roof", 9), (1, "eave", 7), (2, "dome", 5)];
    work.write("i.json", annotations(&categories));
    dump(&work, "y", &[(0, 9), (1, 7), (2, 5)]);
    work.write("ap.csv", "class,ap\nroof,0.6\neave,0.5\ndome,0.4\n");
    let run = "information --embeddings x.npy --labels y.npy --class-names i.json";
    refused(
        &work,
        run,
        &[
            "y.npy: can be matched in more than one way",
            "counting from 0 in order of id, 0 means \"eave\"",
            "counting from 0 in the order of the file that lists the classes, 0 means \"roof\"",
            "the instance counts agree if matched counting from 0 in the order of the file that lists",
            "give --label-numbering positions or file-order",
        ],
    );
    for (numbering, of_eave) in [("positions", 9.0), ("file-order", 7.0)] {
        let json = work.json(&format!("{run} --label-numbering {numbering}"));
        assert_eq!(column(&json["information"], "instances")[0], of_eave, "{numbering}");
        // The same from a runs file.
        let toml = format!(
            "[[run]]\nlabel_numbering = '{numbering}'\nembeddings = 'x.npy'\nlabels = 'y.npy'\n\
             class_names = 'i.json'\nap = 'ap.csv'\n"
        );
        work.write("runs.toml", toml);
        let json = work.json("correlate --runs runs.toml");
        assert_eq!(column(&json["information"], "instances")[0], of_eave, "{numbering}");
    }
    // Without a list of the classes there is nothing to number.
    let alone = "information --embeddings x.npy --labels y.npy --label-numbering positions";
    let output = work.command(alone).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    // pycocotools' array has no keys: it is in order of id, unless the user says otherwise.
    let precision =
        ndarray::Array5::from_shape_fn((10, 11, 3, 1, 1), |(_, _, k, ..)| 0.1 * k as f64);
    write_npy(work.path("p.npy"), &precision).unwrap();
    let r = |numbering: &str| {
        let json = work.json(&format!("correlate --counts i.json --ap p.npy {numbering}"));
        json["correlations"][0]["pearson"].as_f64().unwrap()
    };
    assert!(r("--ap-numbering file-order") < -0.99);
    assert!(r("") > -0.9);
    assert_eq!(r(""), r("--ap-numbering positions"));
}

#[test]
fn a_category_without_boxes_shifts_the_others() {
    let work = Workdir::new();
    let categories = [(0, "fish", 0), (1, "cod", 9), (2, "eel", 7), (3, "ray", 5), (4, "tuna", 4)];
    work.write("i.json", annotations(&categories));
    dump(&work, "y", &[(0, 9), (1, 7), (2, 5), (3, 4)]);
    work.write("ap.csv", "class,ap\ncod,0.6\neel,0.5\nray,0.4\ntuna,0.3\n");
    work.write("tm.json", r#"{"classes": [0, 1, 2, 3], "map_per_class": [0.6, 0.5, 0.4, 0.3]}"#);
    let words = ["has rows of \"fish\", which has no boxes, and none of \"tuna\"", "numbering ids"];
    for from in ["--class-names i.json", "--counts i.json"] {
        let arguments = format!("correlate --embeddings x.npy --labels y.npy --ap ap.csv {from}");
        refused(&work, &arguments, &words);
        work.run(&format!("{arguments} --label-numbering ids"));
    }
    refused(&work, "correlate --counts i.json --ap tm.json", &words);
    // In the middle of the list, too.
    let categories = [(0, "cod", 9), (1, "eel", 7), (2, "fish", 0), (3, "ray", 5), (4, "tuna", 4)];
    work.write("i.json", annotations(&categories));
    refused(&work, "correlate --counts i.json --ap tm.json", &words);
    // The ids themselves are not doubted.
    work.write("tm.json", r#"{"classes": [0, 1, 3, 4], "map_per_class": [0.6, 0.5, 0.4, 0.3]}"#);
    work.run("correlate --counts i.json --ap tm.json");
}

#[test]
fn numbers_that_fit_when_shifted_by_one() {
    let work = Workdir::new();
    work.write("names.txt", "boat\nbus\ncar\ncat\n");
    work.write("ids1.csv", "class,ap\n1,0.55\n2,0.5\n3,0.42\n4,0.33\n");
    work.write("tm.json", r#"{"classes": [1, 2, 3, 4], "map_per_class": [0.6, 0.5, 0.4, 0.3]}"#);
    work.write("part.json", r#"{"classes": [1, 2, 3], "map_per_class": [0.6, 0.5, 0.4]}"#);
    work.write("counts.csv", "class,instances\n1,9\n2,7\n3,5\n4,4\n");
    dump(&work, "y", &[(0, 9), (1, 7), (2, 5), (3, 4)]);
    let run = "correlate --embeddings x.npy --labels y.npy";
    let shifted = "all match after 1 is subtracted from each";
    for names in ["", "--class-names names.txt"] {
        for ap in ["ids1.csv", "tm.json"] {
            refused(&work, &format!("{run} {names} --ap {ap}"), &[ap, shifted]);
        }
        let first = "no row of the first class";
        refused(&work, &format!("{run} {names} --ap part.json"), &["part.json", first]);
        work.run(&format!("{run} {names} --ap part.json --ap-numbering ids"));
        let counts = format!("{run} {names} --ap tm.json --counts counts.csv");
        refused(&work, &counts, &["counts.csv", shifted]);
    }
    // As torchvision numbers them: the last class has no box, so that every label is a class.
    dump(&work, "z", &[(1, 9), (2, 7), (3, 5)]);
    let labels = "information --embeddings x.npy --labels z.npy --class-names names.txt";
    refused(
        &work,
        labels,
        &["z.npy: has numbers from 1 on and no row of the first class \"boat\"", "torchvision"],
    );
    work.run(&format!("{labels} --label-numbering ids"));
    // Ids from 1 in the annotation file are no doubt.
    work.write(
        "i.json",
        annotations(&[(1, "boat", 9), (2, "bus", 7), (3, "car", 5), (4, "cat", 0)]),
    );
    let json = work.json("information --embeddings x.npy --labels z.npy --counts i.json");
    assert_eq!(column(&json["information"], "instances"), [9.0, 7.0, 5.0, 0.0]);
}

#[test]
fn counts_that_agree_in_another_order() {
    let work = Workdir::new();
    dump(&work, "y", &[(0, 9), (1, 7), (2, 5), (3, 4)]);
    // The list is alphabetical, the labels are not.
    work.write("names.txt", "boat\nbus\ncar\ncat\n");
    work.write("counts.csv", "class,instances\ncar,9\ncat,7\nboat,5\nbus,4\n");
    work.write("ap.csv", "class,ap\nboat,0.3\nbus,0.4\ncar,0.5\ncat,0.6\n");
    let run =
        "correlate --embeddings x.npy --labels y.npy --class-names names.txt --ap ap.csv --counts";
    refused(
        &work,
        &format!("{run} counts.csv"),
        &["y.npy", "but for other classes", "\"boat\" has 9 instead of"],
    );
    work.run(&format!("{run} counts.csv --label-numbering ids"));
    // Other counts are only said.
    work.write("other.csv", "class,instances\nboat,90\nbus,70\ncar,50\ncat,41\n");
    let said = String::from_utf8(work.run(&format!("{run} other.csv")).stderr).unwrap();
    assert!(said.contains("the counts differ from the labels in 4 classes"), "{said}");
}

#[test]
fn a_row_over_all_classes_is_no_class() {
    let work = Workdir::new();
    work.write("val.csv", "class,instances,ap\nall,150,0.42\nboat,50,0.55\nbus,40,0.5\ncar,30,0.42\ncat,20,0.33\ndog,10,0.3\n");
    work.write("sum.csv", "class,instances,ap\nboat,50,0.55\nbus,40,0.5\ncar,30,0.42\ncat,20,0.33\ndog,10,0.3\nalles,150,0.42\n");
    work.write("names.txt", "boat\nbus\ncar\ncat\ndog\nall\n");
    let r = |arguments: &str| {
        let json = work.json(&format!("correlate --ap val.csv --ap-column ap {arguments}"));
        (json["correlations"][0]["classes"].as_u64(), json["correlations"][0]["pearson"].as_f64())
    };
    let (classes, pearson) = r("--counts val.csv");
    assert_eq!(classes, Some(5));
    assert!((pearson.unwrap() - 0.990).abs() < 5e-4, "{pearson:?}");
    refused(
        &work,
        "correlate --counts sum.csv --ap sum.csv --ap-column ap",
        &["sum.csv", "\"alles\""],
    );
    // Unless there is a class of that name.
    assert_eq!(r("--counts val.csv --class-names names.txt").0, Some(6));
    let store = work.json("queue-size --dim 4 --counts val.csv");
    assert_eq!(store["storage"][0]["instances"], 150);
    let mean = |aps: &[f64]| {
        let names: Vec<String> = (0..aps.len()).map(|at| format!("c{at}")).collect();
        let aps: Vec<_> = aps.iter().copied().map(Some).collect();
        summary(&names, Values::Aps(&aps))
    };
    assert_eq!(mean(&[0.321, 0.512, 0.433, 0.654, 0.48]), Some(Summary::Looks(4)));
    assert_eq!(mean(&[0.321, 0.512, 0.433, 0.654, 0.5]), None);
}

/// LVIS has the class "map", which is no mean AP where the numbers are counts and it is not their sum.
#[test]
fn the_class_map_of_lvis_is_a_class() {
    let counts = repository("data/tables/lvis_v1_train_counts.csv");
    let work = Workdir::new();
    let typed =
        format!("queue-size --dim 128 --counts {} --counts-column instances", counts.display());
    assert_eq!(work.json(&typed)["storage"][0]["instances"], 1_270_141);
    let names: Vec<String> = ["a", "b", "map"].map(str::to_owned).into();
    assert_eq!(summary(&names, Values::Counts(&[3, 4, 7])), Some(Summary::Called(2)));
    assert_eq!(summary(&names, Values::Counts(&[3, 4, 8])), None);
    assert_eq!(summary(&names, Values::Aps(&[None, None, None])), Some(Summary::Called(2)));
}

/// Digits as names, of which a few are in the file by accident.
#[test]
fn one_number_that_is_a_name_does_not_decide() {
    let work = Workdir::new();
    dump(&work, "y", &[(0, 5), (1, 6), (2, 7), (3, 8)]);
    work.write("names.txt", "7\n3\n39\n21\n");
    work.write("one.csv", "class,ap\n1,0.1\n2,0.2\n3,0.3\n4,0.4\n");
    let run = "correlate --embeddings x.npy --labels y.npy --class-names names.txt --ap one.csv";
    refused(&work, run, &["one.csv", "all match after 1 is subtracted from each"]);
    // Labels that are numbers alone, beside a table of which some ids are labels.
    work.write("counts.csv", "class,id,instances\ncat,1,5\ndog,2,6\ncow,4,7\npig,6,8\n");
    let run = "information --embeddings x.npy --labels y.npy --counts counts.csv";
    refused(&work, run, &["counts.csv", "which is not one of the 4 classes"]);
    // Labels in a csv may be names where the table's ids say otherwise.
    let texts = ["2", "1", "0", "7"].iter().zip([5, 6, 7, 8]);
    let lines: String = texts.map(|(text, count)| format!("{text}\n").repeat(count)).collect();
    work.write("y.csv", format!("label\n{lines}"));
    work.write("counts.csv", "class,id,instances\n2,0,5\n1,1,6\n0,2,7\n7,7,8\n");
    let run = "information --embeddings x.npy --labels y.csv --counts counts.csv";
    refused(&work, run, &["counts.csv: has the known counts, but for other classes"]);
    // Numbers as names of classes are no positions.
    work.write("digits.csv", "class,instances\n33,5\n34,6\n31,7\n21,8\n");
    work.write("four.csv", "class,ap\n0,0.1\n1,0.2\n2,0.3\n3,0.4\n");
    refused(&work, "correlate --counts digits.csv --ap four.csv", &["four.csv"]);
    // Two classes without boxes.
    let categories = [(0, "background", 0), (1, "a", 0), (3, "b", 6), (4, "c", 7), (6, "d", 8)];
    work.write("i.json", annotations(&categories));
    work.write("tm.json", r#"{"classes": [0, 1, 2, 3], "map_per_class": [0.1, 0.2, 0.3, 0.4]}"#);
    refused(&work, "correlate --counts i.json --ap tm.json", &["which has no boxes"]);
    // A class may be called so.
    work.write("total.csv", "class,instances\ntotal,5\nb,6\nc,7\nd,8\n");
    work.write("ap.csv", "class,ap\ntotal,0.1\nb,0.2\nc,0.3\nd,0.4\n");
    refused(&work, "correlate --counts total.csv --ap ap.csv", &["list it in --class-names"]);
    // A column of images counts no instances.
    work.write("images.csv", "class,images\na,5\nb,6\nc,7\n");
    refused(&work, "correlate --counts images.csv --ap ap.csv", &["choose with --counts-column"]);
    // A numbered list out of order, and one with a comment.
    for list in ["0 cup\n2 dog\n1 cat\n3 cow\n", "# names\na\nb\nc\n"] {
        work.write("list.txt", list);
        let run = "information --embeddings x.npy --labels y.npy --class-names list.txt";
        refused(&work, run, &["list.txt"]);
    }
}

#[test]
fn numbers_of_classes_that_have_none() {
    let work = Workdir::new();
    work.write("counts.csv", "class,instances\nboat,50\nbus,40\ncar,30\n");
    work.write("tm.json", r#"{"classes": [0, 1, 2], "map_per_class": [0.6, 0.5, 0.4]}"#);
    let run = "correlate --counts counts.csv --ap tm.json";
    refused(&work, run, &["nothing says which class a number means", "--ap-numbering file-order"]);
    let json = work.json(&format!("{run} --ap-numbering file-order"));
    assert!(json["correlations"][0]["pearson"].as_f64().unwrap() > 0.99);
    // More numbers than names: COCO's ids beside a list of names.
    work.write("names.txt", "boat\nbus\ncar\n");
    work.write("tm.json", r#"{"classes": [0, 1, 90], "map_per_class": [0.6, 0.5, 0.4]}"#);
    refused(&work, &format!("{run} --class-names names.txt"), &["the number 90"]);
}
