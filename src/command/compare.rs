//! `igam-analyze compare`: what a change did to each class.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::condition::{self, Named};
use super::console::Console;
use super::run::{self};
use super::warning::Warning;
use crate::ap::ApScale;
use crate::cli::{Compare, Format};
use crate::error::{Error, Result};
use crate::figure::{self, SlopeClass, SlopePanel};
use crate::input::information::{self, ClassInformation, RunInformation};
use crate::input::runs;
use crate::output::{self, Cell, Output, Table};
use crate::shrinkage::Estimator;
use crate::words::{list, suggestion};

/// Classes in the table for reading.
const SHOWN: usize = 10;

/// A class in the run before and in the run after.
struct Pair {
    name: String,
    information: [Option<f64>; 2],
    ap: [Option<f64>; 2],
    /// By information amount among the classes that have it in both, 1 the most.
    rank: Option<[usize; 2]>,
}

/// Runs the command.
pub fn run(arguments: Compare, console: &mut Console) -> Result<()> {
    let [a, b] = match &arguments.run[..] {
        [] => [None, None],
        [both] => [Some(both), Some(both)],
        [a, b, ..] => [Some(a), Some(b)],
    };
    let paths = [&arguments.a, &arguments.b];
    if arguments.estimator.is_some() && !paths.into_iter().any(|path| is_runs_file(path)) {
        return Err(Error::Usage(
            "--estimator is for a runs file: an information.csv has been computed already".into(),
        ));
    }
    let estimator = arguments.estimator.unwrap_or_default();
    let before = read(&arguments.a, a.map(String::as_str), estimator, console)?;
    let after = read(&arguments.b, b.map(String::as_str), estimator, console)?;
    check_estimators([&before, &after], paths, console)?;
    check_scales([&before, &after], paths)?;
    let names = if before.name == after.name {
        paths.map(|path| path.display().to_string())
    } else {
        [before.name.clone(), after.name.clone()]
    };
    for (run, path) in [(&before, &arguments.a), (&after, &arguments.b)] {
        check_names(run, path)?;
    }
    let pairs = pairs(before.classes, after.classes);
    let results = results(&pairs, &names);
    condition::check(&arguments.fail_if, &results, &[])?;

    let table = table(&pairs);
    let panels = panels(&pairs, &names);
    if panels.is_empty() {
        let [a, b] = [&arguments.a, &arguments.b].map(|path| path.display());
        return Err(Error::Input(format!(
            "no class has a number in both {a} and {b}: do they name the classes alike?"
        )));
    }
    let slope = figure::slope(&panels)?;
    console.write(
        &arguments.output.out,
        vec![
            Output::text("compare.csv", table.csv()),
            super::figure("slope", slope, &arguments.figures)?,
        ],
    )?;
    let judged = condition::judge(&arguments.fail_if, &results, console);
    super::print(&match arguments.output.format {
        Format::Csv => table.csv(),
        Format::Json => super::json(json!({
            "runs": names,
            "compare": table.json(),
            "warnings": console.warnings(),
        })),
        Format::Table => text(&pairs, &names),
    })?;
    judged
}

/// A run of an `information.csv`, or of a runs file, which is computed.
fn read(
    path: &Path,
    wanted: Option<&str>,
    estimator: Estimator,
    console: &mut Console,
) -> Result<RunInformation> {
    if !is_runs_file(path) {
        return information::read(path, wanted);
    }
    let files = runs::read(path)?;
    let names: Vec<_> = files.iter().map(|files| &files.name).collect();
    let chosen = match (wanted, &files[..]) {
        (Some(wanted), _) => files.iter().find(|files| files.name == wanted).ok_or_else(|| {
            let near = suggestion(wanted, &names);
            Error::content(
                path,
                format!("holds no run {wanted:?}; it holds {}{near}", list(&names)),
            )
        })?,
        (None, [only]) => only,
        (None, _) => {
            let problem = format!("holds several runs, {}: choose one with --run", list(&names));
            return Err(Error::content(path, problem));
        }
    };
    let mut detectors = run::load(chosen, &[estimator], console)?.into_iter().flatten();
    let (Some(run), None) = (detectors.next(), detectors.next()) else {
        let problem = format!("the run {:?} has several columns of AP: name one", chosen.name);
        return Err(Error::content(path, problem));
    };
    Ok(RunInformation::from(run))
}

fn is_runs_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// Classes are matched by name.
fn check_names(run: &RunInformation, path: &Path) -> Result<()> {
    let mut names: Vec<&str> = run.classes.iter().map(|class| class.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let problem = format!("has two classes of the name {:?}: rename one", pair[0]);
            Err(Error::content(path, problem))
        }
        None => Ok(()),
    }
}

