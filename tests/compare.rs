//! `compare`, and `--fail-if` there and in `correlate`.

use igam_analyze::figure::draw::{SlopeClass, SlopePanel, slope};

use crate::{Workdir, repository};

const HEAD: &str = "run,class_id,class,instances,information,ap\n";

fn two_runs() -> Workdir {
    let work = Workdir::new();
    work.write(
        "a.csv",
        format!(
            "{HEAD}CE,0,cat,9,10,0.5\nCE,1,dog,9,20,0.25\nCE,2,gone,9,5,\nCE,3,yak,9,30,0.75\n"
        ),
    );
    work.write(
        "b.csv",
        format!(
            "{HEAD}CE,7,yak,9,28,0.5\nCE,8,dog,9,35,0.375\nCE,9,cat,9,10,0.5\nCE,10,new,9,,0.1\n"
        ),
    );
    work
}

#[test]
fn differences_and_ranks_are_by_name() {
    let work = two_runs();
    let table = String::from_utf8(work.run("compare a.csv b.csv --format csv").stdout).unwrap();
    assert_eq!(
        table,
        "class,information_a,information_b,information_difference,ap_a,ap_b,ap_difference,rank_a,rank_b,rank_difference\n\
         cat,10,10,0,0.5,0.5,0,3,3,0\n\
         dog,20,35,15,0.25,0.375,0.125,2,1,1\n\
         gone,5,,,,,,,,\n\
         yak,30,28,-2,0.75,0.5,-0.25,1,2,-1\n\
         new,,,,,0.1,,,,\n"
    );
    assert_eq!(work.read("reports/compare.csv"), table);
    assert_eq!(work.files("reports"), ["compare.csv", "slope.svg"]);
    insta::assert_snapshot!(String::from_utf8(work.run("compare a.csv b.csv").stdout).unwrap());
}

#[test]
fn what_rose_and_what_fell_is_counted() {
    let work = two_runs();
    work.write(
        "a.csv",
        format!("{HEAD}CE,0,a,9,1,0.1\nCE,1,b,9,2,0.2\nCE,2,c,9,3,0.3\nCE,3,d,9,4,0.4\n"),
    );
    work.write(
        "b.csv",
        format!("{HEAD}CE,0,a,9,2,0.2\nCE,1,b,9,3,0.1\nCE,2,c,9,2,0.1\nCE,3,d,9,4,0.3\n"),
    );
    let text = String::from_utf8(work.run("compare a.csv b.csv").stdout).unwrap();
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    // Rose, fell, the same, and the mean.
    assert_eq!(row("information"), ["(bits)", "2", "1", "1", "+0.2500"], "{text}");
    assert_eq!(row("AP"), ["(%)", "1", "3", "0", "−7.50"], "{text}");
}

/// AP of 0–1 in one file and of 0–100 in the other has no difference.
#[test]
fn ap_on_two_scales_is_not_compared() {
    let work = two_runs();
    let percent = work.read("b.csv").replace(",0.5\n", ",50\n").replace(",0.375\n", ",37.5\n");
    work.write("percent.csv", percent.replace(",0.1\n", ",10\n"));
    for files in ["a.csv percent.csv", "percent.csv a.csv"] {
        let output = work.command(&format!("compare {files}")).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("0–100") && said.replace("0–100", "").contains("0–1"), "{said}");
        assert!(work.files("reports").is_empty());
    }
}

#[test]
fn a_runs_file_is_computed() {
    let work = Workdir::new();
    let [csv, toml] = ["reports/information.csv", "data/fod-a/runs.toml"].map(repository);
    let mut command = work.command("compare --quiet --format json --run");
    let output = command.arg("EfficientNet-Lite0 CE").arg("--").args([csv, toml]).output().unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = result["compare"].as_array().unwrap();
    assert_eq!(rows.len(), 31);
    for row in rows {
        assert!(row["information_difference"].as_f64().unwrap().abs() < 1e-9, "{row}");
        assert_eq!(row["ap_difference"], 0.0);
    }
}

#[test]
fn a_condition_that_holds_exits_with_3_and_the_files_are_written() {
    for (condition, code, says) in [
        // The mean of 0, 0.125 and -0.25.
        ("ap.mean_difference<-0.04", 3, "ap.mean_difference<-0.04 is met: -0.0416666"),
        ("ap.mean_difference<-0.05", 0, ""),
        ("information.greatest_difference>=15", 3, "is met: 15 for \"a.csv → b.csv\""),
        ("information.least_difference<=-2", 3, "is met: -2 for"),
        ("information.least_difference<-2", 0, ""),
        ("ap.mean_diference<0", 2, "did you mean \"ap.mean_difference\"?"),
        ("ap.mean_difference", 2, "expected NAME<NUMBER"),
        ("ap.mean_difference<NaN", 2, "expected NAME<NUMBER"),
    ] {
        let work = two_runs();
        let command = format!("compare a.csv b.csv --fail-if {condition}");
        let output = work.command(&command).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{condition}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(says), "{condition}: {stderr}");
        assert_eq!(work.path("reports/compare.csv").exists(), code != 2, "{condition}");
        assert_eq!(output.stdout.is_empty(), code == 2, "{condition}");
    }
}

