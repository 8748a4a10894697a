//! What else could explain AP: sizes and groups of an annotation file, tables of covariates and of groups.

use igam_analyze::Warnings;
use igam_analyze::detector::{Counts, Covariate};
use igam_analyze::evidence::{Basis, Class, groups_tell};
use igam_analyze::input::annotations::{Choices, Include};
use igam_analyze::input::class_groups;
use igam_analyze::input::{counts, covariates};
use polars::prelude::*;
use serde_json::{Value, json};

use crate::bad_input::{parquet, refused};
use crate::{Workdir, assert_close};

/// Annotations of kiwi (3), lime (5) and fig (9): the category, the image, and what else they have. Plum
/// (11) has none.
fn file(annotations: &[(i64, Value, Value)]) -> String {
    let one = |(category, image, rest): &(i64, Value, Value)| {
        let mut one = json!({"category_id": category, "image_id": image});
        one.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        one
    };
    let categories = json!([
        {"id": 9, "name": "fig", "supercategory": "sweet"},
        {"id": 3, "name": "kiwi", "supercategory": " sweet\u{a0}"},
        {"id": 5, "name": "lime", "supercategory": "sour"},
        {"id": 11, "name": "plum", "supercategory": "none"},
    ]);
    let annotations: Vec<Value> = annotations.iter().map(one).collect();
    json!({"annotations": annotations, "categories": categories}).to_string()
}

/// Kiwi of areas 400, 9 and 100 in two images, lime of 4, 64, 1 and 100 in four, fig of one box of 8×5.
fn annotations() -> Vec<(i64, Value, Value)> {
    let area = |area: f64| json!({"area": area, "bbox": [0, 0, 50, 50]});
    vec![
        (3, json!(1), area(400.0)),
        (5, json!(1), area(4.0)),
        (3, json!(2), area(9.0)),
        (3, json!(1), area(100.0)),
        (5, json!(2), area(64.0)),
        (9, json!(2), json!({"bbox": [1, 2, 8, 5]})),
        (5, json!("three"), area(1.0)),
        (5, json!(4), area(100.0)),
        (3, json!(5), json!({"area": 9e6, "iscrowd": 1})),
    ]
}

fn read(text: &str, crowd: bool, ignored: bool) -> Counts {
    let work = Workdir::new();
    work.write("a.json", text);
    let include = Include { crowd, ignored, difficult: false };
    let choices = Choices { include, ..Choices::default() };
    counts::read(&[work.path("a.json")], None, &choices, &Warnings::default()).unwrap()
}

/// The values of one covariate: of fig, kiwi, lime and plum.
fn values(counts: &Counts, name: &str) -> Vec<Option<f64>> {
    counts.covariates.iter().find(|covariate| covariate.name == name).unwrap().values.clone()
}

/// Asserts that there are these medians of areas; plum has none.
#[track_caller]
fn assert_areas(counts: &Counts, [fig, kiwi, lime]: [f64; 3]) {
    let medians = values(counts, "median_log_area");
    let found: Vec<f64> = medians.iter().flatten().copied().collect();
    assert_close(&found, &[fig.ln(), kiwi.ln(), lime.ln()], 1e-7);
    assert_eq!(medians[3], None);
}

#[test]
fn annotations_say_the_median_area() {
    let counts = read(&file(&annotations()), false, false);
    // Lime's is between 4 and 64, in logs.
    assert_areas(&counts, [40.0, 100.0, 16.0]);
    assert_eq!(values(&counts, "instances_per_image"), [Some(1.0), Some(1.5), Some(1.0), None]);
    // The crowd is one more kiwi in one more image; between 100 and 400 is 200.
    let crowd = read(&file(&annotations()), true, false);
    assert_areas(&crowd, [40.0, 200.0, 16.0]);
    assert_eq!(values(&crowd, "instances_per_image")[1], Some(4.0 / 3.0));
}

