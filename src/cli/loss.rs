//! `igam-analyze loss`: cosine softmax and IGAM loss of a trained classifier, by class.

use std::sync::Arc;

use serde_json::json;

use super::arguments::{Format, Loss, MarginChoice};
use super::console::Console;
use crate::analysis::last_layer::{LastLayer, Shown};
use crate::analysis::{Losses, check_margins, output_classes};
use crate::detector::Extent;
use crate::error::{Error, Result};
use crate::input::matrix;
use crate::margin;
use crate::observer::Observer;
use crate::output::{Output, tables, text};
use crate::rows::Rows;
use crate::run_files::{self, Instances, RunFiles};

/// Runs the command.
pub fn run(arguments: Loss, console: &mut Console) -> Result<()> {
    let choice = arguments.rows.choice(arguments.output.format)?;
    let files = RunFiles {
        weights: Some(arguments.weights),
        bias: arguments.bias,
        background_row: arguments.background_row,
        ..RunFiles::from(arguments.input)
    };
    if files.embeddings.is_empty() {
        let problem = "loss needs --embeddings: it is computed for each embedding";
        return Err(Error::Usage(problem.into()));
    }
    let files = run_files::collected(&files, console)?;
    let none = || Error::Usage("loss needs --weights".into());
    let path = files.weights.as_ref().ok_or_else(none)?;
    let weights = matrix::open(path)?;
    margin::check_size(weights.rows())?;
    // Without names, the labels are the weights' rows: a class may then have no instance at all.
    let listed = run_files::named(&files, console)?;
    let named = listed.is_some();
    let layer = LastLayer {
        weights: matrix::read(path, &weights)?,
        bias: files.bias.as_deref().map(matrix::vector).transpose()?,
        background: files.background_row,
        cosine: true,
    };
    let expected = Some(Arc::new(listed.unwrap_or_else(|| output_classes(&layer))));
    let (classes, instances) =
        run_files::instances(&files, expected, None, Extent::Whole, console)?;
    let Instances { dump, labels, .. } = &instances;
    let (of, shown) = ((classes.len(), dump.dim()), Shown::of(dump, labels)?);
    let paths = [path, files.bias.as_ref().unwrap_or(path)];
    let weights = layer.for_cosines(of, named, paths.map(|path| &**path), &shown, console)?;
    let margins = match &arguments.margins {
        Some(path) => {
            let margins = matrix::open(path)?;
            check_margins(path, (margins.rows(), margins.dim()), classes.len())?;
            matrix::read(path, &margins)?
        }
        None => {
            let options = console.options(&[arguments.estimator.estimator]);
            let amounts = instances.amounts(&classes, &options, console)?;
            let Some(amounts) = amounts.first() else {
                return Err(margin::MarginError::NoInformation.into());
            };
            amounts.warnings("").into_iter().for_each(|warning| console.warn(warning));
            let bits = amounts.of_classes().iter().map(|amount| Some(amount.as_ref().ok()?.bits));
            let (known, bits) = margin::known(bits);
            let MarginChoice { normalization, signed } = arguments.choice;
            let margins = margin::margins(&normalization.normalize(&bits), signed);
            margin::expand(&margins, &known, classes.len())
        }
    };
    let Losses { of_classes: losses, mean, .. } =
        Losses::of(&classes, dump, labels, weights, &margins, arguments.scale, console)?;

    let table = tables::loss(&classes, &losses);
    let text = text::loss(&classes, &losses, mean, &choice)?;
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
        Format::Table => text,
    })
}
