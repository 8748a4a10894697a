//! `demo`: the files that the program carries, and the commands that it shows.

use std::fs;

use serde_json::Value;

use crate::bad_input::refused;
use crate::{Workdir, repository};

/// What lies in the folder, but for its reports, and where it comes from.
const FILES: [(&str, &str); 13] = [
    ("LICENSE", "LICENSE"),
    ("README.md", "data/demo/README.md"),
    ("bias.npy", "data/shapes/bias.npy"),
    ("detections.json", "data/shapes/detections.json"),
    ("embeddings.npy", "data/shapes/embeddings.npy"),
    ("labels.npy", "data/shapes/labels.npy"),
    ("reasons.csv", "data/shapes/reasons.csv"),
    ("runs.toml", "data/shapes/runs.toml"),
    ("train.json", "data/shapes/train.json"),
    ("val.json", "data/shapes/val.json"),
    ("validation_embeddings.npy", "data/shapes/validation_embeddings.npy"),
    ("validation_labels.npy", "data/shapes/validation_labels.npy"),
    ("weights.npy", "data/shapes/weights.npy"),
];

/// The commands that it shows, without the program's name.
fn shown(stdout: &str) -> Vec<&str> {
    stdout.lines().filter_map(|line| line.strip_prefix("$ igam-analyze ")).collect()
}

/// The content of every file in a folder, by name.
fn contents(work: &Workdir, folder: &str) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| (name.clone(), fs::read(work.path(folder).join(name)).unwrap());
    work.files(folder).into_iter().map(read).collect()
}

#[test]
fn it_goes_the_whole_way_without_a_clone() {
    let work = Workdir::new();
    let output = work.run("demo");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let end = "--runs demo/runs.toml --out demo/reports";
    let commands = ["explain", "explain frame", "correlate", "report"];
    assert_eq!(shown(&stdout), commands.map(|command| format!("{command} {end}")));
    // The card: the class, what its boxes are labelled, and the first of those boxes.
    let card = stdout.split("$ ").find(|part| part.contains("explain frame")).unwrap();
    assert!(card.contains("\nframe "), "{card}");
    assert!(card.contains("\"square\"") && card.contains("1012, 1841, 2762"), "{card}");
    // The verdict, once, and where to go on.
    let verdict = stdout.split(&format!("$ igam-analyze correlate {end}\n\n")).nth(1).unwrap();
    let verdict = verdict.lines().next().unwrap();
    assert!(verdict.starts_with("YOLOv8n") && verdict.contains("partial r"), "{verdict}");
    assert_eq!(stdout.matches(verdict).count(), 1, "{stdout}");
    assert!(stdout.contains("demo/reports/report.html\n"), "{stdout}");
    // All fits a terminal, but for the sentences of the verdict and the table below it: a pipe has no width.
    let of_the_study = ["- ", "run ", "YOLOv8n, stride 8 "];
    for line in stdout.lines().filter(|line| !of_the_study.iter().any(|one| line.starts_with(one)))
    {
        assert!(line.chars().count() <= 80, "{line}");
    }
    // What was read is said once, not by each command.
    assert_eq!(stderr.matches("demo/validation_labels.npy: ").count(), 1, "{stderr}");
    assert_eq!(stderr.matches("warning: ").count(), 1, "{stderr}");

    let reports = work.files("demo/reports");
    for file in ["report.html", "report.md", "classes.csv", "verdict.csv", "scatter.svg"] {
        assert!(reports.contains(&file.to_owned()), "{reports:?}");
    }
    assert!(work.read("demo/reports/report.html").contains("frame"));
}

#[test]
fn what_it_shows_is_what_it_runs() {
    let work = Workdir::new();
    let stdout = String::from_utf8(work.run("demo").stdout).unwrap();
    let written = contents(&work, "demo/reports");
    fs::remove_dir_all(work.path("demo/reports")).unwrap();
    for command in shown(&stdout) {
        let alone = String::from_utf8(work.run(command).stdout).unwrap();
        assert!(stdout.contains(&alone), "{command} prints {alone}");
    }
    assert_eq!(contents(&work, "demo/reports"), written);
}

#[test]
fn it_carries_the_drawn_shapes() {
    let work = Workdir::new();
    work.run("demo");
    let mut names: Vec<_> = FILES.map(|(name, _)| name).into();
    names.push("reports");
    names.sort();
    assert_eq!(work.files("demo"), names);
    let mut carried = 0;
    for (name, origin) in FILES {
        let content = fs::read(work.path("demo").join(name)).unwrap();
        let same = content == fs::read(repository(origin)).unwrap();
        assert!(same, "{name} is not {origin}: run data/demo/make.py");
        let packed = fs::metadata(repository(&format!("data/demo/{name}.gz")));
        carried += packed.map_or(content.len() as u64, |packed| packed.len());
    }
    assert!(carried < 1_000_000, "{carried} bytes");
}

/// What its README, and its sentence below the card, say of the boxes with a wrong label.
#[test]
fn the_boxes_that_the_card_names_are_those_with_a_wrong_label() {
    let train = fs::read_to_string(repository("data/shapes/train.json")).unwrap();
    let train: Value = serde_json::from_str(&train).unwrap();
    let wrong = |row: &Value| row["category_id"] == 25 && row["drawn_category_id"] == 24;
    let annotations = train["annotations"].as_array().unwrap();
    assert!([1012, 1841, 2762].iter().all(|&row: &usize| wrong(&annotations[row])));
    assert_eq!(annotations.iter().filter(|row| wrong(row)).count(), 74);
}

#[test]
fn it_overwrites_nothing() {
    let work = Workdir::new();
    fs::create_dir(work.path("demo")).unwrap();
    refused(&work, "demo", 1, "demo: is there already: remove it, or name another folder");
    assert!(work.files("demo").is_empty());
    work.write("file", "mine");
    refused(&work, "demo --out file", 1, "file: is there already");
    assert_eq!(work.read("file"), "mine");
    refused(&work, "demo --out .", 1, ".: is there already");
    // A name like an option, before anything is written.
    refused(&work, "demo --out=-x", 2, "give ./-x");
    assert!(!work.path("-x").exists());
    refused(&work, "demo --out file/below", 1, "file/below: cannot be written");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", work.path("link")).unwrap();
        refused(&work, "demo --out link", 1, "link: is there already");
    }
}

#[test]
fn any_folder_will_do() {
    let work = Workdir::new();
    for (out, shown) in [
        ("a b/it's", "'a b/it'\\''s/runs.toml'"),
        ("demo[1]*", "'demo[1]*/runs.toml'"),
        ("./-x", "./-x/runs.toml"),
        ("größer/", "größer/runs.toml"),
    ] {
        let output = work.command("demo --quiet --out").arg(out).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.is_empty(), "{out}: {stderr}");
        assert!(stdout.contains(&format!(" --runs {shown} --out ")), "{stdout}");
        assert!(work.path(out).join("reports/report.html").exists(), "{out}");
    }
}