#[test]
fn without_an_area_it_is_that_of_the_box() {
    let with = |area: Value| {
        let mut annotations = annotations();
        for (_, _, rest) in annotations.iter_mut().take(8) {
            rest["area"] = area.clone();
        }
        // One of its own, so that areas count.
        annotations.push((9, json!(7), json!({"area": 40, "bbox": [0, 0, 60, 60]})));
        file(&annotations)
    };
    for missing in [json!(null), json!("?"), json!([1])] {
        assert_areas(&read(&with(missing), false, false), [40.0, 2500.0, 2500.0]);
    }
    let nan = with(json!("@")).replace("\"@\"", "NaN");
    assert_areas(&read(&nan, false, false), [40.0, 2500.0, 2500.0]);
    let infinite = with(json!("@")).replace("\"@\"", "Infinity");
    assert_areas(&read(&infinite, false, false), [40.0, 2500.0, 2500.0]);
    // Zeros that a tool did not fill in.
    let mut zero = annotations();
    zero.iter_mut().for_each(|(_, _, rest)| rest["area"] = 0.into());
    assert_areas(&read(&file(&zero), false, false), [40.0, 2500.0, 2500.0]);
    // A box of negative sides has no area, though their product is above 0.
    zero.push((11, json!(1), json!({"bbox": [9, 9, -3, -3]})));
    let counts = read(&file(&zero), false, true);
    assert_eq!(counts.values[3], 1);
    assert_areas(&counts, [40.0, 2500.0, 2500.0]);
}

#[test]
fn images_are_counted_exactly() {
    let mut all = Vec::new();
    // Kiwi thrice in each of 1000 images, which come in three mixed rounds; lime once in each.
    for k in 0..3000_u64 {
        all.push((3, json!(k * 7 % 1000), json!({})));
        if k < 1000 {
            all.push((5, json!(format!("{k}.jpg")), json!({})));
        }
    }
    all.push((9, json!(1), json!({})));
    let counts = read(&file(&all), false, false);
    assert_eq!(values(&counts, "instances_per_image"), [Some(1.0), Some(3.0), Some(1.0), None]);
    assert_eq!(values(&counts, "median_log_area"), [None; 4]);
    // One that is in no image leaves unknown how many there are.
    all.push((9, json!(null), json!({})));
    assert_eq!(values(&read(&file(&all), false, false), "instances_per_image"), [None; 4]);
}

#[test]
fn categories_are_in_groups() {
    let counts = read(&file(&annotations()), false, false);
    let groups: Vec<_> = counts.groups.iter().map(Option::as_deref).collect();
    assert_eq!(groups, [Some("sweet"), Some("sweet"), Some("sour"), None]);
    // A class without a group is alone.
    let tell = |groups: &[&'static str]| {
        let groups = groups.iter().map(|&group| (!group.is_empty()).then_some(group));
        groups_tell(["kiwi", "lime", "fig", "plum"].into_iter().zip(groups))
    };
    assert!(tell(&["a", "b", "a"]) && tell(&["a", "b", "b", ""]) && tell(&["", "a", "a"]));
    for nothing in [&["a", "a", "a"][..], &["a", "b", "c"], &["a", "", "b"], &["", "", ""], &[]] {
        assert!(!tell(nothing), "{nothing:?}");
    }
}

#[test]
fn columns_of_numbers_are_covariates() {
    let work = Workdir::new();
    work.write(
        "c.csv",
        ",class,id,size,Shape,ap,note,blur,nothing\n\
         0,kiwi,3,7,0.5,0.1,first,N/A,\n\
         1,fig,9,,-2e3,0.2,,\u{2013},n/a\n\
         2,lime,5,9.25,nan,0.3,last,1,\n",
    );
    let table = covariates::read(&work.path("c.csv")).unwrap();
    let column = |name: &str, values: &[Option<f64>]| Covariate {
        name: name.into(),
        values: values.to_vec(),
    };
    let expected = [
        column("size", &[Some(7.0), None, Some(9.25)]),
        column("Shape", &[Some(0.5), Some(-2000.0), None]),
        column("blur", &[None, None, Some(1.0)]),
    ];
    assert_eq!(table.columns, expected);
    assert!(table.columns[0].varies() && !table.columns[2].varies());
    let path = work.path("c.csv");
    let notes = [
        "columns skipped, because they hold no numbers: \"note\", \"nothing\"",
        "columns skipped, because they are what is compared: \"ap\"",
    ];
    assert_eq!(table.notes, notes.map(|note| format!("{}: {note}", path.display())));

    let class = Series::new("class".into(), ["kiwi", "fig"]);
    let size = Series::new("size".into(), [Some(1.5_f32), None]);
    let sharp = Series::new("sharp".into(), [true, false]);
    work.write("c.parquet", parquet(vec![class, size, sharp]));
    let table = covariates::read(&work.path("c.parquet")).unwrap();
    assert_eq!(table.columns, [column("size", &[Some(1.5), None])]);
    assert!(
        table.notes[0].ends_with("because they hold no numbers: \"sharp\""),
        "{:?}",
        table.notes
    );
}

