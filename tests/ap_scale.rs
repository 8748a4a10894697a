//! Whether AP is 0 to 1 or 0 to 100: seen, said or known; and which cells say that there is none.

use serde_json::{Value, json};

use crate::{Workdir, assert_close, repository};

/// Thirty classes with their counts and APs between 0 and 1, of which a third are below 0.01.
fn thirty() -> Workdir {
    let work = Workdir::new();
    let (mut counts, mut ap, mut percent) =
        ("class,instances\n".to_owned(), "class,ap\n".to_owned(), "class,ap\n".to_owned());
    for class in 0..30 {
        let value = if class < 20 { 4000 - 190 * class } else { 95 - 9 * (class - 20) };
        counts += &format!("c{class},{}\n", 3000 / (class + 1));
        ap += &format!("c{class},0.{value:04}\n");
        percent += &format!("c{class},{}.{:02}\n", value / 100, value % 100);
    }
    work.write("counts.csv", counts);
    work.write("fraction.csv", ap);
    work.write("percent.csv", percent);
    work
}

/// r and the mean AP, which is in percent whatever the scale.
#[track_caller]
fn result(work: &Workdir, input: &str) -> [f64; 2] {
    let json = work.json(&format!("correlate {input}"));
    [&json["correlations"][0]["pearson"], &json["bias"][0]["mean_ap"]]
        .map(|number| number.as_f64().unwrap())
}