#[test]
fn correlate_has_conditions_on_its_tables() {
    let work = Workdir::new();
    work.write("ap.csv", "class,ap,same\na,0.1,0.5\nb,0.2,0.5\nc,0.4,0.5\n");
    work.write("counts.csv", "class,instances\na,4\nb,2\nc,1\n");
    let input = "correlate --ap ap.csv --counts counts.csv";
    for (condition, code, says) in [
        ("pearson.instances<-0.8", 3, "pearson.instances<-0.8 is met: -0.9"),
        ("pearson.instances>-0.8", 0, ""),
        ("mean_ap.all<25", 3, "is met: 23.33"),
        (
            "pearson.information<0",
            2,
            "there is no result \"pearson.information\"; there are bias.all, ",
        ),
    ] {
        let command = format!("{input} --ap-column ap --fail-if {condition}");
        let output = work.command(&command).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{condition}: {stderr}");
        assert!(stderr.contains(says), "{condition}: {stderr}");
    }
    // What does not exist fails nothing, but not in silence.
    let command = format!("{input} --ap-column same --fail-if pearson.instances>0");
    let stderr = String::from_utf8(work.run(&command).stderr).unwrap();
    assert!(stderr.contains("is not checked for \"ap\""), "{stderr}");
}

const NEW: &str = "run,class_id,class,instances,information,ap,ap_scale,estimator\n";

