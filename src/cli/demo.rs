//! `igam-analyze demo`: writes the files of a real detector, which the program carries, and runs the
//! commands on them.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use clap::Parser;
use flate2::read::GzDecoder;

use super::arguments::{Cli, Command, Demo};
use super::console::Console;
use super::report;
use crate::error::{Error, Result};
use crate::output::Output;

/// Style of a command that can be typed.
const TYPED: Style = Style::new().bold();

/// What the program carries: `data/shapes`, with its texts packed (`data/demo/make.py`).
const FILES: [(&str, &[u8]); 13] = [
    ("README.md", include_bytes!("../../data/demo/README.md")),
    ("LICENSE", include_bytes!("../../LICENSE")),
    ("runs.toml", include_bytes!("../../data/shapes/runs.toml")),
    ("reasons.csv", include_bytes!("../../data/shapes/reasons.csv")),
    ("train.json.gz", include_bytes!("../../data/demo/train.json.gz")),
    ("val.json.gz", include_bytes!("../../data/demo/val.json.gz")),
    ("detections.json.gz", include_bytes!("../../data/demo/detections.json.gz")),
    ("embeddings.npy", include_bytes!("../../data/shapes/embeddings.npy")),
    ("labels.npy", include_bytes!("../../data/shapes/labels.npy")),
    ("validation_embeddings.npy", include_bytes!("../../data/shapes/validation_embeddings.npy")),
    ("validation_labels.npy", include_bytes!("../../data/shapes/validation_labels.npy")),
    ("weights.npy", include_bytes!("../../data/shapes/weights.npy")),
    ("bias.npy", include_bytes!("../../data/shapes/bias.npy")),
];

/// A command on these files: the question that it answers, its words, and what to say below its answer.
struct Step {
    question: &'static str,
    words: &'static [&'static str],
    below: &'static str,
}

const STEPS: [Step; 4] = [
    Step { question: "Which classes are bad?", words: &["explain"], below: "" },
    Step {
        question: "What is wrong with the class \"frame\"?",
        words: &["explain", "frame"],
        below: "\nThat is true: 74 boxes of frame got the label \"square\" on purpose.\n\
                reasons.csv has the built-in fault of each class.\n",
    },
    Step {
        question: "Does AP go with the information amount of the classes, or their instance count?",
        words: &["correlate"],
        below: "",
    },
    Step {
        question: "All of this on one page:",
        words: &["report"],
        below: "The page is written. This command also prints the verdict above.\n",
    },
];

/// Runs the command.
pub fn run(arguments: Demo, console: &mut Console) -> Result<()> {
    let out = &arguments.out;
    // A link that leads nowhere is there, too.
    if fs::symlink_metadata(out).is_ok() {
        let problem = "is there already: remove it, or name another folder with --out";
        return Err(Error::content(out, problem));
    }
    let steps = STEPS.map(|step| (typed(step.words, out), step));
    let commands = steps.iter().map(|(typed, _)| parsed(typed, out)).collect::<Result<Vec<_>>>()?;
    console.write(out, FILES.into_iter().map(|(name, bytes)| file(name, bytes)).collect())?;
    super::print(&begin(out))?;
    for ((typed, step), command) in steps.iter().zip(commands) {
        super::print(&format!("\n{}\n{TYPED}$ {}{TYPED:#}\n\n", step.question, shown(typed)))?;
        match command {
            // What it prints is what `correlate` has printed.
            Command::Report(arguments) => drop(report::write(&arguments, typed, console)?),
            command => super::run_command(command, typed, console)?,
        }
        super::print(step.below)?;
        console.hush();
    }
    super::print(&end(out))
}

/// A carried file; what is packed is written unpacked.
fn file(name: &str, bytes: &'static [u8]) -> Output<'static> {
    match name.strip_suffix(".gz") {
        Some(name) => {
            Output::written(name, move |file| io::copy(&mut GzDecoder::new(bytes), file).map(drop))
        }
        None => Output::written(name, move |file| file.write_all(bytes)),
    }
}

/// A command on the files in `out`, as it can be typed.
fn typed(words: &[&str], out: &Path) -> Vec<OsString> {
    let mut typed: Vec<OsString> = ["igam-analyze"].iter().chain(words).map(Into::into).collect();
    typed.extend(["--runs".into(), out.join("runs.toml").into_os_string()]);
    typed.extend(["--out".into(), out.join("reports").into_os_string()]);
    typed
}

/// What is typed, as it is run.
fn parsed(typed: &[OsString], out: &Path) -> Result<Command> {
    Cli::try_parse_from(typed).map(|cli| cli.command).map_err(|_| {
        let out = out.display();
        Error::Usage(format!("--out {out}: the commands would take it for an option: give ./{out}"))
    })
}

/// What is typed, as a shell takes it.
fn shown(typed: &[OsString]) -> String {
    typed.iter().map(|word| report::quoted(word)).collect::<Vec<_>>().join(" ")
}

fn begin(out: &Path) -> String {
    format!(
        "A real detector: YOLOv8n, trained on drawn shapes of 24 classes. Some classes\n\
         have built-in faults. Its files are in {}; README.md there describes them.\n",
        report::quoted(out.as_os_str()),
    )
}

fn end(out: &Path) -> String {
    let page = out.join("reports").join("report.html");
    let page = report::quoted(page.as_os_str());
    let another = shown(&typed(&["explain", "diamond"], out));
    let docs = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/README.md");
    format!(
        "\nOpen the report in a browser: {page}\n\
         \n\
         Next, another class:\n  {TYPED}{another}{TYPED:#}\n\
         Your own detector, with COCO files only:\n  \
         {TYPED}igam-analyze explain --counts train.json --detections results.json \\\n      \
         --ground-truth val.json{TYPED:#}\n\
         With its embeddings, here of an Ultralytics YOLO; first in Python:\n  \
         {TYPED}from igam_analyze import collect\n  \
         collect.ultralytics(\"best.pt\", data=\"data.yaml\"){TYPED:#}\n\
         then with AP per class from your evaluator:\n  \
         {TYPED}igam-analyze report --embeddings dump --counts data.yaml --ap ap.csv{TYPED:#}\n\
         Other frameworks and file formats:\n  {docs}\n",
    )
}
