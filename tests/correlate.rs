//! `correlate` and `information` as their users meet them.

use std::process::Stdio;

use igam_analyze::correlation::influence;

use crate::{Workdir, assert_close, column, repository};

/// Three classes of two-dimensional embeddings, in three csv-and-npy files.
fn small() -> Workdir {
    let work = Workdir::new();
    let x = ndarray::arr2(&[
        [0.0, 1.0],
        [1.0, 0.0],
        [3.0, 3.0],
        [5.0, 1.0],
        [9.0, 9.5],
        [2.0, 8.0_f64],
    ]);
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::arr1(&[0, 0, 1, 1, 2, 2])).unwrap();
    work.write("classes.txt", "cat\ndog & <co>\nörn\nyak\n");
    work.write("ap.csv", "class,ap\ncat,0.5\nyak,0.1\nunicorn,0.3\n\"dog & <co>\",0.25\nörn,\n");
    work
}

#[test]
fn what_is_left_out_is_said_and_what_does_not_exist_is_empty() {
    let work = small();
    let input = "correlate --embeddings x.npy --labels y.npy --class-names classes.txt --ap ap.csv";
    let output = work.run(input);
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    insta::assert_snapshot!(stdout);
    insta::assert_snapshot!("what_is_left_out_stderr", stderr);
    assert_eq!(
        work.files("reports"),
        [
            "bias.csv",
            "commonality.csv",
            "correlations.csv",
            "evidence.csv",
            "figure1.svg",
            "figure2.svg",
            "figure4.svg",
            "information.csv",
            "scatter.svg",
            "verdict.csv"
        ]
    );
    let correlations = work.read("reports/correlations.csv");
    let lines: Vec<_> = correlations.lines().collect();
    assert_eq!(
        lines[0],
        "run,backbone,loss,estimator,x,classes,pearson,ci_low,ci_high,p_value,spearman,kendall,\
         permutation_p,bootstrap_low,bootstrap_high,partial_pearson,partial_ci_low,partial_ci_high,verdict"
    );
    // Two classes: r is 1 or -1, and nothing can be said of its certainty.
    let cells: Vec<_> = lines[1].split(',').collect();
    assert_eq!(cells[..6], ["ap", "", "", "mp-floor", "information", "2"]);
    assert!((cells[6].parse::<f64>().unwrap() + 1.0).abs() < 1e-15);
    assert_eq!(cells[7..10], ["", "", ""]);
    assert_eq!(
        cells[15..],
        ["", "", "", "too few classes to tell (n = 2; at least 10 are needed)"]
    );
    // Both have two instances: there is no correlation with a constant.
    assert_eq!(lines[2], "ap,,,,instances,2,,,,,,,,,,,,,");
    let information = work.read("reports/information.csv");
    let lines: Vec<_> = information.lines().collect();
    assert_eq!(
        lines[0],
        "run,class_id,class,instances,information,normalized_information,floor,floored_fraction,floor_bits,ap,ap_scale,estimator"
    );
    assert_eq!(lines[4], "ap,3,yak,0,,,,,,0.1,fraction,mp-floor");
    assert!(!information.contains("NaN") && !correlations.contains("NaN"));
    let json = work.json(input);
    assert!(json["correlations"][1]["pearson"].is_null());
    assert!(json["information"][3]["information"].is_null());
    assert_eq!(json["left_out"][0]["left_out"][0]["classes"][0], "örn");
}

#[test]
fn information_prints_its_table() {
    let work = small();
    let output =
        work.run("information --embeddings x.npy --labels y.npy --class-names classes.txt --quiet");
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
    assert!(output.stderr.is_empty());
    assert_eq!(work.files("reports"), ["information.csv"]);
    let csv = work.run(
        "information --embeddings x.npy --labels y.npy --class-names classes.txt --format csv",
    );
    assert_eq!(String::from_utf8(csv.stdout).unwrap(), work.read("reports/information.csv"));
}