/// Four classes with AP and an annotation file.
fn work() -> Workdir {
    let work = Workdir::new();
    work.write("counts.json", file(&annotations()));
    work.write("ap.csv", "class,ap\nkiwi,0.5\nlime,0.25\nfig,0.75\nplum,0.125\n");
    work.write("c.csv", "class,size\nlime,3\nkiwi,1\nfig,2\n");
    work.write("g.csv", "class,group\nplum,stone\nkiwi,berry\nlime,citrus\nfig,berry\n");
    work
}

const COMMAND: &str = "correlate --counts counts.json --ap ap.csv";

/// What is said on standard error.
#[track_caller]
fn said(work: &Workdir, arguments: &str) -> String {
    String::from_utf8(work.run(arguments).stderr).unwrap()
}

#[track_caller]
fn says(work: &Workdir, arguments: &str, sentences: &[&str]) {
    let said = said(work, arguments);
    for sentence in sentences {
        assert!(said.lines().any(|line| line.ends_with(sentence)), "{said}\nnot: {sentence}");
    }
}

#[test]
fn what_is_read_is_said() {
    let work = work();
    says(
        &work,
        COMMAND,
        &[
            " counts.json: covariates: median_log_area, instances_per_image",
            " counts.json: 2 groups of classes",
        ],
    );
    // A table adds to them; where it says the same, it wins.
    let both = format!("{COMMAND} --covariates c.csv --class-groups g.csv");
    let matched = " c.csv: 3 of 4 classes matched, by name";
    says(
        &work,
        &both,
        &[
            matched,
            " counts.json: covariates: median_log_area, instances_per_image",
            " c.csv: covariates: size",
            " g.csv: 4 of 4 classes matched, by name",
            " g.csv: 3 groups of classes",
        ],
    );
    assert!(!said(&work, &both).contains("counts.json: 2 groups"));
    work.write("c.csv", "class,median_log_area,same\nlime,3,1\nkiwi,1,1\nfig,2,\n");
    says(
        &work,
        &both,
        &[
            matched,
            " counts.json: covariates: instances_per_image",
            " c.csv: skipped, because they are the same for all classes: \"same\"",
            " c.csv: covariates: median_log_area",
        ],
    );
    // By the ids of the classes, of which 9 and 11 are no positions.
    work.write("c.csv", "class,size\n11,3\n3,1\n9,2\n5,1\n");
    says(&work, &both, &[" c.csv: 4 of 4 classes matched, by id"]);
    // Without AP there is nothing to explain, and a covariate that is the same for all explains nothing.
    ndarray_npy::write_npy(work.path("x.npy"), &ndarray::arr2(&[[1.0], [2.0], [4.0]])).unwrap();
    work.write("y.csv", "label\nkiwi\nlime\nfig\n");
    let information = "information --counts counts.json --embeddings x.npy --labels y.csv";
    assert!(!said(&work, information).contains("covariates"));
    let same: Vec<_> = [3, 5, 9].map(|id| (id, json!(id), json!({"area": 5}))).into();
    work.write("counts.json", file(&same));
    assert!(!said(&work, COMMAND).contains("covariates"));
}

#[test]
fn what_is_in_no_group_is_said() {
    let work = work();
    let command = format!("{COMMAND} --class-groups g.csv");
    work.write("g.csv", "class,Supercategory\nkiwi,a\nlime,b\nfig,a\nplum,\nmango,b\n");
    says(
        &work,
        &command,
        &[
            " g.csv: 2 groups of classes",
            " g.csv: skipped rows that match no class: \"mango\"",
            " g.csv: gives no group for: \"plum\"",
        ],
    );
    work.write("g.csv", "class,group\nkiwi,a\nlime,a\nfig,a\nplum,a\n");
    let nothing = " g.csv: is not used: its classes are all in one group, or each in its own group";
    says(&work, &command, &[nothing]);
    let path = work.path("g.csv");
    work.write("g.csv", "class,supercategory,group\nkiwi,1,a\nlime,2, b \n");
    let groups = class_groups::read(&path).unwrap();
    assert_eq!(groups.values, [Some("a".into()), Some("b".into())]);
}