/// Information amounts by two estimators have no difference that says anything of the classes.
fn check_estimators(
    runs: [&RunInformation; 2],
    paths: [&PathBuf; 2],
    console: &mut Console,
) -> Result<()> {
    let known = |run: &RunInformation| run.classes.iter().any(|class| class.bits.is_some());
    if !runs.into_iter().all(known) {
        return Ok(());
    }
    match runs.map(|run| run.estimator) {
        [Some(a), Some(b)] if a != b => Err(Error::Input(format!(
            "{} has information amounts by the estimator {}, {} by {}: compute both by the same, with \
             --estimator",
            paths[0].display(),
            a.name(),
            paths[1].display(),
            b.name()
        ))),
        [Some(_), Some(_)] => Ok(()),
        estimators => {
            let silent = paths.into_iter().zip(estimators).filter(|(_, said)| said.is_none());
            let mut paths: Vec<PathBuf> = silent.map(|(path, _)| path.clone()).collect();
            paths.dedup();
            console.warn(Warning::UnknownEstimator { paths });
            Ok(())
        }
    }
}

/// AP on two scales has no difference. Where a file does not say its scale, the values do.
fn check_scales(runs: [&RunInformation; 2], paths: [&PathBuf; 2]) -> Result<()> {
    let scale = |run: &RunInformation, path: &Path| match run.ap_scale {
        Some(scale) => Ok(scale),
        None => ApScale::detect(run.classes.iter().filter_map(|class| class.ap)).map_err(|mixed| {
            let problem = format!(
                "mixes the AP scales 0–1 and 0–100: {mixed}; if all are on one, say which in a \
                 column `ap_scale`, fraction or percent"
            );
            Error::content(path, problem)
        }),
    };
    let (a, b) = (scale(runs[0], paths[0])?, scale(runs[1], paths[1])?);
    let measured =
        runs.iter().all(|run| run.classes.iter().any(|class| class.ap.is_some_and(|ap| ap > 0.0)));
    if measured && a != b {
        return Err(Error::Input(format!(
            "{} has AP on the scale {a}, {} on {b}: give both the same",
            paths[0].display(),
            paths[1].display()
        )));
    }
    Ok(())
}

/// The classes by name, those of the run before first.
fn pairs(before: Vec<ClassInformation>, after: Vec<ClassInformation>) -> Vec<Pair> {
    let mut places = HashMap::new();
    let mut pairs: Vec<Pair> = Vec::new();
    for (side, classes) in [before, after].into_iter().enumerate() {
        for class in classes {
            let place = *places.entry(class.name.clone()).or_insert_with(|| {
                let name = class.name;
                pairs.push(Pair { name, information: [None; 2], ap: [None; 2], rank: None });
                pairs.len() - 1
            });
            pairs[place].information[side] = class.bits;
            pairs[place].ap[side] = class.ap;
        }
    }
    let known: Vec<[f64; 2]> = pairs.iter().filter_map(|pair| both(pair.information)).collect();
    for pair in &mut pairs {
        pair.rank = both(pair.information).map(|bits| {
            [0, 1].map(|side| 1 + known.iter().filter(|other| other[side] > bits[side]).count())
        });
    }
    pairs
}

fn both([a, b]: [Option<f64>; 2]) -> Option<[f64; 2]> {
    Some([a?, b?])
}

fn difference(values: [Option<f64>; 2]) -> Option<f64> {
    both(values).map(|[a, b]| b - a)
}

impl Pair {
    /// Places gained: above 0 where the class has risen.
    fn risen(&self) -> Option<i64> {
        self.rank.map(|[a, b]| a as i64 - b as i64)
    }
}

/// A number of each class in both runs.
type Number = fn(&Pair) -> [Option<f64>; 2];

/// Both numbers that are compared.
const NUMBERS: [(&str, Number); 2] =
    [("information", |pair| pair.information), ("ap", |pair| pair.ap)];