/// Runs the command, which must fail with this code.
#[track_caller]
fn refusal(work: &Workdir, arguments: &str, code: i32) -> String {
    let output = work.command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}");
    assert!(work.files("reports").is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_scale_is_what_the_file_says() {
    let work = Workdir::new();
    let file = |name: &str, scale: &str, [cat, dog]: [&str; 2]| {
        let rows = format!("CE,0,cat,9,10,{cat},{scale},oas\nCE,1,dog,9,20,{dog},{scale},oas\n");
        work.write(name, format!("{NEW}{rows}"));
    };
    file("percent.csv", "percent", ["50", "25"]);
    file("low.csv", "percent", ["0.5", "0.25"]);
    file("mixed.csv", "percent", ["0.5", "0.75"]);
    file("fraction.csv", "fraction", ["0.5", "0.25"]);
    file("unsaid.csv", "", ["0.5", "0.25"]);
    file("wrong.csv", "fraction", ["0.5", "25"]);
    file("unknown.csv", "permille", ["5", "25"]);
    work.write(
        "two.csv",
        format!("{NEW}CE,0,cat,9,1,5,percent,oas\nCE,1,dog,9,2,0.5,fraction,oas\n"),
    );
    // By its values the second would be a fraction.
    let json = work.json("compare percent.csv low.csv");
    assert_eq!(json["compare"][0]["ap_difference"], -49.5);
    assert_eq!(json["warnings"], serde_json::json!([]));
    work.run("compare fraction.csv unsaid.csv");
    std::fs::remove_dir_all(work.path("reports")).unwrap();
    for (files, says) in [
        (
            "low.csv fraction.csv",
            "low.csv has AP on the scale 0–100, fraction.csv on 0–1: give both",
        ),
        ("percent.csv fraction.csv", "percent.csv has AP on the scale 0–100, fraction.csv on 0–1"),
        ("fraction.csv low.csv", "fraction.csv has AP on the scale 0–1, low.csv on 0–100"),
        ("percent.csv unsaid.csv", "percent.csv has AP on the scale 0–100, unsaid.csv on 0–1"),
        (
            "wrong.csv fraction.csv",
            "wrong.csv: line 3, column \"ap\": \"25\" is not a valid AP between 0 and 1",
        ),
        (
            "percent.csv unknown.csv",
            "line 2, column \"ap_scale\": \"permille\" is not one of \"fraction\", \"percent\"",
        ),
        (
            "percent.csv two.csv",
            "line 3, column \"ap_scale\": \"fraction\", but \"percent\" in the run's first row",
        ),
    ] {
        let said = refusal(&work, &format!("compare {files}"), 1);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn information_amounts_by_two_estimators_are_not_compared() {
    let work = Workdir::new();
    let rows = |estimator: &str| {
        format!("CE,0,cat,9,10,0.5,fraction,{estimator}\nCE,1,dog,9,20,0.25,fraction,{estimator}\n")
    };
    for (name, estimator) in [("floor", "mp-floor"), ("sample", "sample"), ("wrong", "best")] {
        work.write(&format!("{name}.csv"), format!("{NEW}{}", rows(estimator)));
    }
    work.write("old.csv", format!("{HEAD}CE,0,cat,9,11,0.5\nCE,1,dog,9,20,0.25\n"));
    work.write(
        "ap.csv",
        format!("{NEW}CE,0,cat,9,,0.5,fraction,sample\nCE,1,dog,9,,0.25,fraction,sample\n"),
    );
    let said = refusal(&work, "compare floor.csv sample.csv", 1);
    assert!(
        said.contains(
            "floor.csv has information amounts by the estimator mp-floor, sample.csv by sample: \
             compute both by the same, with --estimator"
        ),
        "{said}"
    );
    let said = refusal(&work, "compare floor.csv wrong.csv", 1);
    assert!(said.contains("column \"estimator\": \"best\" is not one of \"mp-floor\", "), "{said}");
    let said = refusal(&work, "compare floor.csv floor.csv --estimator sample", 2);
    assert!(said.contains("--estimator is for a runs file"), "{said}");
    // A file of version 0.1.0 does not say it.
    let warnings = work.json("compare floor.csv old.csv")["warnings"].take();
    assert!(
        warnings[0]
            .as_str()
            .unwrap()
            .contains("old.csv: no estimator is given for the information amounts"),
        "{warnings}"
    );
    assert_eq!(work.json("compare sample.csv sample.csv")["warnings"], serde_json::json!([]));
    // Without information amounts there is nothing to mistake.
    assert_eq!(work.json("compare floor.csv ap.csv")["warnings"], serde_json::json!([]));
    for name in ["floor", "old"] {
        work.run(&format!("margins --information {name}.csv"));
    }
}

#[test]
fn a_runs_file_is_computed_by_the_estimator_of_the_other_file() {
    let work = Workdir::new();
    let toml = repository("data/fod-a/runs.toml");
    work.run(&format!("correlate --runs {} --estimator sample --quiet", toml.display()));
    std::fs::rename(work.path("reports/information.csv"), work.path("sample.csv")).unwrap();
    std::fs::remove_dir_all(work.path("reports")).unwrap();
    let arguments = format!("compare sample.csv {} --run", toml.display());
    let run = |more: &[&str]| {
        work.command(&arguments).arg("EfficientNet-Lite0 CE").args(more).output().unwrap()
    };
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("sample.csv has information amounts by the estimator sample, "),
        "{said}"
    );
    let output = run(&["--estimator", "sample", "--format", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = result["compare"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["information_difference"].as_f64().unwrap().abs() < 1e-9));
}

/// Every run is judged, wherever it stands, and every condition.
#[test]
fn a_condition_judges_every_run() {
    let work = Workdir::new();
    work.write("counts.csv", "class,instances\na,4\nb,2\nc,1\n");
    for (name, aps) in [("falls", [0.1, 0.2, 0.4]), ("rises", [0.4, 0.2, 0.1])] {
        let rows = ["a", "b", "c"].iter().zip(aps).map(|(class, ap)| format!("{class},{ap}\n"));
        work.write(&format!("{name}.csv"), "class,ap\n".to_owned() + &rows.collect::<String>());
    }
    let run = |name: &str| format!("[[run]]\nname = '{name}'\nap = '{name}.csv'\n");
    for order in [["falls", "rises"], ["rises", "falls"]] {
        let runs = order.map(run).concat();
        work.write("runs.toml", format!("counts = 'counts.csv'\n{runs}"));
        for (condition, holds) in [
            ("pearson.instances>0.9", &["rises"][..]),
            ("pearson.instances<-0.9", &["falls"]),
            ("pearson.instances<2", &["falls", "rises"]),
            ("pearson.instances>2", &[]),
        ] {
            let command = format!("correlate --runs runs.toml --fail-if {condition}");
            let output = work.command(&command).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            let code = if holds.is_empty() { 0 } else { 3 };
            assert_eq!(output.status.code(), Some(code), "{condition} {order:?}: {stderr}");
            for name in order {
                let named = stderr.contains(&format!("for \"{name}\""));
                assert_eq!(named, holds.contains(&name), "{condition}: {stderr}");
            }
        }
        // The second of two conditions alone holds.
        let both = "--fail-if pearson.instances>2 --fail-if mean_ap.all<50";
        let output = work.command(&format!("correlate --runs runs.toml {both}")).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
    }
}

/// What is more stands higher, at both ends of a line and on the axis; what rose is blue.
#[test]
fn a_slope_rises_where_its_class_does() {
    let values = [("up", [1.0, 4.0]), ("down", [3.0, 0.5]), ("little", [2.0, 2.25])];
    let class = |(name, values): (&str, [f64; 2])| SlopeClass { name: name.into(), values };
    let panel = SlopePanel {
        title: "AP".into(),
        runs: ["before".into(), "after".into()],
        classes: values.map(class).into(),
    };
    let svg = slope(&[panel]).unwrap();
    crate::figures::assert_readable(&svg);
    assert!(crate::figures::titles(&svg).contains(&vec!["up".to_owned(), "1.0 → 4.0".to_owned()]));
    let texts = crate::figures::texts(&svg);
    let at = |says: &str| texts.iter().find(|text| text.says == says).expect(says);
    assert!(at("before").x < at("after").x);
    assert!(at("4").y < at("1").y && at("4").y < at("2").y && at("2").y < at("1").y);
    assert!(at("up").y < at("little").y && at("little").y < at("down").y);
    // Two labels of the axis are its scale, in tenths of a pixel as everything is drawn.
    let scale = (at("1").y - at("4").y) * 10.0 / 3.0;
    let height = |value: f64| at("1").y * 10.0 - scale * (value - 1.0);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let lines: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("line"))
        .map(|node| {
            let ends = ["x1", "y1", "x2", "y2"]
                .map(|name| node.attribute(name).unwrap().parse::<f64>().unwrap());
            (ends, node.attribute("stroke").unwrap())
        })
        .collect();
    let left = 10.0 * at("before").x;
    let right = 10.0 * at("after").x;
    for (name, [from, to]) in values {
        let color = if to > from { "#0072B2" } else { "#E69F00" };
        let drawn = lines.iter().any(|&([x1, y1, x2, y2], stroke)| {
            stroke == color
                && (x1 - left).abs() <= 2.0
                && (x2 - right).abs() <= 2.0
                && (y1 - height(from)).abs() <= 3.0
                && (y2 - height(to)).abs() <= 3.0
        });
        assert!(drawn, "{name}: {lines:?}");
    }
}

/// Eighty classes: ten names a panel, none over another, each beside its line's end.
#[test]
fn a_slope_of_many_classes_names_those_that_change_most() {
    let class = |i: usize| {
        let from = (i * 29 % 80) as f64;
        SlopeClass {
            name: format!("class {i:02}"),
            values: [from, from + (i as f64 - 40.0) / 10.0],
        }
    };
    let panel = |classes| SlopePanel {
        title: "AP".into(),
        runs: ["before".into(), "after".into()],
        classes,
    };
    let svg = slope(&[panel((0..80).map(class).collect())]).unwrap();
    let names: Vec<_> = crate::figures::texts(&svg)
        .into_iter()
        .filter(|text| text.says.starts_with("class"))
        .collect();
    assert_eq!(names.len(), 10);
    let mut y: Vec<_> = names.iter().map(|name| name.y).collect();
    y.sort_by(f64::total_cmp);
    assert!(y.windows(2).all(|pair| pair[1] - pair[0] >= 11.0), "{y:?}");
    let backwards = slope(&[panel((0..80).rev().map(class).collect())]).unwrap();
    assert!(svg == backwards, "the order of the classes shows");
    assert!(slope(&[]).is_err());
}

/// A run that loses its bad classes is better on average only.
#[test]
fn classes_with_ap_in_one_run_are_named() {
    let work = two_runs();
    work.write("b.csv", format!("{HEAD}CE,0,cat,9,10,0.6\nCE,1,dog,9,20,\nCE,5,new,9,5,0.7\n"));
    let said = String::from_utf8(work.run("compare a.csv b.csv").stderr).unwrap();
    assert!(
        said.contains(
            "2 classes have AP only in a.csv: \"dog\", \"yak\"; no difference includes them"
        ),
        "{said}"
    );
    assert!(
        said.contains("1 class has AP only in b.csv: \"new\"; no difference includes it"),
        "{said}"
    );
    work.write("a.csv", work.read("b.csv"));
    let said = String::from_utf8(work.run("compare a.csv b.csv").stderr).unwrap();
    assert!(!said.contains("only in"), "{said}");
}

/// As `igam-analyze … | head -1` in a job.
#[test]
fn a_reader_that_stops_does_not_hide_the_condition() {
    let work = two_runs();
    for (condition, code) in [("ap.mean_difference<0.5", 3), ("ap.mean_difference>0.5", 0)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = std::process::Command::new(crate::BINARY);
        program.args(["compare", "a.csv", "b.csv", "--fail-if", condition]);
        let status = program.current_dir(work.path("")).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(code), "{condition}");
    }
}
