//! `igam-analyze correlate`: information amount and instance count against AP; Figures 1 and 2.

use serde_json::{Value, json};

use super::bias::{self, Bias};
use super::console::Console;
use super::run::{self, Class, Run};
use super::warning::Warning;
use crate::cli::{Correlate, Format};
use crate::correlation::{Line, NoCorrelation, Pearson, least_squares, pearson};
use crate::error::{Error, Result};
use crate::figure;
use crate::input::list;
use crate::input::runs::{self, RunFiles};
use crate::output::{self, Cell, Output, Table};

/// The two correlations of a run, over the same classes.
struct Correlated {
    run: Run,
    information: Option<Pearson>,
    instances: Option<Pearson>,
    /// AP on information amount.
    line: Option<Line>,
    /// Number of classes used.
    classes: usize,
    /// Classes not used: their names, by reason.
    left_out: Vec<(String, Vec<String>)>,
}

/// Runs the command.
pub fn run(arguments: Correlate, console: &mut Console) -> Result<()> {
    let files = match &arguments.runs {
        Some(path) => runs::read(path)?,
        None => vec![RunFiles {
            ap: arguments.ap,
            ap_column: arguments.ap_column,
            ..RunFiles::from(arguments.input)
        }],
    };
    let mut runs = Vec::new();
    for files in &files {
        if files.ap.is_none() {
            return Err(Error::Input(format!("the run {:?} has no AP: give it `ap`", files.name)));
        }
        for run in run::load(files, arguments.estimator.estimator, console)? {
            runs.push(correlate(run, console));
        }
    }
    let correlations = correlations_table(&runs);
    let analysed: Vec<_> =
        runs.iter().filter(|one| one.run.estimator.is_some()).map(|one| one.run.clone()).collect();
    let bias = runs.iter().map(|one| Bias::of(&one.run, arguments.groups.as_ref()));
    let bias: Vec<_> = bias.collect::<Result<_>>()?;
    let mut outputs = vec![
        Output::text("correlations.csv", correlations.csv()),
        Output::text("figure1.svg", figure1(&runs)?),
        Output::text("bias.csv", bias::table(&bias).csv()),
        Output::text("figure4.svg", bias::figure4(&bias)?),
    ];
    if !analysed.is_empty() {
        outputs.push(Output::text("information.csv", run::information_csv(&analysed).csv()));
        outputs.push(Output::text("figure2.svg", figure2(&runs)?));
        outputs.push(Output::text("scatter.svg", scatter(&runs)?));
    }
    console.write(&arguments.output.out, outputs)?;
    super::print(&match arguments.output.format {
        Format::Csv => correlations.csv(),
        Format::Json => super::json(json!({
            "correlations": correlations.json(),
            "left_out": left_out_json(&runs),
            "bias": bias::table(&bias).json(),
            "information": run::information_table(&analysed).json(),
            "warnings": console.warnings(),
        })),
        Format::Table => table(&runs) + "\n" + &bias::text(&bias),
    })
}

/// Why a class takes no part in the correlations, if so.
fn reason(class: &Class, analysed: bool) -> Option<String> {
    if class.ap.is_none() {
        Some("no AP".into())
    } else if let Some(refusal) = class.refusal {
        Some(refusal.to_string())
    } else if analysed && class.information.is_none() {
        Some("no embeddings".into())
    } else if class.instances.is_none() {
        Some("no instance count".into())
    } else {
        None
    }
}

fn correlate(run: Run, console: &mut Console) -> Correlated {
    let analysed = run.estimator.is_some();
    let mut left_out: Vec<(String, Vec<String>)> = Vec::new();
    let (mut information, mut instances, mut ap) = (Vec::new(), Vec::new(), Vec::new());
    for class in &run.classes {
        if let Some(why) = reason(class, analysed) {
            match left_out.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, names)) => names.push(class.name.clone()),
                None => left_out.push((why, vec![class.name.clone()])),
            }
            continue;
        }
        information.extend(class.information.map(|information| information.bits));
        instances.extend(class.instances.map(|count| count as f64));
        ap.extend(class.ap);
    }
    let mut pearson_of = |x: &[f64], what: &str| match pearson(x, &ap) {
        Ok(pearson) => Some(pearson),
        Err(why) => {
            let why = match why {
                NoCorrelation::TooFew => format!("only {} class(es) have both", ap.len()),
                NoCorrelation::ConstantX => format!("the {what} is the same for all classes"),
                NoCorrelation::ConstantY => "AP is the same for all classes".into(),
            };
            let between = format!("{what} and AP");
            console.warn(Warning::NoCorrelation { run: run.name.clone(), between, why });
            None
        }
    };
    Correlated {
        information: if analysed { pearson_of(&information, "information amount") } else { None },
        instances: pearson_of(&instances, "instance count"),
        line: if analysed { least_squares(&information, &ap) } else { None },
        classes: ap.len(),
        left_out,
        run,
    }
}

