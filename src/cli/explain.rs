//! `igam-analyze explain`: why is *this* class bad?

use serde_json::json;

use super::arguments::{Explain, Format};
use super::console::Console;
use super::detectors;
use crate::analysis::explain::Explanation;
use crate::error::Result;
use crate::figure;
use crate::output::{Output, tables, text};
use crate::run_files::load_explained;

/// Runs the command.
pub fn run(arguments: Explain, console: &mut Console) -> Result<()> {
    let choice = arguments.rows.choice(arguments.output.format)?;
    let sources = arguments.validation.sources(&arguments.detectors)?;
    let study = detectors::study(&sources, &arguments.detectors, load_explained, console)?;
    let explanations = study.explain();
    let cards = cards(&explanations, &arguments.classes)?;
    let table = text::explain(&explanations, &choice)?;
    let mut outputs = vec![
        Output::text("classes.csv", tables::classes(&explanations).csv()),
        Output::text("details.csv", tables::details(&explanations).csv()),
    ];
    let overlaps = explanations.iter().filter_map(|one| Some((one, one.distances()?)));
    for (at, (explanation, distances)) in overlaps.enumerate() {
        let name = if at == 0 { "overlap".to_owned() } else { format!("overlap-{}", at + 1) };
        let svg = figure::overlap(explanation, distances)?;
        outputs.push(super::figure(&name, svg, &arguments.figures)?);
    }
    console.write(&arguments.output.out, outputs)?;
    // What is printed is of the classes that are named; the files are of all.
    let firsts = explanations.iter().scan(0, |first, one| {
        *first += one.classes.len();
        Some(*first - one.classes.len())
    });
    let firsts: Vec<usize> = firsts.collect();
    let rows: Vec<usize> = cards.iter().map(|&(run, class)| firsts[run] + class).collect();
    let wanted = |row: usize| rows.is_empty() || rows.contains(&row);
    super::print(&match arguments.output.format {
        Format::Csv => {
            let mut table = tables::classes(&explanations);
            let mut row = 0..;
            table.rows.retain(|_| row.next().is_some_and(wanted));
            table.csv()
        }
        Format::Json => super::json(json!({
            "classes": tables::classes_json(&explanations, wanted),
            "warnings": console.warnings(),
        })),
        Format::Table if cards.is_empty() => table,
        Format::Table => {
            let card = |&(run, class): &(usize, usize)| text::card(&explanations[run], class);
            cards.iter().map(card).collect::<Vec<_>>().join("\n")
        }
    })
}

/// Which classes of which runs are named: indices of the runs, and among the classes of the run.
fn cards(explanations: &[Explanation], wanted: &[String]) -> Result<Vec<(usize, usize)>> {
    let mut cards = Vec::new();
    for wanted in wanted {
        let found = |(run, one): (usize, &Explanation)| Some((run, one.place(wanted)?));
        let found: Vec<_> = explanations.iter().enumerate().filter_map(found).collect();
        if found.is_empty() {
            return Err(Explanation::no_class(explanations, wanted));
        }
        cards.extend(found.into_iter().filter(|card| !cards.contains(card)).collect::<Vec<_>>());
    }
    Ok(cards)
}