/// The sentence of a command that fails with 1, or with 2 for wrong usage.
#[track_caller]
fn error(work: &Workdir, code: i32, arguments: &str) -> String {
    let output = work.command(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
    assert!(work.files("reports").is_empty(), "{arguments}");
    crate::error_line(&stderr).to_owned()
}

#[test]
fn an_option_says_the_scale_of_a_table_in_which_many_classes_are_below_one_percent() {
    let work = thirty();
    let says = error(&work, 1, "correlate --counts counts.csv --ap percent.csv");
    assert!(says.contains("10 values are at most 1, 20 are above"), "{says}");
    assert!(says.contains("give --ap-scale percent (`ap_scale` in a runs file)"), "{says}");

    let expected = result(&work, "--counts counts.csv --ap fraction.csv");
    let percent = result(&work, "--counts counts.csv --ap percent.csv --ap-scale percent");
    assert_close(&percent, &expected, 1e-12);
    let same = result(&work, "--counts counts.csv --ap fraction.csv --ap-scale fraction");
    assert_eq!(same, expected);
    work.write(
        "runs.toml",
        "counts = 'counts.csv'\n[[run]]\nname = 'a'\nap = 'percent.csv'\nap_scale = 'percent'\n",
    );
    assert_eq!(result(&work, "--runs runs.toml"), percent);
    // What cannot be seen is believed.
    let small = result(&work, "--counts counts.csv --ap fraction.csv --ap-scale percent");
    assert_close(&small, &[expected[0], expected[1] / 100.0], 1e-12);
}

#[test]
fn values_off_the_scale_that_was_given_are_refused_with_their_row() {
    let work = thirty();
    work.write("high.csv", "class,ap\nc0,0.5\nc1,1.5\nc2,0.25\n");
    work.write("higher.csv", "class,ap\nc0,50\nc1,25\nc2,100.1\n");
    for (input, says) in [
        (
            "--ap high.csv --ap-scale fraction",
            "high.csv: line 3, column \"ap\": \"1.5\" is not an AP between 0 and 1",
        ),
        (
            "--ap higher.csv --ap-scale percent",
            "higher.csv: line 4, column \"ap\": \"100.1\" is not an AP between 0 and 100",
        ),
        ("--ap higher.csv", "line 4, column \"ap\": \"100.1\" is not an AP between 0 and 100"),
    ] {
        let said = error(&work, 1, &format!("correlate --counts counts.csv {input}"));
        assert!(said.contains(says), "{said}");
    }
    let usage = "correlate --counts counts.csv --ap high.csv --ap-scale permille";
    assert_eq!(work.command(usage).output().unwrap().status.code(), Some(2));
}

/// The files of evaluators, which have one scale each.
fn evaluators(work: &Workdir) -> [(&'static str, &'static str); 4] {
    work.write("detectron2.json", r#"{"bbox/AP-c0": 50, "bbox/AP-c1": 25, "bbox/AP-c2": 0.5}"#);
    work.write("mmdetection.json", r#"{"coco/c0_precision": 0.5, "coco/c1_precision": 0.25}"#);
    work.write("torchmetrics.json", r#"{"classes": [0, 1, 2], "map_per_class": [0.5, 0.25, 1]}"#);
    let array = ndarray::Array4::from_shape_fn((1, 1, 30, 1), |(.., k, _)| k as f64 / 30.0);
    ndarray_npy::write_npy(work.path("pycocotools.npy"), &array).unwrap();
    [
        ("detectron2.json", "percent"),
        ("mmdetection.json", "fraction"),
        ("torchmetrics.json", "fraction"),
        ("pycocotools.npy", "fraction"),
    ]
}

#[test]
fn a_scale_that_contradicts_the_evaluators_is_refused() {
    let work = thirty();
    let names: String = (0..30).map(|class| format!("c{class}\n")).collect();
    work.write("names.txt", names);
    for (file, scale) in evaluators(&work) {
        let input = format!("--counts counts.csv --class-names names.txt --ap {file}");
        let other = if scale == "percent" { "fraction" } else { "percent" };
        let says = error(&work, 1, &format!("correlate {input} --ap-scale {other}"));
        let (of, _) = file.split_once('.').unwrap();
        assert!(says.contains(&format!("is of {of}, whose AP is 0–1")), "{says}");
        assert!(says.contains("remove --ap-scale"), "{says}");
        assert_eq!(
            result(&work, &format!("{input} --ap-scale {scale} --out {of}")),
            result(&work, &format!("{input} --out {of}"))
        );
    }
}

#[test]
fn what_is_above_the_highest_by_rounding_is_the_highest() {
    let work = thirty();
    let names: String = (0..30).map(|class| format!("c{class}\n")).collect();
    work.write("names.txt", names);
    // A mean of 100%, 50% and 30%, or 100%, 30% and 0 … of thirty.
    for (file, content) in [
        ("a.csv", "class,ap\nc0,1.0000000000000002\nc1,0.5\nc2,0.3\n"),
        ("b.csv", "class,ap\nc0,1.0000000009\nc1,0.5\nc2,0.3\n"),
        ("c.csv", "class,ap\nc0,100.00000000000001\nc1,50\nc2,30\n"),
        ("d.csv", "class,ap\nc0,1\nc1,0.5\nc2,0.3\n"),
        ("a.json", r#"{"bbox/AP-c0": 100.00000000000001, "bbox/AP-c1": 50, "bbox/AP-c2": 30}"#),
        (
            "b.json",
            r#"{"c0_precision": 1.0000000000000002, "c1_precision": 0.5, "c2_precision": 0.3}"#,
        ),
        ("c.json", r#"{"classes": [0, 1, 2], "map_per_class": [1.0000000000000002, 0.5, 0.3]}"#),
    ] {
        work.write(file, content);
        let input = format!("--counts counts.csv --class-names names.txt --ap {file}");
        assert_close(&result(&work, &input)[1..], &[60.0], 1e-15);
    }
    let array = ndarray::Array4::from_shape_fn((1, 1, 30, 1), |(.., k, _)| match k {
        0 => 1.0 + f64::EPSILON,
        1 => 0.5,
        _ => -1.0,
    });
    ndarray_npy::write_npy(work.path("a.npy"), &array).unwrap();
    let input = "--counts counts.csv --class-names names.txt --ap a.npy";
    assert_close(&result(&work, input)[1..], &[75.0], 1e-15);

    std::fs::remove_dir_all(work.path("reports")).unwrap();
    for (file, content, says) in [
        ("a.csv", "class,ap\nc0,1.00001\nc1,0.5\n", "mixes the scales"),
        ("c.csv", "class,ap\nc0,100.00001\nc1,50\n", "is not an AP between 0 and 100"),
        ("c.json", r#"{"classes": [0, 1], "map_per_class": [1.00001, 0.5]}"#, "not within 0–1"),
        ("d.json", r#"{"bbox/AP-c0": 100.001, "bbox/AP-c1": 5}"#, "which is not within 0–100"),
    ] {
        work.write(file, content);
        let input = format!("--counts counts.csv --class-names names.txt --ap {file}");
        let said = error(&work, 1, &format!("correlate {input}"));
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn aps_of_one_are_a_hundred_percent() {
    let work = thirty();
    work.write("ap.csv", "class,ap\nc0,1.0\nc1,1\nc2,0\nc3,1.0\n");
    assert_eq!(result(&work, "--counts counts.csv --ap ap.csv")[1], 75.0);
}

/// The APs as `correlate` reads them: none where there is none.
#[track_caller]
fn read(work: &Workdir, cells: &[&str]) -> (usize, f64) {
    let rows: String =
        cells.iter().enumerate().map(|(class, cell)| format!("c{class},{cell}\n")).collect();
    work.write("ap.csv", format!("class,mAP\n{rows}"));
    let json = work.json("correlate --counts counts.csv --ap ap.csv");
    let count = json["correlations"][0]["classes"].as_u64().unwrap() as usize;
    (count, json["bias"][0]["mean_ap"].as_f64().unwrap())
}

#[test]
fn words_for_no_ap_are_no_ap() {
    let work = thirty();
    for word in [
        "", "nan", "NaN", "-nan", "N/A", "n/a", "NA", "#N/A", "<NA>", "null", "None", "-", "--",
        "–", "—", "-1", "-1.000",
    ] {
        assert_eq!(read(&work, &[word, "0.5", "0.25", "0.75"]), (3, 50.0), "{word:?}");
        assert_eq!(read(&work, &["50", "25", word, "75"]), (3, 50.0), "{word:?}");
    }
    assert_eq!(read(&work, &["50", "25", "-100.0", "75"]), (3, 50.0));
}

#[test]
fn what_is_no_number_is_refused_with_a_way_out() {
    let work = thirty();
    for (cells, says) in [
        (
            ["32.1%", "51.2%"],
            "line 2, column \"ap\": \"32.1%\" is not an AP between 0 and 100: write the numbers \
             without the sign, and give --ap-scale percent",
        ),
        (["\"0,321\"", "0.5"], "\"0,321\" is not an AP between 0 and 100: use a point as decimal"),
        (["0.5", "-0.5"], "line 3, column \"ap\": \"-0.5\" is not an AP between 0 and 100"),
        (["0.5", "-100"], "line 3, column \"ap\": \"-100\" is not an AP between 0 and 1"),
        (["50", "-50"], "line 3, column \"ap\": \"-50\" is not an AP between 0 and 100"),
        (["50", "unknown"], "line 3, column \"ap\": \"unknown\" is not an AP between 0 and 100"),
    ] {
        work.write("ap.csv", format!("class,ap\nc0,{}\nc1,{}\n", cells[0], cells[1]));
        let said = error(&work, 1, "correlate --counts counts.csv --ap ap.csv");
        assert!(said.contains(says), "{said}");
    }
    work.write("ap.csv", "class;ap\nc0;0,321\nc1;0,5\n");
    let said = error(&work, 1, "correlate --counts counts.csv --ap ap.csv");
    assert!(said.contains("\"0,321\" is not an AP between 0 and 100: use a point"), "{said}");
    // A column with a word for no AP is one of numbers too: it is not passed over.
    work.write("ap.csv", "class,AP50,mAP\nc0,0.5,0.25\nc1,0.25,N/A\n");
    let said = error(&work, 1, "correlate --counts counts.csv --ap ap.csv");
    assert!(said.contains("several columns of numbers, \"AP50\", \"mAP\""), "{said}");
}

#[test]
fn information_csv_says_scale_and_estimator() {
    let work = Workdir::new();
    let data = repository("data/fod-a");
    let data = data.display();
    let dump = format!(
        "--embeddings {data}/effnet-lite0-ce/embeddings.npy --labels {data}/effnet-lite0-ce/labels.npy \
         --class-names {data}/classes.txt --quiet"
    );
    let said = |command: &str| -> (Value, Value) {
        work.run(&format!("{command} {dump}"));
        let mut csv = csv::Reader::from_path(work.path("reports/information.csv")).unwrap();
        let header = csv.headers().unwrap().clone();
        assert_eq!(header.iter().skip(9).collect::<Vec<_>>(), ["ap", "ap_scale", "estimator"]);
        let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        assert!(rows.iter().all(|row| row[10] == rows[0][10] && row[11] == rows[0][11]));
        (json!(rows[0][10]), json!(rows[0][11]))
    };
    let ap = format!("--ap {data}/effnet-lite0-ce/ap.csv --ap-column ap50");
    assert_eq!(said(&format!("correlate {ap}")), (json!("fraction"), json!("mp-floor")));
    let all = format!("correlate {ap} --estimator all --ap-scale percent");
    assert_eq!(said(&all), (json!("percent"), json!("mp-floor")));
    assert_eq!(said("information --estimator oas"), (json!(""), json!("oas")));
    let json = work.json(&format!("information --estimator qis {dump}"));
    assert_eq!(json["information"][3]["estimator"], "qis");
    assert!(json["information"][3]["ap_scale"].is_null());
}

/// AP stands as high whichever scale it comes on, and the axis says which that is.
#[test]
fn figures_have_ap_in_percent() {
    let work = thirty();
    let figure = |input: &str| {
        work.run(&format!("correlate --counts counts.csv {input}"));
        work.read("reports/figure1.svg")
    };
    let percent = figure("--ap percent.csv --ap-scale percent");
    let fraction = figure("--ap fraction.csv --ap-scale fraction");
    let heights = |svg: &str| -> Vec<f64> {
        let document = roxmltree::Document::parse(svg).unwrap();
        let dots = document.descendants().filter(|node| node.has_tag_name("circle"));
        dots.map(|dot| dot.attribute("cy").unwrap().parse().unwrap()).collect()
    };
    let (ours, theirs) = (heights(&percent), heights(&fraction));
    assert_eq!((ours.len(), theirs.len()), (30, 30));
    // A tenth of a nominal pixel, by rounding.
    assert!(ours.iter().zip(&theirs).all(|(one, other)| (one - other).abs() <= 1.0));
    assert_eq!(crate::figures::titles(&percent), crate::figures::titles(&fraction));
    assert!(crate::figures::texts(&fraction).iter().any(|text| text.says == "AP (%)"));
    assert!(crate::figures::titles(&fraction).iter().all(|title| title[2].starts_with("AP ")));
}

/// Of fewer than ten classes figures show no correlation, of ten they do.
#[test]
fn figures_of_too_few_classes_say_so() {
    for (classes, enough) in [(9, false), (10, true)] {
        let work = Workdir::new();
        let rows = |of: fn(u32) -> u32, head: &str| -> String {
            let rows = (0..classes).map(|class| format!("c{class},{}\n", of(class)));
            [format!("class,{head}\n")].into_iter().chain(rows).collect()
        };
        work.write("counts.csv", rows(|class| 7 + 5 * class, "instances"));
        work.write("ap.csv", rows(|class| 20 + class * class % 7, "ap"));
        work.run("correlate --counts counts.csv --ap ap.csv --ap-scale percent");
        let texts = crate::figures::texts(&work.read("reports/figure1.svg"));
        let says = |what: &str| texts.iter().any(|text| text.says.contains(what));
        assert_eq!((says("r = "), says("too few classes to tell")), (enough, !enough));
    }
}