#[test]
fn counts_alone_give_figure_1() {
    let work = Workdir::new();
    work.write("ap.csv", "class,AP\na,10\nb,20.5\nc,-1\nd,nan\ne,30\n");
    work.write("counts.csv", "class,instances\na,5\nb,7\nc,3\nd,1\ne,100\n");
    work.run("correlate --ap ap.csv --counts counts.csv --out plots");
    assert_eq!(
        work.files("plots"),
        ["bias.csv", "correlations.csv", "evidence.csv", "figure1.svg", "figure4.svg"]
    );
    assert!(work.read("plots/correlations.csv").contains("ap,,,,instances,3,"));
}

#[test]
fn counts_that_differ_from_the_labels_are_both_shown() {
    let work = small();
    work.write("counts.csv", "class,instances\ncat,70\ndog & <co>,2\nörn,2\nyak,9\n");
    let output = work.run(
        "correlate --embeddings x.npy --labels y.npy --class-names classes.txt --ap ap.csv --counts counts.csv",
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("\"cat: 70, 2\", \"yak: 9, 0\""), "{stderr}");
    assert!(work.read("reports/information.csv").contains("ap,0,cat,70,"));
}

#[test]
fn runs_take_defaults_and_relative_paths() {
    let work = small();
    std::fs::create_dir(work.path("sub")).unwrap();
    work.write(
        "sub/runs.toml",
        "class_names = \"../classes.txt\"\nlabels = \"../y.npy\"\nembeddings = [\"../x.npy\"]\nap = \"../ap.csv\"\n\
         [[run]]\nbackbone = \"R-50\"\nloss = \"CE\"\n[[run]]\nname = \"mine\"\nap_column = \"ap\"\n",
    );
    let json = work.json("correlate --runs sub/runs.toml");
    let names: Vec<_> = json["correlations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["run"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["R-50 CE", "R-50 CE", "R-50 CE", "mine", "mine", "mine"]);
    assert_eq!(json["correlations"][0]["backbone"], "R-50");
}

#[test]
fn several_columns_of_ap_are_several_runs() {
    let work = Workdir::new();
    work.write("ap.csv", "class,ap50,ap75\na,0.5,0.25\nb,0.75,0.5\nc,0.9,0.1\n");
    work.write("counts.csv", "class,instances\na,4\nb,2\nc,1\n");
    let both = "counts = 'counts.csv'\nap = 'ap.csv'\nap_column = ['ap50', 'ap75']\n";
    work.write(
        "runs.toml",
        format!("{both}[[run]]\nname = 'R-50'\n[[run]]\nname = 'R-101'\nap_column = 'ap75'\n"),
    );
    let json = work.json("correlate --runs runs.toml");
    let rows: Vec<_> = json["bias"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["run"].as_str().unwrap(), row["mean_ap"].as_f64().unwrap().round()))
        .collect();
    assert_eq!(rows, [("R-50 ap50", 72.0), ("R-50 ap75", 28.0), ("R-101", 28.0)]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let work = small();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("igam-analyze"))
        .current_dir(work.path(""))
        .args(["information", "--embeddings", "x.npy", "--labels", "y.npy", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn every_command_has_help_with_an_example() {
    let work = Workdir::new();
    for command in ["information", "correlate", "margins", "loss"] {
        let help = String::from_utf8(work.run(&format!("{command} --help")).stdout).unwrap();
        assert!(help.contains(&format!("igam-analyze {command} --")), "{help}");
    }
}

/// Classes whose bits are the floor's are counted, and their share is of all bits; none where the spread is
/// wide or there is no floor.
#[test]
fn much_of_the_information_from_the_floor_is_said() {
    let work = Workdir::new();
    // Of 3 instances in 6 dimensions, three classes that are all but points and two that are wide.
    let x = ndarray::Array2::from_shape_fn((15, 6), |(i, j)| {
        let wide = if i / 3 < 3 { 1e-6 } else { 1e9 };
        wide * ((i * 7 + j * j * 5) % 11) as f64
    });
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    let y = ndarray::Array1::from_shape_fn(15, |i| (i / 3) as i64);
    ndarray_npy::write_npy(work.path("y.npy"), &y).unwrap();
    let said = |more: &str| {
        let json = work.json(&format!("information --embeddings x.npy --labels y.npy {more}"));
        (json["information"].clone(), json["warnings"].as_array().unwrap().clone())
    };
    let (rows, warnings) = said("");
    let [bits, floor] = ["information", "floor_bits"].map(|name| column(&rows, name));
    let share = 100.0 * floor.iter().sum::<f64>() / bits.iter().sum::<f64>();
    assert!((1.0..50.0).contains(&share), "{share}");
    let expected = format!(
        "in 3 of 5 classes, more than half of the information amount comes from the eigenvalue floor \
         ({share:.0}% of the bits of all classes)"
    );
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].as_str().unwrap().starts_with(&expected), "{expected}: {warnings:?}");
    assert!(said("--estimator sample").1.is_empty());
    let table = work.run("information --embeddings x.npy --labels y.npy");
    assert!(String::from_utf8(table.stderr).unwrap().contains(&expected));
    // As the table has them: p/m, and the floor's part of eigenvalues and of bits.
    let table = String::from_utf8(table.stdout).unwrap();
    let cells = |line: usize| table.lines().nth(line).unwrap().split_whitespace();
    for (line, row) in rows.as_array().unwrap().iter().enumerate() {
        let number = |name: &str| row[name].as_f64().unwrap();
        let cells: Vec<_> = cells(line + 1).collect();
        let percent = |share: f64| format!("{:.0}%", 100.0 * share);
        assert_eq!(cells[1..3], ["3", "2.00"], "{table}");
        assert_eq!(number("dim_per_instance"), 2.0);
        assert_eq!(cells[5], percent(number("floored_fraction")), "{table}");
        assert_eq!(cells[6], percent(number("floor_bits") / number("information")), "{table}");
    }
    let sample = said("--estimator sample").0;
    assert_eq!(column(&sample, "dim_per_instance"), [2.0; 5]);
}

#[test]
fn mean_ap_by_group_of_classes() {
    let work = Workdir::new();
    work.write("ap.csv", "class,ap\na,10\nb,20\nc,40\nd,nan\ne,80\n");
    work.write(
        "counts.csv",
        "class,instances,images,frequency\na,5,5,c\nb,19,10,c\nc,20,11,f\nd,500,100,r\ne,501,101,f\n",
    );
    let rows = |groups: &str| -> Vec<(String, i64, Option<f64>)> {
        let json = work.json(&format!("correlate --ap ap.csv --counts counts.csv {groups}"));
        let rows = json["bias"].as_array().unwrap();
        let row = |row: &serde_json::Value| {
            let group = row["group"].as_str().unwrap().to_owned();
            (group, row["classes"].as_i64().unwrap(), row["mean_ap"].as_f64())
        };
        rows.iter().map(row).collect()
    };
    let all = ("all".to_owned(), 4, Some(37.5));
    assert_eq!(rows(""), std::slice::from_ref(&all));
    let group = |name: &str, classes, mean| (name.to_owned(), classes, mean);
    assert_eq!(
        rows("--groups lvis"),
        [
            all.clone(),
            group("rare", 0, None),
            group("common", 2, Some(15.0)),
            group("frequent", 2, Some(60.0))
        ]
    );
    assert_eq!(
        rows("--groups 20,501"),
        [
            all.clone(),
            group("< 20", 2, Some(15.0)),
            group("20–500", 1, Some(40.0)),
            group("≥ 501", 1, Some(80.0))
        ]
    );
    assert_eq!(rows("--groups coco-lt")[4], group("≥ 8000", 0, None));
    // Without letters, the images decide.
    work.write("counts.csv", "class,instances,images\na,5,5\nb,9,10\nc,20,11\nd,5,100\ne,5,101\n");
    assert_eq!(rows("--groups lvis")[1], group("rare", 2, Some(15.0)));
}

#[test]
fn the_class_that_pascal_vocs_correlation_hangs_on_is_named() {
    let work = Workdir::new();
    let tables = repository("data/tables");
    let arguments = format!(
        "correlate --ap {0}/table6_voc_ap.csv --ap-column R50-CE --counts {0}/voc_counts.csv \
         --counts-column voc0712_trainval",
        tables.display()
    );
    let row = &work.json(&arguments)["evidence"][0];
    assert_eq!((&row["x"], &row["over"]), (&"instances".into(), &"all".into()));
    assert_eq!(row["influential_class"], "person");
    assert!((row["pearson_without"].as_f64().unwrap() + 0.289).abs() < 5e-4);
    let text = String::from_utf8(work.run(&arguments).stdout).unwrap();
    assert!(
        text.contains("r depends on one class, person: −0.02 with it, −0.29 without it"),
        "{text}"
    );
}

/// The influential class is one of those that the row is over: all, or those with m ≥ p, m = p among them.
#[test]
fn the_influential_class_is_named_as_its_row_counts() {
    let work = Workdir::new();
    let counts = [9, 2, 5, 4, 30, 3, 7, 4, 12, 6];
    let labels: Vec<i64> =
        counts.iter().enumerate().flat_map(|(class, &count)| vec![class as i64; count]).collect();
    let x = ndarray::Array2::from_shape_fn((labels.len(), 4), |(i, j)| {
        ((i * i * 7 + j * 5 * i) % 23) as f64 / (1 + labels[i] % 3) as f64
    });
    ndarray_npy::write_npy(work.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(work.path("y.npy"), &ndarray::Array1::from(labels)).unwrap();
    work.write("names.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    // The classes of four embeddings, d and h, lie far from all others.
    let aps = [0.3, 0.31, 0.33, 0.9, 0.35, 0.28, 0.32, 0.05, 0.3, 0.34];
    let rows = ('a'..='j').zip(aps).map(|(class, ap)| format!("{class},{ap}\n"));
    work.write("ap.csv", "class,ap\n".to_owned() + &rows.collect::<String>());
    let json = work.json(
        "correlate --embeddings x.npy --labels y.npy --class-names names.txt --ap ap.csv --estimator sample",
    );
    let classes = json["information"].as_array().unwrap();
    let mut seen = 0;
    for row in json["evidence"].as_array().unwrap() {
        let over = |class: &&serde_json::Value| {
            row["over"] == "all" || class["instances"].as_f64().unwrap() >= 4.0
        };
        let used: Vec<_> = classes.iter().filter(over).collect();
        assert_eq!(row["classes"], used.len());
        let number = |name: &str| -> Vec<f64> {
            used.iter().map(|class| class[name].as_f64().unwrap()).collect()
        };
        let x = match row["x"].as_str().unwrap() {
            "log_instances" => number("instances").iter().map(|m| m.ln()).collect(),
            name => number(name),
        };
        let expected = influence(&x, &number("ap")).unwrap();
        assert_eq!(row["influential_class"], used[expected.class]["class"], "{row}");
        let without = row["pearson_without"].as_f64().unwrap();
        assert_close(&[without], &[expected.without.unwrap().r], 1e-12);
        seen += usize::from(row["over"] == "m >= p" && row["influential_class"] == "d");
    }
    assert!(seen > 0);
}

#[test]
fn the_only_class_that_is_detected_is_what_r_hangs_on() {
    let work = Workdir::new();
    let class = |class: usize| (format!("c{class:02}"), if class == 7 { 900 } else { 10 + class });
    let table = |name: &str, head: &str, cell: &dyn Fn(usize) -> String| {
        let rows: String = (0..30).map(|i| format!("{},{}\n", class(i).0, cell(i))).collect();
        work.write(name, format!("class,{head}\n{rows}"));
    };
    table("counts.csv", "instances", &|i| class(i).1.to_string());
    table("ap.csv", "ap", &|i| if i == 7 { "0.4" } else { "0" }.into());
    table("constant.csv", "instances", &|i| if i == 7 { "900" } else { "10" }.into());
    table("other.csv", "ap", &|i| format!("0.{i:02}"));
    for (ap, counts, r) in [
        ("ap.csv", "counts.csv", "1.00"),
        ("other.csv", "constant.csv", "−0.16"),
        ("ap.csv", "constant.csv", "1.00"),
    ] {
        let input = format!("correlate --ap {ap} --counts {counts}");
        let row = work.json(&input)["evidence"][0].take();
        assert_eq!(row["influential_class"], "c07", "{row}");
        assert!(row["pearson_without"].is_null(), "{row}");
        let text = String::from_utf8(work.run(&input).stdout).unwrap();
        let says = format!("r depends on one class, c07: {r} with it, none without it");
        assert!(text.contains(&says), "{text}");
        let evidence = work.read("reports/evidence.csv");
        assert!(evidence.lines().nth(1).unwrap().ends_with(",c07,"), "{evidence}");
    }
    // One large class is no such class, however large: the others still differ.
    work.write("huge.csv", "class,instances\nc00,1\nc01,2\nc02,3\nc03,5\nc04,9000000000\n");
    work.write("ap.csv", "class,ap\nc00,0.1\nc01,0.3\nc02,0.2\nc03,0.4\nc04,0.9\n");
    let row = work.json("correlate --ap ap.csv --counts huge.csv")["evidence"][0].take();
    assert_eq!(row["influential_class"], "c04");
    // r of (1, 2, 3, 5) and (0.1, 0.3, 0.2, 0.4).
    assert_close(&[row["pearson_without"].as_f64().unwrap()], &[0.55 / 0.4375_f64.sqrt()], 1e-12);
}

#[test]
fn most_aps_equal_is_said_before_any_correlation() {
    let work = Workdir::new();
    let warning = |aps: &[&str]| -> String {
        let rows = |cell: &dyn Fn(usize) -> String| -> String {
            (0..aps.len()).map(|i| format!("c{i},{}\n", cell(i))).collect()
        };
        work.write("ap.csv", format!("class,ap\n{}", rows(&|i| aps[i].to_owned())));
        work.write(
            "counts.csv",
            format!("class,instances\n{}", rows(&|i| (i * i + 1).to_string())),
        );
        let json = work.json("correlate --ap ap.csv --counts counts.csv");
        let warnings = json["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    };
    let mut aps = vec!["0"; 71];
    aps[70] = "0.7";
    let zeros = "AP is 0 in 70 of 71 classes: the correlations depend on the other 1 alone";
    assert_eq!(warning(&aps), format!("ap: {zeros}"));
    let input = "--ap ap.csv --counts counts.csv";
    assert!(
        String::from_utf8(work.run(&format!("correlate {input}")).stderr).unwrap().contains(zeros)
    );
    work.run(&format!("report {input}"));
    for name in ["report.html", "report.md"] {
        assert!(work.read(&format!("reports/{name}")).contains(zeros), "{name}");
    }
    assert_eq!(
        warning(&["32.5", "32.5", "40", "32.50", "10"]),
        "ap: AP is 32.5 in 3 of 5 classes: the correlations depend on the other 2 alone"
    );
    // Classes without AP take no part.
    assert!(warning(&["0", "0", "0.5", "-1", "nan", ""]).contains("AP is 0 in 2 of 3 classes"));
    assert_eq!(warning(&["0", "0", "0.5", "0.25"]), "");
    assert_eq!(warning(&["0.5", "0.25", "0.5", "0"]), "");
    assert_eq!(warning(&["0.75", "0", "0", "0.5", "0.25"]), "");
    // All of them have a warning of their own.
    let all = warning(&["0.5"; 9]);
    assert!(!all.contains("rest on") && all.contains("AP is the same for all classes"), "{all}");
}

#[test]
fn an_option_without_a_part_is_refused() {
    let work = small();
    work.write("counts.csv", "class,instances\ncat,2\nyak,9\n\"dog & <co>\",2\n");
    for (arguments, code, says) in [
        (
            "correlate --ap ap.csv --counts counts.csv --estimator sample",
            2,
            "--estimator is for embeddings",
        ),
        (
            "report --ap ap.csv --counts counts.csv --estimator all",
            2,
            "--estimator is for embeddings",
        ),
        ("correlate --ap ap.csv --counts counts.csv --label-column x", 2, "--embeddings"),
        ("correlate --ap ap.csv --counts counts.csv --embedding-column x", 2, "--embeddings"),
        (
            "correlate --ap ap.csv --counts counts.csv --include-crowd",
            1,
            "counts.csv: is a table of counts: --include-crowd is for annotation",
        ),
    ] {
        let output = work.command(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
        assert!(stderr.contains(says), "{arguments}: {stderr}");
        assert!(work.files("reports").is_empty(), "{arguments}");
    }
    // What a command does not need, it says.
    let dump = "--embeddings x.npy --labels y.npy --class-names classes.txt";
    let command = format!("moments {dump} --counts counts.csv --out m.parquet");
    let stderr = String::from_utf8(work.run(&command).stderr).unwrap();
    assert!(stderr.contains("counts.csv: its counts are not used"), "{stderr}");
}

#[test]
fn all_estimators_have_a_row_and_a_verdict_each() {
    let work = Workdir::new();
    let runs = repository("data/fod-a/runs.toml");
    let json = work.json(&format!("correlate --runs {} --estimator all", runs.display()));
    let rows = json["correlations"].as_array().unwrap();
    let names = ["mp-floor", "sample", "ledoit-peche", "qis", "ledoit-wolf", "oas"];
    assert_eq!(rows.len(), 6 * 8);
    for detector in rows.chunks(8) {
        for (row, name) in detector.iter().zip(names) {
            assert_eq!((&row["estimator"], &row["x"]), (&name.into(), &"information".into()));
            assert!(row["verdict"].as_str().unwrap().contains("instance count"));
            // Nonlinear shrinkage as published needs 13 instances, which eight classes do not have.
            let classes = if name == "ledoit-peche" { 23 } else { 31 };
            assert_eq!(row["classes"], classes);
        }
        for (row, x) in detector[6..].iter().zip(["instances", "log_instances"]) {
            assert_eq!((&row["estimator"], &row["verdict"]), (&().into(), &().into()));
            assert_eq!(row["x"], x);
        }
    }
    // Each alone says the same as among all, but for rounding: sample alone needs no eigenvalues.
    for name in ["sample", "ledoit-peche"] {
        let alone = work.json(&format!("correlate --runs {} --estimator {name}", runs.display()));
        let ours = alone["correlations"].as_array().unwrap();
        let among: Vec<_> = rows.iter().filter(|row| row["estimator"] == name).collect();
        for (ours, among) in ours.iter().step_by(3).zip(among) {
            for (key, value) in among.as_object().unwrap() {
                match value.as_f64() {
                    Some(number) => assert_close(&[ours[key].as_f64().unwrap()], &[number], 1e-9),
                    None => assert_eq!(&ours[key], value),
                }
            }
        }
    }
    let evidence = json["evidence"].as_array().unwrap();
    // I, m and log m, over all classes and over those with m ≥ p.
    assert_eq!(evidence.len(), 6 * 6 * 6);
    assert_eq!((&evidence[3]["over"], &evidence[3]["classes"]), (&"m >= p".into(), &8.into()));
    // A dot of each colour a detector and estimator: r, and the partial r given log m.
    let drawn = crate::figures::sensitivity_values(&work.read("reports/sensitivity.svg"));
    let mut drawn = drawn.into_iter();
    let verdicts = json["verdict"].as_array().unwrap().iter().filter(|row| row["run"] != "all");
    let information = rows.iter().filter(|row| row["x"] == "information");
    for (row, verdict) in information.zip(verdicts) {
        assert_eq!((&row["run"], &row["estimator"]), (&verdict["run"], &verdict["estimator"]));
        for (words, number) in [
            ("r(information amount, AP)", &row["pearson"]),
            ("partial r, given what is held constant", &verdict["partial_curve"]),
        ] {
            let (of, value) = drawn.next().unwrap();
            assert_eq!(of, words);
            assert!((value - number.as_f64().unwrap()).abs() <= 6e-4, "{row}: {value}");
        }
    }
    assert!(drawn.next().is_none());
}

/// What is true of several runs is said once, with the range of what differs; what is not, is said apart.
/// It is said, too, where a later run ends the command.
#[test]
fn warnings_of_several_runs_are_one() {
    let work = Workdir::new();
    let dump = |name: &str, each: usize, scale: f32| {
        let x = ndarray::Array2::from_shape_fn((3 * each, 8), |(i, j)| {
            scale * ((7 * i + 3 * j * j) % 11) as f32
        });
        ndarray_npy::write_npy(work.path(&format!("{name}.npy")), &x).unwrap();
        let labels: ndarray::Array1<i64> = (0..3 * each as i64).map(|row| row % 3).collect();
        ndarray_npy::write_npy(work.path(&format!("{name}-labels.npy")), &labels).unwrap();
    };
    dump("a", 2, 0.01);
    dump("b", 2, 0.5);
    dump("c", 40, 1.0);
    dump("d", 3, 0.01);
    // Of e, one class alone has few embeddings.
    let x = ndarray::Array2::from_shape_fn((202, 8), |(i, j)| ((7 * i + 3 * j * j) % 11) as f32);
    ndarray_npy::write_npy(work.path("e.npy"), &x).unwrap();
    let labels: ndarray::Array1<i64> =
        (0..202).map(|row| if row < 2 { 0 } else { 1 + row % 2 }).collect();
    ndarray_npy::write_npy(work.path("e-labels.npy"), &labels).unwrap();
    work.write("ap.csv", "class,ap\n0,0.5\n1,0.25\n2,0.75\n");
    let run = |name: &str| {
        format!(
            "[[run]]\nname = '{name}'\nembeddings = '{name}.npy'\nlabels = '{name}-labels.npy'\n"
        )
    };
    let head = "ap = 'ap.csv'\n";
    work.write("runs.toml", head.to_owned() + &["a", "b", "c", "d", "e"].map(run).concat());
    let warnings = |stderr: Vec<u8>| -> Vec<String> {
        let stderr = String::from_utf8(stderr).unwrap();
        stderr.lines().filter_map(|line| Some(line.split_once("warning: ")?.1.to_owned())).collect()
    };
    let floor = |said: &[String]| -> Vec<String> {
        said.iter().filter(|said| said.contains("eigenvalue floor")).cloned().collect()
    };
    let said = floor(&warnings(work.run("correlate --runs runs.toml").stderr));
    let [said, other] = &said[..] else { panic!("{said:?}") };
    assert!(said.starts_with("in the runs a, b, d: in 3 of 3 classes, more than half"), "{said}");
    assert!(other.starts_with("e: in 1 of 3 classes, more than half"), "{other}");
    let range = said.split("(").nth(1).unwrap();
    assert!(range.contains("–100% of the bits"), "{said}");
    // The second run cannot be read, and the first is heard.
    work.write("late.toml", head.to_owned() + &run("a") + &run("none"));
    let output = work.command("correlate --runs late.toml").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = floor(&warnings(output.stderr));
    assert!(said.len() == 1 && said[0].starts_with("a: in 3 of 3 classes"), "{said:?}");
}