#[test]
fn bad_tables_are_refused() {
    let work = work();
    let covariates = format!("{COMMAND} --covariates c.csv");
    for (text, sentence) in [
        (
            "class,size\nkiwi,1\nlime,big\n",
            "c.csv: line 3, column \"size\": \"big\" is not a number",
        ),
        (
            "class;size\nkiwi;1\nlime;2,5\n",
            "line 3, column \"size\": \"2,5\" is not a number: use a point as decimal separator",
        ),
        // Though all are written so.
        ("class,size\nkiwi,1 %\nlime,2 %\n", "line 2, column \"size\": \"1 %\" is not a number"),
        ("class,size\nkiwi,1\nlime,inf\n", "line 3, column \"size\": \"inf\" is not finite"),
        (
            "class,id,note,ap\nkiwi,3,a,0.5\n",
            "c.csv: has no column of numbers that could be held constant; its columns are \"class\", \"id\", \
             \"note\", \"ap\"",
        ),
        ("size\n1\n", "has no column \"class\"; its columns are \"size\""),
        ("class,size\nkiwi,1\nkiwi,2\n", "c.csv: has two rows for the class \"kiwi\""),
        ("class,size\nmango,1\n", "c.csv: names none of the classes"),
        // 0 to 3 are positions in order of id or in that of the file.
        (
            "class,size\n0,1\n1,2\n2,3\n3,4\n",
            "c.csv: can be matched in more than one way: counting from 0 in order of id, 0 means \"kiwi\"; \
             counting from 0 in the order of the file that lists the classes, 0 means \"fig\"; write the names \
             of the classes into it",
        ),
    ] {
        work.write("c.csv", text);
        refused(&work, &covariates, 1, sentence);
    }
    let groups = format!("{COMMAND} --class-groups g.csv");
    for (text, sentence) in [
        (
            "class,groups\nkiwi,a\n",
            "g.csv: has no column \"group\"; its columns are \"class\", \"groups\": did you mean \"groups\"?",
        ),
        ("class,group\nkiwi,\nlime,none\n", "g.csv: column \"group\" names no group"),
        ("class,group\nkiwi,a\nkiwi,b\n", "g.csv: has two rows for the class \"kiwi\""),
        ("class,group\nkiwi,a\n,b\n", "g.csv: line 3, column \"class\": there is no class"),
    ] {
        work.write("g.csv", text);
        refused(&work, &groups, 1, sentence);
    }
    refused(&work, &format!("{COMMAND} --covariates none.csv"), 1, "none.csv");
    // A runs file says it itself.
    for option in ["--covariates", "--class-groups"] {
        let command = format!("correlate --runs runs.toml {option} c.csv");
        let usage = work.command(&command).output().unwrap();
        assert_eq!(usage.status.code(), Some(2));
        let stderr = String::from_utf8(usage.stderr).unwrap();
        assert!(stderr.contains(option) && stderr.contains("cannot be used with"), "{stderr}");
    }
}

#[test]
fn runs_files_name_both() {
    let work = work();
    std::fs::create_dir(work.path("in")).unwrap();
    for name in ["c.csv", "g.csv", "counts.json", "ap.csv"] {
        std::fs::rename(work.path(name), work.path(&format!("in/{name}"))).unwrap();
    }
    work.write(
        "in/runs.toml",
        "covariates = 'c.csv'\nclass_groups = 'g.csv'\ncounts = 'counts.json'\nap = 'ap.csv'\n[[run]]\nname = 'a'\n",
    );
    let command = "report --runs in/runs.toml";
    says(&work, command, &[" in/c.csv: covariates: size", " in/g.csv: 3 groups of classes"]);
    let report = work.read("reports/report.md");
    assert!(report.contains("in/c.csv") && report.contains("in/g.csv"), "{report}");
    work.write("in/runs.toml", "covariates = ''\nap = 'ap.csv'\n[[run]]\nname = 'a'\n");
    refused(&work, command, 1, "run 1: the name of a file is empty");
}