fn differences(pairs: &[Pair], number: Number) -> Vec<f64> {
    pairs.iter().filter_map(|pair| difference(number(pair))).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// What `--fail-if` can name.
fn results(pairs: &[Pair], names: &[String; 2]) -> Vec<Named> {
    let of = names.join(" → ");
    let mut results = Vec::new();
    for (name, number) in NUMBERS {
        let differences = differences(pairs, number);
        let least = differences.iter().copied().reduce(f64::min);
        let greatest = differences.iter().copied().reduce(f64::max);
        for (what, value) in [
            ("mean_difference", mean(&differences)),
            ("least_difference", least),
            ("greatest_difference", greatest),
        ] {
            results.push(Named {
                name: format!("{name}.{what}"),
                of: of.clone(),
                value: value.into(),
                word: false,
            });
        }
    }
    results
}

/// The columns of `compare.csv`; a difference is b − a, and above 0 where a rank has risen.
fn table(pairs: &[Pair]) -> Table {
    let row = |pair: &Pair| {
        let mut row: Vec<Cell> = vec![pair.name.as_str().into()];
        for (_, number) in NUMBERS {
            let values = number(pair);
            row.extend(values.map(Cell::from));
            row.push(difference(values).into());
        }
        let rank =
            |side: usize| pair.rank.map_or(Cell::Missing, |rank| Cell::Integer(rank[side] as i64));
        row.extend([rank(0), rank(1)]);
        row.push(pair.risen().map_or(Cell::Missing, Cell::Integer));
        row
    };
    let columns = vec![
        "class",
        "information_a",
        "information_b",
        "information_difference",
        "ap_a",
        "ap_b",
        "ap_difference",
        "rank_a",
        "rank_b",
        "rank_difference",
    ];
    Table { columns, rows: pairs.iter().map(row).collect() }
}

/// The figure's panels: information amount, and AP where both runs have it.
fn panels(pairs: &[Pair], names: &[String; 2]) -> Vec<SlopePanel> {
    let panel = |(title, number): (&str, Number)| {
        let class =
            |pair: &Pair| Some(SlopeClass { name: pair.name.clone(), values: both(number(pair))? });
        let classes: Vec<_> = pairs.iter().filter_map(class).collect();
        SlopePanel { title: title.into(), runs: names.clone(), classes }
    };
    let [(_, information), (_, ap)] = NUMBERS;
    [("information amount I (bits)", information), ("AP", ap)]
        .map(panel)
        .into_iter()
        .filter(|panel| !panel.classes.is_empty())
        .collect()
}

/// The sums, and the classes whose AP, or else information amount, changes most.
fn text(pairs: &[Pair], names: &[String; 2]) -> String {
    let mut text = format!("{}\n\n", names.join(" → "));
    let row = |(name, number): (&str, Number)| {
        let differences = differences(pairs, number);
        let count = |sign: fn(&&f64) -> bool| differences.iter().filter(sign).count().to_string();
        vec![
            name.to_owned(),
            count(|difference| **difference > 0.0),
            count(|difference| **difference < 0.0),
            count(|difference| **difference == 0.0),
            mean(&differences).map_or("n/a".into(), |mean| format!("{mean:+.4}")),
        ]
    };
    let columns = ["", "rose", "fell", "same", "mean difference"];
    text += &output::text(&columns, 1, NUMBERS.map(row).into());

    let has = |(_, number): &(&str, Number)| !differences(pairs, *number).is_empty();
    let (by, number) = NUMBERS.into_iter().rev().find(has).unwrap_or(NUMBERS[0]);
    let size = |pair: &Pair| difference(number(pair)).unwrap_or(0.0).abs();
    let mut changed: Vec<&Pair> = pairs.iter().filter(|pair| size(pair) > 0.0).collect();
    changed.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let shown = changed.len().min(SHOWN);
    text += &format!("\nlargest changes of {by}, {shown} of {}:\n", changed.len());
    let number = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:.3}"));
    let signed = |value: Option<f64>| value.map_or("n/a".into(), |value| format!("{value:+.3}"));
    let row = |pair: &&Pair| {
        vec![
            pair.name.clone(),
            number(pair.information[0]),
            number(pair.information[1]),
            signed(difference(pair.information)),
            number(pair.ap[0]),
            number(pair.ap[1]),
            signed(difference(pair.ap)),
            pair.risen().map_or("n/a".into(), |places| match places {
                0 => "0".into(),
                places => format!("{places:+}"),
            }),
        ]
    };
    let columns = ["class", "I: A", "B", "B − A", "AP: A", "B", "B − A", "rank"];
    text += &output::text(&columns, 1, changed.iter().take(SHOWN).map(row).collect());
    let only = |side: usize| -> Vec<&str> {
        let missing = |pair: &&Pair| pair.information[side].is_none() && pair.ap[side].is_none();
        pairs.iter().filter(missing).map(|pair| pair.name.as_str()).collect()
    };
    for (side, name) in names.iter().enumerate() {
        let missing = only(side);
        if !missing.is_empty() {
            text += &format!("neither number in {name}: {}\n", list(&missing));
        }
    }
    text
}
