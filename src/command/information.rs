//! `igam-analyze information`: the information amount of each class.

use serde_json::json;

use super::console::Console;
use super::run::{self, Run};
use crate::cli::{Format, Information};
use crate::error::{Error, Result};
use crate::input::runs::RunFiles;
use crate::output::{self, Output};

/// Runs the command.
pub fn run(arguments: Information, console: &mut Console) -> Result<()> {
    let files = RunFiles::from(arguments.input);
    if files.embeddings.is_empty() && files.moments.is_empty() {
        return Err(Error::Usage("information needs --embeddings or --moments".into()));
    }
    let runs = run::load(&files, &[arguments.estimator.estimator], console)?;
    let runs: Vec<&Run> = runs.iter().flatten().collect();
    let csv = run::information_csv(&runs).csv();
    console.write(&arguments.output.out, vec![Output::text("information.csv", csv.clone())])?;
    super::print(&match arguments.output.format {
        Format::Csv => csv,
        Format::Json => super::json(json!({
            "information": run::information_table(&runs).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => runs.into_iter().map(table).collect(),
    })
}

fn table(run: &Run) -> String {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    let percent =
        |value: Option<f64>| value.map_or(String::new(), |value| format!("{:.0}%", 100.0 * value));
    let row = |class: &run::Class| {
        let information = class.information;
        let floor = information.and_then(|information| information.floor);
        let share =
            information.zip(floor).map(|(information, floor)| floor.bits / information.bits);
        vec![
            class.name.clone(),
            class.instances.map_or(String::new(), |count| count.to_string()),
            number(information.map(|information| information.dim_per_instance), 2),
            number(information.map(|information| information.bits), 3),
            number(class.normalized, 5),
            percent(floor.map(|floor| floor.fraction)),
            percent(share),
        ]
    };
    let columns = ["class", "instances", "p/m", "I (bits)", "I′", "floored", "bits from floor"];
    output::text(&columns, 1, run.classes.iter().map(row).collect())
}
