//! `igam-analyze margins`: the angular margins, and whether they are worth training with.

use std::io;

use ndarray::Array2;
use ndarray_npy::WriteNpyExt;
use serde_json::json;

use super::console::Console;
use super::run::{self};
use super::warning::Warning;
use crate::cli::{Format, MarginChoice, Margins};
use crate::error::{Error, Result};
use crate::figure::{self, MarginsFigure};
use crate::input::information::{self, ClassInformation, RunInformation};
use crate::input::runs::RunFiles;
use crate::loss::SCALE;
use crate::margin::{MarginError, Summary, check_size, expand, known, logit_change, margins};
use crate::normalization::Normalization;
use crate::output::{self, Cell, Output, Table, margins_parquet};
use crate::shrinkage::Estimator;
use crate::words::list;

/// Below this margin (radians), training will hardly feel it.
const FELT: f64 = 0.01;

/// Classes named on either end of a table.
const NAMED: usize = 3;

/// One reading of the normalization, summarized.
struct Reading {
    normalization: Normalization,
    summary: Summary,
    /// The classes that gain most angle in training, and those that lose most, the most first. At test
    /// time, without margins, it is the other way round.
    gain: Vec<String>,
    lose: Vec<String>,
}

/// Runs the command.
pub fn run(arguments: Margins, console: &mut Console) -> Result<()> {
    let classes = match &arguments.information {
        Some(path) => information::read(path, arguments.run.as_deref())?.classes,
        None => from_dump(RunFiles::from(arguments.input), arguments.estimator.estimator, console)?,
    };
    check_size(classes.len())?;
    let (known, bits) = known(classes.iter().map(|class| class.bits));
    if known.is_empty() {
        return Err(MarginError::NoInformation.into());
    }
    if known.len() < classes.len() {
        let empty = classes.iter().filter(|class| class.bits.is_none());
        console
            .warn(Warning::NoMargins { classes: empty.map(|class| class.name.clone()).collect() });
    }
    let names: Vec<String> = known.iter().map(|&class| classes[class].name.clone()).collect();
    let MarginChoice { normalization: chosen, signed } = arguments.choice;

    let mut readings = Vec::new();
    let mut matrix = Array2::zeros((0, 0));
    for &normalization in Normalization::ALL {
        let margins = margins(&normalization.normalize(&bits), signed);
        readings.push(Reading::new(normalization, Summary::of(&margins), &names));
        if normalization == chosen {
            matrix = margins;
        }
    }
    warn_of_small_margins(chosen, &readings, console);

    let table = table(&readings, chosen, names.len());
    let title =
        format!("margins, {} reading{}", chosen.name(), if signed { ", signed" } else { "" });
    let figure = MarginsFigure { names: &names, information: &bits, margins: matrix.view(), title };
    let all = expand(&matrix, &known, classes.len());
    console.write(
        &arguments.output.out,
        vec![
            Output::text("margins.csv", table.csv()),
            super::figure("margins", figure::margins(&figure)?, &arguments.figures)?,
            Output::written("margins.npy", |file| all.write_npy(file).map_err(io::Error::other)),
            Output::written("margins.parquet", |file| margins_parquet(file, &names, matrix.view())),
        ],
    )?;
    super::print(&match arguments.output.format {
        Format::Csv => table.csv(),
        Format::Json => {
            super::json(json!({"margins": table.json(), "warnings": console.warnings()}))
        }
        Format::Table => text(&readings, chosen),
    })
}

impl Reading {
    fn new(normalization: Normalization, summary: Summary, names: &[String]) -> Reading {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| summary.gain[b].total_cmp(&summary.gain[a]));
        let named = |class: usize| names[class].clone();
        let gain = order.iter().copied().filter(|&class| summary.gain[class] > 0.0);
        let lose = order.iter().rev().copied().filter(|&class| summary.gain[class] < 0.0);
        Reading {
            normalization,
            gain: gain.take(NAMED).map(named).collect(),
            lose: lose.take(NAMED).map(named).collect(),
            summary,
        }
    }

    fn logit_change(&self) -> f64 {
        logit_change(self.summary.largest, SCALE)
    }
}

fn from_dump(
    files: RunFiles,
    estimator: Estimator,
    console: &mut Console,
) -> Result<Vec<ClassInformation>> {
    if files.embeddings.is_empty() && files.moments.is_empty() {
        let problem = "margins needs --information, --embeddings or --moments";
        return Err(Error::Usage(problem.into()));
    }
    let runs = run::load(&files, &[estimator], console)?;
    Ok(runs.into_iter().flatten().flat_map(|run| RunInformation::from(run).classes).collect())
}

fn warn_of_small_margins(chosen: Normalization, readings: &[Reading], console: &mut Console) {
    let largest = |reading: &&Reading| reading.summary.largest;
    let small = readings
        .iter()
        .find(|reading| reading.normalization == chosen)
        .filter(|reading| largest(reading) < FELT);
    let best = readings.iter().max_by(|a, b| largest(a).total_cmp(&largest(b)));
    if let (Some(small), Some(best)) = (small, best) {
        console.warn(Warning::SmallMargins {
            reading: chosen.name(),
            largest: small.summary.largest,
            better: (best.summary.largest >= FELT)
                .then(|| (best.normalization.name(), best.summary.largest)),
        });
    }
}

fn table(readings: &[Reading], chosen: Normalization, classes: usize) -> Table {
    let row = |reading: &Reading| {
        let Summary { largest, median_positive: median, .. } = reading.summary;
        vec![
            reading.normalization.name().into(),
            Cell::Integer(i64::from(reading.normalization == chosen)),
            Cell::Integer(classes as i64),
            largest.into(),
            largest.to_degrees().into(),
            median.into(),
            median.map(f64::to_degrees).into(),
            reading.logit_change().into(),
            reading.gain.join("; ").as_str().into(),
            reading.lose.join("; ").as_str().into(),
        ]
    };
    let columns = vec![
        "normalization",
        "chosen",
        "classes",
        "largest_margin",
        "largest_margin_degrees",
        "median_positive_margin",
        "median_positive_margin_degrees",
        "largest_logit_change",
        "gain_most",
        "lose_most",
    ];
    Table { columns, rows: readings.iter().map(row).collect() }
}

fn text(readings: &[Reading], chosen: Normalization) -> String {
    let angle = |radians: f64| format!("{} rad = {}°", short(radians), short(radians.to_degrees()));
    let row = |reading: &Reading| {
        let mark = if reading.normalization == chosen { " *" } else { "" };
        vec![
            format!("{}{mark}", reading.normalization.name()),
            angle(reading.summary.largest),
            reading.summary.median_positive.map_or("n/a".into(), angle),
            short(reading.logit_change()),
        ]
    };
    let columns = ["reading", "largest margin", "median above 0", "logit change"];
    let mut text = output::text(&columns, 1, readings.iter().map(row).collect());
    text += &format!("* in the files; the largest change of a logit at s = {SCALE}\n");
    for reading in readings.iter().filter(|reading| reading.normalization == chosen) {
        if reading.gain.is_empty() {
            continue;
        }
        text += &format!(
            "training region grows most: {} (their samples are judged more gently)\n\
             trained boundaries lie nearer to them: at test time they lose space\n\
             space at test time is gained most by: {}\n",
            list(&reading.gain),
            list(&reading.lose)
        );
    }
    text
}

/// Three significant digits.
fn short(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-3..1e4).contains(&size) {
        return format!("{number:.2e}");
    }
    let digits = if size < 1.0 {
        4
    } else if size < 10.0 {
        3
    } else {
        1
    };
    format!("{number:.digits$}")
}
