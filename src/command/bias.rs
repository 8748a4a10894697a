//! Model bias and mean AP by group of classes: `bias.csv` and Figure 4.

use super::run::Run;
use crate::error::{Error, Result};
use crate::figure::{self, Figure4Run};
use crate::groups::{ApSummary, Grouping, Groups};
use crate::output::{self, Cell, Table};

/// A run's AP over all classes, and group by group.
pub struct Bias<'a> {
    run: &'a Run,
    all: ApSummary,
    groups: Vec<(String, ApSummary)>,
}

impl<'a> Bias<'a> {
    /// Of a run that has AP.
    ///
    /// # Errors
    /// If the classes cannot be grouped that way.
    pub fn of(run: &'a Run, grouping: Option<&Grouping>) -> Result<Bias<'a>> {
        let ap: Vec<_> = run.classes.iter().map(|class| class.ap).collect();
        let scale = run.ap_scale.unwrap_or_default();
        let groups = match grouping {
            None => Vec::new(),
            Some(grouping) => {
                let groups = groups(run, grouping)?;
                groups.names().iter().cloned().zip(groups.summarize(&ap, scale)).collect()
            }
        };
        Ok(Bias { run, all: ApSummary::of(ap, scale), groups })
    }
}

fn groups(run: &Run, grouping: &Grouping) -> Result<Groups> {
    let classes = run.classes.iter();
    match grouping {
        Grouping::Instances(cuts) => {
            Ok(Groups::by_instances(cuts, classes.map(|class| class.instances)))
        }
        Grouping::Frequency if run.classes.iter().all(|class| class.frequency.is_none()) => {
            Err(Error::Input(
                "--groups lvis needs to know how often classes occur: give --counts a csv with a column \
                 `frequency` (r, c or f) or `images`"
                    .into(),
            ))
        }
        Grouping::Frequency => Ok(Groups::by_frequency(classes.map(|class| class.frequency))),
    }
}

/// The columns of `bias.csv`: a row a run for all classes, and one a group.
pub fn table(runs: &[Bias]) -> Table {
    let row = |run: &Run, group: &str, ap: &ApSummary| {
        vec![
            run.name.as_str().into(),
            run.backbone.as_str().into(),
            run.loss.as_str().into(),
            group.into(),
            Cell::Integer(ap.classes as i64),
            ap.mean.into(),
            ap.bias.into(),
        ]
    };
    let rows = runs.iter().flat_map(|one| {
        let groups = one.groups.iter().map(|(name, ap)| row(one.run, name, ap));
        std::iter::once(row(one.run, "all", &one.all)).chain(groups)
    });
    let columns = vec!["run", "backbone", "loss", "group", "classes", "mean_ap", "bias"];
    Table { columns, rows: rows.collect() }
}

/// The same for reading, a row a run.
pub fn text(runs: &[Bias]) -> String {
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.2}"));
    let row = |one: &Bias| {
        let all = [
            one.run.name.clone(),
            one.all.classes.to_string(),
            number(one.all.mean),
            number(one.all.bias),
        ];
        all.into_iter().chain(one.groups.iter().map(|(_, ap)| number(ap.mean))).collect()
    };
    let groups = runs.first().map_or(&[][..], |one| &one.groups);
    let mut columns = vec!["run", "classes with AP", "mean AP", "bias"];
    columns.extend(groups.iter().map(|(name, _)| name.as_str()));
    output::text(&columns, 1, runs.iter().map(row).collect())
}

/// Figure 4.
///
/// # Errors
/// If there is no run.
pub fn figure4(runs: &[Bias]) -> Result<String> {
    let bars = |one: &Bias| {
        let (backbone, loss) = one.run.bars();
        Figure4Run {
            backbone: backbone.to_owned(),
            loss: loss.to_owned(),
            bias: one.all.bias,
            group_means: one.groups.iter().map(|(_, ap)| ap.mean).collect(),
        }
    };
    let groups = runs.first().map_or(&[][..], |one| &one.groups);
    let names: Vec<_> = groups.iter().map(|(name, _)| name.clone()).collect();
    Ok(figure::figure4(&runs.iter().map(bars).collect::<Vec<_>>(), &names)?)
}