/// Forty classes of 5 to 44 embeddings, of which a counts file has more, AP and volume both going with a
/// size; the tables are in another order than the labels, and the groups are of four.
#[test]
fn the_verdict_is_with_and_without_what_is_held_constant() {
    let work = Workdir::new();
    let mut random = fastrand::Rng::with_seed(7);
    let mut normal = move || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let (dim, classes) = (6, 40);
    let sizes: Vec<f64> = (0..classes).map(|_| normal()).collect();
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for (class, size) in sizes.iter().enumerate() {
        for _ in 0..5 + class * 17 % classes {
            rows.extend((0..dim).map(|_| (0.4 * size).exp() * normal()));
            labels.push(class as i64);
        }
    }
    let x = ndarray::Array2::from_shape_vec((labels.len(), dim), rows).unwrap();
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::Array1::from(labels)).unwrap();
    let name = |class: usize| format!("class {class:02}");
    work.write("names.txt", (0..classes).map(|class| name(class) + "\n").collect::<String>());
    let ap: Vec<f64> = sizes.iter().map(|size| 0.5 - 0.1 * size + 0.03 * normal()).collect();
    let counts: Vec<usize> =
        (0..classes).map(|class| (5 + class * 17 % classes) * (1 + class % 3)).collect();
    let backwards = || (0..classes).rev();
    let table = |head: &str, row: &dyn Fn(usize) -> String| {
        backwards().fold(format!("class,{head}\n"), |text, class| {
            text + &format!("{},{}\n", name(class), row(class))
        })
    };
    work.write("ap.csv", table("ap", &|class| ap[class].to_string()));
    work.write("counts.csv", table("instances", &|class| counts[class].to_string()));
    // The size of one class is not known, and that of most is not in the second column.
    let size = |class: usize| if class == 3 { String::new() } else { sizes[class].to_string() };
    let rare = |class: usize| if class < 4 { class.to_string() } else { String::new() };
    work.write("z.csv", table("size,rare", &|class| format!("{},{}", size(class), rare(class))));
    work.write("groups.csv", table("group", &|class| format!("g{}", class / 4)));
    let input = "correlate --embeddings x.npy --labels y.npy --class-names names.txt --ap ap.csv \
                 --counts counts.csv --covariates z.csv --class-groups groups.csv --estimator sample";
    let output = work.run(&format!("{input} --format json"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("\"rare\" is known for 4 of 40 classes"), "{stderr}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [with, without] = &json["verdict"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!((&with["covariates"], &without["covariates"]), (&json!("size"), &json!("")));
    assert_eq!((&with["classes"], &without["classes"]), (&json!(39), &json!(39)));
    assert!(stderr.contains("\"size\" is not known for these classes"), "{stderr}");
    assert_eq!(without["finding"], "beyond", "{without}");
    assert_ne!(with["finding"], "beyond", "{with}");
    // The same numbers from what the library says of these classes.
    let information = json["information"].as_array().unwrap();
    let names: Vec<String> = (0..classes).map(name).collect();
    let groups: Vec<String> = (0..classes).map(|class| format!("g{}", class / 4)).collect();
    let covariates: Vec<[Option<f64>; 1]> = sizes.iter().map(|&size| [Some(size)]).collect();
    let class = |class: usize| Class {
        name: &names[class],
        information: information[class]["information"].as_f64().unwrap(),
        floor_bits: None,
        embeddings: 5 + (class * 17 % classes) as u64,
        instances: counts[class] as u64,
        covariates: &covariates[class],
        group: Some(&groups[class]),
        ap: ap[class],
    };
    let all: Vec<Class> = (0..classes).map(class).collect();
    let known: Vec<Class> = all.iter().filter(|class| class.name != "class 03").copied().collect();
    let plain: Vec<Class> = known.iter().map(|class| Class { covariates: &[], ..*class }).collect();
    for (row, classes) in [(with, known), (without, plain)] {
        let basis = Basis::of(&classes, dim);
        let (curve, group) = (basis.given_curve.unwrap(), basis.by_group.unwrap());
        let ours =
            ["partial_line", "partial_curve", "robust_p", "by_group_low", "groups", "controls"]
                .map(|name| row[name].as_f64().unwrap());
        let line = basis.given_line.unwrap().r;
        let robust = basis.robust.unwrap().p_value();
        let (low, clusters) = (group.interval().0, group.clusters as f64);
        let controls = basis.controls as f64;
        assert_close(&ours, &[line, curve.r, robust, low, clusters, controls], 1e-9);
    }
    let text = String::from_utf8(work.run(input).stdout).unwrap();
    assert!(
        text.contains(
            "- also held constant: size (known for 39 of 40 classes)\n\
             - with only the count held constant: information amount explains AP beyond"
        ),
        "{text}"
    );
    // One condition is judged with all held constant.
    let gate = |condition: &str| {
        work.command(&format!("{input} --fail-if {condition}")).output().unwrap().status.code()
    };
    assert_eq!((gate("finding=beyond"), gate("finding!=beyond")), (Some(0), Some(3)));
    let commonality = json["commonality"].as_array().unwrap();
    let parts: Vec<_> = commonality.iter().map(|row| row["part"].as_str().unwrap()).collect();
    assert_eq!(parts.len(), 8);
    assert!(parts.contains(&"count + information + covariates"), "{parts:?}");
}
