//! `igam-analyze loss`: cosine softmax and IGAM loss of a trained classifier, by class.

use std::path::Path;

use ndarray::Array2;
use serde_json::json;

use super::console::Console;
use super::margins;
use super::run::{self, Class};
use crate::cli::{Format, Loss};
use crate::error::{Error, Result};
use crate::input::embeddings::Dump;
use crate::input::runs::RunFiles;
use crate::loss::unit_rows;
use crate::margin;
use crate::output::{self, Cell, Output, Table};
use crate::stream::{self, MeanLoss};

/// Runs the command.
pub fn run(arguments: Loss, console: &mut Console) -> Result<()> {
    let files = RunFiles::from(arguments.input);
    if files.embeddings.is_empty() {
        return Err(Error::Usage("loss needs --embeddings".into()));
    }
    let (classes, mut instances) = run::instances(&files)?;
    let weights = matrix(&arguments.weights)?;
    if weights.ncols() != instances.dump.dim() {
        let problem = format!(
            "has weights of {} dimensions, the embeddings have {}",
            weights.ncols(),
            instances.dump.dim()
        );
        return Err(Error::content(&arguments.weights, problem));
    }
    // Without names the labels are the weights' rows: a class may then have no instance at all.
    let place = |class: usize| match files.class_names {
        Some(_) => Some(class),
        None => usize::try_from(classes.ids()[class]).ok(),
    };
    let places: Option<Vec<usize>> =
        (0..classes.len()).map(|class| place(class).filter(|&row| row < weights.nrows())).collect();
    let fits = files.class_names.is_none() || classes.len() == weights.nrows();
    let Some(places) = places.filter(|_| fits) else {
        let problem = format!(
            "has weights of {} classes, which are not the labels': leave the background out, and give --class-names",
            weights.nrows()
        );
        return Err(Error::content(&arguments.weights, problem));
    };
    let mut rows: Vec<Class> = run::rows(&classes);
    let margins = match &arguments.margins {
        Some(path) => matrix(path)?,
        None => {
            run::add_information(
                &mut rows,
                &instances,
                arguments.estimator.estimator,
                "",
                console,
            )?;
            let known: Vec<usize> =
                (0..rows.len()).filter(|&class| rows[class].information.is_some()).collect();
            let bits: Vec<f64> =
                rows.iter().filter_map(|row| Some(row.information?.bits)).collect();
            let normalized = arguments.choice.normalization.normalize(&bits);
            let margins = margin::margins(&normalized, arguments.choice.signed);
            let known: Vec<usize> = known.into_iter().map(|class| places[class]).collect();
            margins::expand(&margins, &known, weights.nrows())
        }
    };
    for label in &mut instances.labels {
        *label = places[*label as usize] as u32;
    }
    let progress = console.progress(instances.dump.rows() as u64);
    let weights = unit_rows(weights);
    let losses = stream::losses(
        &instances.dump,
        &instances.labels,
        &weights,
        &margins,
        arguments.scale,
        &progress,
    )?;
    let of = |class: usize| {
        (classes.ids()[class], classes.names()[class].as_str(), losses[places[class]])
    };
    let by_class: Vec<_> = (0..classes.len()).map(of).collect();
    let mean = losses.iter().fold(MeanLoss::default(), |all, class| all.with(class));

    let table = table(&by_class);
    console.write(&arguments.output.out, vec![Output::text("loss.csv", table.csv())])?;
    super::print(&match arguments.output.format {
        Format::Csv => table.csv(),
        Format::Json => super::json(json!({
            "loss": table.json(),
            "mean": {
                "cosine_softmax_loss": mean.cosine_softmax(),
                "igam_loss": mean.igam(),
            },
            "warnings": console.warnings(),
        })),
        Format::Table => text(&by_class, mean),
    })
}

/// A matrix of numbers in a file.
fn matrix(path: &Path) -> Result<Array2<f64>> {
    let dump = Dump::open(&[path.to_owned()], None)?;
    let mut values = Vec::new();
    dump.read(dump.rows(), &mut |block: Vec<f64>| {
        values.extend(block);
        true
    })?;
    Array2::from_shape_vec((dump.rows(), dump.dim()), values)
        .map_err(|error| Error::content(path, error))
}

fn table(classes: &[(i64, &str, MeanLoss)]) -> Table {
    let row = |&(id, name, loss): &(i64, &str, MeanLoss)| {
        let (softmax, igam) = (loss.cosine_softmax(), loss.igam());
        vec![
            Cell::Integer(id),
            name.into(),
            loss.instances.into(),
            softmax.into(),
            igam.into(),
            igam.zip(softmax).map(|(igam, softmax)| igam - softmax).into(),
        ]
    };
    let columns =
        &["class_id", "class", "instances", "cosine_softmax_loss", "igam_loss", "difference"];
    Table { columns, rows: classes.iter().map(row).collect() }
}

fn text(classes: &[(i64, &str, MeanLoss)], mean: MeanLoss) -> String {
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.5}"));
    let row = |name: &str, loss: MeanLoss| {
        let (softmax, igam) = (loss.cosine_softmax(), loss.igam());
        let difference = igam.zip(softmax).map(|(igam, softmax)| igam - softmax);
        vec![
            name.to_owned(),
            loss.instances.to_string(),
            number(softmax),
            number(igam),
            difference.map_or("n/a".into(), |difference| format!("{difference:+.5}")),
        ]
    };
    let mut rows: Vec<_> = classes.iter().map(|&(_, name, loss)| row(name, loss)).collect();
    rows.push(row("all", mean));
    output::text(&["class", "instances", "cosine softmax", "IGAM", "difference"], 1, rows)
}