impl Correlated {
    /// The rows of `correlations.csv`: x, its estimator, r.
    fn rows(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>, Option<Pearson>)> {
        let estimator = self.run.estimator.map(|estimator| estimator.name());
        let information = estimator.map(|name| ("information", Some(name), self.information));
        information.into_iter().chain([("instances", None, self.instances)])
    }
}

fn correlations_table(runs: &[Correlated]) -> Table {
    let mut rows = Vec::new();
    for one in runs {
        for (x, estimator, pearson) in one.rows() {
            let interval = pearson.and_then(|pearson| pearson.interval);
            rows.push(vec![
                one.run.name.as_str().into(),
                one.run.backbone.as_str().into(),
                one.run.loss.as_str().into(),
                estimator.into(),
                x.into(),
                Cell::Integer(one.classes as i64),
                pearson.map(|pearson| pearson.r).into(),
                interval.map(|interval| interval.0).into(),
                interval.map(|interval| interval.1).into(),
                pearson.and_then(|pearson| pearson.p_value).into(),
            ]);
        }
    }
    let columns = &[
        "run",
        "backbone",
        "loss",
        "estimator",
        "x",
        "classes",
        "pearson",
        "ci_low",
        "ci_high",
        "p_value",
    ];
    Table { columns, rows }
}

fn left_out_json(runs: &[Correlated]) -> Vec<Value> {
    let classes = |one: &Correlated| -> Vec<Value> {
        one.left_out.iter().map(|(why, names)| json!({"reason": why, "classes": names})).collect()
    };
    runs.iter().map(|one| json!({"run": one.run.name, "left_out": classes(one)})).collect()
}

fn table(runs: &[Correlated]) -> String {
    let mut rows = Vec::new();
    for one in runs {
        for (x, estimator, pearson) in one.rows() {
            let label = estimator.map_or(x.into(), |estimator| format!("{x} ({estimator})"));
            let interval = pearson.and_then(|pearson| pearson.interval);
            let p = pearson.and_then(|pearson| pearson.p_value);
            rows.push(vec![
                one.run.name.clone(),
                label,
                one.classes.to_string(),
                pearson.map_or("n/a".into(), |pearson| format!("{:+.4}", pearson.r)),
                interval.map_or("n/a".into(), |(low, high)| format!("{low:+.3} … {high:+.3}")),
                p.map_or("n/a".into(), |p| {
                    if p < 0.0001 { "< 0.0001".into() } else { format!("{p:.4}") }
                }),
            ]);
        }
    }
    let mut text =
        output::text(&["run", "AP against", "classes", "r", "95% interval", "p"], 2, rows);
    for one in runs {
        for (why, names) in &one.left_out {
            text += &format!("{}: left out, {why}: {}\n", one.run.name, list(names));
        }
    }
    text
}

fn figure1(runs: &[Correlated]) -> Result<String> {
    let panel = |one: &Correlated| figure::Figure1Panel {
        title: one.run.name.clone(),
        ap_scale: one.run.ap_scale.unwrap_or_default(),
        ap_column: one.run.ap_column.clone(),
        pearson: one.instances,
        classes: one
            .run
            .classes
            .iter()
            .filter_map(|class| {
                let instances = class.instances?;
                Some(figure::Figure1Class { name: class.name.clone(), instances, ap: class.ap })
            })
            .collect(),
    };
    Ok(figure::figure1(&runs.iter().map(panel).collect::<Vec<_>>())?)
}

fn figure2(runs: &[Correlated]) -> Result<String> {
    let bars = |one: &Correlated| {
        let (backbone, loss) = one.run.bars();
        figure::Figure2Run {
            backbone: backbone.to_owned(),
            loss: loss.to_owned(),
            information: one.information,
            instances: one.instances,
        }
    };
    Ok(figure::figure2(&runs.iter().map(bars).collect::<Vec<_>>())?)
}

fn scatter(runs: &[Correlated]) -> Result<String> {
    let point = |class: &Class| {
        Some(figure::ScatterPoint {
            name: class.name.clone(),
            information: class.information?.bits,
            ap: class.ap?,
            instances: class.instances?,
        })
    };
    let panel = |one: &Correlated| figure::ScatterPanel {
        title: one.run.name.clone(),
        points: one.run.classes.iter().filter_map(point).collect(),
        pearson: one.information,
        line: one.line,
        ap_scale: one.run.ap_scale.unwrap_or_default(),
        ap_column: one.run.ap_column.clone(),
    };
    let analysed = runs.iter().filter(|one| one.run.estimator.is_some());
    Ok(figure::scatter(&analysed.map(panel).collect::<Vec<_>>())?)
}
