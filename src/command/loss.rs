//! `igam-analyze loss`: cosine softmax and IGAM loss of a trained classifier, by class.

use std::path::Path;

use ndarray::Array2;
use serde_json::json;

use super::console::Console;
use super::run::{self, Instances};
use crate::classes::Classes;
use crate::cli::{Format, Loss, MarginChoice};
use crate::error::{Error, Result};
use crate::input::embeddings::Dump;
use crate::input::runs::RunFiles;
use crate::loss::{MeanLoss, unit_rows};
use crate::margin;
use crate::output::{self, Cell, Output, Table};
use crate::rows::Rows;
use crate::stream;

/// Runs the command.
pub fn run(arguments: Loss, console: &mut Console) -> Result<()> {
    let files = RunFiles::from(arguments.input);
    if files.embeddings.is_empty() {
        let problem = "loss needs --embeddings: it is that of each single one";
        return Err(Error::Usage(problem.into()));
    }
    let weights = open(&arguments.weights)?;
    margin::check_size(weights.rows())?;
    // Without names, the labels are the weights' rows: a class may then have no instance at all.
    let listed = run::named(&files, console)?;
    let expected = Some(listed.unwrap_or_else(|| Classes::numbered(weights.rows())));
    let (classes, instances) = run::instances(&files, expected, None, true, console)?;
    if (weights.rows(), weights.dim()) != (classes.len(), instances.dump.dim()) {
        let problem = format!(
            "holds weights of {} classes in {} dimensions, the embeddings are of {} classes in {} \
             (leave the background out)",
            weights.rows(),
            weights.dim(),
            classes.len(),
            instances.dump.dim()
        );
        return Err(Error::content(&arguments.weights, problem));
    }
    let margins = match &arguments.margins {
        Some(path) => {
            let margins = open(path)?;
            if (margins.rows(), margins.dim()) != (classes.len(), classes.len()) {
                let problem = format!(
                    "the margins are {}×{}, but there are {} classes",
                    margins.rows(),
                    margins.dim(),
                    classes.len()
                );
                return Err(Error::content(path, problem));
            }
            matrix(path, &margins)?
        }
        None => {
            let mut rows = run::rows(&classes);
            let estimator = arguments.estimator.estimator;
            for of_classes in run::information(&rows, &instances, &[estimator], console)? {
                run::add_information(&mut rows, of_classes, estimator, "", console);
            }
            let (known, bits) = margin::known(rows.iter().map(|row| Some(row.information?.bits)));
            let MarginChoice { normalization, signed } = arguments.choice;
            let margins = margin::margins(&normalization.normalize(&bits), signed);
            margin::expand(&margins, &known, classes.len())
        }
    };
    let weights = matrix(&arguments.weights, &weights)?;
    let Instances { dump, labels, .. } = &instances;
    let progress = console.progress(dump.rows() as u64);
    let losses =
        stream::losses(dump, labels, &unit_rows(weights), &margins, arguments.scale, &progress)?;
    let mut mean = MeanLoss::default();
    losses.iter().for_each(|&class| mean.add(class));

    let table = table(&classes, &losses);
    console.write(&arguments.output.out, vec![Output::text("loss.csv", table.csv())])?;
    super::print(&match arguments.output.format {
        Format::Csv => table.csv(),
        Format::Json => super::json(json!({
            "loss": table.json(),
            "mean": {
                "cosine_softmax_loss": mean.cosine_softmax(),
                "igam_loss": mean.igam(),
                "difference": mean.difference(),
            },
            "warnings": console.warnings(),
        })),
        Format::Table => text(&classes, &losses, mean),
    })
}

/// A matrix of numbers in a file, before they are read.
fn open(path: &Path) -> Result<Dump> {
    Dump::open(&[path.to_owned()], None)
}

fn matrix(path: &Path, dump: &Dump) -> Result<Array2<f64>> {
    let mut values = Vec::new();
    dump.read(dump.rows(), &mut |block: Vec<f64>| {
        values.extend(block);
        true
    })?;
    Array2::from_shape_vec((dump.rows(), dump.dim()), values)
        .map_err(|error| Error::content(path, error))
}

fn table(classes: &Classes, losses: &[MeanLoss]) -> Table {
    let row = |((&id, name), loss): ((&i64, &String), &MeanLoss)| {
        vec![
            Cell::Integer(id),
            name.as_str().into(),
            loss.samples().into(),
            loss.cosine_softmax().into(),
            loss.igam().into(),
            loss.difference().into(),
        ]
    };
    let columns =
        vec!["class_id", "class", "instances", "cosine_softmax_loss", "igam_loss", "difference"];
    let rows = classes.ids().iter().zip(classes.names()).zip(losses).map(row).collect();
    Table { columns, rows }
}

fn text(classes: &Classes, losses: &[MeanLoss], mean: MeanLoss) -> String {
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.5}"));
    let row = |name: &str, loss: &MeanLoss| {
        vec![
            name.to_owned(),
            loss.samples().to_string(),
            number(loss.cosine_softmax()),
            number(loss.igam()),
            loss.difference().map_or("n/a".into(), |difference| format!("{difference:+.5}")),
        ]
    };
    let mut rows: Vec<_> =
        classes.names().iter().zip(losses).map(|(name, loss)| row(name, loss)).collect();
    rows.push(row("all", &mean));
    output::text(&["class", "instances", "cosine softmax", "IGAM", "difference"], 1, rows)
}
