//! `igam-analyze queue-size`: the memory for the covariances, and Figure 3.

use serde_json::json;

use super::arguments::{Format, QueueSize};
use super::console::Console;
use super::queue_size_data;
use crate::analysis::{Replay, fits};
use crate::error::{Error, Result};
use crate::figure;
use crate::observer::Observer;
use crate::output::{Output, tables, text};

/// Runs the command.
pub fn run(arguments: QueueSize, console: &mut Console) -> Result<()> {
    let (data_sets, labelled) = queue_size_data::data_sets(&arguments, console)?;
    let bytes = arguments.bytes_per_value as u64;
    for storage in &data_sets {
        storage.warnings().into_iter().for_each(|warning| console.warn(warning));
    }
    let storage = tables::storage(&data_sets, bytes);
    let mut outputs = vec![
        Output::text("storage.csv", storage.csv()),
        super::figure("figure3", figure::figure3(&data_sets, bytes)?, &arguments.figures)?,
    ];
    let mut results = json!({"storage": storage.json()});
    let mut text = text::storage(&data_sets, bytes);
    if let Some(budget) = arguments.memory_budget {
        let fits = fits(&data_sets, budget.as_u64() / bytes);
        let table = tables::budget(&fits);
        outputs.push(Output::text("budget.csv", table.csv()));
        results["budget"] = table.json();
        text += &text::budget(&fits, budget);
    }
    if arguments.replay {
        let Some((classes, instances)) = labelled else {
            return Err(Error::Usage(
                "--replay needs each embedding with its label: give --embeddings and --labels, \
                 without --counts and --classes"
                    .into(),
            ));
        };
        let replay = Replay::run(
            &classes,
            &instances.dump,
            &instances.labels,
            &instances.counts,
            arguments.queue_length,
            &console.options(&[]),
            console,
        )?;
        let table = tables::replay(&replay, bytes);
        outputs.push(Output::text("replay.csv", table.csv()));
        results["replay"] = table.json();
        text += &text::replay(&replay, bytes);
    }
    console.write(&arguments.output.out, outputs)?;
    results["warnings"] = json!(console.warnings());
    super::print(&match arguments.output.format {
        Format::Csv => storage.csv(),
        Format::Json => super::json(results),
        Format::Table => text,
    })
}
